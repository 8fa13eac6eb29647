"""Many who ask at once are accepted together, and each gets what he alone would have got."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import cast
from uuid import UUID, uuid4

import pytest

from api.acceptance import OpenRuns
from api.executions.accepting import Asked
from tests.workflows.running import Row, Runner
from zilliance.database import Database
from zilliance.errors import ForbiddenError, NotFoundError, RateLimitedError
from zilliance.identity import Identity


@pytest.fixture
async def runner(runner: Runner) -> AsyncGenerator[Runner]:
    """An account whose runs go with the test: hundreds that nobody started would be in the way of other tests' runs."""
    yield runner
    await runner.rows.connection.execute("DELETE FROM public.workflow_executions WHERE user_id = $1", runner.owner)


SET: Row = {"one": {"set": {"n": "${ .n }"}}}


async def commits(runner: Runner, executions: list[UUID]) -> int:
    """In how many transactions these runs were accepted."""
    number = await runner.rows.connection.fetchval(
        "SELECT count(DISTINCT started_at) FROM workflow_executions WHERE id = ANY ($1)", executions
    )
    return int(number)


async def test_two_hundred_at_once_are_accepted_in_a_few_commits_each_with_its_own_input(
    runner: Runner,
) -> None:
    definition = await runner.define(SET)
    await runner.execute(definition, {"n": 0})
    answers = await asyncio.gather(*(runner.execute(definition, {"n": n}, wait=False) for n in range(200)))
    executions = [answer.execution_id for answer in answers]
    assert len(set(executions)) == 200
    assert [json.loads(answer.row)["trigger_data"] for answer in answers] == [{"n": n} for n in range(200)]
    assert await commits(runner, executions) < 20


async def test_who_cannot_be_accepted_is_refused_alone(runner: Runner) -> None:
    definition = await runner.define(SET)
    gone = replace(runner.identity, session_id=uuid4())

    async def ask(identity: Identity, workflow: UUID) -> object:
        return await runner.executions.execute(identity, Asked(workflow, {"n": 1}), wait=False)

    asked = [ask(runner.identity, definition) for _ in range(10)]
    asked += [ask(runner.identity, uuid4()), ask(gone, definition)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert kinds[10:] == [NotFoundError, ForbiddenError]
    assert not any(issubclass(kind, BaseException) for kind in kinds[:10])


async def test_one_key_asked_with_many_times_at_once_is_one_run(runner: Runner) -> None:
    definition = await runner.define(SET)
    answers = await asyncio.gather(
        *(runner.execute(definition, {"n": 1}, key="the same", wait=False) for _ in range(30))
    )
    assert len({answer.execution_id for answer in answers}) == 1


async def test_a_caller_who_goes_away_takes_nobody_along(runner: Runner) -> None:
    definition = await runner.define(SET)
    asked = [asyncio.create_task(runner.execute(definition, {"n": n}, wait=False)) for n in range(20)]
    await asyncio.sleep(0)
    asked[3].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers[3], asyncio.CancelledError)
    assert not any(isinstance(answer, BaseException) for n, answer in enumerate(answers) if n != 3)


class Counting:
    """A database that keeps how often it was asked."""

    def __init__(self, database: Database) -> None:
        self.asked = 0
        self._database = database

    async def call(self, statement: str, *arguments: object, reason: str, seconds: float | None = None) -> object:
        self.asked += 1
        return await self._database.call(statement, *arguments, reason=reason, seconds=seconds)


async def test_what_an_owner_has_open_is_counted_once_for_all_who_ask_at_once(runner: Runner) -> None:
    database = Counting(runner.executions.database)
    runs = OpenRuns(cast("Database", database), 15)
    asked = await asyncio.gather(*(runs.admit(runner.owner) for _ in range(20)), return_exceptions=True)
    assert database.asked == 1
    assert [type(each) for each in asked] == [type(None)] * 15 + [RateLimitedError] * 5
