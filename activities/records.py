"""The platform's rows, written for workflows: the execution's own, and those that its table functions touch."""

import zlib
from contextlib import suppress
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.faults import fault, of_postgres, result_that_fits
from activities.starts import ExecutionStarts
from activities.table_functions import ArgumentsError, Statement, statement_of
from workflows.contracts.execution import (
    FinishExecutionInput,
    FunctionCallInput,
    RecordedAnswerInput,
    UndoEffectInput,
)
from workflows.json_text import storable
from workflows.language.problems import Kind
from workflows.stubs import ExecutionActivities, FunctionActivities
from zilliance.database import ArgumentError, Database, PostgresError
from zilliance.errors import AppError

_PLATFORM_WRITES = "executions are written by the platform alone"
STATEMENT_SECONDS = 10.0
RELEASED_AT_ONCE = 5


class SqlExecutionActivities(ExecutionActivities):
    """The row of an execution, on PostgreSQL."""

    def __init__(self, database: Database, starts: ExecutionStarts) -> None:
        self._database = database
        self._starts = starts

    @activity.defn(name="execution.load")
    async def load(self, execution_id: UUID) -> bytes:
        async with self._database.service(reason="the platform reads what it is about to run") as connection:
            row = await connection.fetchrow("SELECT * FROM private.execution_document($1)", execution_id)
        if row is None or row["document"] is None:
            raise fault(Kind.CONFIGURATION, f"execution {execution_id} or its definition was deleted", status=404)
        return zlib.compress(f"{row['document']}\0{row['trigger_data']}".encode(), level=1)

    @activity.defn(name="execution.take-over")
    async def take_over(self, execution_id: UUID) -> bytes:
        text = await self._database.call("SELECT private.take_over($1)", execution_id, reason=_PLATFORM_WRITES)
        return zlib.compress(str(text or '{"definition": null, "tasks": []}').encode(), level=1)

    @activity.defn(name="execution.recorded-answer")
    async def recorded_answer(self, answer: RecordedAnswerInput) -> str | None:
        text = await self._database.call(
            "SELECT answer FROM private.recorded_answer($1, $2)",
            *(answer.execution_id, answer.origin),
            reason="the platform reads what a retry takes over",
        )
        return None if text is None else str(text)

    @activity.defn(name="execution.enter")
    async def enter(self, execution_id: UUID) -> None:
        await self._database.call("SELECT private.mark_running($1)", execution_id, reason=_PLATFORM_WRITES)

    @activity.defn(name="execution.finish")
    async def finish(self, end: FinishExecutionInput) -> None:
        texts = [None if text is None else storable(text) for text in (end.result, end.error, end.tasks)]
        result, error, tasks = texts
        released = await self._database.call(
            "SELECT private.finish_execution($1, $2, $3::jsonb, $4::jsonb, $5, $6::jsonb)",
            end.execution_id,
            end.status.value,
            result,
            error,
            end.error_message,
            tasks,
            reason=_PLATFORM_WRITES,
        )
        if end.journal is not None:
            await self._database.call(
                "SELECT private.keep_journal($1, $2::jsonb)",
                end.execution_id,
                storable(end.journal),
                reason=_PLATFORM_WRITES,
            )
        if released:
            # What queued behind this run is committed as due: should this fail, it is started a moment later.
            with suppress(AppError, PostgresError):
                await self._starts.start_due(RELEASED_AT_ONCE)


class SqlFunctionActivities(FunctionActivities):
    """Functions on tables: one transaction each, as the execution's owner, under row security."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="function.call")
    async def call(self, call: FunctionCallInput) -> str:
        try:
            statement = statement_of(call)
        except ArgumentsError as error:
            raise fault(Kind.VALIDATION, str(error)) from error
        return result_that_fits(await self._run(statement), call.name)

    @activity.defn(name="function.undo")
    async def undo(self, effect: UndoEffectInput) -> None:
        await self._run(
            ("SELECT private.undo_effect($1, $2, $3)::text", (effect.execution_id, effect.key, effect.owner_id))
        )

    async def _run(self, statement: Statement) -> str:
        """Run one statement in a transaction of its own. Raises the fault that a refusal means."""
        sql, arguments = statement
        try:
            text = await self._database.call(
                sql, *arguments, reason="the function takes the owner's role itself", seconds=STATEMENT_SECONDS
            )
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, f"the database took longer than {STATEMENT_SECONDS:g} s") from error
        except ArgumentError as error:
            raise fault(Kind.VALIDATION, str(error).partition("\nDETAIL:")[0]) from error
        except PostgresError as error:
            raise _final_or(error) from error
        return "null" if text is None else str(text)


def _final_or(error: PostgresError) -> ApplicationError | PostgresError:
    """The fault that an error of PostgreSQL means, or the error itself, which is then tried again."""
    return of_postgres(error) or error
