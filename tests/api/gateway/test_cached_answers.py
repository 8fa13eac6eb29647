"""An endpoint may ask that answers of its target are kept for a while: then the target is not asked again."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import raw
from tests.waiting import until
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


def asked(way: Way, path: str) -> int:
    """How often the target was asked."""
    return sum(received.target == path for received in way.upstream.received)


async def test_a_kept_answer_is_given_without_the_target_and_still_counted(way: Way) -> None:
    await way.endpoint("/kept", cache_seconds=3600, rate_limit=100_000)
    first, second = [await way.call("/kept") for _ in range(2)]
    assert asked(way, "/kept") == 1
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["cache-status"].startswith("zilliance; hit; ttl=")
    assert int(second.headers["age"]) >= 0
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["content-security-policy"] == "sandbox"
    remaining = [int(each.headers["x-ratelimit-remaining"]) for each in (first, second)]
    assert remaining[1] == remaining[0] - 1
    assert "cache-status" not in first.headers


async def test_without_asking_for_it_nothing_is_kept(way: Way) -> None:
    await way.endpoint("/fleeting")
    for _ in range(2):
        await way.call("/fleeting", headers={"cache-control": "max-age=1000"})
    assert asked(way, "/fleeting") == 2


async def test_what_sets_a_cookie_is_not_kept_although_the_cookie_is_not_passed_on(way: Way) -> None:
    await way.endpoint("/greeting", cache_seconds=3600)
    way.upstream.answers["/greeting"] = raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: who=me\r\nCache-Control: max-age=60\r\n\r\nhello"
    )
    answers = [await way.call("/greeting") for _ in range(2)]
    assert ["set-cookie" in answer.headers for answer in answers] == [False, False]
    assert asked(way, "/greeting") == 2


async def test_a_changed_endpoint_begins_anew(way: Way) -> None:
    endpoint = await way.endpoint("/changing", cache_seconds=3600)
    await way.call("/changing")
    answer = await way.api.send(
        "PATCH", f"api_endpoints?id=eq.{endpoint}", way.owner.person.headers, json={"timeout_ms": 20_000}
    )
    assert answer.status_code == 204, answer.text
    await way.call("/changing")
    assert asked(way, "/changing") == 2


async def test_a_successful_change_of_a_path_lets_its_answers_go(way: Way) -> None:
    await way.endpoint("/things/{id}", cache_seconds=3600)
    await way.endpoint("/things/{id}", "PUT")
    for path in ("/things/1", "/things/2"):
        await way.call(path)
    await way.call("/things/1", "PUT", json={})
    for path in ("/things/1", "/things/2"):
        await way.call(path)
    assert [asked(way, path) for path in ("/things/1", "/things/2")] == [3, 1]


async def test_an_answer_that_was_cut_is_not_kept(way: Way) -> None:
    await way.endpoint("/cut", cache_seconds=3600)
    way.upstream.answers["/cut"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly so much", close=True)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await way.call("/cut")
    assert asked(way, "/cut") == 2


async def test_who_was_revoked_gets_nothing_that_is_kept(way: Way) -> None:
    await way.endpoint("/guarded", cache_seconds=3600)
    key = await way.owner.key()
    assert (await way.call("/guarded", headers={"x-api-key": key["key"]})).status_code == 200
    await way.owner.change_key(key, is_active=False)
    assert (await way.call("/guarded", headers={"x-api-key": key["key"]})).status_code == 401


async def test_a_kept_answer_is_logged_with_its_size(way: Way, rows: Rows) -> None:
    endpoint = await way.endpoint("/logged", cache_seconds=3600)
    answers = [await way.call("/logged") for _ in range(2)]
    assert await sizes(rows, endpoint, 2) == [len(answer.content) for answer in answers]


async def sizes(rows: Rows, endpoint: UUID, number: int) -> list[int]:
    """Of answers of an endpoint, when so many are logged."""
    statement = "SELECT response_size FROM api_requests WHERE endpoint_id = $1 ORDER BY created_at"

    async def found() -> list[int] | None:
        logged = await rows.connection.fetch(statement, endpoint)
        return [row["response_size"] for row in logged] if len(logged) == number else None

    return await until(found)
