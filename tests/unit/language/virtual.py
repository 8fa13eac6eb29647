"""A world for the interpreter with a clock that jumps: it stands for Temporal, on which other tests run for real."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from workflows.language.documents import normalise
from workflows.language.effects import ServiceCall
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.limits import Limits
from workflows.language.plan import compile_plan
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.simulation.clock import EPOCH, VirtualLoop
from workflows.language.simulation.world import Simulation
from workflows.language.validation import validate

EVERY_RUN = frozenset({"script", "shell", "container", "mcp-stdio"})

__all__ = ["EPOCH", "World", "create", "fault", "output_of", "problem_of", "run", "run_unchecked", "statuses"]


class World(Simulation):
    """The simulation, with all that was done recorded in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str, Mapping[str, object]]] = []
        self.requests: list[tuple[str, ServiceCall]] = []
        self.timeouts: list[float | None] = []
        self.undone: list[str] = []
        self.sleeps: list[float] = []
        self.breaths = 0
        self.entries = 0
        self.failing: dict[str, list[WorkflowFault]] = {}
        self.failing_undos: dict[str, int] = {}
        self.undo_seconds = 0.0
        self.answers: dict[str, object] = {}
        self.slow: dict[str, float] = {}

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await super().sleep(seconds)

    async def breathe(self) -> None:
        self.breaths += 1
        await super().breathe()

    async def entered(self) -> None:
        self.entries += 1
        await super().entered()

    async def answer(self, key: str, sample: Callable[[], object]) -> object:
        await asyncio.sleep(self.slow.get(key, 0))
        faults = self.failing.get(key)
        if faults:
            raise faults.pop(0)
        return self.answers[key] if key in self.answers else await super().answer(key, sample)

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109
    ) -> object:
        self.timeouts.append(timeout)

        def row() -> object:
            return {"id": f"row-{len(self.calls) + 1}", **dict(arguments)}

        output = await self.answer(key, row)
        assert key not in {done for done, _, _ in self.calls}, f"the key {key} was used twice"
        self.calls.append((key, name, dict(arguments)))
        return output

    async def call_service(self, call: ServiceCall, *, key: str, timeout: float | None) -> object:  # noqa: ASYNC109
        self.timeouts.append(timeout)
        output = await self.answer(key, lambda: {"ok": True})
        self.requests.append((key, call))
        return output

    async def undo(self, key: str) -> None:
        await asyncio.sleep(self.undo_seconds)
        left = self.failing_undos.get(key, 0)
        if left:
            self.failing_undos[key] = left - 1
            raise WorkflowFault.of(Kind.RUNTIME, "somebody changed the row meanwhile")
        self.undone.append(key)


Script = Callable[[asyncio.Task[Outcome], World], None]


def run(
    tasks: Any,
    data: object = None,
    *,
    world: World | None = None,
    limits: Limits | None = None,
    cancel_at: tuple[float, ...] = (),
    **parts: Any,
) -> Outcome:
    """Validate, compile and run a document in virtual time; `parts` are its other top-level members."""
    document = normalise({"do": tasks, **parts}, "a test")
    errors = [issue for issue in validate(document, allowed_runs=EVERY_RUN) if issue.severity == "error"]
    assert not errors, errors
    return run_unchecked(document, data, world=world, limits=limits, cancel_at=cancel_at)


def run_unchecked(
    document: dict[str, object],
    data: object = None,
    *,
    world: World | None = None,
    limits: Limits | None = None,
    cancel_at: tuple[float, ...] = (),
) -> Outcome:
    async def main() -> Outcome:
        plan = compile_plan(document)
        info = WorkflowInfo(id="execution-1", definition=document, input=data, started_at=EPOCH)
        interpreter = Interpreter(plan, world or World(), workflow=info, limits=limits or Limits())
        task = asyncio.create_task(interpreter.run())
        for moment in cancel_at:
            asyncio.get_running_loop().call_later(moment, task.cancel)
        return await task

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def output_of(tasks: Any, data: object = None, **rest: Any) -> object:
    outcome = run(tasks, data, **rest)
    assert outcome.status == "completed", outcome.problem
    return outcome.output


def problem_of(tasks: Any, data: object = None, **rest: Any) -> dict[str, object]:
    outcome = run(tasks, data, **rest)
    assert outcome.problem is not None, outcome
    return outcome.problem.as_json()


def statuses(outcome: Outcome) -> list[tuple[str, str]]:
    return [(entry.name, entry.status.value) for entry in outcome.tasks]


def create(title: str, **more: object) -> dict[str, object]:
    """A task that inserts a row."""
    return {"call": "create-row", "with": {"table": "deals", "values": {"title": title}}, **more}


def fault(detail: str = "no", status: int = 500) -> dict[str, object]:
    """A task that raises."""
    return {"raise": {"error": {"type": "https://example.com/errors/test", "status": status, "detail": detail}}}
