"""The interpreter's effects on Temporal: timers, local activities for what is short, activities for the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput, FunctionCallInput, HttpCallInput, UndoEffectInput
from workflows.json_text import read_json, write_json
from workflows.language.effects import HttpCall
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.steps import COMPENSATING
from workflows.stubs import CallActivities, ExecutionActivities, FunctionActivities, PauseActivities

Result = TypeVar("Result")

FAULT = "fault"  # the type of ApplicationErrors whose one detail is a problem

# A timer takes a full second whatever its value (measured), so shorter waits are slept through by a local activity.
SHORTEST_TIMER = 1.0
LONGEST_TIMER = 3650 * 86_400.0

DEFAULT_HTTP_TIMEOUT = 30.0
LONGEST_HTTP_TIMEOUT = 600.0
LOCAL_HTTP_TIMEOUT = 5.0  # a local activity holds the workflow task, and with it every signal
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})

# One completion of a workflow task is one gRPC message of 4 MB at most, and carries every local result and every
# request since the last one. Nothing new starts above the first number before that is sent; then one request, and the
# results of the local activities under way, still fit.
FLUSH_BYTES = 768 * 1024
SENT_BYTES = 768 * 1024
LOCAL_AT_ONCE = 4
_OVERHEAD_BYTES = 1024  # of any command beside its values

# The server ends a workflow at 51,200 events or 50 MB; stopping before leaves room for the rollback.
MOST_EVENTS = 40_000
MOST_BYTES = 40 * 1024 * 1024


class TemporalEffects:
    """The world of one execution, as its workflow code may touch it."""

    def __init__(self, execution: ExecuteWorkflowInput) -> None:
        self._execution = execution
        self._unsent = 0
        self._entering: workflow.ActivityHandle[None] | None = None
        self._local = asyncio.Semaphore(LOCAL_AT_ONCE)
        self._starting = asyncio.Lock()

    def now(self) -> datetime:
        return workflow.now()

    def random(self) -> float:
        return workflow.random().random()

    async def sleep(self, seconds: float) -> None:
        if seconds >= SHORTEST_TIMER:
            await workflow.sleep(timedelta(seconds=min(seconds, LONGEST_TIMER)))
        elif seconds > 0:
            await result_of(workflow.execute_local_activity_method(PauseActivities.sleep, seconds, **options.PAUSE))

    async def breathe(self) -> None:
        await result_of(workflow.execute_local_activity_method(PauseActivities.breathe, **options.PAUSE))

    async def entered(self) -> None:
        # Nobody waits for this: it travels with the first effect, and the row's end overrules it whatever comes first.
        self._entering = workflow.start_local_activity_method(
            ExecutionActivities.enter, self._execution.execution_id, **options.ROW
        )

    async def settle(self) -> None:
        """Leave nothing under way behind the execution's end."""
        if self._entering is not None:
            await self._entering

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109  the protocol's
    ) -> object:
        del timeout  # the interpreter ends the wait; the call itself is bounded by its statement
        _refuse_endless(key)
        call = FunctionCallInput(
            execution_id=self._execution.execution_id,
            owner_id=self._execution.owner_id,
            key=key,
            name=name,
            arguments=_sent(arguments),
        )
        return await self._run_locally(
            lambda: workflow.execute_local_activity_method(FunctionActivities.call, call, **options.row(name))
        )

    async def call_http(
        self,
        request: HttpCall,
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109  the protocol's
    ) -> object:
        _refuse_endless(key)
        seconds = min(timeout or DEFAULT_HTTP_TIMEOUT, LONGEST_HTTP_TIMEOUT)
        call = HttpCallInput(
            idempotency_key=f"{self._execution.execution_id}:{key}",
            method=request.method,
            endpoint=request.endpoint,
            headers=request.headers,
            query=request.query,
            body=None if request.body is None else _sent(request.body),
            output=request.output,
            redirect=request.redirect,
            timeout=seconds,
        )
        size = _size_of(call)
        summary = f"{request.method} {request.endpoint}"[:200]
        if request.method in REPEATABLE and seconds <= LOCAL_HTTP_TIMEOUT:
            return await self._run_locally(
                lambda: workflow.execute_local_activity_method(
                    CallActivities.http, call, **options.http_short(seconds, summary)
                )
            )
        await self._make_room(size)
        return _read(
            await result_of(
                workflow.execute_activity_method(CallActivities.http, call, **options.http(seconds, summary))
            )
        )

    async def undo(self, key: str) -> None:
        effect = UndoEffectInput(execution_id=self._execution.execution_id, owner_id=self._execution.owner_id, key=key)
        await result_of(workflow.execute_local_activity_method(FunctionActivities.undo, effect, **options.ROW))

    async def _run_locally(self, start: Callable[[], Awaitable[str]]) -> object:
        """Run a local activity, which has only so many beside it, and read its result."""
        async with self._local:
            await self._make_room(_OVERHEAD_BYTES)
            text = await result_of(start())
            self._unsent += len(text.encode())
        return _read(text)

    async def _make_room(self, size: int) -> None:
        """Before something starts, send what has piled up when it comes near the size of a message."""
        async with self._starting:
            if self._unsent > 0 and self._unsent + size > FLUSH_BYTES:
                sending = self._unsent
                await result_of(workflow.execute_activity_method(PauseActivities.breathe, **options.FLUSH))
                self._unsent -= sending
            self._unsent += size


def _refuse_endless(key: str) -> None:
    """Raise a fault while the history still has room for the rollback, whose own calls are never refused."""
    if key.startswith(COMPENSATING):
        return
    info = workflow.info()
    if info.get_current_history_length() > MOST_EVENTS or info.get_current_history_size() > MOST_BYTES:
        raise WorkflowFault.of(Kind.RUNTIME, "the execution did too much for one run: split it into several")


def _sent(value: object) -> str:
    try:
        return write_json(value)
    except (ValueError, RecursionError) as error:
        raise WorkflowFault.of(Kind.VALIDATION, f"what is sent is not JSON that can be stored: {error}") from error


def _size_of(call: HttpCallInput) -> int:
    """Bytes of the request as it travels; refuses one that no payload can hold."""
    try:
        size = len(call.model_dump_json().encode())
    except ValueError as error:
        raise WorkflowFault.of(Kind.VALIDATION, "the request has text that is not valid Unicode") from error
    if size > SENT_BYTES:
        detail = f"the request is larger than {SENT_BYTES // 1024} KiB: send less, or the address of the data"
        raise WorkflowFault.of(Kind.VALIDATION, detail, status=413)
    return size + _OVERHEAD_BYTES


def _read(text: str) -> object:
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise WorkflowFault.of(Kind.RUNTIME, f"what was answered cannot be read as JSON: {error}") from error


async def result_of(call: Awaitable[Result]) -> Result:
    """What an activity answered, with its failure in the language's own terms."""
    try:
        return await call
    except FailureError as error:
        raise fault_of(error) from error


def fault_of(error: FailureError) -> BaseException:
    """The fault that an activity's failure stands for; a cancelled activity is a cancelled task.

    A regular activity's failure comes wrapped, a local one's may come as it is.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, CancelledError):
        return asyncio.CancelledError()
    if isinstance(cause, ApplicationError) and cause.type == FAULT and cause.details:
        return WorkflowFault(Problem.from_json(cause.details[0]))
    if isinstance(cause, TemporalTimeoutError):
        return WorkflowFault.of(Kind.TIMEOUT, "a step's activity did not answer in time")
    return WorkflowFault.of(Kind.RUNTIME, "an internal error, which the worker's log has")
