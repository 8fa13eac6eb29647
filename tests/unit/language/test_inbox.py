"""Deliveries from outside wait for their task, in order, and come once."""

import asyncio

import pytest

from workflows.language.inbox import Inbox
from workflows.language.problems import LimitExceeded


async def test_deliveries_wait_for_their_task_and_come_in_order() -> None:
    inbox = Inbox()
    inbox.put("a", "1", "first")
    inbox.put("b", "1", "other")
    inbox.put("a", "2", "second")
    assert [await inbox.take("a"), await inbox.take("a"), await inbox.take("b")] == ["first", "second", "other"]


async def test_a_repeat_is_dropped_even_after_the_first_was_taken() -> None:
    inbox = Inbox()
    inbox.put("a", "1", "first")
    assert await inbox.take("a") == "first"
    inbox.put("a", "1", "first")
    inbox.put("a", "2", "second")
    assert await inbox.take("a") == "second"


async def test_a_task_waits_until_its_own_delivery_comes() -> None:
    inbox = Inbox()
    waiting = [asyncio.create_task(inbox.take(key)) for key in ("a", "b")]
    await asyncio.sleep(0)
    inbox.put("b", "1", "for b")
    assert await waiting[1] == "for b"
    assert not waiting[0].done()
    inbox.put("a", "1", "for a")
    assert await waiting[0] == "for a"


async def test_what_nobody_takes_is_dropped_with_its_key() -> None:
    inbox = Inbox()
    inbox.put("a", "1", "late")
    inbox.forget("a")
    inbox.put("a", "2", "next")
    assert await inbox.take("a") == "next"


async def test_what_came_before_it_was_closed_is_taken_and_whoever_waits_for_more_is_told() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take("b"))
    await asyncio.sleep(0)
    inbox.put("a", "1", "last")
    inbox.close()
    with pytest.raises(LimitExceeded):
        await asyncio.wait_for(waiting, 5)
    assert await inbox.take("a") == "last"
    with pytest.raises(LimitExceeded):
        await inbox.take("a")
