"""What must be done to its end is, and whoever was cancelled meanwhile is told so then."""

import asyncio

import pytest

from zilliance.unbroken import unbroken


async def test_no_number_of_cancellations_breaks_it_off() -> None:
    may_end, ended = asyncio.Event(), list[str]()

    async def work() -> None:
        await may_end.wait()
        ended.append("whole")

    task = asyncio.create_task(unbroken(work()))
    for _ in range(4):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["whole"]


async def test_its_result_and_its_error_are_the_works() -> None:
    async def fail() -> None:
        raise LookupError

    assert await unbroken(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(LookupError):
        await unbroken(fail())
