"""Records histories of what nobody calls by name: retries, bulk jobs and moments of schedules."""

import asyncio
import time
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowExecution

from bench.stage import Person, platform, sign_up
from tests.replay.documents import BEGUN, CONTACT
from tests.replay.record import HISTORIES, VERSION, history_of
from workflows.names import BULK_EXECUTIONS, EXECUTE_WORKFLOW, FIRE_SCHEDULE, RUN_AFTER

PATIENCE_SECONDS = 60.0


def define(person: Person, name: str) -> str:
    [workflow] = person.insert("workflows", {"name": name, "config": BEGUN[name]})
    return str(workflow["id"])


def failed(person: Person, name: str) -> str:
    """An execution that has failed; from now on its definition has something else in the place of what fails."""
    workflow = define(person, name)
    body = {"workflowId": workflow, "triggerData": {"n": 1}}
    execution = person.call("POST", "/functions/v1/execute-workflow", body)
    document = {"do": [*BEGUN[name]["do"][:-1], {"instead": CONTACT}]}
    person.call("PATCH", f"/rest/v1/workflows?id=eq.{workflow}", {"config": document})
    return str(execution["id"])


def retried(person: Person) -> str:
    asked = {"from": "failed", "version": "latest"}
    retry = person.call("POST", f"/workflows/v1/executions/{failed(person, 'retried')}/retry", asked)
    return f"{EXECUTE_WORKFLOW}/{retry['id']}"


def worked_off(person: Person) -> str:
    asked = {"action": "replay", "filter": {"ids": [failed(person, "job") for _ in range(3)]}, "rate": 2}
    return f"{BULK_EXECUTIONS}/{person.call('POST', '/workflows/v1/jobs', asked)['id']}"


async def ended(client: Client, query: str) -> WorkflowExecution:
    """The first that has ended, of those that the query finds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = [each async for each in client.list_workflows(query) if each.close_time is not None]
        if found:
            return min(found, key=lambda each: each.start_time)
        await asyncio.sleep(0.2)
    raise TimeoutError(query)


async def main() -> None:
    missing = [name for name in BEGUN if not await asyncio.to_thread(_file(name).exists)]
    async with platform() as stack:
        person: Any = await asyncio.to_thread(sign_up, stack)
        client = await Client.connect(stack.settings.temporal.address)
        for name in missing:
            if name in {"retried", "job"}:
                workflow_id = await asyncio.to_thread({"retried": retried, "job": worked_off}[name], person)
                query = f"WorkflowId = '{workflow_id}'"
            else:
                workflow = await asyncio.to_thread(define, person, name)
                kind = RUN_AFTER if name == "ran_after" else FIRE_SCHEDULE
                query = f"WorkflowType = '{kind}' AND WorkflowId STARTS_WITH '{kind}/{workflow}'"
            one = await ended(client, query)
            await asyncio.to_thread(_file(name).write_text, await history_of(client, one.id, one.run_id))


def _file(name: str) -> Path:
    return HISTORIES / f"{name}.{VERSION}.json"


if __name__ == "__main__":
    asyncio.run(main())
