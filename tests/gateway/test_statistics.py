"""Statistics of the log: exact for any time, by key, endpoint and hour, and of the caller's own requests alone."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.request_log import LoggedRequest
from tests.activities.support import Rows
from tests.api.served import Person, Served, served
from tests.waiting import until
from zilliance.settings import Settings

# The beginning of an hour that is over, and was today or yesterday: what a batch may bring.
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


@pytest.fixture(scope="module")
async def api(settings: Settings) -> AsyncGenerator[Served]:
    async with served(settings) as running:
        yield running


@pytest.fixture
async def person(api: Served) -> Person:
    return await api.person()


async def logged(api: Served, rows: Rows, *requests: LoggedRequest) -> None:
    """Note them as the gateway does, and come back when they are written."""
    for request in requests:
        api.state.requests.add(request)
    written = "SELECT count(*) FROM public.api_requests WHERE id = ANY ($1)"
    ids = [request.id for request in requests]

    async def are_written() -> bool:
        return await rows.connection.fetchval(written, ids) == len(ids)

    await until(are_written)


def a_request(person: Person, ms: int, *, minutes: float = 0, status: int = 200, **columns: Any) -> LoggedRequest:
    at = HOUR + timedelta(minutes=minutes)
    return LoggedRequest("GET", "/orders", status, ms, user_id=person.id, created_at=at, **columns)


async def statistics(api: Served, person: Person, **asked: Any) -> list[dict[str, Any]]:
    asked = {"from": HOUR.isoformat(), "to": (HOUR + timedelta(hours=2)).isoformat(), **asked}
    answer = await api.send("POST", "rpc/gateway_statistics", person.headers, json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_requests_errors_percentiles_and_bytes_are_exact(api: Served, rows: Rows, person: Person) -> None:
    statuses = {7: 404, 50: 429, 99: 503}
    await logged(
        api,
        rows,
        *(
            a_request(person, ms, status=statuses.get(ms, 200), request_size=10, response_size=2**32)
            for ms in range(1, 101)
        ),
    )
    assert await statistics(api, person) == [
        {
            "api_key_id": None,
            "endpoint_id": None,
            "hour": None,
            "name": None,
            "requests": 100,
            "errors": 3,
            "server_errors": 1,
            "error_rate": 0.03,
            "p50_ms": 50,
            "p95_ms": 95,
            "p99_ms": 99,
            "request_bytes": 1000,
            "response_bytes": 100 * 2**32,
        }
    ]


async def test_percentiles_are_those_of_postgresql(api: Served, rows: Rows, person: Person) -> None:
    times = [3, 3, 3, 9, 1, 700, 3, 12, 12, 5, 9, 44]
    await logged(api, rows, *(a_request(person, ms) for ms in times))
    wanted = await rows.connection.fetchval(
        "SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY response_time_ms)"
        " FROM api_requests WHERE user_id = $1",
        person.id,
    )
    (found,) = await statistics(api, person)
    assert [found["p50_ms"], found["p95_ms"], found["p99_ms"]] == wanted


async def test_requests_are_counted_by_key_endpoint_and_hour(api: Served, rows: Rows, person: Person) -> None:
    key = UUID((await api.insert("api_keys", {"name": "shop", "user_id": str(person.id)}, api.service))["id"])
    gone = uuid4()
    await logged(
        api,
        rows,
        a_request(person, 10, api_key_id=key),
        a_request(person, 30, minutes=59, api_key_id=key, endpoint_id=gone, status=500),
        a_request(person, 20, minutes=60, endpoint_id=gone),
    )
    by_key = await statistics(api, person, by="key")
    counted = ("api_key_id", "name", "requests", "errors", "p99_ms")
    assert [[row[name] for name in counted] for row in by_key] == [
        [str(key), "shop", 2, 1, 30],
        [None, None, 1, 0, 20],
    ]
    by_endpoint = await statistics(api, person, by="endpoint")
    assert [(row["endpoint_id"], row["name"], row["requests"]) for row in by_endpoint] == [
        (str(gone), None, 2),
        (None, None, 1),
    ]
    by_hour = await statistics(api, person, by="hour")
    assert [(datetime.fromisoformat(row["hour"]), row["requests"]) for row in by_hour] == [
        (HOUR, 2),
        (HOUR + timedelta(hours=1), 1),
    ]


async def test_a_time_begins_with_its_first_moment_and_ends_before_its_last(
    api: Served, rows: Rows, person: Person
) -> None:
    await logged(api, rows, *(a_request(person, 1, minutes=minutes) for minutes in (0, 10, 20)))
    asked = {"from": HOUR.isoformat(), "to": (HOUR + timedelta(minutes=20)).isoformat()}
    assert [row["requests"] for row in await statistics(api, person, **asked)] == [2]
    asked["to"] = (HOUR + timedelta(minutes=20, microseconds=1)).isoformat()
    assert [row["requests"] for row in await statistics(api, person, **asked)] == [3]
    assert await statistics(api, person, **{"from": (HOUR + timedelta(minutes=21)).isoformat()}) == []


async def test_nobody_is_told_of_others_requests(api: Served, rows: Rows, person: Person) -> None:
    await logged(api, rows, a_request(person, 1))
    assert await statistics(api, await api.person()) == []
    visitor = await api.send("POST", "rpc/gateway_statistics", api.anon, json={})
    assert visitor.status_code == 401


async def test_they_are_filtered_and_ordered_as_any_list(api: Served, rows: Rows, person: Person) -> None:
    await logged(api, rows, a_request(person, 5), a_request(person, 6, minutes=61), a_request(person, 7, minutes=62))
    asked = {"from": HOUR.isoformat(), "to": (HOUR + timedelta(hours=2)).isoformat(), "by": "hour"}
    path = "rpc/gateway_statistics?select=requests,p50_ms&order=requests.desc&limit=1"
    answer = await api.send("POST", path, person.headers, json=asked)
    assert answer.json() == [{"requests": 2, "p50_ms": 6}]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"by": "colour"}, '"colour"'),
        ({"by": ""}, '""'),
        ({"from": "2026-01-02T00:00Z", "to": "2026-01-01T00:00Z"}, "are none"),
        ({"from": None}, "null"),
        ({"to": "tomorrowish"}, "tomorrowish"),
        ({"until": "now"}, "gateway_statistics"),
    ],
)
async def test_what_cannot_be_counted_is_refused_by_name(
    asked: dict[str, Any], told: str, *, api: Served, person: Person
) -> None:
    answer = await api.send("POST", "rpc/gateway_statistics", person.headers, json=asked)
    assert answer.status_code == (404 if "until" in asked else 400), answer.text
    assert told in answer.json()["error"]
