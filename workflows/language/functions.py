"""The default catalogue: Zilliance's own functions, what each takes, and whether it can undo itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.language.schemas import Schema, compile_schema

TABLES = (
    "activities",
    "api_endpoints",
    "api_keys",
    "api_requests",
    "app_projects",
    "contacts",
    "deals",
    "profiles",
    "tutorials",
    "user_roles",
    "videos",
    "workflow_executions",
    "workflows",
)

CATALOGUED = re.compile(r"([a-z0-9][a-z0-9-]*):([^@]+)@([A-Za-z0-9-]+)")

_TABLE: Mapping[str, object] = {"type": "string", "enum": list(TABLES), "description": "one of the thirteen tables"}
_ID: Mapping[str, object] = {"type": "string", "format": "uuid", "description": "the row's id"}
_VALUES: Mapping[str, object] = {"type": "object", "minProperties": 1, "description": "column to value"}
_COLUMNS: Mapping[str, object] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "the columns to return, as a list or as text with commas",
}
_VERSION: Mapping[str, object] = {
    "type": "string",
    "description": "the updated_at that the row must still have",
}
_ROLLBACK: Mapping[str, object] = {
    "type": "string",
    "enum": ["auto", "none"],
    "description": "none keeps the change when the workflow is rolled back",
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a `call` task can name.

    Attributes:
        arguments: JSON Schema of one property each; `required` names those that must be given.
        undoable: the platform records how to undo each call, and does so on rollback.
    """

    name: str
    description: str
    arguments: Mapping[str, Mapping[str, object]]
    required: tuple[str, ...]
    undoable: bool = False
    version: str = "1.0.0"
    validator: Schema = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "validator", compile_schema(self.schema))

    @property
    def schema(self) -> dict[str, object]:
        """JSON Schema of the `with` map."""
        return {
            "type": "object",
            "properties": {name: dict(argument) for name, argument in self.arguments.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }


FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        Function(
            name="create-row",
            description="Insert one row as the owner of the execution; rollback deletes it.",
            arguments={"table": _TABLE, "values": _VALUES, "rollback": _ROLLBACK},
            required=("table", "values"),
            undoable=True,
        ),
        Function(
            name="update-row",
            description="Change columns of one row; rollback restores their values if nobody else changed the row.",
            arguments={
                "table": _TABLE,
                "id": _ID,
                "values": _VALUES,
                "expectVersion": _VERSION,
                "rollback": _ROLLBACK,
            },
            required=("table", "id", "values"),
            undoable=True,
        ),
        Function(
            name="delete-row",
            description="Delete one row; rollback inserts it again.",
            arguments={"table": _TABLE, "id": _ID, "expectVersion": _VERSION, "rollback": _ROLLBACK},
            required=("table", "id"),
            undoable=True,
        ),
        Function(
            name="get-row",
            description="Read one row that the owner of the execution may see.",
            arguments={"table": _TABLE, "id": _ID, "select": _COLUMNS},
            required=("table", "id"),
        ),
        Function(
            name="query-rows",
            description="Read rows that the owner of the execution may see, at most 1,000.",
            arguments={
                "table": _TABLE,
                "filter": {"type": "object", "description": "column to value, or column to {operator: value}"},
                "select": _COLUMNS,
                "order": {**_COLUMNS, "description": "columns to sort by, each with .asc or .desc"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
            },
            required=("table",),
        ),
    )
}


def find_function(call: str) -> Function | None:
    """The function of a `call`, written as its name or as `name:version@default`."""
    match = CATALOGUED.fullmatch(call)
    if match is None:
        return FUNCTIONS.get(call)
    name, version, catalogue = match.groups()
    function = FUNCTIONS.get(name)
    if function is None or catalogue != "default" or version != function.version:
        return None
    return function
