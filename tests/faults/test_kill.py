"""`kill -9` of any part while executions run: what was accepted ends, effects happen once, rollback finishes."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from tests.faults.definitions import SLOW_UNDO, TWO_ROWS
from tests.faults.person import Person
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

RUNS = 6


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    overrides = {**FREE_PORTS, "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5"}
    async with Stack(short_home(tmp_path_factory, "faults"), overrides) as running:
        yield running


@pytest.fixture(scope="module")
async def person(stack: Stack) -> AsyncGenerator[Person]:
    facts = stack.describe()
    signed_up = await Person.sign_up(facts["api_url"], facts["anon_key"])
    yield signed_up
    await signed_up.close()


@pytest.mark.parametrize("part", ["api", "worker", "temporal", "postgres", "s3"])
async def test_killing_a_part_loses_nothing_and_repeats_nothing(stack: Stack, person: Person, part: str) -> None:
    definition = await person.define(TWO_ROWS)
    mark = uuid.uuid4().hex
    failing = [number % 2 == 1 for number in range(RUNS)]
    started = [await person.start(definition, {"mark": f"{mark}{n}", "fail": fail}) for n, fail in enumerate(failing)]
    await asyncio.sleep(1.5)
    before = stack.process(part).pid
    await stack.kill(part)
    await stack.ready(part, after=before)

    rows = {row["id"]: row for row in await person.ended(started)}
    statuses = [rows[execution]["status"] for execution in started]
    assert statuses == ["failed" if fail else "completed" for fail in failing]
    names = [row["first_name"] for row in await person.rows("contacts", f"select=first_name&first_name=like.{mark}*")]
    expected = [f"{mark}{n}-{step}" for n, fail in enumerate(failing) if not fail for step in ("one", "two")]
    assert sorted(names) == sorted(expected)


@pytest.mark.parametrize("part", ["worker", "postgres", "temporal"])
async def test_a_rollback_that_was_interrupted_finishes(stack: Stack, person: Person, part: str) -> None:
    definition = await person.define(SLOW_UNDO)
    mark = uuid.uuid4().hex
    started = await person.start(definition, {"mark": mark, "fail": True})
    await asyncio.sleep(1.5)  # row two is undone; the undo of `slow` is in its pause; row one still stands
    pids = [stack.process(name).pid for name in (part, "api")]
    await stack.kill(part)
    await stack.kill("api")
    for name, pid in zip((part, "api"), pids, strict=True):
        await stack.ready(name, after=pid)

    [row] = await person.ended([started])
    assert row["status"] == "failed"
    assert [task["status"] for task in row["tasks"]][:3] == ["compensated"] * 3
    assert await person.rows("contacts", f"select=first_name&first_name=like.{mark}*") == []


async def test_killing_everything_loses_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The supervisor is killed too: as when the machine loses power, but for the disk."""
    home = short_home(tmp_path_factory, "all")
    overrides = {**FREE_PORTS, "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5"}
    first = Stack(home, overrides)
    await first.start()
    facts = first.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    definition = await person.define(TWO_ROWS)
    mark = uuid.uuid4().hex
    started = [await person.start(definition, {"mark": f"{mark}{n}", "fail": False}) for n in range(3)]
    first.kill_all()
    await first.stop()

    async with Stack(home, overrides):
        rows = await person.ended(started)
        assert [row["status"] for row in rows] == ["completed"] * 3
        names = [
            row["first_name"] for row in await person.rows("contacts", f"select=first_name&first_name=like.{mark}*")
        ]
        assert sorted(names) == sorted(f"{mark}{n}-{step}" for n in range(3) for step in ("one", "two"))
    await person.close()
