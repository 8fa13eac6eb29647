"""Runs task lists and tasks: the data flow, the directives and the bookkeeping that every type of task shares."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from zilliance.enums import TaskStatus

from workflows.language.compensation import Journal
from workflows.language.concurrency import within
from workflows.language.effects import Effects
from workflows.language.evaluation import Evaluator, check, truthy
from workflows.language.limits import Limits
from workflows.language.meter import Meter
from workflows.language.moments import moment
from workflows.language.nodes import CONTINUE, END, EXIT, NOTHING, Task, TaskList
from workflows.language.problems import Kind, LimitExceeded, WorkflowFault
from workflows.language.steps import Frame, Step
from workflows.language.tasklog import TaskLog
from workflows.language.templates import Template
from workflows.language.timing import Timing

# A measured byte costs about this part of an expression step.
_BYTES_A_STEP = 32


class WorkflowEnded(Exception):  # noqa: N818 - it is the `end` directive on its way up, not an error
    """The `end` directive was followed: the workflow is complete with this output."""

    def __init__(self, output: object) -> None:
        super().__init__("the workflow ended")
        self.output = output


class Execution:
    """One run of one plan.

    Attributes:
        constants: the variables that are the same everywhere, such as `$workflow`.
        functions: the tasks of `use.functions`.
    """

    def __init__(
        self, effects: Effects, *, constants: Mapping[str, object], functions: Mapping[str, Task], limits: Limits
    ) -> None:
        self.effects = effects
        self.functions = functions
        self.limits = limits
        self.meter = Meter(limits)
        self.evaluator = Evaluator(effects, self.meter)
        self.log = TaskLog(limits)
        self.journal = Journal()
        self._constants = constants
        self._entered = False
        self._turn = asyncio.Lock()

    async def run_list(self, tasks: TaskList, data: object, frame: Frame) -> tuple[object, bool]:
        """Run tasks one after the other; returns the last output, and whether an `exit` left the list."""
        home = self._deeper(frame)
        frame, index, rounds = home, 0, 0
        while index < len(tasks.tasks):
            task = tasks.tasks[index]
            data, then = await self.run_task(task, data, frame)
            if then == CONTINUE:
                index += 1
                continue
            if then == EXIT:
                return data, True
            if then == END:
                raise WorkflowEnded(data)
            target = _target(tasks, then, task)
            if target <= index:
                rounds += 1
                frame = home.under(f"g{rounds}@{home.depth}")
            index = target
        return data, False

    async def run_scope(self, tasks: TaskList, data: object, frame: Frame) -> object:
        """Run a list that `end` and `exit` merely leave: a compensation."""
        try:
            output, _ = await self.run_list(tasks, data, frame)
        except WorkflowEnded as ended:
            return ended.output
        return output

    async def run_branch(self, task: Task, data: object, frame: Frame) -> object:
        """Run a task that stands alone: a branch, or a function. Its directive cannot leave it, except by `end`."""
        output, then = await self.run_task(task, data, self._deeper(frame))
        if then == END:
            raise WorkflowEnded(output)
        return output

    async def run_task(self, task: Task, data: object, frame: Frame) -> tuple[object, str]:
        """Run one task on its raw input; returns its transformed output and the directive to follow."""
        now = self.effects.now()
        entry = self.log.start(task.name, task.reference, frame.path, data, now)
        about = _about(task, data, now)
        step = Step(task, frame, entry, data, about, self._variables(about, frame))
        try:
            self.meter.run_task()
            await self.rest()
            if task.condition is not None and not truthy(self.evaluate(task.condition, data, step)):
                self.log.finish(entry, TaskStatus.SKIPPED, now, data)
                return data, CONTINUE
            await self.rest()
            output = await self._perform(task, step, data)
        except WorkflowFault as fault:
            fault.locate(task.reference)
            self.log.fault(entry, fault.problem, self.effects.now())
            raise
        except asyncio.CancelledError:
            self.log.finish(entry, TaskStatus.CANCELLED, self.effects.now())
            raise
        except WorkflowEnded as ended:
            self._complete(step, ended.output)
            raise
        self._complete(step, output)
        return output, step.then or task.then

    def evaluate(
        self, template: Template, dot: object, step: Step, variables: Mapping[str, object] | None = None
    ) -> object:
        """Render a template of the step's task; raises `WorkflowFault` of kind expression."""
        return self.evaluator.render(template, dot, variables or step.variables, step.task.reference)

    def seconds(self, timing: Timing, step: Step) -> float:
        """The length of a duration of the step's task."""
        return self.evaluator.seconds(timing, step.input, step.variables, step.task.reference)

    def renew(self, meter: Meter) -> None:
        """Go on with a fresh budget: a rollback must not fail for what the workflow used up."""
        self.meter = self.evaluator.meter = meter

    async def enter(self) -> None:
        """Before the first effect or wait, make the execution visibly running."""
        if not self._entered:
            self._entered = True
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

    async def _perform(self, task: Task, step: Step, data: object) -> object:
        """From the raw input to the transformed output."""
        if task.input is not NOTHING:
            check(task.input, data, task.reference + "/input")
            if task.input.template is not None:
                data = self.evaluate(task.input.template, data, step)
                await self.rest()
        step.input = data
        step.bind("input", data)
        output = await self._run_body(task, step)
        self._admit(output)
        await self.rest()
        if task.output is NOTHING and task.export is NOTHING:
            return output
        step.bind("context", step.frame.context.value)
        step.bind("task", {**step.about, "output": output})
        output = self.evaluator.transform(task.output, output, step.variables, task.reference + "/output")
        self._admit(output)
        await self.rest()
        if task.export.template is not None:
            step.bind("output", output)
            exported = self.evaluator.transform(task.export, output, step.variables, task.reference + "/export")
            self._admit(exported)
            step.frame.context.value = exported
        return output

    async def _run_body(self, task: Task, step: Step) -> object:
        if task.timeout is None:
            return await task.body.run(self, step)
        seconds = self.seconds(task.timeout, step)
        step.frame = self.hurried(step.frame, seconds)
        return await within(seconds, task.body.run(self, step), what=f"the task {task.name!r}", instance=task.reference)

    def hurried(self, frame: Frame, seconds: float) -> Frame:
        """The frame of what must end within so many seconds."""
        deadline = self.effects.now().timestamp() + seconds
        return replace(frame, deadline=deadline if frame.deadline is None else min(deadline, frame.deadline))

    def _complete(self, step: Step, output: object) -> None:
        self.log.finish(step.entry, TaskStatus.COMPLETED, self.effects.now(), output)
        if step.task.compensate is not None and not step.frame.compensating:
            self.journal.register_tasks(step, step.task.compensate, output)

    def _admit(self, value: object) -> None:
        """Refuse values that no store would take."""
        size = self.log.measure(value)
        self.meter.spend(size // _BYTES_A_STEP)
        if size > self.limits.value_bytes:
            most = self.limits.value_bytes // 1024
            raise WorkflowFault.of(Kind.RUNTIME, f"the task's output is larger than {most} KiB: keep less of it")

    def _variables(self, about: Mapping[str, object], frame: Frame) -> dict[str, object]:
        standard = {"context": frame.context.value, "task": about, "input": None, "output": None}
        return {**self._constants, **standard, **frame.variables}

    def _deeper(self, frame: Frame) -> Frame:
        if frame.depth >= self.limits.depth:
            raise LimitExceeded.of(
                Kind.RUNTIME, f"tasks are nested more than {self.limits.depth} deep: look for functions in functions"
            )
        return replace(frame, depth=frame.depth + 1)


def _about(task: Task, data: object, now: datetime) -> dict[str, object]:
    """The `$task` variable."""
    return {
        "name": task.name,
        "reference": task.reference,
        "definition": task.definition,
        "input": data,
        "startedAt": moment(now),
    }


def _target(tasks: TaskList, name: str, task: Task) -> int:
    target = tasks.targets.get(name)
    if target is None:
        detail = f"then: there is no task {name!r} in this list to go to"
        raise WorkflowFault.of(Kind.CONFIGURATION, detail, instance=task.reference)
    return target
