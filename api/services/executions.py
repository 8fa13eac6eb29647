"""Executions of workflow definitions: accepted in one transaction, started on Temporal, waited for, cancelled."""

import asyncio
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from uuid import UUID

import orjson
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.services.definitions import checked
from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.json_text import read_json
from workflows.names import execution_workflow_id
from workflows.starting import start_execution
from zilliance.database import Connection, Database
from zilliance.enums import ExecutionStatus
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError, UnavailableError
from zilliance.identity import Identity
from zilliance.settings import Settings

MAX_TRIGGER_BYTES = 1024 * 1024
MAX_KEY_LENGTH = 255
ENDED = (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)

_ROW = "SELECT row_to_json(e)::text AS row, e.status FROM public.workflow_executions AS e WHERE e.id = $1"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An execution whose row is committed.

    Attributes:
        row: the row as PostgreSQL's JSON, when it was accepted.
        created: False for a repeat under the same idempotency key.
    """

    run: ExecuteWorkflowInput
    row: str
    created: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The row of an execution as JSON, and whether it has ended."""

    execution_id: UUID
    row: bytes
    ended: bool


@dataclass(frozen=True, slots=True)
class Executions:
    """What the endpoints do, on the connections of one process.

    Attributes:
        eager: a worker shares this process's Temporal client, and may be handed the first task with the start.
        wait_seconds: how long a caller waits for the end.
    """

    database: Database
    temporal: Client
    eager: bool
    wait_seconds: float

    async def execute(
        self, caller: Identity, workflow_id: UUID, trigger_data: object, *, key: str | None, wait: bool
    ) -> Answer:
        """Accept, start and, when asked to, wait. From the acceptance on, nothing that fails here loses the run."""
        accepted = await self._accept(caller, workflow_id, trigger_data, key)
        handle = await self._start(accepted.run)
        if wait and handle is not None and await self._ended(handle):
            return await self.find(caller, accepted.run.execution_id)
        if accepted.created and not wait:
            return Answer(accepted.run.execution_id, accepted.row.encode(), ended=False)
        return await self.find(caller, accepted.run.execution_id)

    async def find(self, caller: Identity, execution_id: UUID) -> Answer:
        """One execution of the caller's. Raises NotFoundError."""
        async with self.database.transaction(caller) as connection:
            row = await connection.fetchrow(_ROW, execution_id)
        if row is None:
            raise NotFoundError(f"There is no execution {execution_id}", code="EXECUTION_NOT_FOUND")
        return Answer(execution_id, row["row"].encode(), ended=row["status"] in ENDED)

    async def cancel(self, caller: Identity, execution_id: UUID) -> Answer:
        """Ask for the end of an execution; its rollback follows. Raises NotFoundError, ConflictError."""
        answer = await self.find(caller, execution_id)
        if answer.ended:
            raise ConflictError("The execution has ended already", code="EXECUTION_ENDED")
        handle = self.temporal.get_workflow_handle(execution_workflow_id(execution_id))
        try:
            await handle.cancel()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise UnavailableError("Temporal cannot be reached; try again shortly") from error
            return await self._cancel_unstarted(caller, execution_id)
        return answer

    async def _cancel_unstarted(self, caller: Identity, execution_id: UUID) -> Answer:
        """Temporal does not know it: it has just ended, or waits for the reconciler to start it."""
        answer = await self.find(caller, execution_id)
        if answer.ended:
            raise ConflictError("The execution has ended already", code="EXECUTION_ENDED")
        raise UnavailableError("The execution has not started yet; try again shortly")

    async def _accept(self, caller: Identity, workflow_id: UUID, trigger_data: object, key: str | None) -> Accepted:
        """Insert the row, or find the one that the key stands for."""
        text = _trigger_text(trigger_data)
        _check_key(key)
        fingerprint = _fingerprint(workflow_id, trigger_data)
        async with self.database.transaction(caller) as connection:
            accepted = await _begin(connection, caller, workflow_id, (text, key, fingerprint))
            if accepted.created and accepted.run.document is not None:
                _check_document(accepted.run.document, accepted.run.name)
        return accepted

    async def _start(self, run: ExecuteWorkflowInput) -> WorkflowHandle[object, ExecutionSummary] | None:
        """Start it on Temporal. None when Temporal is away: the row is committed, and the reconciler will."""
        try:
            return await start_execution(self.temporal, run, eager=self.eager)
        except WorkflowAlreadyStartedError:
            return self.temporal.get_workflow_handle(
                execution_workflow_id(run.execution_id), result_type=ExecutionSummary
            )
        except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
            return None

    async def _ended(self, handle: WorkflowHandle[object, ExecutionSummary]) -> bool:
        """Wait for the end, for a while; how it ended, the row says."""
        try:
            async with asyncio.timeout(self.wait_seconds):
                await handle.result()
        except WorkflowFailureError:
            return True
        except (TimeoutError, RPCError):
            return False
        return True


