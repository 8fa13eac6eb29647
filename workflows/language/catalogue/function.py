"""What the catalogue says of one function: enough for editors, for validation, and for whoever performs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflows.language.schemas import Schema, compile_schema

Json = Mapping[str, object]


class Performer(StrEnum):
    """Who does what a function says."""

    ROWS = "rows"
    MAIL = "mail"
    OBJECTS = "objects"
    MODEL = "model"
    APPROVAL = "approval"
    CALLBACK = "callback"
    LOG = "log"
    ROLLBACK = "rollback"
    PARALLEL = "parallel"
    TUTORIAL = "tutorial"
    VIDEO = "video"
    GATEWAY = "gateway"


ROLLBACK_ARGUMENT: Json = {
    "type": "string",
    "enum": ["auto", "none"],
    "description": "none keeps the change when the workflow is rolled back",
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a `call` task can name.

    Attributes:
        arguments: JSON Schema of one property each; `required` names those that must be given.
        output: JSON Schema of what it answers.
        seconds: how long one attempt of it may take; None for what takes no time or waits for people.
        idempotency: what a repeat after a crash does, in words.
        reads: it changes nothing anywhere, and may be asked again.
        undo: what rollback does, in words; empty: nothing.
        undoable: the platform records how to undo each call, and does so on rollback.
        either: arguments of which at least one must be given.
        lists: arguments that are task lists, not templates.
    """

    name: str
    description: str
    arguments: Mapping[str, Json]
    required: tuple[str, ...]
    output: Json
    performer: Performer = Performer.ROWS
    seconds: float | None = 10.0
    idempotency: str = "happens once"
    undo: str = ""
    undoable: bool = False
    reads: bool = False
    lists: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    version: str = "1.0.0"
    validator: Schema = field(init=False, repr=False, compare=False)
    _of_arguments: dict[str, Schema] = field(default_factory=dict[str, Schema], init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "validator", compile_schema(self._values))

    def argument(self, name: str) -> Schema:
        """The schema of one argument; compiling it takes a hundred times longer than checking a value."""
        if name not in self._of_arguments:
            self._of_arguments[name] = compile_schema(self.arguments[name])
        return self._of_arguments[name]

    @property
    def schema(self) -> dict[str, object]:
        """JSON Schema of the `with` map."""
        return {
            "type": "object",
            "properties": {name: dict(argument) for name, argument in self.arguments.items()},
            "required": list(self.required),
            "additionalProperties": False,
            **self._alternatives,
        }

    @property
    def _values(self) -> dict[str, object]:
        """The same without the task lists, which are no values."""
        return {
            "type": "object",
            "properties": {name: dict(each) for name, each in self.arguments.items() if name not in self.lists},
            "required": [name for name in self.required if name not in self.lists],
            "additionalProperties": False,
            **self._alternatives,
        }

    @property
    def _alternatives(self) -> dict[str, object]:
        return {"anyOf": [{"required": [name]} for name in self.either]} if self.either else {}
