"""A dry run: a document interpreted in the simulation, and all that can be told of it afterwards."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.limits import Limits
from workflows.language.plan import Plan
from workflows.language.simulation.clock import Standstill, VirtualLoop
from workflows.language.simulation.world import Simulation
from workflows.language.sizes import size_of

_EMITTED_BYTES = 1024 * 1024
WAITING = "waiting"  # for something that no mock answers and nobody sends

# Nothing is told of a run twice, so its log may have more of each value than a row would; and it breathes often, since
# each breath is the moment to see whether it has taken too long.
_LIMITS = Limits(
    log_value_bytes=256 * 1024, log_total_bytes=4 * 1024 * 1024, breath_steps=5_000, breath_runs=50, log_exports=True
)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run told.

    Attributes:
        status: that of an execution, or `waiting`.
        tasks: the log, with what each task exported.
        emitted: the events that it would have published, in order.
        steps: of expressions, against which the bound of an execution counts.
        seconds: of virtual time, from begin to end.
        events: in the history of such a run on Temporal, about.
    """

    status: str
    output: object
    error: dict[str, object] | None
    rollback: dict[str, object] | None
    tasks: list[dict[str, object]]
    emitted: list[dict[str, object]]
    steps: int
    seconds: float
    events: int


def dry_run(plan: Plan, world: Simulation, workflow: WorkflowInfo) -> DryRun:
    """Run a plan to its end, or to where it waits for ever; on the calling thread, which has no event loop."""
    loop = VirtualLoop()
    try:
        return _run(loop, plan, world, workflow)
    finally:
        loop.close()


def _run(loop: VirtualLoop, plan: Plan, world: Simulation, workflow: WorkflowInfo) -> DryRun:
    interpreter = Interpreter(plan, world, workflow=workflow, limits=_LIMITS)
    task = loop.create_task(interpreter.run())
    try:
        outcome = loop.run_until_complete(task)
    except Standstill:
        told = _told(None, interpreter, world, loop.time())
        _abandon(loop, task)
        return told
    return _told(outcome, interpreter, world, loop.time())


def _abandon(loop: VirtualLoop, task: "asyncio.Task[Outcome]") -> None:
    """End what waits; its rollback is part of no report."""
    loop.set_exception_handler(_ignore)
    task.cancel()
    with suppress(Standstill, asyncio.CancelledError):
        loop.run_until_complete(task)


def _first(events: list[dict[str, object]]) -> list[dict[str, object]]:
    """As many as an answer has room for."""
    left = _EMITTED_BYTES
    kept: list[dict[str, object]] = []
    for event in events:
        left -= size_of(event, _EMITTED_BYTES)
        if left < 0:
            break
        kept.append(event)
    return kept


def _ignore(_: asyncio.AbstractEventLoop, __: dict[str, Any]) -> None:
    """What a compensation waits for will not come either, and then it is left where it waits."""


def _told(outcome: Outcome | None, interpreter: Interpreter, world: Simulation, seconds: float) -> DryRun:
    problem = None if outcome is None else outcome.problem
    return DryRun(
        status=WAITING if outcome is None else outcome.status.value,
        output=None if outcome is None else outcome.output,
        error=None if problem is None else problem.as_json(),
        rollback=None if outcome is None else outcome.rollback,
        tasks=[entry.as_json() for entry in interpreter.tasks],
        emitted=_first([event for _, event in world.stream.emitted]),
        steps=interpreter.steps,
        seconds=seconds,
        events=world.events,
    )
