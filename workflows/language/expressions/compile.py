"""From source to a function: compiled once, run many times, by any number of threads."""

from collections.abc import Mapping
from functools import lru_cache

from workflows.language.expressions.direct import direct, price
from workflows.language.expressions.fuel import (
    DEFAULT_STEPS,
    ExpressionError,
    Fuel,
    FuelExhausted,
    Json,
    RaisedError,
)
from workflows.language.expressions.library import LIBRARY
from workflows.language.expressions.machine import Machine, Node
from workflows.language.expressions.names import Direct, Names
from workflows.language.expressions.nodes import build
from workflows.language.expressions.syntax import parse
from workflows.language.expressions.values import encode, settle

_SELECTING = frozenset({"identity", "field", "var", "pipe", "iterate", "index", "const", "alt", "comma", "slice"})


class Expression:
    """A compiled expression. It holds no state of its evaluations.

    Attributes:
        source: the text it was compiled from.
        variables: the names, without the dollar sign, that it reads and does not bind itself.
    """

    __slots__ = ("_direct", "_node", "_price", "_selects", "source", "variables")

    def __init__(self, source: str) -> None:
        names = Names(source, LIBRARY)
        tree = parse(source)
        try:
            self._direct: Direct | None = direct(tree, names)
            self._node: Node = build(tree, names)
        except RecursionError:
            raise ExpressionError("the expression nests too deeply", source=source) from None
        self._price = price(tree)
        self._selects = _only_selects(tree)
        self.source = source
        self.variables = frozenset(names.free)

    def evaluate(
        self,
        dot: object,
        variables: Mapping[str, object],
        *,
        fuel: Fuel,
        now: float = 0.0,
        steps: int = DEFAULT_STEPS,
    ) -> object:
        """The result: None for no result, a list for several.

        Args:
            dot: the input `.`, never changed.
            variables: by name without the dollar sign; one that is missing is null.
            fuel: the budget shared with other evaluations.
            now: what `now` yields, in seconds.
            steps: the most that this evaluation may spend of it, which bounds the time that it blocks its thread.

        Raises:
            ExpressionError: the expression raised an error, or passed a bound.
        """
        meter = Fuel(min(steps, fuel.steps - fuel.spent))
        try:
            return self._result(Machine(meter, now), dot, variables)
        except RaisedError as error:
            raise ExpressionError(_message(error.value), source=self.source) from None
        except FuelExhausted as error:
            raise ExpressionError(str(error), source=self.source) from None
        except (ArithmeticError, RecursionError) as error:
            raise ExpressionError(f"the expression cannot be evaluated: {error}", source=self.source) from None
        finally:
            fuel.spent += meter.spent

    def _result(self, machine: Machine, dot: Json, variables: Mapping[str, object]) -> Json:
        scope: dict[str, Json] = {"$" + name: variables.get(name) for name in self.variables}
        if self._direct is not None:
            machine.fuel.spend(self._price)
            result = self._direct(machine, dot, scope)
        else:
            results = machine.run(self._node, dot, scope)
            result = results[0] if len(results) == 1 else results or None
        # What is merely selected from the input was JSON before.
        return result if self._selects else settle(machine.fuel, result)


@lru_cache(maxsize=2048)
def compile_expression(source: str) -> Expression:
    """The compiled expression, shared by all who compile the same text; raises `ExpressionError`."""
    return Expression(source)


def _message(value: Json) -> str:
    if isinstance(value, str):
        return value[:1000]
    try:
        return encode(Fuel(1000), value) + " (not a string)"
    except FuelExhausted:
        return "an error that is too large to show"


def _only_selects(tree: Json) -> bool:
    if isinstance(tree, tuple) and tree and isinstance(tree[0], str) and tree[0] not in _SELECTING:
        return False
    if tree[0] == "const":
        return not isinstance(tree[1], float)
    return all(_only_selects(part) for part in _parts(tree))


def _parts(tree: Json) -> list[Json]:
    return [part for part in tree if isinstance(part, tuple)]
