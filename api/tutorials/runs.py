"""Runs of `generate-tutorial`: accepted as a row, started on Temporal, waited for, cancelled, resumed."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.executions.accepting import check_key
from api.schemas.tutorials import TutorialRequest
from api.state import AppState
from api.waiting import has_closed, pauses
from workflows.contracts.tutorials import GenerateTutorialInput
from workflows.names import tutorial_workflow_id
from workflows.starting_tutorials import start_tutorial
from zilliance.database import READING, Database
from zilliance.enums import ExecutionStatus
from zilliance.errors import (
    AppError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
)
from zilliance.identity import Identity
from zilliance.settings import Settings
from zilliance.tutorial_rules import MOST_OPEN_RUNS

ENDED = (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Run:
    """A run's row as JSON, and what of it decides how to go on."""

    id: UUID
    row: bytes
    members: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> "Run":
        members = cast("dict[str, Any]", orjson.loads(text))
        return cls(UUID(members["id"]), text.encode(), members)

    @property
    def has_ended(self) -> bool:
        return self.members["status"] in ENDED


@dataclass(frozen=True, slots=True)
class TutorialRuns:
    """What the endpoints do, on the connections of one process."""

    database: Database
    temporal: Client
    settings: Settings

    async def begin(self, caller: Identity, asked: TutorialRequest, *, key: str | None) -> Run:
        """Accept a run and start it. From the acceptance on, nothing that fails here loses it.

        Raises InvalidInputError, ConflictError, RateLimitedError, UnavailableError.
        """
        check_key(key)
        self._check_model(asked.model)
        text = asked.model_dump_json()
        row = await self.database.fetch_one(
            "SELECT * FROM private.accept_tutorial_run($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10)",
            *(caller.user_id, caller.session_id, asked.topic, asked.level.value, asked.steps, asked.model),
            None if asked.source is None else asked.source.model_dump_json(),
            *(key, hashlib.sha256(text.encode()).hexdigest(), MOST_OPEN_RUNS),
            reason="a run is begun in one statement that commits by itself, for a caller whose token was verified",
        )
        if row["outcome"] == "key_reused":
            message = "The Idempotency-Key was used for another request"
            raise ConflictError(message, code="IDEMPOTENCY_KEY_REUSED")
        if row["outcome"] == "many":
            raise _many()
        run = Run.of(row["row_json"])
        if not run.has_ended:
            await self._start(caller, run)
        return run

    async def wait(self, caller: Identity, run: Run) -> Run:
        """The run when it has ended, or as it stands when the caller has waited long enough."""
        if run.has_ended:
            return run
        handle = self.temporal.get_workflow_handle(tutorial_workflow_id(run.id))
        is_closed = False
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.workflow.wait_seconds):
                for pause in pauses():
                    is_closed = is_closed or await has_closed(handle)
                    run = await self.find(caller, run.id)
                    if run.has_ended:  # however Temporal sees it: the row says how it ends
                        return run
                    await asyncio.sleep(pause)
        return await self.find(caller, run.id)

    async def find(self, caller: Identity, run_id: UUID) -> Run:
        """One run of the caller's. Raises NotFoundError."""
        async with self.database.transaction(caller, READING) as connection:
            text = await connection.fetchval("SELECT private.own_tutorial_run($1)", run_id)
        if text is None:
            raise NotFoundError(f"There is no run {run_id}", code="RUN_NOT_FOUND")
        return Run.of(text)

    async def page(self, caller: Identity, status: list[str], after: UUID | None, limit: int) -> bytes:
        """A page of the caller's runs."""
        async with self.database.transaction(caller, READING) as connection:
            text: str = await connection.fetchval(
                "SELECT private.tutorial_runs_page($1, $2, $3)", status or None, after, limit
            )
        return text.encode()

    async def cancel(self, caller: Identity, run_id: UUID) -> Run:
        """Ask for the end of a run; nothing is saved then. Raises NotFoundError, ConflictError."""
        async with self.database.transaction(caller) as connection:
            text = await connection.fetchval("SELECT private.cancel_tutorial_run($1)", run_id)
        if text is None:
            await self.find(caller, run_id)
            raise ConflictError("The run has ended already", code="RUN_ENDED")
        # Where that fails the reconciler does it: it is written down. RuntimeError: the client's first dial failed.
        with suppress(RPCError, RuntimeError):
            await self.temporal.get_workflow_handle(tutorial_workflow_id(run_id)).cancel()
        return Run.of(text)

    async def resume(self, caller: Identity, run_id: UUID) -> Run:
        """Let a failed or cancelled run go on; what was paid for is not asked again.

        Raises NotFoundError, ConflictError, RateLimitedError.
        """
        self._check_model(None)
        async with self.database.transaction(caller) as connection:
            row = await connection.fetchrow("SELECT * FROM private.resume_tutorial_run($1, $2)", run_id, MOST_OPEN_RUNS)
        assert row is not None  # noqa: S101  a function that answers one row
        refusal = _REFUSALS.get(row["outcome"])
        if refusal is not None:
            raise refusal()
        run = Run.of(row["row_json"])
        await self._start(caller, run)
        return run

    async def tutorial(self, caller: Identity, run: Run) -> bytes:
        """The tutorial of a run that has completed, as its row; raises what the run ended with."""
        if run.members["status"] != ExecutionStatus.COMPLETED:
            raise _failure_of(run)
        async with self.database.transaction(caller, READING) as connection:
            text = await connection.fetchval(
                "SELECT row_to_json(t)::text FROM public.tutorials AS t WHERE t.id = $1",
                run.members["tutorial_id"],
            )
        if text is None:
            raise NotFoundError("The tutorial of this run was deleted", code="TUTORIAL_NOT_FOUND", details=_run(run))
        return text.encode()

    async def _start(self, caller: Identity, run: Run) -> None:
        """Start it on Temporal; should Temporal be away, the reconciler does."""
        source = run.members["source"]
        wanted = GenerateTutorialInput(
            run_id=run.id,
            owner_id=cast("UUID", caller.user_id),
            attempt=run.members["attempt"],
            topic=run.members["topic"],
            level=run.members["level"],
            steps=run.members["steps"],
            model=run.members["model"],
            source=None if source is None else orjson.dumps(source).decode(),
        )
        with suppress(RPCError, RuntimeError, WorkflowAlreadyStartedError):  # RuntimeError: the first dial failed
            await start_tutorial(self.temporal, wanted)

    def _check_model(self, model: str | None) -> None:
        if self.settings.ai_gateway is None:
            message = "No language model is set up here: the operator sets AI_BASE_URL and AI_API_KEY"
            raise UnavailableError(message, code="AI_NOT_CONFIGURED", retry_after=3600)
        models = self.settings.ai.models
        if model is not None and model not in models:
            message = f"model: must be one of {', '.join(models)}"
            raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "model"})


