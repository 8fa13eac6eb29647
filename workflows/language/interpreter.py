"""Runs a compiled workflow to its outcome: input, tasks, output, and on any other end the rollback."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from zilliance.enums import ExecutionStatus

from workflows.language.compensation import roll_back
from workflows.language.concurrency import shielded, within
from workflows.language.effects import Effects
from workflows.language.evaluation import check
from workflows.language.execution import Execution, WorkflowEnded
from workflows.language.limits import Limits
from workflows.language.meter import Meter
from workflows.language.moments import moment
from workflows.language.plan import Plan
from workflows.language.problems import Problem, WorkflowFault
from workflows.language.steps import Context, Frame
from workflows.language.tasklog import TaskEntry

RUNTIME: Mapping[str, object] = {"name": "zilliance", "version": "1.0.3", "metadata": {}}

_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class WorkflowInfo:
    """What `$workflow` says."""

    id: str
    definition: dict[str, object]
    input: object
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended.

    Attributes:
        status: completed, failed or cancelled.
        problem: why it failed; None otherwise.
        rollback: `{status, steps}`, and None when the execution completed.
    """

    status: ExecutionStatus
    output: object
    problem: Problem | None
    tasks: list[TaskEntry]
    rollback: dict[str, object] | None


class Interpreter:
    """One execution of one plan against one world."""

    def __init__(
        self, plan: Plan, effects: Effects, *, workflow: WorkflowInfo, limits: Limits = _DEFAULT_LIMITS
    ) -> None:
        self._plan = plan
        self._input = workflow.input
        self._limits = limits
        self._context = Context()
        self._constants: dict[str, object] = {
            "workflow": {
                "id": workflow.id,
                "definition": workflow.definition,
                "input": workflow.input,
                "startedAt": moment(workflow.started_at),
            },
            "runtime": RUNTIME,
            "secrets": None,
            "authorization": None,
        }
        self._execution = Execution(effects, constants=self._constants, functions=plan.functions, limits=limits)

    @property
    def tasks(self) -> list[TaskEntry]:
        """The task log so far, for whoever looks at a running execution."""
        return self._execution.log.entries

    async def run(self) -> Outcome:
        """Run to the end. Faults and cancellation do not raise: they are rolled back and told in the outcome."""
        try:
            output = await self._run_workflow()
        except WorkflowFault as fault:
            fault.locate("/")
            return await self._undo(ExecutionStatus.FAILED, fault.problem)
        except asyncio.CancelledError:
            return await self._undo(ExecutionStatus.CANCELLED, None)
        return Outcome(ExecutionStatus.COMPLETED, output, None, self.tasks, None)

    async def abandon(self, problem: Problem) -> Outcome:
        """End as failed, with the rollback, after `run` has raised: an internal error leaves nothing half done."""
        return await self._undo(ExecutionStatus.FAILED, problem)

    async def _run_workflow(self) -> object:
        plan, evaluator = self._plan, self._execution.evaluator
        check(plan.input, self._input, "/input")
        data = self._input
        if plan.input.template is not None:
            data = evaluator.render(plan.input.template, data, self._variables(), "/input")
        output = await self._run_tasks(data)
        variables = {**self._variables(), "context": self._context.value}
        return evaluator.transform(plan.output, output, variables, "/output")

    async def _run_tasks(self, data: object) -> object:
        """The `do` of the workflow, within its timeout."""
        execution, timeout = self._execution, self._plan.timeout
        frame = Frame(self._context)
        if timeout is None:
            return await self._run_list(data, frame)
        seconds = execution.evaluator.seconds(timeout, data, self._variables(), "/timeout")
        frame = execution.hurried(frame, seconds)
        return await within(seconds, self._run_list(data, frame), what="the workflow", instance="/")

    async def _run_list(self, data: object, frame: Frame) -> object:
        try:
            output, _ = await self._execution.run_list(self._plan.tasks, data, frame)
        except WorkflowEnded as ended:
            return ended.output
        return output

    async def _undo(self, status: ExecutionStatus, problem: Problem | None) -> Outcome:
        """Roll back, outside the workflow's timeout and budget, and whatever cancellation still comes."""
        execution = self._execution
        undos = execution.journal.take()
        if status is ExecutionStatus.CANCELLED and not self._plan.rollback_on_cancel:
            undos = []
        execution.renew(Meter(self._limits))
        rollback, _ = await shielded(roll_back(execution, undos, problem))
        return Outcome(status, None, problem, self.tasks, rollback)

    def _variables(self) -> dict[str, object]:
        return {**self._constants, "context": None, "input": None, "output": None, "task": None}
