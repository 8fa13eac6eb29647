"""What lasts longer than a stop waits is ended, and told that it was; all else is left alone."""

import asyncio

import pytest

from api.under_way import UnderWay
from zilliance.errors import StoppingError


async def lasting(under_way: UnderWay, begun: asyncio.Event, until: asyncio.Event) -> str:
    with under_way.one():
        begun.set()
        await until.wait()
    return "ended"


async def started(under_way: UnderWay, until: asyncio.Event) -> asyncio.Task[str]:
    begun = asyncio.Event()
    task = asyncio.create_task(lasting(under_way, begun, until))
    await begun.wait()
    return task


async def test_what_still_runs_is_ended_and_says_that_it_may_be_tried_again() -> None:
    under_way = UnderWay(left_seconds=0)
    task = await started(under_way, asyncio.Event())
    under_way.stop()
    with pytest.raises(StoppingError) as raised:
        await task
    assert (raised.value.status, raised.value.headers) == (503, {"Retry-After": "1"})
    assert task.cancelling() == 0


async def test_what_ends_in_time_ends_as_ever() -> None:
    under_way = UnderWay(left_seconds=3600)
    until = asyncio.Event()
    task = await started(under_way, until)
    under_way.stop()
    until.set()
    assert await task == "ended"


async def test_what_has_ended_is_not_ended_again() -> None:
    under_way = UnderWay(left_seconds=0)
    with under_way.one():
        pass
    under_way.stop()
    await asyncio.sleep(0.01)


async def test_what_comes_afterwards_is_refused() -> None:
    under_way = UnderWay(left_seconds=0)
    task = await started(under_way, asyncio.Event())
    under_way.stop()
    with pytest.raises(StoppingError):
        await task
    with pytest.raises(StoppingError), under_way.one():
        pytest.fail("it was let in")


async def test_who_is_cancelled_for_another_reason_stays_cancelled() -> None:
    task = await started(UnderWay(), asyncio.Event())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