def executions_of(settings: Settings, database: Database, temporal: Client) -> Executions:
    """The executions of one process, as its settings have them run."""
    return Executions(database, temporal, eager=settings.workflow.in_api, wait_seconds=settings.workflow.wait_seconds)


async def _begin(
    connection: Connection, caller: Identity, workflow_id: UUID, request: tuple[str, str | None, str]
) -> Accepted:
    row = await connection.fetchrow(
        "SELECT * FROM private.begin_execution($1, $2::jsonb, $3, $4)", workflow_id, *request
    )
    if row is None:
        raise NotFoundError(f"There is no workflow {workflow_id}", code="WORKFLOW_NOT_FOUND")
    if not row["fingerprint_matches"]:
        message = "This Idempotency-Key was used for another request: send a new key with a new request"
        raise ConflictError(message, code="IDEMPOTENCY_KEY_REUSED")
    if row["execution_id"] is None:
        raise ConflictError("The workflow is switched off: set is_active to run it", code="WORKFLOW_INACTIVE")
    run = ExecuteWorkflowInput(
        execution_id=row["execution_id"],
        owner_id=cast("UUID", caller.user_id),
        definition_id=workflow_id,
        version=row["version"],
        name=row["name"],
        document=row["document"],
        trigger_data=request[0],
        started_at=row["started_at"],
    )
    return Accepted(run, row["row_json"], row["created"])


@lru_cache(maxsize=256)
def _check_document(text: str, name: str) -> None:
    """Refuse a definition that cannot run. What passed is remembered: most runs are of one that ran before."""
    checked(read_json(text), name)


def read_request(body: object) -> tuple[UUID, object]:
    """The workflow and the input that a request names. Raises InvalidInputError."""
    members = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    try:
        return UUID(str(members["workflowId"])), members.get("triggerData")
    except (KeyError, ValueError) as error:
        message = 'workflowId must be the id of a workflow: send {"workflowId": "...", "triggerData": {...}}'
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "workflowId"}) from error


def _trigger_text(trigger_data: object) -> str:
    try:
        text = orjson.dumps(trigger_data)
    except TypeError as error:  # what came from JSON can only be too deep
        raise InvalidInputError(
            "triggerData is nested too deep: at most 250 levels", code="VALIDATION_FAILED"
        ) from error
    if len(text) > MAX_TRIGGER_BYTES:
        most = MAX_TRIGGER_BYTES // 1024
        raise TooLargeError(f"triggerData is larger than {most} KiB: store it and send its address")
    return text.decode()


def _fingerprint(workflow_id: UUID, trigger_data: object) -> str:
    return hashlib.sha256(workflow_id.bytes + orjson.dumps(trigger_data, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        message = f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable characters"
        raise InvalidInputError(message, code="IDEMPOTENCY_KEY_INVALID")
