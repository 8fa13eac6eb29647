"""`try`: a list of tasks whose errors can be caught, retried, and rolled back on the spot."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from workflows.language.cells import TryCell
from workflows.language.checkpoint import TryPlace
from workflows.language.compensation import roll_back
from workflows.language.concurrency import shielded, within
from workflows.language.errorfilters import ErrorFilter, compile_filter
from workflows.language.execution import Execution, hurried
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body, TaskList
from workflows.language.problems import LimitExceeded, Problem, WorkflowFault
from workflows.language.retries import RetryPolicy, compile_retry
from workflows.language.shapes import as_map, as_text, part
from workflows.language.steps import Frame, Step

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class TryBody:
    """A compiled `try` with its `catch`.

    Attributes:
        name: the variable that holds the error.
        then: the directive after `do`, which replaces the task's own on the error path.
        rollback: undo what the list did before it is retried or given up.
    """

    tasks: TaskList
    filter: ErrorFilter
    name: str
    retry: RetryPolicy | None
    do: TaskList | None
    then: str | None
    rollback: bool

    async def run(self, execution: Execution, step: Step) -> object:
        step.frame = execution.open_block(step.frame)
        cell = self._cell(execution, step)
        while cell.problem is None:
            try:
                return await self._attempt(cell, execution, step)
            except LimitExceeded:
                raise
            except WorkflowFault as fault:
                error = fault.problem.as_json()
                variables = self._error_variables(error, step)
                await execution.rest()
                if not self.filter.takes(fault.problem, variables, execution, step):
                    raise
                cell.retry += 1
                elapsed = (execution.effects.now() - cell.began).total_seconds()
                await execution.rest()
                pause = self._pause(cell.retry, elapsed, error, execution, step)
                if pause is None and self.do is None and self.retry is not None:
                    raise
                problem = fault.problem
            if pause is None:
                cell.problem = problem
            else:
                await execution.pause(pause)
                cell.expires = cell.seconds = None
        return await self._recover(cell.problem, cell, execution, step)

    def _cell(self, execution: Execution, step: Step) -> TryCell:
        """The task's place: at its beginning, or where it was at the checkpoint."""
        place = execution.returning.take(TryPlace) if execution.returning else None
        if place is None:
            return TryCell(step.cell(), execution.effects.now())
        return TryCell(
            step.cell(),
            datetime.fromisoformat(place.began),
            place.retry,
            place.expires,
            place.seconds,
            None if place.problem is None else execution.returning.problem(place.problem),
        )

    async def _attempt(self, cell: TryCell, execution: Execution, step: Step) -> object:
        """One run of the list, which leaves nothing behind when it fails and the task says `rollback`."""
        frame = replace(step.frame, place=cell)
        frame = frame.under(f"r{cell.retry}@{frame.depth}") if cell.retry else frame
        if not self.rollback:
            return await self._run_list(frame, cell, execution, step)
        frame = execution.open_block(frame)
        scope = frame.scopes[-1]
        try:
            return await self._run_list(frame, cell, execution, step)
        except LimitExceeded:
            # The rollback of the whole execution, which has a budget of its own, will undo this as well.
            raise
        except WorkflowFault as fault:
            undos = execution.journal.take(scope)
            _, cancelled = await shielded(roll_back(execution, undos, fault.problem))
            if cancelled:
                raise asyncio.CancelledError from fault
            raise

    async def _run_list(self, frame: Frame, cell: TryCell, execution: Execution, step: Step) -> object:
        limit = None if self.retry is None else self.retry.attempt
        if limit is None:
            output, _ = await execution.run_list(self.tasks, step.input, frame)
            return output
        if cell.seconds is None or cell.expires is None:
            cell.seconds = execution.seconds(limit, step)
            cell.expires = execution.moment_in(cell.seconds)
        work = execution.run_list(self.tasks, step.input, hurried(frame, cell.expires))
        left = execution.seconds_to(cell.expires)
        output, _ = await within(cell.seconds, work, what="the attempt", instance=step.task.reference, left=left)
        return output

    def _pause(
        self, retry: int, elapsed: float, error: dict[str, object], execution: Execution, step: Step
    ) -> float | None:
        """Seconds until the next attempt, or None when there is to be none."""
        policy = self.retry
        variables = self._error_variables(error, step)
        if policy is None or not policy.applies(error, variables, execution, step):
            return None
        pause = policy.pause_before(retry, variables, execution, step)
        return pause if policy.allows(retry, elapsed, pause, execution, step) else None

    async def _recover(self, problem: Problem, cell: TryCell, execution: Execution, step: Step) -> object:
        """The list of `catch.do`, or the task's input when there is none."""
        if self.then is not None:
            step.then = self.then
        if self.do is None:
            return step.input
        frame = replace(step.frame, place=cell).knowing({self.name: problem.as_json()})
        output, _ = await execution.run_list(self.do, step.input, frame)
        return output

    def _error_variables(self, error: dict[str, object], step: Step) -> dict[str, object]:
        return {**step.variables, "context": step.frame.context.value, self.name: error}


_CATCH_FIELDS = ("errors", "as", "when", "exceptWhen", "retry", "do", "then")


class TryTask:
    """The type `try`."""

    key = "try"
    fields = ("try", "catch")

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        checker.task_list(definition["try"], f"{pointer}/try", scope)
        at = f"{pointer}/catch"
        if "catch" not in definition:
            hint = 'write "catch": {"do": [...]}'
            checker.error(pointer, IssueCode.MISSING_PROPERTY, 'required property "catch" is missing', hint)
            return
        catch = checker.fields(definition["catch"], at, _CATCH_FIELDS, what="catch")
        if catch is None:
            return
        inner = scope.knowing(checker.variable(catch.get("as", "error"), f"{at}/as"))
        for name in ("when", "exceptWhen"):
            if name in catch:
                checker.expression(catch[name], f"{at}/{name}", inner)
        if "errors" in catch:
            checker.error_filter(catch["errors"], f"{at}/errors", scope)
        if "retry" in catch:
            checker.retry(catch["retry"], f"{at}/retry", inner)
        if "do" in catch:
            checker.task_list(catch["do"], f"{at}/do", inner)
        if "then" in catch:
            checker.directive(catch["then"], f"{at}/then", scope)
        if "do" not in catch and "retry" not in catch:
            message = "catch has neither do nor retry, so the error is swallowed and the input becomes the output"
            checker.warning(at, IssueCode.WITHOUT_EFFECT, message, "say what to do in catch.do")

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        catch = as_map(definition.get("catch"), "catch")
        then = catch.get("then")
        return TryBody(
            tasks=compiler.task_list(definition["try"], f"{pointer}/try"),
            filter=compile_filter(compiler, catch),
            name=as_text(catch.get("as", "error"), "as").removeprefix("$"),
            retry=compile_retry(compiler, catch["retry"]) if "retry" in catch else None,
            do=compiler.task_list(catch["do"], f"{pointer}/catch/do") if "do" in catch else None,
            then=None if then is None else as_text(then, "then"),
            rollback=part(definition, "metadata").get("rollback") is True,
        )
