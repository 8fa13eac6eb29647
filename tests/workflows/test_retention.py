"""Retention: ended executions go when their time is over, with all that is kept of them; open and needed ones stay."""

import json
from typing import Any
from uuid import UUID

import pytest

from activities.retention import StoredRetentionActivities
from api.executions.retries import AskedRetry
from tests.workflows.running import Row, Runner, create
from workflows.language.documents import normalise
from workflows.language.validation import validate
from workflows.names import execution_workflow_id, rollback_workflow_id
from zilliance.payloads import payload_prefix
from zilliance.storage import MissingObjectError, ObjectStore


async def age(runner: Runner, execution: UUID | str, days: int) -> None:
    await runner.rows.connection.execute(
        "UPDATE workflow_executions SET completed_at = completed_at - make_interval(days => $2) WHERE id = $1",
        UUID(str(execution)),
        days,
    )


async def expire(resources: Any, store: ObjectStore) -> int:
    steps = StoredRetentionActivities(resources.database, store, days=30)
    deleted = 0
    while expired := await steps._expired():
        deleted += (now := await steps._delete(expired))
        if not now:
            break
    return deleted


async def test_what_ended_long_ago_goes_with_its_effects_keys_and_objects(
    runner: Runner, resources: Any, store: ObjectStore
) -> None:
    definition = await runner.define(create("kept", "Ada"), {"large": {"set": {"t": '${ "x" * 100000 }'}}})
    old = (await runner.execute(definition, key="retained")).execution_id
    young = (await runner.execute(definition)).execution_id
    workflows = (execution_workflow_id(old), rollback_workflow_id(old))
    keys = [f"{payload_prefix(each)}made-by-the-test" for each in workflows]
    for key in keys:
        await store.replace(key, b"{}")
    await age(runner, old, 31)
    await age(runner, young, 29)
    await expire(resources, store)
    connection = runner.rows.connection
    left = await connection.fetchval("SELECT array_agg(id) FROM workflow_executions WHERE user_id = $1", runner.owner)
    assert left == [young]
    assert await connection.fetchval(
        "SELECT array_agg(id) FROM workflow_executions WHERE user_id = $1", runner.owner
    ) == [young]
    assert await connection.fetchval("SELECT count(*) FROM private.effects WHERE execution_id = $1", old) == 0
    assert await connection.fetchval("SELECT count(*) FROM private.idempotency_keys WHERE execution_id = $1", old) == 0
    for key in keys:
        with pytest.raises(MissingObjectError):
            await store.fetch(key)


async def test_a_definition_may_keep_its_own_for_longer_or_shorter(
    runner: Runner, resources: Any, store: ObjectStore
) -> None:
    kept = {}
    for days in (1, 100):
        header: Row = {"dsl": "1.0.3", "namespace": "n", "name": "r", "version": "0.1.0"}
        header["metadata"] = {"retention": {"days": days}}
        definition = await runner.define({"s": {"set": {"a": 1}}}, document=header)
        kept[days] = [(await runner.execute(definition)).execution_id for _ in range(2)]
    await age(runner, kept[1][0], 2)
    await age(runner, kept[100][0], 99)
    await age(runner, kept[100][1], 101)
    await expire(resources, store)
    left = await runner.rows.connection.fetchval(
        "SELECT array_agg(id ORDER BY id) FROM workflow_executions WHERE user_id = $1", runner.owner
    )
    assert left == sorted([kept[1][1], kept[100][0]])


async def test_open_executions_and_those_that_an_open_retry_needs_stay(
    runner: Runner, resources: Any, store: ObjectStore
) -> None:
    row = await runner.run(create("kept", "Ada"), {"end": {"set": {"a": 1}}})
    document = json.dumps({"do": [create("kept", "Ada"), {"end": {"wait": {"minutes": 5}}}]})
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1", UUID(row["workflow_id"]), document
    )
    retry = await runner.executions.retry(runner.identity, AskedRetry(UUID(row["id"]), "/do/1/end", version="latest"))
    await age(runner, row["id"], 31)
    await expire(resources, store)
    assert await runner.rows.count("workflow_executions", runner.owner) == 2
    await runner.executions.cancel(runner.identity, retry.execution_id)
    await runner.ended(retry.execution_id)
    assert await runner.rows.count("contacts", runner.owner) == 0  # what the first one made was still known


async def test_a_sub_workflow_that_an_open_retry_has_taken_over_stays_with_what_it_did(
    runner: Runner, resources: Any, store: ObjectStore
) -> None:
    header: Row = {"dsl": "1.0.3", "namespace": "n", "name": "kept-child", "version": "0.1.0"}
    await runner.define(create("made", "Ada"), document=header)
    child: Row = {"child": {"run": {"workflow": {"namespace": "n", "name": "kept-child", "version": "latest"}}}}
    row = await runner.run(child, {"end": {"set": {"a": 1}}})
    document = json.dumps({"do": [child, {"end": {"wait": {"minutes": 5}}}]})
    await runner.rows.connection.execute(
        "UPDATE workflows SET config = $2::jsonb WHERE id = $1", UUID(row["workflow_id"]), document
    )
    retry = await runner.executions.retry(runner.identity, AskedRetry(UUID(row["id"]), "/do/1/end", version="latest"))
    await runner.until_started(retry.execution_id)
    await runner.rows.connection.execute(
        "UPDATE workflow_executions SET completed_at = completed_at - interval '31 days' WHERE user_id = $1",
        runner.owner,
    )
    await expire(resources, store)
    await runner.executions.cancel(runner.identity, retry.execution_id)
    assert (await runner.ended(retry.execution_id))["status"] == "cancelled"
    assert await runner.rows.count("contacts", runner.owner) == 0


async def test_what_a_retry_has_taken_over_stays_as_long_as_the_retry(
    runner: Runner, resources: Any, store: ObjectStore
) -> None:
    row = await runner.run(create("kept", "Ada"), {"end": {"set": {"a": 1}}})
    again = await runner.executions.retry(runner.identity, AskedRetry(UUID(row["id"]), "/do/1/end"))
    await runner.ended(again.execution_id)
    await age(runner, row["id"], 31)
    await expire(resources, store)
    assert await runner.rows.count("workflow_executions", runner.owner) == 2
    await age(runner, again.execution_id, 31)
    await expire(resources, store)
    assert await runner.rows.count("workflow_executions", runner.owner) == 0


def test_a_wrong_retention_is_told() -> None:
    for wrong in (7, {"days": 0}, {"days": "7"}, {"days": 4000}, {"hours": 1}, {}):
        document = normalise({"document": {"metadata": {"retention": wrong}}, "do": [{"s": {"set": {"a": 1}}}]}, "x")
        assert next(issue.pointer for issue in validate(document)).startswith("/document/metadata/retention")
