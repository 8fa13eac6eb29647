"""A target that fails again and again is left alone, until one request that tries it is answered."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from time import monotonic

import httpx
import pytest

from api.gateway.entrance import Entrance
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, raw, text
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


async def left_alone(way: Way, path: str, status: int) -> None:
    """Call until the target is left alone: after twenty failures, for five seconds at first.

    Where the machine stood still, they were too far from each other, or the pause was over: then it takes more.
    """
    began = monotonic()
    for tried in count():
        before = len(way.upstream.received)
        answer = await way.call(path)
        if "UPSTREAM_SUSPENDED" in answer.text:
            assert len(way.upstream.received) == before
            assert (answer.status_code, answer.json()["code"]) == (503, "UPSTREAM_SUSPENDED")
            usual = tried == 20 and 1 <= int(answer.headers["retry-after"]) <= 5
            assert usual or (tried > 20 and monotonic() - began > 5)
            return
        assert (answer.status_code, tried < 200) == (status, True)


async def test_a_target_that_fails_again_and_again_is_left_alone(way: Way) -> None:
    await way.endpoint("/failing")
    way.upstream.answers["/failing"] = text("", "503 Service Unavailable")
    await left_alone(way, "/failing", 503)
    # Other endpoints of the same target are not held to account, and a change of this one is a new beginning.
    await way.endpoint("/fine")
    assert (await way.call("/fine")).status_code == 200
    await way.api.send("PATCH", "api_endpoints?path=eq./failing", way.owner.person.headers, json={"timeout_ms": 1234})
    await way.call("/failing")
    assert way.received.target == "/failing"


async def test_of_many_that_come_when_the_pause_is_over_one_tries_the_target(way: Way) -> None:
    endpoint = await way.endpoint("/recovering")
    way.upstream.answers["/recovering"] = raw(close=True)
    await left_alone(way, "/recovering", 502)

    may_answer = asyncio.Event()

    async def late(_received: Received, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    way.upstream.answers["/recovering"] = late
    entrance: Entrance = way.api.app.state.gateway
    entrance.forwarder._upstreams._kept[endpoint].breaker._opened_until = 0.0  # instead of waiting for it
    before = len(way.upstream.received)
    calls = {asyncio.create_task(way.call("/recovering")) for _ in range(30)}
    refused: set[asyncio.Task[httpx.Response]] = set()
    while len(calls) > 1:
        done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        assert done
        refused |= done
    assert {call.result().status_code for call in refused} == {503}
    may_answer.set()
    (probe,) = calls
    assert ((await probe).status_code, len(way.upstream.received)) == (204, before + 1)
    assert (await way.call("/recovering")).status_code == 204
