"""Bulk jobs: each execution that the filter means is dealt with once, at a rate, and a dead worker loses nothing."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from activities.jobs import SqlJobActivities
from activities.starts import ExecutionStarts
from api.executions import jobs
from api.schemas.jobs import JobRequest
from tests.activities.support import Rows
from tests.workflows.running import Row, Runner, fail
from zilliance.database import Database
from zilliance.errors import AppError


async def begin(runner: Runner, database: Database, client: Client, *, rate: float = 50, **asked: Any) -> UUID:
    """Begin a job at any rate; callers may ask for none so slow as some of these."""
    request = JobRequest.model_validate(asked).model_copy(update={"rate": rate})
    job_id, _ = await jobs.begin_job(database, client, runner.identity, request)
    return job_id


async def row_of(runner: Runner, database: Database, job_id: UUID) -> Row:
    return json.loads(await jobs.find_job(database, runner.identity, job_id))


async def ended(runner: Runner, database: Database, job_id: UUID) -> Row:
    while (row := await row_of(runner, database, job_id))["status"] == "running":  # noqa: ASYNC110  rows send no event
        await asyncio.sleep(0.1)
    return row


async def executions(runner: Runner, **conditions: str) -> list[Row]:
    texts = await runner.rows.connection.fetch(
        "SELECT to_jsonb(e)::text AS row FROM workflow_executions AS e WHERE user_id = $1 ORDER BY id", runner.owner
    )
    rows = [json.loads(each["row"]) for each in texts]
    return [row for row in rows if all(row[name] == value for name, value in conditions.items())]


async def test_a_replay_runs_each_again_once_and_never_its_own(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    definition = await runner.define({"s": {"set": "${ .n }"}})
    made = [(await runner.execute(definition, {"n": number})).execution_id for number in range(3)]
    job_id = await begin(runner, requests_database, client, action="replay", filter={"workflow_id": str(definition)})
    job = await ended(runner, requests_database, job_id)
    assert [job[name] for name in ("status", "total", "done", "failed", "skipped", "errors")] == [
        "completed", 3, 3, 0, 0, [],
    ]  # fmt: skip
    replays = await executions(runner, trigger="replay")
    assert [replay["retry_of"] for replay in replays] == [str(each) for each in made]
    assert [(await runner.ended(UUID(replay["id"])))["result_data"] for replay in replays] == [0, 1, 2]


async def test_a_step_that_is_repeated_after_a_death_counts_and_begins_nothing_twice(
    runner: Runner, requests_database: Database, client: Client, resources: Any
) -> None:
    definition = await runner.define({"s": {"set": {"a": 1}}})
    for _ in range(2):
        await runner.execute(definition)
    accepted = await requests_database.fetch_one(
        "SELECT * FROM private.accept_job($1, NULL, 'replay', $2::jsonb, 1, NULL, NULL)",
        runner.owner,
        json.dumps({"workflow_id": str(definition)}),
        reason="a job that nobody starts",
    )
    steps = SqlJobActivities(resources.database, client, ExecutionStarts(resources.database, client))
    job = await steps._job(accepted["job_id"])
    assert job is not None
    ((first, status),) = await steps._items(job, 1)
    # The worker dies here, between what it did and what it wrote down.
    assert await steps._deal(job, first, status) == "created"
    job_id = accepted["job_id"]
    await jobs.pause_job(requests_database, runner.identity, job_id)
    await jobs.resume_job(requests_database, client, runner.identity, job_id)
    row = await ended(runner, requests_database, job_id)
    assert (row["done"], len(await executions(runner, trigger="replay"))) == (2, 2)


async def test_a_job_retries_what_failed_on_the_newest_version(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    definition = await runner.define(fail())
    for _ in range(2):
        await runner.execute(definition)
    good = json.dumps({"do": [{"refuse": {"set": {"fixed": True}}}]})
    await runner.rows.connection.execute("UPDATE workflows SET config = $2::jsonb WHERE id = $1", definition, good)
    await runner.execute(definition)
    job_id = await begin(
        runner, requests_database, client, action="retry", version="latest", filter={"workflow_id": str(definition)}
    )
    job = await ended(runner, requests_database, job_id)
    assert (job["total"], job["done"], job["skipped"], job["failed"]) == (3, 2, 1, 0)
    retries = await executions(runner, trigger="retry")
    assert [(await runner.ended(UUID(each["id"])))["result_data"] for each in retries] == [{"fixed": True}] * 2


async def test_a_job_cancels_what_runs_and_skips_what_has_ended(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    definition = await runner.define({"nap": {"wait": {"minutes": 5}}})
    running = [(await runner.execute(definition, wait=False)).execution_id for _ in range(2)]
    await runner.run({"s": {"set": {"a": 1}}})
    job_id = await begin(runner, requests_database, client, action="cancel", filter={"from": "2026-01-01T00:00:00Z"})
    job = await ended(runner, requests_database, job_id)
    assert (job["total"], job["done"], job["skipped"]) == (3, 2, 1)
    assert [(await runner.ended(each))["status"] for each in running] == ["cancelled", "cancelled"]


async def test_what_cannot_be_begun_is_counted_with_its_reason(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    definition = await runner.define({"s": {"set": {"a": 1}}})
    execution = (await runner.execute(definition)).execution_id
    await runner.rows.connection.execute("UPDATE workflows SET is_active = false WHERE id = $1", definition)
    job_id = await begin(runner, requests_database, client, action="replay", filter={"ids": [str(execution)]})
    job = await ended(runner, requests_database, job_id)
    assert (job["failed"], job["errors"]) == (1, [{"execution_id": str(execution), "code": "INACTIVE"}])


async def test_a_job_keeps_to_its_rate_and_can_be_paused_and_ended(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    definition = await runner.define({"s": {"set": {"a": 1}}})
    for _ in range(4):
        await runner.execute(definition)
    job_id = await begin(
        runner, requests_database, client, action="replay", rate=0.001, filter={"workflow_id": str(definition)}
    )
    while (await row_of(runner, requests_database, job_id))["done"] < 1:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await jobs.pause_job(requests_database, runner.identity, job_id)
    assert (await row_of(runner, requests_database, job_id))["done"] == 1  # the next is due a quarter of an hour later
    await jobs.cancel_job(requests_database, runner.identity, job_id)
    row = await row_of(runner, requests_database, job_id)
    assert (row["status"], row["done"]) == ("cancelled", 1)
    with pytest.raises(AppError) as caught:
        await jobs.resume_job(requests_database, client, runner.identity, job_id)
    assert (caught.value.status, caught.value.code) == (409, "JOB_STATUS_CONFLICT")


async def test_jobs_are_their_owners_alone(
    runner: Runner, rows: Rows, requests_database: Database, client: Client
) -> None:
    theirs = await Runner.sign_up(rows, requests_database, client)
    definition = await theirs.define({"s": {"set": {"a": 1}}})
    execution = (await theirs.execute(definition)).execution_id
    for wanted in ({"workflow_id": str(definition)}, {"ids": [str(execution)]}):
        job_id = await begin(runner, requests_database, client, action="replay", filter=wanted)
        assert (await ended(runner, requests_database, job_id))["total"] == 0
        with pytest.raises(AppError) as caught:
            await jobs.find_job(requests_database, theirs.identity, job_id)
        assert caught.value.code == "JOB_NOT_FOUND"
        with pytest.raises(AppError):
            await jobs.cancel_job(requests_database, theirs.identity, job_id)
    listed = json.loads(await jobs.list_jobs(requests_database, runner.identity, None, 1))
    assert [job["id"] for job in listed["items"]] == [str(job_id)]
    rest = json.loads(await jobs.list_jobs(requests_database, runner.identity, UUID(listed["next"]), 10))
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert json.loads(await jobs.list_jobs(requests_database, theirs.identity, None, 10))["items"] == []


async def test_a_job_needs_a_filter_and_an_account_has_three(
    runner: Runner, requests_database: Database, client: Client
) -> None:
    with pytest.raises(AppError, match="say which executions"):
        await begin(runner, requests_database, client, action="cancel", filter={})
    with pytest.raises(AppError, match="outptu"):
        await begin(runner, requests_database, client, action="cancel", filter={"outptu": ["failed"]})
    more: dict[str, Any] = {"from": "failed"}
    with pytest.raises(AppError, match="only a retry"):
        await begin(runner, requests_database, client, action="replay", filter={"trigger": "x"}, **more)
    await runner.rows.connection.execute(
        "INSERT INTO private.execution_jobs (user_id, action, filter, rate, status, total)"
        " SELECT $1, 'cancel', '{}', 1, 'paused', 0 FROM generate_series(1, 3)",
        runner.owner,
    )
    with pytest.raises(AppError) as caught:
        await begin(runner, requests_database, client, action="cancel", filter={"trigger": "manual"})
    assert (caught.value.status, caught.value.code) == (429, "TOO_MANY_JOBS")
