"""A tutorial from a topic: a plan, its steps in parallel, and a draft of the owner's, or a reason why there is none."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, CancelledError, FailureError
from zilliance.enums import ExecutionStatus

from workflows import options
from workflows.contracts.tutorials import (
    EndTutorialInput,
    GenerateTutorialInput,
    ReadSourceInput,
    SaveTutorialInput,
    TutorialAttempt,
    TutorialProgress,
    TutorialSummary,
)
from workflows.json_text import write_json
from workflows.language.concurrency import cancel_all, shielded
from workflows.names import GENERATE_TUTORIAL
from workflows.tutorial_stubs import TutorialActivities
from workflows.tutorials.failures import INTERNAL, INTERNAL_MESSAGE, TutorialFailedError, failure_of
from workflows.tutorials.writing import Writing

Result = TypeVar("Result")

# Percent: what has been read and planned, and what all steps are worth together; saving is the rest.
_READ, _PLANNED, _WRITTEN = 2, 10, 85


@workflow.defn(name=GENERATE_TUTORIAL)
class GenerateTutorial:
    """One attempt at a run, from its row to a draft or to the row's error."""

    @workflow.init
    def __init__(self, wanted: GenerateTutorialInput) -> None:
        self._wanted = wanted
        self._done = 0

    @workflow.run
    async def run(self, wanted: GenerateTutorialInput) -> TutorialSummary:
        try:
            if not await self._enter():
                return TutorialSummary()
            written = await self._write()
            # Saved or not saved: a cancellation that comes now is too late, and the row says so.
            summary, _ = await shielded(self._save(written))
        except (asyncio.CancelledError, CancelledError):
            await shielded(self._end(ExecutionStatus.CANCELLED, None))
            raise CancelledError("the run was cancelled") from None
        except TutorialFailedError as failure:
            raise await self._failed(failure) from failure
        except Exception as error:  # the edge: a bug of ours must end the run with a row, not block it for ever
            workflow.logger.exception("a tutorial failed", extra={"run_id": str(wanted.run_id)})
            raise await self._failed(TutorialFailedError(INTERNAL, INTERNAL_MESSAGE, 500)) from error
        return summary

    async def _failed(self, failure: TutorialFailedError) -> ApplicationError:
        """The row says so; what is to be raised then."""
        await shielded(self._end(ExecutionStatus.FAILED, failure))
        return ApplicationError(failure.message, type=failure.code, non_retryable=True)

    async def _enter(self) -> bool:
        return await _result_of(
            workflow.execute_local_activity_method(TutorialActivities.enter, self._attempt, **options.ROW)
        )

    async def _write(self) -> SaveTutorialInput:
        """All that the model says. Raises TutorialFailedError."""
        wanted, writing = self._wanted, Writing(self._wanted)
        source = None if wanted.source is None else await self._read(wanted.source)
        outline = await writing.outline(source)
        await self._show(_PLANNED)
        steps = [asyncio.create_task(self._step(writing, outline, number)) for number in range(1, wanted.steps + 1)]
        try:
            texts = await _all_of(steps)
        finally:
            await cancel_all(steps)
        return SaveTutorialInput(
            run_id=wanted.run_id,
            attempt=wanted.attempt,
            owner_id=wanted.owner_id,
            topic=wanted.topic,
            level=wanted.level,
            model=writing.model,
            outline=write_json(outline),
            steps=texts,
        )

    async def _step(self, writing: Writing, outline: Mapping[str, object], number: int) -> str:
        step = await writing.step(outline, number)
        if step is not None:
            self._done += 1
            await self._show(_PLANNED + _WRITTEN * self._done // self._wanted.steps)
        return write_json(step)

    async def _read(self, source: str) -> str:
        asked = ReadSourceInput(owner_id=self._wanted.owner_id, source=source)
        reading = options.function(options.FUNCTION_SECONDS, "read the source")
        text = await _result_of(workflow.execute_activity_method(TutorialActivities.read_source, asked, **reading))
        await self._show(_READ)
        return text

    async def _show(self, progress: int) -> None:
        shown = TutorialProgress(
            run_id=self._wanted.run_id, attempt=self._wanted.attempt, progress=progress, steps_done=self._done
        )
        await _result_of(workflow.execute_local_activity_method(TutorialActivities.show_progress, shown, **options.ROW))

    async def _save(self, written: SaveTutorialInput) -> TutorialSummary:
        saved = await _result_of(workflow.execute_activity_method(TutorialActivities.save, written, **options.SAVE))
        return TutorialSummary(tutorial_id=saved)

    async def _end(self, status: ExecutionStatus, failure: TutorialFailedError | None) -> None:
        error = None if failure is None else failure.as_json()
        end = EndTutorialInput(run_id=self._wanted.run_id, attempt=self._wanted.attempt, status=status, error=error)
        await workflow.execute_local_activity_method(TutorialActivities.end, end, **options.ROW)

    @property
    def _attempt(self) -> TutorialAttempt:
        return TutorialAttempt(run_id=self._wanted.run_id, attempt=self._wanted.attempt)


async def _all_of(steps: list[asyncio.Task[str]]) -> list[str]:
    """What they give, once all have ended; the first failure in their order, if one failed."""
    await workflow.wait(steps)
    return [step.result() for step in steps]


async def _result_of(call: Awaitable[Result]) -> Result:
    """What an activity answered. Raises TutorialFailedError, or CancelledError for a cancelled one."""
    try:
        return await call
    except FailureError as error:
        raise failure_of(error) from error
