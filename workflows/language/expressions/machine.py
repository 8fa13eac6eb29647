"""The machine that runs a compiled expression: no Python recursion, one step of fuel per jump, backtracking by hand.

jq is a language of generators. A node does not return its results: it hands each one to the continuation it was given
and leaves a choice behind for the next. So recursion of the expression, however deep, is data of this machine.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from workflows.language.expressions.fuel import Fuel, FuelExhausted, Json, RaisedError, elements_fit
from workflows.language.expressions.paths import Path

Jump: TypeAlias = tuple[Callable[..., Json], tuple[Json, ...]] | None
Scope: TypeAlias = dict[str, Json]  # the values of variables, and the environments of functions and filter arguments
Continuation: TypeAlias = Callable[[Json, Path | None], Jump]
Node: TypeAlias = Callable[["Machine", Json, Path | None, Scope, Continuation], Jump]

MAX_CHOICES = 1_000_000


class Handler:
    """Where an error goes: `catch` decides, after the choices made since `height` are dropped."""

    __slots__ = ("catch", "height", "outer")

    def __init__(self, height: int, catch: Callable[[Json], Jump], outer: "Handler | None") -> None:
        self.height = height
        self.catch = catch
        self.outer = outer


class Machine:
    """The state of one evaluation.

    A continuation never calls another: it returns the jump to it. That keeps the depth of Python's stack constant.
    """

    __slots__ = ("choices", "fuel", "handler", "now")

    def __init__(self, fuel: Fuel, now: float) -> None:
        self.fuel = fuel
        self.now = now
        self.handler: Handler | None = None
        self.choices: list[tuple[Handler | None, Jump]] = []

    def run(self, node: Node, value: Json, scope: Scope) -> list[Json]:
        results: list[Json] = []

        def keep(result: Json, _path: Path | None) -> Jump:
            results.append(result)
            elements_fit(len(results))
            return self.fail()

        jump: Jump = (node, (self, value, None, scope, keep))
        spend = self.fuel.spend
        while jump is not None:
            spend()
            try:
                jump = jump[0](*jump[1])
            except RaisedError as error:
                jump = self._caught(error)
        return results

    def go(self, node: Node, value: Json, path: Path | None, scope: Scope, then: Continuation) -> Jump:
        """Run a node and hand over each of its results."""
        return node, (self, value, path, scope, then)

    def fail(self) -> Jump:
        """No (more) results here: go on with the choice made last."""
        if not self.choices:
            return None
        self.handler, jump = self.choices.pop()
        return jump

    def choose(self, function: Callable[..., Jump], *arguments: Json) -> None:
        """Leave a choice behind, to be taken once what follows has no more results."""
        if len(self.choices) > MAX_CHOICES:
            raise FuelExhausted(f"more than {MAX_CHOICES} results are pending; recurse less deeply")
        self.choices.append((self.handler, (function, arguments)))

    def cut(self, height: int) -> None:
        """Forget the choices made since."""
        del self.choices[height:]

    def stream(self, items: Iterator[tuple[Json, Path | None]], then: Continuation) -> Jump:
        """Hand over each item in turn."""

        def following() -> Jump:
            for item, path in items:
                self.choose(following)
                return then, (item, path)
            return self.fail()

        return following, ()

    def gather(
        self, nodes: "tuple[Node, ...]", value: Json, scope: Scope, then: Callable[[tuple[Json, ...]], Jump]
    ) -> Jump:
        """Hand over each combination of results; the last node varies fastest."""

        def following(position: int, found: tuple[Json, ...]) -> Jump:
            if position == len(nodes):
                return then(found)
            return self.go(
                nodes[position], value, None, scope, lambda result, _: (following, (position + 1, (*found, result)))
            )

        return following, (0, ())

    def _caught(self, error: RaisedError) -> Jump:
        handler = self.handler
        if handler is None:
            raise error
        self.cut(handler.height)
        self.handler = handler.outer
        return handler.catch(error.value)
