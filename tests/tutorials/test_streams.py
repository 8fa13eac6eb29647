"""The text that is being written, as events that any process serves from wherever a reader has come to."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from api.wakes import STREAMS_A_USER
from tests.activities.support import Rows
from tests.tutorials.author import Api, Author, Event
from tests.tutorials.steps import outline, step
from zilliance.devstack.ai_stand_in import Scene, StandInProvider

LONG = step(content="".join(f'Sentence {number} of many, with an ä and a "quote". ' for number in range(60)))


def script(provider: StandInProvider, *, pace: float = 0.02) -> None:
    provider.script.add(
        Scene(match='"steps": 2', text=json.dumps(outline(2))),
        Scene(match='"number": 1', text=json.dumps(LONG), pace=pace),
        Scene(match='"number": 2', text=json.dumps(LONG, ensure_ascii=False), pace=pace),
    )


def texts(events: list[Event]) -> dict[tuple[str, str], str]:
    """What was written, by step and field."""
    found: dict[tuple[str, str], str] = {}
    for event in events:
        for part in event.data["fields"] if event.kind == "delta" else ():
            place = (event.data["step"], part["path"])
            found[place] = found.get(place, "") + part["text"]
    return found


def whole() -> dict[tuple[str, str], str]:
    plan = outline(2)
    wanted = {("outline", name): plan[name] for name in ("title", "description", "summary")}
    wanted[("outline", "prerequisites.0")] = plan["prerequisites"][0]
    for number in (0, 1):
        wanted[("outline", f"steps.{number}.title")] = plan["steps"][number]["title"]
        wanted[("outline", f"steps.{number}.goal")] = plan["steps"][number]["goal"]
    for number in (1, 2):
        wanted |= {(f"step-{number}", name): LONG[name] for name in ("content", "code")}
    return wanted


async def test_a_reader_sees_the_text_while_it_is_written_and_how_it_ends(
    author: Author, provider: StandInProvider
) -> None:
    script(provider)
    run_id = await author.begin("Streamed", 2)
    events = await author.events(run_id)
    assert texts(events) == whole()
    ids = [event.id for event in events if event.id is not None]
    assert ids == sorted(set(ids))  # a connection may break between any two
    assert sum(event.kind == "delta" and event.data["step"] == "step-1" for event in events) > 3
    assert [event.data["outcome"] for event in events if event.kind == "step"] == ["completed"] * 3
    assert (events[0].kind, events[-1].kind) == ("progress", "done")
    assert events[-1].data["tutorial_id"] == (await author.run(run_id))["tutorial_id"]
    done = [event.data["progress"] for event in events if event.kind == "progress"]
    assert done == sorted(done)
    assert done[-1] == 100


async def test_a_reader_who_comes_again_and_again_at_other_processes_misses_nothing_and_gets_nothing_twice(
    author: Author, other_api: Api, provider: StandInProvider
) -> None:
    script(provider)
    run_id = await author.begin("Interrupted", 2)
    there = [author, author.at(other_api)]
    seen: list[Event] = []
    turns = 0
    while not seen or seen[-1].kind != "done":
        turns += 1
        last = max((event.id for event in seen if event.id is not None), default=None)
        seen += await there[turns % 2].events(run_id, last, most=3)
    assert texts(seen) == whole()
    assert [event.data["outcome"] for event in seen if event.kind == "step"] == ["completed"] * 3
    assert turns > 3


@pytest.mark.parametrize("page", [1, 2, 200])
async def test_a_run_that_has_ended_can_be_read_from_its_beginning(
    author: Author, other_api: Api, provider: StandInProvider, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("api.tutorials.streams.PAGE", page)
    script(provider, pace=0)
    run_id = await author.begin("Afterwards", 2)
    await author.until(run_id)
    events = await author.at(other_api).events(run_id)
    assert texts(events) == whole()
    last = max(event.id for event in events if event.id is not None)
    assert [event.kind for event in await author.events(run_id, last)] == ["progress", "done"]


async def test_readers_who_leave_keep_nobody_and_the_run_goes_on(author: Author, provider: StandInProvider) -> None:
    script(provider)
    run_id = await author.begin("Left", 2)
    for _ in range(STREAMS_A_USER + 5):
        await author.events(run_id, most=1)
    assert texts(await author.events(run_id)) == whole()


async def test_a_run_that_fails_says_so_to_its_readers(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(status=402, times=20))
    run_id = await author.begin("Fails", 1)
    events = await author.events(run_id)
    assert events[-1].kind == "error"
    assert events[-1].data == (await author.run(run_id))["error"]


async def test_a_cancelled_run_says_so_to_its_readers(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(delay=120))
    run_id = await author.begin("Cancelled", 1)
    reading = asyncio.create_task(author.events(run_id))
    await author.until(run_id, "running")
    await author.post(f"/tutorials/v1/runs/{run_id}/cancel")
    assert (await reading)[-1] == Event("error", {"code": "RUN_CANCELLED", "message": "The run was cancelled"}, None)


async def test_a_run_that_is_cancelled_before_it_begins_tells_its_readers_at_once(author: Author, rows: Rows) -> None:
    run_id = await _pending(author, rows)
    async with author.http.stream("GET", f"/tutorials/v1/runs/{run_id}/stream", headers=author.headers) as answer:
        lines = answer.aiter_lines()
        while "pending" not in await anext(lines):
            pass
        await author.post(f"/tutorials/v1/runs/{run_id}/cancel")
        rest = [line async for line in lines]
    assert "event: error" in rest
    assert ": still there" not in rest  # nobody had to look by himself


async def test_a_stream_of_a_run_ends_before_a_token_does(
    author: Author, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.tutorials.streams.LONGEST_SECONDS", 0)
    monkeypatch.setattr("api.tutorials.streams.QUIET_SECONDS", 0.1)
    run_id = await _pending(author, rows)
    assert [event.kind for event in await author.events(str(run_id))] == ["progress"]
    await author.post(f"/tutorials/v1/runs/{run_id}/cancel")


async def _pending(author: Author, rows: Rows) -> UUID:
    """One that nobody starts."""
    return await rows.connection.fetchval(
        "INSERT INTO private.tutorial_runs (user_id, topic, level, steps)"
        " VALUES ($1, 'Waits', 'beginner', 1) RETURNING id",
        author.id,
    )


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "9" * 5000, "٣"])
async def test_an_id_that_is_none_is_refused(author: Author, rows: Rows, last: str) -> None:
    run_id = await rows.connection.fetchval(
        "INSERT INTO private.tutorial_runs (user_id, topic, level, steps, status)"
        " VALUES ($1, 'A topic', 'beginner', 1, 'cancelled') RETURNING id",
        author.id,
    )
    answer = await author.http.get(
        f"/tutorials/v1/runs/{run_id}/stream",
        headers={**author.headers, "Last-Event-ID": last.encode()},  # type: ignore[dict-item]
    )
    assert answer.status_code == 400, answer.text


async def test_an_account_has_so_many_streams_and_no_more(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(delay=120))
    run_id = await author.begin("Many readers", 1)
    opened = asyncio.Semaphore(0)
    readers = [asyncio.create_task(_hold(author, run_id, opened)) for _ in range(STREAMS_A_USER)]
    for _ in readers:
        await opened.acquire()
    # Whatever they follow: executions and videos have their streams of the same ten.
    for path in (
        f"/tutorials/v1/runs/{run_id}/stream",
        f"/workflows/v1/executions/{uuid4()}/events",
        f"/video/v1/videos/{uuid4()}/progress",
    ):
        answer = await author.get(path)
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_STREAMS"), path
    await author.post(f"/tutorials/v1/runs/{run_id}/cancel")
    for reader in readers:
        await reader


async def _hold(author: Author, run_id: str, opened: asyncio.Semaphore) -> None:
    """Read a stream to its end, and say when it has begun."""
    async with author.http.stream("GET", f"/tutorials/v1/runs/{run_id}/stream", headers=author.headers) as answer:
        assert answer.status_code == 200
        opened.release()
        await answer.aread()
