"""`listen`: waits for events of the stream; the output is what it consumed, in order."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zilliance.enums import TaskStatus

from workflows.language.concurrency import shielded
from workflows.language.events.consumption import Consumption, expectations
from workflows.language.events.filters import Evaluate
from workflows.language.events.payloads import Read
from workflows.language.events.strategies import Strategy, compile_strategy
from workflows.language.execution import Execution
from workflows.language.foreach import ForEach, check_foreach, compile_foreach
from workflows.language.nodes import Body
from workflows.language.problems import Kind, LimitExceeded
from workflows.language.shapes import as_map
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

READS = ("data", "envelope", "raw")
MOST_EVENTS = 8_000  # of what Temporal delivers to one run, where this one begins early enough
_EACH_STEPS = 50  # what an event costs of the execution's budget, whether or not it is taken


@dataclass(frozen=True, slots=True)
class ListenBody:
    """A compiled `listen`."""

    strategy: Strategy
    read: Read
    each: ForEach | None

    async def run(self, execution: Execution, step: Step) -> object:
        def evaluate(template: Template, dot: object) -> object:
            return execution.evaluate(template, dot, step, {**step.variables, "context": step.frame.context.value})

        expected = expectations(self.strategy, evaluate, step.input)
        consumption = Consumption(self.strategy, self.read, expected)
        await execution.enter()
        stream, key = execution.effects.stream, step.key
        try:
            await stream.subscribe(self.strategy.narrowed(expected), key=key)
            return await self._consume(consumption, evaluate, execution, step)
        finally:
            execution.effects.ignore(key)
            _, cancelled = await shielded(stream.unsubscribe(key=key))
            if cancelled:
                raise asyncio.CancelledError

    async def _consume(
        self, consumption: Consumption, evaluate: Evaluate, execution: Execution, step: Step
    ) -> list[object]:
        """Take events until the strategy is satisfied, or an `exit` leaves it."""
        output: list[object] = []
        left = False
        deliveries = 0
        while not (left or consumption.is_satisfied):
            deliveries += 1
            if deliveries > MOST_EVENTS:
                raise LimitExceeded.of(Kind.RUNTIME, f"{MOST_EVENTS:,} events came, the most that one task may look at")
            step.entry.status = TaskStatus.WAITING
            event = as_map(await execution.effects.receive(step.key), "an event")
            step.entry.status = TaskStatus.RUNNING
            execution.meter.spend(_EACH_STEPS)
            await execution.rest()
            if not consumption.offer(event, evaluate):
                continue
            item, index = consumption.items[-1], len(output)
            if self.each is not None:
                item, left = await self.each.run(execution, step, item, index)
            output.append(item)
            consumption.conclude(evaluate)
        return output


class ListenTask:
    """The type `listen`."""

    key = "listen"
    fields = ("listen", "foreach")

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/listen"
        listen = checker.fields(definition["listen"], at, ("to", "read"), required=("to",), what="listen")
        if listen is not None:
            checker.one_of(listen.get("read", "data"), f"{at}/read", READS)
            if "to" in listen:
                checker.strategy(listen["to"], f"{at}/to", scope)
        if "foreach" in definition:
            check_foreach(checker, definition["foreach"], f"{pointer}/foreach", scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        listen = as_map(definition["listen"], "listen")
        read = listen.get("read")
        return ListenBody(
            strategy=compile_strategy(listen.get("to")),
            read="envelope" if read == "envelope" else "raw" if read == "raw" else "data",
            each=compile_foreach(compiler, definition.get("foreach"), f"{pointer}/foreach"),
        )
