"""`fork`: branches at the same time; all of their outputs, or with `compete` that of the first to complete."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.concurrency import cancel_all
from workflows.language.execution import Execution, WorkflowEnded
from workflows.language.nodes import Body, Task
from workflows.language.problems import LimitExceeded, WorkflowFault
from workflows.language.shapes import as_map
from workflows.language.steps import Context, Frame, Step

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

Branch = asyncio.Task[object]


@dataclass(frozen=True, slots=True)
class ForkBody:
    """A compiled `fork`."""

    branches: tuple[Task, ...]
    compete: bool

    async def run(self, execution: Execution, step: Step) -> object:
        ended: asyncio.Queue[Branch] = asyncio.Queue()
        frames = [self._frame(step) for _ in self.branches]
        running = [
            asyncio.create_task(execution.run_branch(branch, step.input, frame))
            for branch, frame in zip(self.branches, frames, strict=True)
        ]
        # A queue keeps the order of completion, which a set of done tasks would lose and replay needs.
        for branch in running:
            branch.add_done_callback(ended.put_nowait)
        try:
            if self.compete:
                return await _race(running, ended, frames, step)
            for _ in running:
                (await ended.get()).result()
            return [branch.result() for branch in running]
        finally:
            await cancel_all(running)

    def _frame(self, step: Step) -> Frame:
        """Without a place: no run goes on inside. Competing branches have a context each; the winner's is kept."""
        context = Context(step.frame.context.value) if self.compete else step.frame.context
        return replace(step.frame, context=context, place=None)


async def _race(running: list[Branch], ended: "asyncio.Queue[Branch]", frames: list[Frame], step: Step) -> object:
    """The output of the first branch that completes; a branch that faults only loses, unless all do."""
    first_fault: WorkflowFault | None = None
    for _ in running:
        branch = await ended.get()
        try:
            output = branch.result()
        except LimitExceeded:
            raise
        except WorkflowFault as fault:
            first_fault = first_fault or fault
            continue
        except WorkflowEnded:
            _keep_context(branch, running, frames, step)
            raise
        _keep_context(branch, running, frames, step)
        return output
    if first_fault is not None:
        raise first_fault
    return step.input


def _keep_context(winner: Branch, running: list[Branch], frames: list[Frame], step: Step) -> None:
    step.frame.context.value = frames[running.index(winner)].context.value


class ForkTask:
    """The type `fork`."""

    key = "fork"
    fields = ("fork",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/fork"
        fork = checker.fields(definition["fork"], at, ("branches", "compete"), required=("branches",), what="fork")
        if fork is None:
            return
        checker.flag(fork.get("compete", False), f"{at}/compete")
        if "branches" in fork:
            checker.task_list(fork["branches"], f"{at}/branches", scope, jumps=False)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        fork = as_map(definition["fork"], "fork")
        branches = compiler.task_list(fork.get("branches"), f"{pointer}/fork/branches")
        return ForkBody(branches.tasks, compete=fork.get("compete") is True)
