"""Functions on the thirteen tables, as the owner of the execution, under row security."""

from workflows.language.catalogue.function import ROLLBACK_ARGUMENT, Function, Json

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

_TABLE: Json = {"type": "string", "enum": list(TABLES), "description": "one of the thirteen tables"}
_ID: Json = {"type": "string", "format": "uuid", "description": "the row's id"}
_VALUES: Json = {"type": "object", "minProperties": 1, "description": "column to value"}
_COLUMNS: Json = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "the columns to return, as a list or as text with commas",
}
_VERSION: Json = {"type": "string", "description": "the updated_at that the row must still have"}
_ROW: Json = {"type": "object", "description": "the row, with every column that its owner may read"}

ROW_FUNCTIONS = (
    Function(
        name="create-row",
        description="Insert one row as the owner of the execution; rollback deletes it.",
        arguments={"table": _TABLE, "values": _VALUES, "rollback": ROLLBACK_ARGUMENT},
        required=("table", "values"),
        output=_ROW,
        undo="deletes the row",
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
            "rollback": ROLLBACK_ARGUMENT,
        },
        required=("table", "id", "values"),
        output=_ROW,
        undo="puts the old values back",
        undoable=True,
    ),
    Function(
        name="delete-row",
        description="Delete one row; rollback inserts it again.",
        arguments={"table": _TABLE, "id": _ID, "expectVersion": _VERSION, "rollback": ROLLBACK_ARGUMENT},
        required=("table", "id"),
        output=_ROW,
        undo="inserts the row again",
        undoable=True,
    ),
    Function(
        name="get-row",
        description="Read one row that the owner of the execution may see.",
        arguments={"table": _TABLE, "id": _ID, "select": _COLUMNS},
        required=("table", "id"),
        output=_ROW,
        idempotency="only reads",
        reads=True,
    ),
    Function(
        name="query-rows",
        description="Read rows that the owner of the execution may see, at most 1,000.",
        arguments={
            "table": _TABLE,
            "filter": {"type": "object", "description": "column to value, or column to {operator: value}"},
            "select": _COLUMNS,
            "order": {**_COLUMNS, "description": "columns to sort by, each with .asc or .desc"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "the most rows"},
        },
        required=("table",),
        output={"type": "array", "items": _ROW},
        idempotency="only reads",
        reads=True,
    ),
)
