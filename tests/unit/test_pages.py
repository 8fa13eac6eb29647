"""Pages are rendered once for all their readers, as their author's work."""

import asyncio
import threading
from collections.abc import Generator
from uuid import uuid4

import pytest

from api.computing import FOR_EACH, THREADS, Computing
from api.pages import MOST_BYTES, Pages
from zilliance.errors import RateLimitedError, TooLargeError


@pytest.fixture
def computing() -> Generator[Computing]:
    computing = Computing()
    yield computing
    computing.close()


async def test_readers_at_the_same_time_and_later_share_one_rendering(computing: Computing) -> None:
    pages, key, author, rendered = Pages(computing), (uuid4(), "p"), uuid4(), list[str]()

    def render() -> bytes:
        rendered.append("once")
        return b"page"

    shown = await asyncio.gather(*(pages.get(key, "1", author, render) for _ in range(50)))
    assert [each.body for each in shown] == [b"page"] * 50
    assert (await pages.get(key, "1", author, render)).body == b"page"
    assert rendered == ["once"]
    await pages.get(key, "2", author, render)
    assert rendered == ["once", "once"]
    kept = pages.kept(key)
    assert kept is not None
    assert kept.version == "2"


async def test_what_cannot_be_shown_is_not_tried_again(computing: Computing) -> None:
    pages, key, tried = Pages(computing), (uuid4(), "p"), list[str]()

    def render() -> bytes:
        tried.append("once")
        raise TooLargeError("too much", code="TUTORIAL_TOO_LARGE")

    for _ in range(3):
        page = await pages.get(key, "1", uuid4(), render)
        with pytest.raises(TooLargeError, match="too much") as raised:
            page.shown()
        assert raised.value.code == "TUTORIAL_TOO_LARGE"
    assert tried == ["once"]


async def test_a_failure_is_nobodys_page(computing: Computing) -> None:
    pages, key = Pages(computing), (uuid4(), "p")

    def fail() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pages.get(key, "1", uuid4(), fail)
    assert pages.kept(key) is None
    assert (await pages.get(key, "1", uuid4(), lambda: b"page")).body == b"page"


async def test_those_read_longest_ago_give_way(computing: Computing) -> None:
    pages, author, large = Pages(computing), uuid4(), b"x" * (MOST_BYTES // 3)
    first, second, third = ((uuid4(), "p") for _ in range(3))
    for key in (first, second, first, third):
        await pages.get(key, "1", author, lambda: large)
    assert pages.kept(first) is not None
    assert pages.kept(second) is None


async def test_a_newer_version_takes_the_place_of_the_one_before(computing: Computing) -> None:
    pages, author, key, other = Pages(computing), uuid4(), (uuid4(), "p"), (uuid4(), "p")
    await pages.get(other, "1", author, lambda: b"x" * (MOST_BYTES // 3))
    for version in range(9):
        await pages.get(key, str(version), author, lambda: b"x" * (MOST_BYTES // 3))
    assert pages.kept(other) is not None


async def test_one_author_leaves_a_thread_to_others(computing: Computing) -> None:
    pages, author, others, go = Pages(computing), uuid4(), uuid4(), threading.Event()

    def wait() -> bytes:
        go.wait()
        return b"slow"

    slow = [asyncio.create_task(pages.get((uuid4(), "p"), "1", author, wait)) for _ in range(FOR_EACH)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        with pytest.raises(RateLimitedError):
            await pages.get((uuid4(), "p"), "1", author, wait)
        assert FOR_EACH < THREADS
        assert (await pages.get((uuid4(), "p"), "1", others, lambda: b"page")).body == b"page"
    finally:
        go.set()
    assert [page.body for page in await asyncio.gather(*slow)] == [b"slow"] * FOR_EACH
