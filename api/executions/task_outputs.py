"""The output of one task of an execution as a whole, also where the log has only a note of its size."""

import json
from typing import cast
from uuid import UUID

from api.executions.executions import Executions
from api.executions.running_tasks import read_tasks
from workflows.names import execution_workflow_id
from zilliance.errors import ConflictError, NotFoundError
from zilliance.identity import Identity
from zilliance.kept_outputs import read_output
from zilliance.storage import MissingObjectError, ObjectStore, RefusedByStoreError


async def task_output(
    executions: Executions, store: ObjectStore, caller: Identity, execution_id: UUID, index: int
) -> bytes:
    """The output as JSON. Raises NotFoundError, ConflictError, UnavailableError."""
    tasks = cast("list[dict[str, object]]", json.loads(await read_tasks(executions, caller, execution_id))["items"])
    if index >= len(tasks):
        message = f"The execution has no task {index}: its log has {len(tasks)} entries, the first of which is 0"
        raise NotFoundError(message, code="TASK_NOT_FOUND")
    output = tasks[index]["output"]
    note = cast("dict[str, object]", output) if isinstance(output, dict) else {}
    if note.get("truncated") is not True or not note.keys() <= {"truncated", "bytes", "reference"}:
        return json.dumps(output).encode()
    return await _kept(store, execution_id, note.get("reference"))


async def _kept(store: ObjectStore, execution_id: UUID, reference: object) -> bytes:
    """What is kept beside the log."""
    if not isinstance(reference, str):
        message = (
            "The whole output is not kept: those of calls, run, set, emit and listen are, once the execution has ended"
        )
        raise ConflictError(message, code="OUTPUT_NOT_KEPT")
    try:
        return await read_output(store, execution_workflow_id(execution_id), reference)
    except (
        MissingObjectError,
        RefusedByStoreError,
        ValueError,
    ) as error:  # a task may give what looks like a note of ours
        raise NotFoundError("The output is no longer kept", code="OUTPUT_NOT_FOUND") from error
