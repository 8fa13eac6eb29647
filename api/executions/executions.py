"""Executions of workflow definitions: accepted, started on Temporal, waited for, cancelled."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.acceptance import Acceptance
from api.executions.accepting import Accepted, Asked, accept
from api.executions.retries import AskedRetry, accept_retry
from api.state import AppState
from api.waiting import FIRST_PAUSE, LONGEST_PAUSE, pauses
from workflows.contracts.execution import ExecuteWorkflowInput, ExecutionSummary
from workflows.names import execution_workflow_id
from workflows.starting import start_execution
from zilliance.database import Database
from zilliance.enums import ExecutionStatus
from zilliance.errors import ConflictError, NotFoundError, UnavailableError
from zilliance.identity import Identity

ENDED = (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)

_ROW = "SELECT row_to_json(e)::text AS row, e.status FROM public.workflow_executions AS e WHERE e.id = $1"


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
        events_a_run: after so many events an execution goes on in a new run; 0: when Temporal suggests it.
    """

    database: Database
    temporal: Client
    acceptance: Acceptance
    eager: bool
    wait_seconds: float
    events_a_run: int = 0

    async def execute(self, caller: Identity, asked: Asked, *, wait: bool) -> Answer:
        """Accept, start and, when asked to, wait. From the acceptance on, nothing that fails here loses the run."""
        ours = wait or self.acceptance.has_room
        with self.acceptance.pressure.accepting():
            accepted = await accept(self.acceptance, caller, asked, ours=ours)
        return await self.proceed(caller, accepted, wait=wait, ours=ours)

    async def proceed(self, caller: Identity, accepted: Accepted, *, wait: bool, ours: bool) -> Answer:
        """Start what was accepted, unless a worker is to (not `ours`), and, when asked to, wait."""
        execution_id = accepted.run.execution_id
        if accepted.outcome == "created" and not wait:
            if ours:
                self._begin(accepted)
            return Answer(execution_id, accepted.row.encode(), ended=False)
        if wait:
            await self._follow(accepted)
        return await self.find(caller, execution_id)

    async def retry(self, caller: Identity, asked: AskedRetry) -> Answer:
        """Accept and start a retry. Raises NotFoundError, ConflictError, InvalidInputError, RateLimitedError."""
        ours = self.acceptance.has_room
        accepted = await accept_retry(self.database, self.acceptance, caller, asked, ours=ours)
        if ours and accepted.outcome == "created":
            self._begin(accepted)
        if accepted.outcome != "known":
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
        pause = FIRST_PAUSE
        while not await self._cancelled(execution_id):
            # It queues behind others, or its start is under way: that is a matter of moments, mostly.
            answer = await self._cancel_queued(caller, execution_id)
            if answer.ended:
                return answer
            if pause > LONGEST_PAUSE:
                raise UnavailableError("The execution has not started yet; try again shortly")
            await asyncio.sleep(pause)
            pause *= 2
        return answer

    async def _cancelled(self, execution_id: UUID) -> bool:
        """Tell Temporal; False when it does not know such an execution."""
        try:
            await self.temporal.get_workflow_handle(execution_workflow_id(execution_id)).cancel()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise UnavailableError("Temporal cannot be reached; try again shortly") from error
        return True

    async def _cancel_queued(self, caller: Identity, execution_id: UUID) -> Answer:
        async with self.database.transaction(caller) as connection:
            cancelled = await connection.fetchval("SELECT private.cancel_queued($1)", execution_id)
        answer = await self.find(caller, execution_id)
        if answer.ended and not cancelled:
            raise ConflictError("The execution has ended already", code="EXECUTION_ENDED")
        return answer

    def _begin(self, accepted: Accepted) -> None:
        """Start it behind the answer."""
        # Eagerly only when nothing else is to be done: what runs in this process takes time from accepting.
        starts = self.acceptance.starts
        starts.begin(accepted.run.execution_id, self._start(accepted.run, eager=self.eager and starts.is_idle))

    async def _follow(self, accepted: Accepted) -> None:
        """Start what was created, and wait for the end of whatever was accepted, for a while."""
        handle = None
        if accepted.outcome == "created":
            handle = await self._start(accepted.run, eager=self.eager)
            if handle is None:
                return
            self.acceptance.starts.confirm(accepted.run.execution_id)
        await self._ended(handle or self._handle(accepted.run.execution_id))

    def _handle(self, execution_id: UUID) -> WorkflowHandle[object, ExecutionSummary]:
        return self.temporal.get_workflow_handle(execution_workflow_id(execution_id), result_type=ExecutionSummary)

    async def _start(
        self, run: ExecuteWorkflowInput, *, eager: bool
    ) -> WorkflowHandle[object, ExecutionSummary] | None:
        """Start it on Temporal. None when Temporal is away: the row is committed, and the workers will."""
        if self.events_a_run:
            run = run.model_copy(update={"events_a_run": self.events_a_run})
        try:
            return await start_execution(self.temporal, run, eager=eager)
        except WorkflowAlreadyStartedError:
            return self._handle(run.execution_id)
        except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
            return None

    async def _ended(self, handle: WorkflowHandle[object, ExecutionSummary]) -> None:
        """Wait for the end, for a while; how it ended, the row says. One that queues is not on Temporal yet."""
        with suppress(TimeoutError, WorkflowFailureError, RuntimeError):  # RuntimeError: the first dial failed
            async with asyncio.timeout(self.wait_seconds):
                for pause in pauses():
                    try:
                        await handle.result()
                    except RPCError as error:
                        if error.status is not RPCStatusCode.NOT_FOUND:
                            return
                        await asyncio.sleep(pause)
                    else:
                        return


def executions_of(state: AppState) -> Executions:
    """The executions of one process, as its settings have them run."""
    return Executions(
        state.database,
        state.temporal,
        state.acceptance,
        eager=state.settings.workflow.in_api,
        wait_seconds=state.settings.workflow.wait_seconds,
        events_a_run=state.settings.workflow.events_a_run,
    )
