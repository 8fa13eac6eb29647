"""An answer is given when the row is committed; the start on Temporal comes after it, whoever dies in between."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from activities.starts import ExecutionStarts
from api.acceptance import Acceptance
from api.executions.accepting import Asked
from tests.waiting import beside, until
from tests.workflows.running import Row, Runner
from worker.resources import Resources
from worker.starter import keep_starting
from zilliance.errors import NotFoundError, RateLimitedError
from zilliance.settings import TemporalSettings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

SET: Row = {"one": {"set": {"a": 1}}}


async def waiting(runner: Runner) -> set[UUID]:
    """The runs of an account that nobody has said to be started."""
    found = await runner.rows.connection.fetch(
        "SELECT execution_id FROM private.execution_starts JOIN workflow_executions e ON e.id = execution_id"
        " WHERE e.user_id = $1",
        runner.owner,
    )
    return {row["execution_id"] for row in found}


async def until_none_waits(runner: Runner) -> None:
    async def none_waits() -> bool:
        return not await waiting(runner)

    await until(none_waits)


async def test_an_acknowledged_run_is_pending_and_runs_behind_the_answer(runner: Runner) -> None:
    answer = await runner.execute(await runner.define(SET), {"n": 1}, wait=False)
    assert (json.loads(answer.row)["status"], answer.ended) == ("pending", False)
    assert (await runner.ended(answer.execution_id))["result_data"] == {"a": 1}
    await until_none_waits(runner)


async def test_a_run_that_its_acceptor_never_started_is_started_by_a_worker(
    runner: Runner, resources: Resources, store: ObjectStore
) -> None:
    away = await connect(TemporalSettings(address="127.0.0.1:1"), store, lazy=True)
    executions = replace(runner.executions, temporal=away)
    answer = await executions.execute(runner.identity, Asked(await runner.define(SET)), wait=False)
    assert await waiting(runner) == {answer.execution_id}
    await runner.rows.connection.execute(
        "UPDATE private.execution_starts SET due_at = now() WHERE execution_id = $1", answer.execution_id
    )
    async with beside(keep_starting(resources)):
        row = await runner.ended(answer.execution_id)
        await until_none_waits(runner)
    assert row["status"] == "completed"


async def test_two_workers_claim_different_starts_and_a_dead_ones_come_again(
    runner: Runner, resources: Resources
) -> None:
    definition = await runner.define(SET)
    for _ in range(6):
        await begin(resources, runner.owner, definition)
    claim = "SELECT execution_id FROM private.claim_starts($1, 1000)"
    async with resources.database.service(reason="a test") as first, resources.database.service(reason="") as second:
        one = {row["execution_id"] for row in await first.fetch(claim, timedelta(0))}
        other = {row["execution_id"] for row in await second.fetch(claim, timedelta(0))}
    assert not one & other
    mine = await waiting(runner)
    assert len(mine) == 6
    assert mine <= one | other
    starts = ExecutionStarts(resources.database, resources.client)
    while await starts.start_due():
        pass
    assert await waiting(runner) == set()
    for execution in mine:
        assert (await runner.ended(execution))["status"] == "completed"


async def begin(resources: Resources, owner: UUID, definition: UUID) -> UUID:
    """Begin a run whose acceptor dies at once."""
    execution = await resources.database.call(
        "SELECT execution_id FROM private.begin_run($1, $2, 'manual', 'null', NULL, NULL, NULL, 0, '0')",
        owner,
        definition,
        reason="begins a run that nobody starts",
    )
    assert isinstance(execution, UUID)
    return execution


async def test_a_claimed_start_that_temporal_did_not_take_is_kept(
    runner: Runner, resources: Resources, store: ObjectStore
) -> None:
    execution = await begin(resources, runner.owner, await runner.define(SET))
    away = await connect(TemporalSettings(address="127.0.0.1:1"), store, lazy=True)
    assert await ExecutionStarts(resources.database, away).start_due(1000) >= 1
    assert await waiting(runner) == {execution}


async def test_a_given_version_is_run_and_one_that_is_not_there_is_refused(runner: Runner) -> None:
    definition = await runner.define(SET)
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1",
        definition,
        json.dumps({"do": [{"two": {"set": {"b": 2}}}]}),
    )
    for version, result in ((None, {"b": 2}), (1, {"a": 1}), (2, {"b": 2}), (1, {"a": 1})):
        row = json.loads((await runner.execute(definition, version=version)).row)
        assert (row["version"], row["result_data"]) == (version or 2, result)
    with pytest.raises(NotFoundError) as caught:
        await runner.execute(definition, version=3)
    assert caught.value.code == "WORKFLOW_VERSION_NOT_FOUND"


async def test_a_changed_definition_is_run_as_it_is_now(runner: Runner) -> None:
    """The process remembers checked documents; what it remembers must not be run in place of a newer one."""
    definition = await runner.define(SET)
    await runner.execute(definition)
    for number in (1, 2, 3):
        await runner.rows.connection.execute(
            "UPDATE workflows SET config = $2::jsonb WHERE id = $1",
            definition,
            json.dumps({"do": [{"it": {"set": {"n": number}}}]}),
        )
        row = json.loads((await runner.execute(definition)).row)
        assert row["result_data"] == {"n": number}


async def test_an_account_with_too_many_open_executions_is_told_so(runner: Runner) -> None:
    acceptance = Acceptance.of(runner.executions.database, most_open=2)
    executions = replace(runner.executions, acceptance=acceptance)
    definition = await runner.define({"rest": {"wait": {"minutes": 5}}})
    open_runs = [await executions.execute(runner.identity, Asked(definition), wait=False) for _ in range(2)]
    with pytest.raises(RateLimitedError) as caught:
        await executions.execute(runner.identity, Asked(definition), wait=False)
    assert (caught.value.status, caught.value.code) == (429, "TOO_MANY_EXECUTIONS")
    assert caught.value.headers["Retry-After"] == "1"
    for answer in open_runs:
        await asyncio.sleep(0.3)
        await executions.cancel(runner.identity, answer.execution_id)
        await runner.ended(answer.execution_id)
    await asyncio.sleep(0.3)
    answer = await executions.execute(runner.identity, Asked(definition), wait=False)
    assert not answer.ended
