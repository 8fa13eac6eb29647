"""What one execution has and may use up: its clock, its budgets, its log and its journal, and how it waits."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from workflows.language.capture import CompileList, Return
from workflows.language.checkpoint import Checkpoint
from workflows.language.compensation import Journal, RollbackRules
from workflows.language.control import Control
from workflows.language.effects import Effects
from workflows.language.evaluation import Evaluator
from workflows.language.library import Library
from workflows.language.limits import Limits
from workflows.language.meter import Meter
from workflows.language.nodes import Task
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.steps import Frame, Step, Taken
from workflows.language.tasklog import TaskLog
from workflows.language.templates import Template
from workflows.language.timing import Timing

# A measured byte costs about this part of an expression step.
_BYTES_A_STEP = 32


class Reusing(Protocol):
    """What an execution takes over from the one that it retries."""

    async def take(self, step: Step, journal: Journal) -> Taken | None:
        """What a task gave there; None when it is to be done."""
        ...

    def go_on(self) -> None:
        """The run goes on from a checkpoint, before which it may have done some of it again."""
        ...


class Environment:
    """The state of one run of one plan, beside where it stands.

    Attributes:
        id: the same for all that this run ever does, also when it goes on after a restart.
        constants: the variables that are the same everywhere, such as `$workflow`.
        functions: the tasks of `use.functions`.
        rollback: what the document says of its rollback.
        undoing: its tasks that say how they are undone, by their references.
        library: what was read of the outside for the definition.
        reuse: None for all but retries.
        internal_errors: bugs of ours that a rollback went on after, for the log of whoever runs this.
        returning: the way back to the checkpoint from which this run goes on.
    """

    def __init__(
        self,
        effects: Effects,
        *,
        identity: str,
        constants: Mapping[str, object],
        functions: Mapping[str, Task],
        limits: Limits,
        rollback: RollbackRules,
        control: Control,
        undoing: Mapping[str, Task],
    ) -> None:
        self.id = identity
        self.effects = effects
        self.functions = functions
        self.limits = limits
        self.rollback = rollback
        self.meter = Meter(limits)
        self.evaluator = Evaluator(effects, self.meter)
        self.log = TaskLog(limits)
        self.journal = Journal()
        self.library = Library()
        self.reuse: Reusing | None = None
        self.internal_errors: list[Exception] = []
        self.returning = Return()
        self.control = control
        self.undoing = undoing
        self._constants = constants
        self.entered = False
        self._turn = asyncio.Lock()

    def evaluate(
        self, template: Template, dot: object, step: Step, variables: Mapping[str, object] | None = None
    ) -> object:
        """Render a template of the step's task; raises `WorkflowFault` of kind expression."""
        return self.evaluator.render(template, dot, variables or step.variables, step.task.reference)

    def seconds(self, timing: Timing, step: Step, variables: Mapping[str, object] | None = None) -> float:
        """The length of a duration of the step's task."""
        return self.evaluator.seconds(timing, step.input, variables or step.variables, step.task.reference)

    def open_block(self, frame: Frame) -> Frame:
        """The frame of one run of a list of tasks that `rollback` can undo by itself."""
        known = self.returning.scope(len(frame.scopes)) if self.returning else None
        return replace(frame, scopes=(*frame.scopes, self.journal.open_scope() if known is None else known))

    def restore(self, checkpoint: Checkpoint, compile_list: CompileList) -> None:
        """Stand where the checkpoint was made; what runs then finds its way back by itself."""
        self.returning = Return(checkpoint)
        logged = sum(entry.logged for entry in checkpoint.log)
        self.log.restore(self.returning.entries[:logged], checkpoint.log_left)
        undos = [self.returning.undo(undo, self.undoing, compile_list) for undo in checkpoint.journal]
        self.journal = Journal(undos, checkpoint.scopes)
        self.renew(Meter(self.limits, steps=checkpoint.steps, runs=checkpoint.runs))
        self.entered = checkpoint.entered
        for uri, document in checkpoint.library.items():
            self.library.documents[uri] = self.returning.value(document)

    def renew(self, meter: Meter) -> None:
        """Go on with a fresh budget: a rollback must not fail for what the workflow used up."""
        self.meter = self.evaluator.meter = meter

    async def enter(self) -> None:
        """Before the first effect or wait, make the execution visibly running."""
        if not self.entered:
            self.entered = True
            await self.effects.entered()

    async def pause(self, seconds: float) -> None:
        """Wait durably; not at all when there is no time to wait."""
        if seconds <= 0:
            await self.rest()
            return
        await self.enter()
        await self.effects.sleep(seconds)

    async def rest(self) -> None:
        """Give up the processor when enough was done since the last time.

        Branches take turns: what they do at the same moment would otherwise be one stretch, each within its bounds.
        """
        if not self.meter.breathless:
            return
        async with self._turn:
            if self.meter.breathless:
                await self.effects.breathe()
                self.meter.breathed()

    def time_left(self, frame: Frame) -> float | None:
        """Seconds to the nearest timeout around a call."""
        return None if frame.deadline is None else max(frame.deadline - self.effects.now().timestamp(), 0.001)

    def moment_in(self, seconds: float) -> float:
        """A moment as a checkpoint keeps it: in seconds of the epoch."""
        return self.effects.now().timestamp() + seconds

    def seconds_to(self, moment: float) -> float:
        return moment - self.effects.now().timestamp()

    def admit(self, value: object) -> None:
        """Refuse values that no store would take."""
        size = self.log.measure(value)
        self.meter.spend(size // _BYTES_A_STEP)
        if size > self.limits.value_bytes:
            most = self.limits.value_bytes // 1024
            raise WorkflowFault.of(Kind.RUNTIME, f"the task's output is larger than {most} KiB: keep less of it")

    def variables(self, about: Mapping[str, object], frame: Frame) -> dict[str, object]:
        standard = {"context": frame.context.value, "task": about, "input": None, "output": None}
        return {**self._constants, **standard, **frame.variables}