def _run(run: Run) -> dict[str, Any]:
    return {"run": str(run.id), "status": run.members["status"]}


def _failure_of(run: Run) -> AppError:
    error: Mapping[str, Any] = run.members["error"] or {
        "code": "RUN_CANCELLED",
        "message": "The run was cancelled",
        "status": 409,
    }
    status = error["status"]
    headers = {"Retry-After": "60"} if status in {429, 503} else None
    return AppError(error["message"], code=error["code"], status=status, details=_run(run), headers=headers)


def _many() -> RateLimitedError:
    message = f"{MOST_OPEN_RUNS} tutorials of yours are being written: wait for one to end, or cancel it"
    return RateLimitedError(message, code="TOO_MANY_RUNS", headers={"Retry-After": "10"})


_REFUSALS: Mapping[str, Callable[[], AppError]] = {
    "many": _many,
    "missing": lambda: NotFoundError("There is no such run", code="RUN_NOT_FOUND"),
    "not_ended": lambda: ConflictError("The run has not ended", code="RUN_NOT_ENDED"),
    "completed": lambda: ConflictError("The run has completed: there is nothing left to do", code="RUN_COMPLETED"),
    "of_execution": lambda: ConflictError("A workflow wanted this run: retry its execution", code="RUN_OF_EXECUTION"),
    "often": lambda: ConflictError("The run was resumed too often: begin another", code="RUN_RESUMED_TOO_OFTEN"),
}


def tutorial_runs_of(state: AppState) -> TutorialRuns:
    """The runs as one process deals with them."""
    return TutorialRuns(state.database, state.temporal, state.settings)
