"""What an evaluation may use up: steps, text, elements and depth, all counted the same way on every replay."""

from typing import Any, TypeAlias, cast

# A JSON value. The one `Any` of this package: what flows through an expression has no type before it runs.
Json: TypeAlias = Any

DEFAULT_STEPS = 100_000
MAX_TEXT = 4 * 1024 * 1024
MAX_ELEMENTS = 1_000_000
MAX_RECURSION = 10_000  # calls of functions of the expression inside each other
MAX_NESTING = 200  # of a value: far below Python's own limit, which differs with the caller's stack


class ExpressionError(Exception):
    """An expression that does not compile, or whose evaluation failed.

    Attributes:
        message: what was wrong.
        column: where in the source, counted from 1, when that is known.
        source: the expression.
    """

    def __init__(self, message: str, *, source: str, column: int | None = None) -> None:
        super().__init__(message if column is None else f"{message} (column {column})")
        self.message = message
        self.column = column
        self.source = source


class RaisedError(Exception):
    """An error that the expression itself may catch with `try`; `value` is what `catch` sees."""

    def __init__(self, value: Json) -> None:
        super().__init__()
        self.value: Json = value


class FuelExhausted(BaseException):
    """A bound of the evaluation was passed; outside `Exception`, so that nothing on the way can swallow it."""


class Fuel:
    """A budget of steps that many evaluations may share; the same program on the same data spends the same."""

    __slots__ = ("spent", "steps")

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.spent = 0

    def spend(self, steps: int = 1) -> None:
        self.spent += steps
        if self.spent > self.steps:
            raise FuelExhausted(f"evaluation used up its {self.steps} steps; loop over less data or split the work")


def text_fits(length: int) -> None:
    """Refuse a text before it is made."""
    if length > MAX_TEXT:
        raise FuelExhausted(f"a text of {length} characters is over the limit of {MAX_TEXT}; make it shorter")


def elements_fit(count: int) -> None:
    """Refuse an array or object before it is made."""
    if count > MAX_ELEMENTS:
        raise FuelExhausted(f"{count} elements are over the limit of {MAX_ELEMENTS}; select fewer")


def weigh(fuel: Fuel, value: Json) -> int:
    """Count the elements of a value, spending in proportion, before something walks it.

    Parts that are shared count each time they appear: `[., .]` sixty times over is small in memory, not when walked.
    """
    level: list[Json] = [value]
    count = text = depth = 0
    while level:
        depth += 1
        if depth > MAX_NESTING:
            raise FuelExhausted(f"a value is nested more than {MAX_NESTING} deep; build it flatter")
        count += len(level)
        below: list[Json] = []
        for item in level:
            kind = type(cast("object", item))
            if kind is str:
                text += len(item)
            elif kind is dict or kind is list:
                elements_fit(count + len(below) + len(item))
                below.extend(item if kind is list else item.values())
                text += sum(map(len, item)) if kind is dict else 0
        text_fits(text)
        fuel.spend(len(level) >> 3)
        level = below
    fuel.spend(text >> 10)
    return count
