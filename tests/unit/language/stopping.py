"""Runs documents with stops: at chosen places the run ends with a checkpoint, and another goes on from its JSON."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unit.language.virtual import EPOCH, VirtualLoop, World
from workflows.json_text import read_json, write_json
from workflows.language.checkpoint import Checkpoint, CheckpointReached
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.limits import Limits
from workflows.language.plan import compile_plan


@dataclass
class Stops:
    """Asks for a checkpoint at the places that `wanted` takes, counted over all runs; never twice at one place."""

    wanted: Callable[[int], bool]
    seen: int = 0
    fresh: bool = True
    made: list[Checkpoint] = field(default_factory=list[Checkpoint])
    due: bool = True

    async def hold(self) -> None:
        self.seen += 1

    @property
    def full(self) -> bool:
        fresh, self.fresh = self.fresh, False
        return self.wanted(self.seen) and not (fresh and self.made)

    @property
    def spent(self) -> bool:
        self.seen += 1
        return self.full

    async def settle(self) -> None:
        return


@dataclass
class Story:
    """All that anybody could see of an execution."""

    outcome: dict[str, object]
    tasks: list[dict[str, object]]
    done: list[object]


def story(
    document: dict[str, object],
    data: object = None,
    *,
    stops: Stops,
    world: Callable[[], World] = World,
    limits: Limits | None = None,
    cancel_at: tuple[float, ...] = (),
) -> Story:
    outside = world()

    async def main() -> Outcome:
        for moment in cancel_at:
            asyncio.get_running_loop().call_later(moment, asyncio.current_task().cancel)  # type: ignore[union-attr]
        checkpoint: Checkpoint | None = None
        while True:
            interpreter = Interpreter(
                compile_plan(document),
                outside,
                workflow=WorkflowInfo(id="execution-1", definition=document, input=data, started_at=EPOCH),
                limits=limits or Limits(),
                control=stops,
                checkpoint=checkpoint,
            )
            try:
                return await interpreter.run()
            except CheckpointReached as reached:
                checkpoint = Checkpoint.model_validate(read_json(write_json(reached.checkpoint.as_json())))
                stops.made.append(checkpoint)
                stops.fresh = True

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        outcome = runner.run(main())
    return Story(
        outcome={
            "status": outcome.status,
            "output": outcome.output,
            "problem": None if outcome.problem is None else outcome.problem.as_json(),
            "rollback": outcome.rollback,
        },
        tasks=json.loads(json.dumps([entry.as_json() for entry in outcome.tasks])),
        done=[outside.calls, outside.requests, outside.undone, outside.sleeps, outside.timeouts, outside.entries],
    )
