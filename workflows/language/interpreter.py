"""Runs a compiled workflow to its outcome: input, tasks, output, and on any other end the rollback."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from zilliance.enums import ExecutionStatus

from workflows.language.capture import Capture
from workflows.language.cells import RootCell
from workflows.language.checkpoint import Checkpoint, CheckpointReached, SavedRollback
from workflows.language.compensation import Journal, Steps, Undo, roll_back
from workflows.language.concurrency import shielded, within
from workflows.language.control import Control, Undisturbed
from workflows.language.effects import Effects
from workflows.language.environment import Reusing
from workflows.language.evaluation import check
from workflows.language.execution import Execution, WorkflowEnded, hurried
from workflows.language.library import with_schema
from workflows.language.limits import Limits
from workflows.language.meter import Meter
from workflows.language.moments import moment
from workflows.language.nodes import Transform
from workflows.language.plan import Plan, compile_undoing
from workflows.language.problems import Problem, WorkflowFault
from workflows.language.steps import Context, Frame
from workflows.language.tasklog import TaskEntry

RUNTIME: Mapping[str, object] = {"name": "zilliance", "version": "1.0.3"}

_DEFAULT_LIMITS = Limits()
_UNDISTURBED = Undisturbed()


@dataclass(frozen=True, slots=True)
class WorkflowInfo:
    """What `$workflow` says, and whose it is.

    Attributes:
        owner: the id of the account that the execution acts as, which expressions read at `$runtime.metadata.owner`.
    """

    id: str
    definition: dict[str, object]
    input: object
    started_at: datetime
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended.

    Attributes:
        status: completed, failed or cancelled.
        problem: why it failed; None otherwise.
        rollback: `{status, steps}`, and None when the execution completed.
        journal: the checkpoint from which a completed one can be undone; None when that is not wanted or nothing to.
    """

    status: ExecutionStatus
    output: object
    problem: Problem | None
    tasks: list[TaskEntry]
    rollback: dict[str, object] | None
    journal: dict[str, object] | None = None


