"""What long executions write beside their end: their phase, and the whole outputs that their row has no room for."""

from temporalio import activity

from workflows.contracts.execution import KeepOutputsInput, PhaseInput, RecordedOutputInput
from workflows.names import execution_workflow_id
from workflows.stubs import LongExecutionActivities
from zilliance.database import Database
from zilliance.kept_outputs import outputs_key, read_output
from zilliance.storage import MissingObjectError, ObjectStore


class StoredLongExecutionActivities(LongExecutionActivities):
    """On PostgreSQL and the S3 store."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    @activity.defn(name="execution.show-phase")
    async def show_phase(self, change: PhaseInput) -> None:
        await self._database.call(
            "SELECT private.show_phase($1, $2)",
            change.execution_id,
            change.phase.value,
            reason="executions are written by the platform alone",
        )

    @activity.defn(name="execution.recorded-output")
    async def recorded_output(self, output: RecordedOutputInput) -> str | None:
        workflow_id = execution_workflow_id(output.execution_id)
        try:
            return (await read_output(self._store, workflow_id, output.reference)).decode()
        except (MissingObjectError, ValueError):
            return None  # deleted, or no reference of ours

    @activity.defn(name="execution.keep-outputs")
    async def keep_outputs(self, kept: KeepOutputsInput) -> None:
        key = outputs_key(execution_workflow_id(kept.execution_id), kept.part)
        await self._store.replace(key, "".join(kept.texts).encode())
