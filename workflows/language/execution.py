"""Runs task lists and tasks: the data flow, the directives and the bookkeeping that every type of task shares."""

import asyncio
from dataclasses import replace
from datetime import datetime

from zilliance.enums import TaskStatus

from workflows.language.capture import Capture
from workflows.language.cells import CallCell, Cell, ListCell, path_to
from workflows.language.checkpoint import CheckpointReached, ListPlace, TaskPlace
from workflows.language.concurrency import within
from workflows.language.environment import Environment
from workflows.language.evaluation import check, truthy
from workflows.language.extensions import run_extended
from workflows.language.library import with_schema
from workflows.language.moments import moment
from workflows.language.nodes import CONTINUE, END, EXIT, NOTHING, Task, TaskList
from workflows.language.problems import Kind, LimitExceeded, WorkflowFault
from workflows.language.steps import Frame, Step

# Types whose output is made by no task inside them.
LEAVES = frozenset({"call", "run", "set", "emit", "listen"})


class WorkflowEnded(Exception):  # noqa: N818 - it is the `end` directive on its way up, not an error
    """The `end` directive was followed: the workflow is complete with this output."""

    def __init__(self, output: object) -> None:
        super().__init__("the workflow ended")
        self.output = output


class Execution(Environment):
    """One run of one plan."""

    async def run_list(self, tasks: TaskList, data: object, frame: Frame) -> tuple[object, bool]:
        """Run tasks one after the other; returns the last output, and whether an `exit` left the list."""
        cell = self._list_cell(data, frame)
        home = self._deeper(frame, cell)
        frame = _round(home, cell.rounds)
        while cell.index < len(tasks.tasks):
            task = tasks.tasks[cell.index]
            if self.control.due and not self.returning:
                await self._stop(cell, frame)
            cell.data, then = await self.run_task(task, cell.data, frame)
            if then == CONTINUE:
                cell.index += 1
                continue
            if then == EXIT:
                return cell.data, True
            if then == END:
                raise WorkflowEnded(cell.data)
            target = _target(tasks, then, task)
            if target <= cell.index:
                cell.rounds += 1
                frame = _round(home, cell.rounds)
            cell.index = target
        return cell.data, False

    async def run_scope(self, tasks: TaskList, data: object, frame: Frame) -> object:
        """Run a list that `end` and `exit` merely leave: a compensation."""
        try:
            output, _ = await self.run_list(tasks, data, frame)
        except WorkflowEnded as ended:
            return ended.output
        return output

    async def run_branch(self, task: Task, data: object, frame: Frame) -> object:
        """Run a task that stands alone: a branch, or a function. Its directive cannot leave it, except by `end`."""
        place = frame.place if isinstance(frame.place, CallCell) else None
        output, then = await self.run_task(task, data, self._deeper(frame, place))
        if then == END:
            raise WorkflowEnded(output)
        return output

    async def run_task(self, task: Task, data: object, frame: Frame) -> tuple[object, str]:
        """Run one task on its raw input; returns its transformed output and the directive to follow."""
        begun = self.returning.take(TaskPlace) if self.returning else None
        step = self._begin(task, data, frame) if begun is None else self._resume(begun, task, data, frame)
        entry = step.entry
        try:
            if begun is None and not await self._enters(task, step, data):
                self.log.finish(entry, TaskStatus.SKIPPED, entry.started_at, data)
                return data, CONTINUE
            output = await self._perform(task, step)
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

    def _begin(self, task: Task, data: object, frame: Frame) -> Step:
        now = self.effects.now()
        entry = self.log.start(task.name, task.reference, frame.path, data, now, leaf=task.type in LEAVES)
        about = _about(task, data, now)
        return Step(task, frame, entry, data, about, self.variables(about, frame))

    def _resume(self, begun: TaskPlace, task: Task, data: object, frame: Frame) -> Step:
        """A task that had begun before the checkpoint, as it was then."""
        entry = self.returning.entries[begun.entry]
        about = _about(task, data, entry.started_at)
        variables = self.variables(about, frame)
        variables["context"] = self.returning.value(begun.context)
        step = Step(task, frame, entry, self.returning.value(begun.input), about, variables)
        step.bind("input", step.input)
        step.expires, step.seconds = begun.expires, begun.seconds
        return step

    async def _enters(self, task: Task, step: Step, data: object) -> bool:
        """Whether the task is to run, and if so, its transformed input."""
        self.meter.run_task()
        await self.rest()
        if task.condition is not None and not truthy(self.evaluate(task.condition, data, step)):
            return False
        await self.rest()
        if task.input is not NOTHING:
            at = task.reference + "/input"
            check(await with_schema(self, task.input, instance=at, frame=step.frame), data, at)
            if task.input.template is not None:
                data = self.evaluate(task.input.template, data, step)
                await self.rest()
        step.input = data
        step.bind("input", data)
        return True

    async def _perform(self, task: Task, step: Step) -> object:
        """From the transformed input to the transformed output."""
        output = await self._run_surrounded(task, step)
        if step.final:
            await self._export(task, step, output)
            return output
        self.admit(output)
        await self.rest()
        if task.output is NOTHING and task.export is NOTHING:
            return output
        step.bind("context", step.frame.context.value)
        step.bind("task", {**step.about, "output": output})
        at = task.reference + "/output"
        by = await with_schema(self, task.output, instance=at, frame=step.frame)
        output = self.evaluator.transform(by, output, step.variables, at)
        self.admit(output)
        await self.rest()
        await self._export(task, step, output)
        return output

    async def _export(self, task: Task, step: Step, output: object) -> None:
        if task.export.template is None:
            return
        at = task.reference + "/export"
        by = await with_schema(self, task.export, instance=at, frame=step.frame)
        # From here to the new context nothing else may run: a branch's export would be lost.
        step.bind("context", step.frame.context.value)
        step.bind("output", output)
        exported = self.evaluator.transform(by, output, step.variables, at)
        self.admit(exported)
        step.frame.context.value = exported
        self.log.export(step.entry, exported)

    async def _run_surrounded(self, task: Task, step: Step) -> object:
        """The body with its extensions, which neither extend each other nor an undo."""
        if not task.extensions or step.frame.extending or step.frame.compensating:
            return await self._take_or_run(task, step)
        return await run_extended(self, step, lambda: self._take_or_run(task, step))

    async def _take_or_run(self, task: Task, step: Step) -> object:
        """The body, unless a retry takes over what it gave; the lists around are walked again, as all lists are."""
        taken = None if self.reuse is None else await self.reuse.take(step, self.journal)
        if taken is None:
            return await self._run_body(task, step)
        step.final = not taken.raw
        return taken.output

    async def _run_body(self, task: Task, step: Step) -> object:
        if task.timeout is None:
            return await task.body.run(self, step)
        if step.seconds is None or step.expires is None:
            step.seconds = self.seconds(task.timeout, step)
            step.expires = self.moment_in(step.seconds)
        step.frame = hurried(step.frame, step.expires)
        return await within(
            step.seconds,
            task.body.run(self, step),
            what=f"the task {task.name!r}",
            instance=task.reference,
            left=self.seconds_to(step.expires),
        )

    def _complete(self, step: Step, output: object) -> None:
        self.log.finish(step.entry, TaskStatus.COMPLETED, self.effects.now(), output)
        if step.task.compensate is not None and not step.frame.compensating:
            self.journal.register_tasks(step, step.task.compensate, output)

    def _list_cell(self, data: object, frame: Frame) -> ListCell:
        place = self.returning.take(ListPlace) if self.returning else None
        if place is None:
            return ListCell(frame.place, frame.scopes, 0, 0, data)
        return ListCell(frame.place, frame.scopes, place.index, place.rounds, self.returning.value(place.data))

    async def _stop(self, cell: ListCell, frame: Frame) -> None:
        """Between two tasks: wait while the execution is suspended; end this run when another is to go on from here."""
        if frame.compensating:
            return
        await self.control.hold()
        path = path_to(cell) if self.control.full else None
        if path is None:
            return
        await self.control.settle()
        raise CheckpointReached(
            Capture(self.log, self.undoing).checkpoint(
                path,
                context=frame.context.value,
                journal=self.journal,
                meter=self.meter,
                entered=self.entered,
                library=self.library.documents,
            )
        )

    def _deeper(self, frame: Frame, place: Cell | None) -> Frame:
        if frame.depth >= self.limits.depth:
            raise LimitExceeded.of(
                Kind.RUNTIME, f"tasks are nested more than {self.limits.depth} deep: look for functions in functions"
            )
        return replace(frame, depth=frame.depth + 1, place=place)


def hurried(frame: Frame, expires: float) -> Frame:
    """The frame of what must end by a moment."""
    return replace(frame, deadline=expires if frame.deadline is None else min(expires, frame.deadline))


def _round(home: Frame, rounds: int) -> Frame:
    """The frame of a list after so many jumps back."""
    return home.under(f"g{rounds}@{home.depth}") if rounds else home


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