class Interpreter:
    """One execution of one plan against one world."""

    def __init__(
        self,
        plan: Plan,
        effects: Effects,
        *,
        workflow: WorkflowInfo,
        limits: Limits = _DEFAULT_LIMITS,
        control: Control = _UNDISTURBED,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._plan = plan
        self._checkpoint = checkpoint
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
            "runtime": {**RUNTIME, "metadata": {"owner": workflow.owner}},
            "secrets": None,
            "authorization": None,
        }
        self._execution = Execution(
            effects,
            identity=workflow.id,
            constants=self._constants,
            functions=plan.functions,
            limits=limits,
            rollback=plan.rollback,
            control=control,
            undoing=plan.undoing,
        )
        if checkpoint is not None:
            self._execution.restore(checkpoint, compile_undoing)
            self._context.value = self._execution.returning.value(checkpoint.context)

    @property
    def tasks(self) -> list[TaskEntry]:
        """The task log so far, for whoever looks at a running execution."""
        return self._execution.log.entries

    @property
    def held_bytes(self) -> int:
        """Of outputs of tasks that the log has no room for, and that wait to be kept beside it."""
        return self._execution.log.held

    @property
    def internal_errors(self) -> list[Exception]:
        """Bugs of ours that a rollback went on after."""
        return self._execution.internal_errors

    def take_whole_outputs(self, part: str) -> list[str]:
        """Those outputs, to be kept under this name."""
        return self._execution.log.take_whole(part)

    @property
    def steps(self) -> int:
        """Expression steps taken; since its begin, once a rollback has begun."""
        return self._execution.meter.steps

    def take_over(self, reuse: Reusing) -> None:
        """Before the run: what it need not do, because the execution that it retries has done it."""
        self._execution.reuse = reuse
        if self._checkpoint is not None:
            reuse.go_on()

    async def run(self) -> Outcome:
        """Run to the end. Faults and cancellation do not raise: they are rolled back and told in the outcome.

        Raises CheckpointReached when `control` wants this to go on in another run.
        """
        begun = None if self._checkpoint is None else self._checkpoint.rollback
        if begun is not None:
            problem = None if begun.problem is None else Problem.from_json(begun.problem)
            return await self._undo(ExecutionStatus(begun.status), problem, done=begun.steps, in_runs=True)
        try:
            output = await self._run_workflow()
        except WorkflowFault as fault:
            fault.locate("/")
            return await self._undo(ExecutionStatus.FAILED, fault.problem, in_runs=True)
        except asyncio.CancelledError:
            return await self._undo(ExecutionStatus.CANCELLED, None, in_runs=True)
        return Outcome(ExecutionStatus.COMPLETED, output, None, self.tasks, None)

    def remains(self) -> dict[str, object] | None:
        """After a completion: the checkpoint from which what was done can be undone, or None when nothing can be."""
        execution = self._execution
        if not execution.journal.undos:
            return None
        checkpoint = self._checkpoint_of(execution.journal.undos[::-1], {})
        return checkpoint.model_copy(update={"entered": True}).as_json()

    async def abandon(self, problem: Problem) -> Outcome:
        """End as failed, with the rollback, after `run` has raised: an internal error leaves nothing half done.

        All of it in this run.
        """
        return await self._undo(ExecutionStatus.FAILED, problem)

    async def _run_workflow(self) -> object:
        plan, evaluator = self._plan, self._execution.evaluator
        data = self._input
        if self._checkpoint is None:
            check(await self._with_schema(plan.input, "/input"), data, "/input")
            if plan.input.template is not None:
                data = evaluator.render(plan.input.template, data, self._variables(), "/input")
        output = await self._run_tasks(data)
        variables = {**self._variables(), "context": self._context.value}
        return evaluator.transform(await self._with_schema(plan.output, "/output"), output, variables, "/output")

    async def _with_schema(self, by: Transform, instance: str) -> Transform:
        return await with_schema(self._execution, by, instance=instance, frame=Frame(self._context))

    async def _run_tasks(self, data: object) -> object:
        """The `do` of the workflow, within its timeout."""
        execution, timeout = self._execution, self._plan.timeout
        root = RootCell() if self._checkpoint is None else RootCell(self._checkpoint.expires, self._checkpoint.seconds)
        frame = Frame(self._context, place=root)
        if timeout is None:
            return await self._run_list(data, frame)
        if root.seconds is None or root.expires is None:
            root.seconds = execution.evaluator.seconds(timeout, data, self._variables(), "/timeout")
            root.expires = execution.moment_in(root.seconds)
        work = self._run_list(data, hurried(frame, root.expires))
        left = execution.seconds_to(root.expires)
        return await within(root.seconds, work, what="the workflow", instance="/", left=left)

    async def _run_list(self, data: object, frame: Frame) -> object:
        try:
            output, _ = await self._execution.run_list(self._plan.tasks, data, frame)
        except WorkflowEnded as ended:
            return ended.output
        return output

    async def _undo(
        self,
        status: ExecutionStatus,
        problem: Problem | None,
        *,
        done: Sequence[dict[str, object]] = (),
        in_runs: bool = False,
    ) -> Outcome:
        """Roll back, outside the workflow's timeout and budget, and whatever cancellation still comes.

        `in_runs`: in several runs where `control` wants that. What is left is then in the checkpoint's journal.
        """
        execution = self._execution
        rules = self._plan.rollback
        wanted = rules.on_cancel if status is ExecutionStatus.CANCELLED else rules.on_fault
        undos = execution.journal.take() if wanted else []
        execution.renew(Meter(self._limits))

        async def before(left: Sequence[Undo], steps: Steps) -> None:
            if execution.control.spent:
                await execution.control.settle()
                told = None if problem is None else problem.as_json()
                saved = SavedRollback(status=status.value, problem=told, steps=list(steps))
                checkpoint = self._checkpoint_of(left, execution.library.documents)
                raise CheckpointReached(checkpoint.model_copy(update={"rollback": saved}))

        work = roll_back(execution, undos, problem, done=done, before=before if in_runs else None)
        rollback, _ = await shielded(work)
        return Outcome(status, None, problem, self.tasks, rollback)

    def _checkpoint_of(self, left: Sequence[Undo], library: Mapping[str, object]) -> Checkpoint:
        """Where only these are left to be undone, the first of them first."""
        execution = self._execution
        return Capture(execution.log, execution.undoing).checkpoint(
            [RootCell()],
            context=self._context.value,
            journal=Journal(left[::-1], execution.journal.scopes),
            meter=execution.meter,
            entered=execution.entered,
            library=library,
        )

    def _variables(self) -> dict[str, object]:
        return {**self._constants, "context": None, "input": None, "output": None, "task": None}
