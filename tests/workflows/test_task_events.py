"""An execution is followed as it runs: each begin and each end once and in order, also over a connection that broke."""

import asyncio
import json
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.executions.task_events import Position, TaskEvents, events_after
from api.wakes import STREAMS_A_USER, Streams
from tests.workflows.running import Row, Runner, create, fail
from zilliance.enums import Role
from zilliance.errors import InvalidInputError, NotFoundError, RateLimitedError
from zilliance.identity import Identity

SLOW: Row = {"rest": {"wait": {"seconds": 1}}}


def told(runner: Runner, execution: UUID, streams: Streams | None = None) -> TaskEvents:
    return TaskEvents(runner.executions, streams or Streams(), runner.identity, execution)


def read(text: bytes) -> tuple[str, str, dict[str, Any]]:
    lines = dict(line.split(": ", 1) for line in text.decode().strip().splitlines())
    return lines["id"], lines["event"], json.loads(lines["data"])


async def follow(runner: Runner, execution: UUID, after: str = "", most: int = 1000) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    async with aclosing(told(runner, execution).events(after)) as events:
        async for event in events:
            if not event.startswith(b":"):
                found.append(read(event))
            if len(found) == most:
                break
    return found


def names(events: list[tuple[str, str, Any]]) -> list[tuple[str, str]]:
    return [(kind, data["name"]) for _, kind, data in events if kind != "end"]


async def test_a_running_execution_is_followed_to_its_end(runner: Runner) -> None:
    execution = await runner.start({"one": {"set": {"n": 1}}}, SLOW, {"two": {"set": {"n": 2}}})
    events = await follow(runner, execution)
    assert names(events) == [
        *(("began", "one"), ("ended", "one"), ("began", "rest"), ("ended", "rest")),
        *(("began", "two"), ("ended", "two")),
    ]
    identity, kind, row = events[-1]
    assert (identity, kind, row["status"], row["result_data"]) == ("end", "end", "completed", {"n": 2})
    assert "tasks" not in row
    assert [data["output"] for _, kind, data in events if kind == "ended"] == [{"n": 1}, {"n": 1}, {"n": 2}]
    assert await follow(runner, execution, "end") == []


async def test_who_comes_again_is_told_what_he_has_not_heard_and_nothing_twice(runner: Runner) -> None:
    branches: list[Row] = [{f"b{n}": {"do": [create(f"make{n}", "x"), SLOW]}} for n in range(3)]
    execution = await runner.start({"all": {"fork": {"branches": branches}}}, {"last": {"set": {"n": 1}}})
    whole = [(identity, kind) for identity, kind, _ in await follow(runner, execution)]
    assert len(set(whole)) == len(whole)
    for heard in range(len(whole)):
        again = await follow(runner, execution, whole[heard - 1][0] if heard else "")
        assert [(identity, kind) for identity, kind, _ in again] == whole[heard:]


async def test_a_connection_that_breaks_while_it_runs_is_taken_up(runner: Runner) -> None:
    execution = await runner.start({"one": {"set": {"n": 1}}}, SLOW, {"two": {"set": {"n": 2}}})
    first = await follow(runner, execution, most=3)
    rest = await follow(runner, execution, first[-1][0])
    assert names(first) + names(rest) == names(await follow(runner, execution))


async def test_a_rollback_is_told_task_by_task(runner: Runner) -> None:
    execution = await runner.start(create("a", "x"), create("b", "y"), fail("bad"))
    events = await follow(runner, execution)
    assert [name for kind, name in names(events) if kind == "undone"] == ["a", "b"]
    assert events[-1][2]["status"] == "failed"


async def test_what_was_taken_over_and_what_was_left_out_ends_as_it_begins() -> None:
    at = "2026-01-01T00:00:0{}+00:00"
    log = [
        {
            "name": "old",
            "status": "completed",
            "started_at": at.format(0),
            "completed_at": at.format(1),
            "reused": True,
        },
        {"name": "not", "status": "skipped", "started_at": at.format(5), "completed_at": at.format(5)},
        {"name": "now", "status": "running", "started_at": at.format(6), "completed_at": None},
    ]
    found = list(events_after(Position(), log, ended=False))
    assert [(kind, task["name"]) for kind, _, task in found] == [("ended", "old"), ("ended", "not"), ("began", "now")]
    assert list(events_after(found[-1][1], log, ended=False)) == []


async def test_anothers_execution_a_strange_id_and_too_many_streams_are_refused(runner: Runner) -> None:
    execution = await runner.start({"long": {"wait": {"seconds": 60}}})
    with pytest.raises(NotFoundError):
        await anext(told(runner, uuid4()).events(""))
    for strange in ("x", "1.2.3", "1.2.3.4.5", "9" * 5000, "-9.-1.-1.0", "0.-1.-1.-9"):
        with pytest.raises(InvalidInputError):
            await anext(told(runner, execution).events(strange))
    streams = Streams()
    opened = [told(runner, execution, streams).events("") for _ in range(STREAMS_A_USER)]
    await asyncio.gather(*(anext(each) for each in opened))
    with pytest.raises(RateLimitedError):
        await anext(told(runner, execution, streams).events(""))
    streams.closing.set()
    for each in opened:
        assert [event async for event in each if b"event: end" in event] == []
    await runner.executions.cancel(runner.identity, execution)


async def test_a_stream_whose_session_was_signed_out_or_whose_execution_has_gone_ends(runner: Runner) -> None:
    execution = await runner.start({"long": {"wait": {"seconds": 60}}})
    session, claims = uuid4(), {"sub": str(runner.owner), "role": Role.AUTHENTICATED}
    await runner.rows.connection.execute(
        "INSERT INTO auth.sessions (id, user_id) VALUES ($1, $2)", session, runner.owner
    )
    signed_out = Identity.of_claims({**claims, "session_id": str(session)})
    theirs = TaskEvents(runner.executions, Streams(), signed_out, execution).events("")
    ours = told(runner, execution).events("")
    await anext(theirs)
    await anext(ours)
    await runner.rows.connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", runner.owner)
    assert [event async for event in theirs if b"event: end" in event] == []
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)
    await runner.rows.connection.execute("DELETE FROM workflow_executions WHERE id = $1", execution)
    assert [event async for event in ours if b"event: end" in event] == []


async def test_a_stream_ends_before_a_token_does_and_is_taken_up(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.executions.task_events.LONGEST_SECONDS", 0)
    execution = await runner.start({"long": {"wait": {"seconds": 60}}})
    events = [event async for event in told(runner, execution).events("")]
    assert [event for event in events if b"event: end" in event] == []
    await runner.executions.cancel(runner.identity, execution)
