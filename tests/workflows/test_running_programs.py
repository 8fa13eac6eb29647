"""`run` tasks on a real Temporal: what their rows say, and that a program ends with the execution that started it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from tests.unit.living import alive
from tests.workflows.running import Row, Runner, create, statuses
from worker.registry import activities
from worker.resources import Resources, open_resources
from worker.sandbox import runner as sandbox
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.document_text import parse_document
from workflows.execute_workflow import ExecuteWorkflow
from zilliance.errors import InvalidInputError
from zilliance.settings import RunKind, Settings
from zilliance.storage import ObjectStore

QUEUE = "programs"
SLEEP: Row = {"sleep": {"run": {"shell": {"command": "sleep 86451 & wait"}}}}


@pytest.fixture(scope="session")
async def allowing(settings: Settings, client: Client, store: ObjectStore) -> AsyncGenerator[Resources]:
    """What a worker holds whose operator allows scripts and commands."""
    workflow = settings.workflow.model_copy(update={"run_allow": frozenset({RunKind.SCRIPT, RunKind.SHELL})})
    async with open_resources(settings.model_copy(update={"workflow": workflow}), client, store) as resources:
        yield resources


@pytest.fixture(scope="session")
async def programs(allowing: Resources) -> AsyncGenerator[None]:
    async with Worker(
        allowing.client,
        task_queue=QUEUE,
        workflows=[ExecuteWorkflow],
        activities=activities(allowing),
        workflow_runner=sandbox(),
    ):
        yield


async def begin(runner: Runner, *tasks: Row, data: object = None) -> tuple[UUID, WorkflowHandle[Any, Any]]:
    """Start a document on the worker that runs programs."""
    definition = await runner.define(*tasks)
    execution = await runner.rows.execution(runner.owner, definition, data)
    row = await runner.row(execution)
    document = await runner.rows.connection.fetchval("SELECT config::text FROM workflows WHERE id = $1", definition)
    handle = await runner.executions.temporal.start_workflow(
        ExecuteWorkflow.run,
        ExecuteWorkflowInput(
            execution_id=execution,
            owner_id=runner.owner,
            definition_id=definition,
            version=1,
            name="programs",
            document=document,
            trigger_data=json.dumps(data),
            started_at=row["started_at"],
        ),
        id=f"programs/{execution}",
        task_queue=QUEUE,
    )
    return execution, handle


async def ended(runner: Runner, *tasks: Row, data: object = None) -> Row:
    execution, handle = await begin(runner, *tasks, data=data)
    with suppress(WorkflowFailureError):
        await handle.result()
    return await runner.row(execution)


async def until_alive(mark: str) -> None:
    while not alive(mark):  # noqa: ASYNC110  a process sends no event
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("programs")
async def test_programs_hand_their_output_on(runner: Runner) -> None:
    code = "import json, sys; print(json.dumps(sum(json.load(sys.stdin))))"
    script = {"language": "python", "code": code, "stdin": "${ .numbers }"}
    row = await ended(
        runner,
        {"numbers": {"set": {"numbers": [1, 2, 3]}}},
        {"sum": {"run": {"script": script}, "output": {"as": "${ fromjson }"}}},
        {"say": {"run": {"shell": {"command": 'echo "$1 $KEY"', "arguments": ["${ tostring }"]}, "return": "all"}}},
    )
    assert row["status"] == "completed", row["error"]
    assert row["result_data"] == {"code": 0, "stdout": "6 \n", "stderr": ""}


@pytest.mark.usefixtures("programs")
async def test_the_example_of_the_page_says_what_the_page_says(runner: Runner) -> None:
    text = (Path(__file__).parents[2] / "docs" / "workflows" / "run.md").read_text()
    document: Any = parse_document(text.partition("```yaml\n")[2].partition("```")[0]).document
    row = await ended(runner, *document["do"], data={"numbers": [1, 2, 3]})
    assert row["result_data"] == {"code": 0, "stdout": "6 is the sum for Ada\n", "stderr": ""}, row["error"]
    assert json.dumps(row["result_data"]["stdout"]) in text


@pytest.mark.usefixtures("programs")
async def test_a_failing_program_rolls_back_what_was_done_before(runner: Runner) -> None:
    row = await ended(runner, create("one", "Ada"), {"bad": {"run": {"shell": {"command": "echo why >&2; exit 4"}}}})
    assert statuses(row) == {"one": "compensated", "bad": "faulted"}
    assert row["error"]["detail"] == "sh ended with status 4: why"
    assert row["error"]["instance"] == "/do/1/bad"


@pytest.mark.usefixtures("programs")
async def test_a_cancelled_execution_ends_its_program(runner: Runner) -> None:
    execution, handle = await begin(runner, SLEEP)
    await until_alive("sleep\x0086451")
    await handle.cancel()
    with suppress(WorkflowFailureError):
        await handle.result()
    assert (await runner.row(execution))["status"] == "cancelled"
    while alive("86451"):  # noqa: ASYNC110  the worker is told with the next heartbeat
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("programs")
async def test_a_timeout_around_a_program_can_be_caught(runner: Runner) -> None:
    slow = {"slow": {"run": {"shell": {"command": "sleep 86461"}}, "timeout": {"after": {"seconds": 1}}}}
    catch = {"as": "e", "do": [{"tell": {"set": {"status": "${ $e.status }"}}}]}
    row = await ended(runner, {"careful": {"try": [slow], "catch": catch}})
    assert row["result_data"] == {"status": 408}


async def test_what_the_operator_did_not_allow_is_neither_accepted_nor_run(runner: Runner) -> None:
    with pytest.raises(InvalidInputError, match="shell is not enabled on this server"):
        await runner.run(SLEEP)
