"""What stands for the outside in a simulation: an output or an error for each task, or several in turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.problems import Kind, Problem
from workflows.language.simulation.clock import EPOCH
from workflows.language.steps import COMPENSATING

_FIELDS = frozenset({"output", "error", "sequence", "delay"})
_LONGEST_SEQUENCE = 1_000


class MockError(ValueError):
    """A mock that cannot be read; `pointer` says which part of all mocks."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Mocked:
    """One answer: an output or, when there is one, a problem; after so many seconds of virtual time."""

    output: object = None
    problem: Problem | None = None
    delay: float = 0.0


class Mocks:
    """Answers by task. A key is a task's reference, or `{reference}#{iteration}` for one run of it.

    The last answer of a sequence is repeated.
    """

    def __init__(self, answers: Mapping[str, Iterable[Mocked]] | None = None) -> None:
        self._answers = {key: list(mocked) for key, mocked in (answers or {}).items()}

    def knows(self, key: str) -> bool:
        """Whether somebody said what the answer for an effect's key is."""
        key = key.removeprefix(COMPENSATING)
        return any(self._answers.get(name) for name in (key, key.partition("#")[0]))

    def take(self, key: str) -> Mocked | None:
        """The next answer for an effect's key; None when nobody said what it is to be."""
        key = key.removeprefix(COMPENSATING)
        for name in (key, key.partition("#")[0]):
            answers = self._answers.get(name)
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return None


def read_mocks(value: object) -> Mocks:
    """Mocks as JSON: `{"/do/0/name": {"output"} | {"error"} | {"sequence": [...]}}`. Raises `MockError`."""
    if value is None:
        return Mocks()
    if not isinstance(value, Mapping):
        raise MockError("", "mocks must be an object of task reference to mock")
    return Mocks({name: _sequence(mock, name) for name, mock in cast("Mapping[str, object]", value).items()})


def _sequence(value: object, name: str) -> list[Mocked]:
    mock = _members(value, name)
    if "sequence" not in mock:
        return [_mocked(mock, name)]
    sequence = mock["sequence"]
    if not isinstance(sequence, list) or not sequence or len(mock) > 1:
        raise MockError(name, 'a sequence is a list of at least one mock, and stands alone: {"sequence": [...]}')
    elements = cast("list[object]", sequence)
    if len(elements) > _LONGEST_SEQUENCE:
        raise MockError(name, f"a sequence has at most {_LONGEST_SEQUENCE:,} mocks")
    return [_mocked(_members(each, name), name) for each in elements]


def _members(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MockError(name, 'a mock is an object: {"output": ...}, {"error": {...}} or {"sequence": [...]}')
    members = cast("Mapping[str, object]", value)
    for unknown in members.keys() - _FIELDS:
        raise MockError(name, f'a mock has output, error, sequence or delay, not "{unknown:.80}"')
    return members


def _mocked(mock: Mapping[str, object], name: str) -> Mocked:
    if ("output" in mock) == ("error" in mock):
        raise MockError(name, "a mock has either an output or an error")
    return Mocked(mock.get("output"), _problem(mock, name), _seconds(mock, name))


def _problem(mock: Mapping[str, object], name: str) -> Problem | None:
    if "error" not in mock:
        return None
    error = mock["error"]
    if isinstance(error, str):
        return Problem.of(Kind.COMMUNICATION, error)
    if not isinstance(error, Mapping):
        raise MockError(name, 'an error is an object such as {"type", "status", "detail"}, or its detail as text')
    return Problem.from_json(cast("Mapping[str, object]", error))


def _seconds(mock: Mapping[str, object], name: str) -> float:
    if "delay" not in mock:
        return 0.0
    try:
        return seconds_of(parse_duration(mock["delay"]), EPOCH)
    except DurationError as error:
        raise MockError(name, f"delay: {error}") from error
