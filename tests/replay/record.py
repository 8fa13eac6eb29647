"""Records the histories that future code must still replay: `uv run python -m tests.replay.record`.

A recorded history is never recorded again under its name: code that changes what a workflow asks of Temporal goes
behind the next `ENGINE` or `workflow.patched`, and its new histories get a version of their own in `histories/`.
"""

import asyncio
import json
import re
import time
from pathlib import Path

import httpx
from temporalio.client import Client

from bench.stage import Person, platform, sign_up
from tests.replay.documents import DOCUMENTS, RUNS, Document
from zilliance.devstack import Stack

HISTORIES = Path(__file__).parent / "histories"
VERSION = "v1"
PROCESS = re.compile(r"\d+@[\w.-]+")  # how the SDK names a process: its id and its machine


async def main() -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        client = await Client.connect(stack.settings.temporal.address)
        for name, document in DOCUMENTS.items():
            # Also those that are not recorded again: others run them.
            [workflow] = await asyncio.to_thread(person.insert, "workflows", {"name": name, "config": document})
            file = HISTORIES / f"{name}.{VERSION}.json"
            if file.exists():
                continue
            body = {"workflowId": workflow["id"], "triggerData": None}
            execution = await asyncio.to_thread(person.call, "POST", "/functions/v1/execute-workflow", body)
            file.write_text(await history_of(client, f"execute-workflow/{execution['id']}"))
        for name, run in RUNS.items():
            file = HISTORIES / f"{name}.{VERSION}.json"
            if not file.exists():
                file.write_text(await history_of(client, await asyncio.to_thread(_begin, stack, person, run)))


def _begin(stack: Stack, person: Person, run: Document) -> str:
    """Begin a run of a function's while the stand-in for a model plays its scenes; its workflow, which has ended."""
    with httpx.Client(base_url=stack.settings.ai.stand_in_url.removesuffix("/v1")) as provider:
        provider.post("/stand-in/script", json=run["scenes"])
        begun = person.call("POST", f"/functions/v1/{run['function']}", run["body"], Prefer="respond-async")
        while person.call("GET", f"/tutorials/v1/runs/{begun['id']}")["status"] in {"pending", "running"}:
            time.sleep(0.1)
        provider.delete("/stand-in/script")
    return f"{run['function']}/{begun['id']}"


async def history_of(client: Client, workflow_id: str, run_id: str | None = None) -> str:
    """As text, of the latest run unless one is named."""
    history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    events = without_machine(json.loads(history.to_json()))
    print(f"{workflow_id}: {len(events['events'])} events")  # noqa: T201
    return json.dumps(events, indent=1) + "\n"


def without_machine(node: object) -> dict[str, list[object]]:
    """The history without names of processes and paths of the machine that made it."""

    def clean(part: object) -> object:
        if isinstance(part, dict):
            return {key: clean(value) for key, value in part.items() if key != "stackTrace"}
        if isinstance(part, list):
            return [clean(each) for each in part]
        return PROCESS.sub("recorded", part) if isinstance(part, str) else part

    cleaned = clean(node)
    assert isinstance(cleaned, dict)
    return cleaned


if __name__ == "__main__":
    asyncio.run(main())
