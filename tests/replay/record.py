"""Records the histories that future code must still replay: `uv run python -m tests.replay.record`.

A recorded history is never recorded again under its name: code that changes what a workflow asks of Temporal goes
behind `workflow.patched`, and its new histories get a version of their own in `histories/`.
"""

import asyncio
import json
import re
from pathlib import Path

from temporalio.client import Client

from bench.stage import platform, sign_up
from tests.replay.documents import DOCUMENTS

HISTORIES = Path(__file__).parent / "histories"
VERSION = "v1"
PROCESS = re.compile(r"\d+@[\w.-]+")  # how the SDK names a process: its id and its machine


async def main() -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        client = await Client.connect(stack.settings.temporal.address)
        for name, document in DOCUMENTS.items():
            file = HISTORIES / f"{name}.{VERSION}.json"
            if file.exists():
                continue
            [workflow] = await asyncio.to_thread(person.insert, "workflows", {"name": name, "config": document})
            body = {"workflowId": workflow["id"], "triggerData": None}
            execution = await asyncio.to_thread(person.call, "POST", "/functions/v1/execute-workflow", body)
            history = await client.get_workflow_handle(f"execute-workflow/{execution['id']}").fetch_history()
            events = _without_machine(json.loads(history.to_json()))
            file.write_text(json.dumps(events, indent=1) + "\n")
            print(f"{name}: {execution['status']}, {len(events['events'])} events")  # noqa: T201


def _without_machine(node: object) -> dict[str, list[object]]:
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
