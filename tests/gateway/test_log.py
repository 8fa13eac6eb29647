"""Every request is a row of the log: whatever was sent, whoever it was, and when PostgreSQL was away for a while."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.request_log import (
    BATCH,
    CLOSE_SECONDS,
    LONGEST_OF_NOBODY,
    MOST_OF_NOBODY,
    MOST_WAITING,
    LoggedRequest,
    RequestLog,
    new_id,
)
from tests.activities.support import Rows
from tests.gateway.broken_way import BrokenWay
from tests.waiting import until
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login


def a_request(owner: UUID | None, path: str = "/orders", **columns: Any) -> LoggedRequest:
    return replace(LoggedRequest("GET", path, 200, 12, user_id=owner), **columns)


async def logged(rows: Rows, owner: UUID, *, at_least: int = 1) -> list[dict[str, Any]]:
    """The rows of an owner, when there are so many."""

    async def found() -> list[dict[str, Any]]:
        statement = "SELECT * FROM public.api_requests WHERE user_id = $1 ORDER BY created_at, id"
        return [dict(row) for row in await rows.connection.fetch(statement, owner)]

    async def are_enough() -> bool:
        return len(await found()) >= at_least

    await until(are_enough)
    return await found()


def lost(caplog: pytest.LogCaptureFixture) -> list[int]:
    """What the log of the process says was lost, each time that it says so."""
    return [vars(record)["lost"] for record in caplog.records if "lost" in vars(record)]


async def test_a_request_is_written_without_a_stop_and_without_others(
    requests: RequestLog, rows: Rows, owner: UUID
) -> None:
    asked = a_request(
        owner,
        endpoint_id=uuid4(),
        api_key_id=uuid4(),
        request_size=3,
        response_size=4_000_000_000,
        ip_address="2001:db8::7",
        user_agent="curl/8",
    )
    requests.add(asked)
    (row,) = await logged(rows, owner)
    assert row["updated_at"]
    assert {**row, "ip_address": str(row["ip_address"])} == {
        "id": asked.id,
        "user_id": owner,
        "endpoint_id": asked.endpoint_id,
        "api_key_id": asked.api_key_id,
        "method": "GET",
        "path": "/orders",
        "status_code": 200,
        "response_time_ms": 12,
        "request_size": 3,
        "response_size": 4_000_000_000,
        "ip_address": "2001:db8::7",
        "user_agent": "curl/8",
        "created_at": asked.created_at,
        "updated_at": row["updated_at"],
    }


async def test_a_stop_writes_all_that_waits(requests: RequestLog, rows: Rows, owner: UUID) -> None:
    for number in range(2 * BATCH + 1):
        requests.add(a_request(owner, f"/{number}"))
    await requests.close()
    found = await logged(rows, owner, at_least=0)
    assert [row["path"] for row in found] == [f"/{number}" for number in range(2 * BATCH + 1)]


async def test_a_request_of_nobody_is_logged_and_read_by_the_service_alone(requests: RequestLog, rows: Rows) -> None:
    path = f"/{uuid4()}"
    requests.add(replace(a_request(None, path), status_code=401))
    await requests.close()
    assert await rows.connection.fetchval("SELECT user_id FROM public.api_requests WHERE path = $1", path) is None
    async with rows.connection.transaction():
        await rows.connection.execute("SET LOCAL ROLE authenticated")
        assert await rows.connection.fetch("SELECT * FROM public.api_requests WHERE path = $1", path) == []
    async with rows.connection.transaction():
        await rows.connection.execute("SET LOCAL ROLE service_role")
        assert len(await rows.connection.fetch("SELECT * FROM public.api_requests WHERE path = $1", path)) == 1


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({"path": "/a\0b\udc80"}, {"path": "/a\ufffdb?"}),
        ({"path": "/\u00e9" * 3000}, {"path": "/\u00e9" * 1024}),
        ({"method": "PROPFIND" * 9}, {"method": ("PROPFIND" * 9)[:20]}),
        ({"user_agent": "\\u0000 \0" * 999}, {"user_agent": ("\\u0000 \ufffd" * 999)[:500]}),
        ({"ip_address": "fe80::1%eth0"}, {"ip_address": None}),
        ({"ip_address": "'; DROP TABLE api_requests"}, {"ip_address": None}),
        ({"response_time_ms": -5}, {"response_time_ms": 0}),
    ],
)
async def test_whatever_a_caller_sends_can_be_logged(
    columns: dict[str, Any], kept: dict[str, Any], *, requests: RequestLog, rows: Rows, owner: UUID
) -> None:
    requests.add(a_request(owner, **columns))
    await requests.close()
    (row,) = await logged(rows, owner)
    assert {name: row[name] for name in kept} == kept


async def test_a_row_that_postgresql_refuses_holds_up_no_other(
    requests: RequestLog, rows: Rows, owner: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        requests.add(a_request(owner, f"/{number}", status_code=99 if number == 31 else 200))
    await requests.close()
    found = await logged(rows, owner)
    assert [row["path"] for row in found] == [f"/{number}" for number in range(50) if number != 31]
    assert lost(caplog) == [1]


async def test_a_batch_that_is_sent_again_is_no_second_row(
    database: Database, requests: RequestLog, rows: Rows, owner: UUID
) -> None:
    asked = a_request(owner)
    for log in (requests, RequestLog(database)):
        log.add(asked)
        await log.close()
    assert len(await logged(rows, owner)) == 1


@pytest.mark.usefixtures("patience")
async def test_requests_wait_while_postgresql_is_away(
    database_settings: DatabaseSettings, rows: Rows, owner: UUID
) -> None:
    async with BrokenWay.to(database_settings) as way:
        database = Database.of(way.settings, Login.SERVICE, application_name="test of the log")
        requests = RequestLog(database)
        requests.add(a_request(owner, "/before"))
        await logged(rows, owner)
        await way.cut()
        requests.add(a_request(owner, "/meanwhile"))
        await way.was_tried()
        await way.mend()
        await logged(rows, owner, at_least=2)
        requests.add(a_request(owner, "/after"))
        await requests.close()
        await database.close()
    assert [row["path"] for row in await logged(rows, owner)] == ["/before", "/meanwhile", "/after"]


@pytest.mark.usefixtures("patience")
async def test_what_cannot_be_kept_is_counted_and_told(
    database_settings: DatabaseSettings, rows: Rows, owner: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    async with BrokenWay.to(database_settings) as way:
        await way.cut()
        database = Database.of(way.settings, Login.SERVICE, application_name="test of the log")
        requests = RequestLog(database)
        for _ in range(MOST_WAITING + 3):
            requests.add(a_request(owner))
        await way.was_tried()
        await way.mend()
        await requests.close()
        requests.add(a_request(owner))
        await requests.close()
        await database.close()
    assert len(await logged(rows, owner)) == MOST_WAITING
    assert lost(caplog) == [3, 1]


@pytest.mark.usefixtures("patience")
async def test_a_flood_of_nobodys_requests_drives_out_none_of_an_owners(
    database_settings: DatabaseSettings, rows: Rows, owner: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    async with BrokenWay.to(database_settings) as way:
        await way.cut()
        database = Database.of(way.settings, Login.SERVICE, application_name="test of the log")
        requests = RequestLog(database)
        for _ in range(MOST_WAITING):
            requests.add(a_request(None))
        for _ in range(3):
            requests.add(a_request(owner))
        await way.was_tried()
        await way.mend()
        await logged(rows, owner, at_least=3)
        await until(lambda: not requests._waiting)  # rows are there before the log knows that they are
        for _ in range(MOST_OF_NOBODY):  # there is room for them again
            requests.add(a_request(None))
        await requests.close()
        await database.close()
    assert lost(caplog) == [MOST_WAITING - MOST_OF_NOBODY]


def test_of_nobodys_requests_little_text_is_kept() -> None:
    kept = LoggedRequest("GET", "/" + "x" * 5000, 401, 1, user_agent="y" * 5000)
    assert (len(kept.path), len(kept.user_agent or "")) == (LONGEST_OF_NOBODY, LONGEST_OF_NOBODY)


async def test_a_stop_waits_for_postgresql_no_longer_than_it_may(
    database_settings: DatabaseSettings, owner: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    async with BrokenWay.to(database_settings) as way:
        await way.cut()
        database = Database.of(way.settings, Login.SERVICE, application_name="test of the log")
        requests = RequestLog(database)
        for _ in range(2):
            requests.add(a_request(owner))
        await way.was_tried()
        async with asyncio.timeout(CLOSE_SECONDS + 60):
            await requests.close()
        await database.close()
    assert lost(caplog) == [2]


async def test_a_request_of_a_clock_that_is_wrong_asks_for_no_strange_day(
    requests: RequestLog, rows: Rows, owner: UUID
) -> None:
    for year in (1970, 2199):
        requests.add(a_request(owner, created_at=datetime(year, 1, 1, tzinfo=UTC)))
    await requests.close()
    early, late = [row["created_at"] for row in await logged(rows, owner)]
    assert late - early == timedelta(hours=25)


def test_ids_sort_by_time_and_are_of_version_7() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert made == sorted(made)


def test_ids_go_on_when_the_clock_stands_still_or_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr("api.request_log.time.time_ns", lambda: 1_700_000_000_000_000_000)
    made = [before, *(new_id() for _ in range(5000))]
    assert made == sorted(set(made))
