"""The language as editors read it: its functions, and a JSON Schema of its documents made from what the server runs."""

from functools import lru_cache
from typing import Any

from workflows.language.catalogue.function import Function
from workflows.language.functions import FUNCTIONS
from workflows.language.tasks.registry import TASK_TYPES
from workflows.language.validation.checker import COMMON_FIELDS

_DURATION: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "description": "ISO 8601, such as PT5S, or an expression"},
        {
            "type": "object",
            "properties": {
                unit: {"type": "integer", "minimum": 0}
                for unit in ("days", "hours", "minutes", "seconds", "milliseconds")
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
_TRANSFORM: dict[str, Any] = {"type": "object"}
_COMMON: dict[str, Any] = {
    "if": {"description": "an expression; the task is skipped when it is false or null"},
    "input": _TRANSFORM,
    "output": _TRANSFORM,
    "export": _TRANSFORM,
    "timeout": {
        "anyOf": [
            {"type": "string", "description": "a name of use.timeouts"},
            {"type": "object", "properties": {"after": _DURATION}, "required": ["after"]},
        ]
    },
    "then": {"type": "string", "description": "continue, exit, end, or a task of the same list"},
    "metadata": {
        "type": "object",
        "properties": {
            "compensate": {"$ref": "#/$defs/taskList"},
            "compensateRetry": {"type": "object"},
            "rollback": {"enum": [True, False, "none", "auto"]},
        },
    },
}


def functions() -> list[dict[str, Any]]:
    """Every function of the default catalogue, by name."""
    return [_described(FUNCTIONS[name]) for name in sorted(FUNCTIONS)]


@lru_cache(maxsize=1)
def document_schema() -> dict[str, Any]:
    """Draft 2020-12. It is looser than the validator, which also knows names, targets and expressions."""
    kinds = {f"{key}Task": _task(key, kind.fields) for key, kind in TASK_TYPES.items()}
    calls = {f"{name}Call": _call(FUNCTIONS[name]) for name in sorted(FUNCTIONS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workflow of Zilliance: Serverless Workflow DSL 1.0",
        "type": "object",
        "required": ["do"],
        "properties": {
            "document": {"type": "object"},
            "input": _TRANSFORM,
            "output": _TRANSFORM,
            "use": {"type": "object"},
            "do": {"$ref": "#/$defs/taskList"},
            "timeout": _COMMON["timeout"],
            "schedule": {"type": "object"},
            "evaluate": {"type": "object"},
        },
        "$defs": {
            "taskList": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"$ref": "#/$defs/task"},
                },
            },
            "task": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in kinds]},
            **kinds,
            **calls,
        },
    }


def _described(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "version": function.version,
        "call": f"{function.name}:{function.version}@default",
        "description": function.description,
        "input": function.schema,
        "output": dict(function.output),
        "timeoutSeconds": function.seconds,
        "idempotency": function.idempotency,
        "undo": function.undo or None,
    }


def _task(key: str, fields: tuple[str, ...]) -> dict[str, Any]:
    lists = {name: {"$ref": "#/$defs/taskList"} for name in ("do", "try") if name in fields}
    own: dict[str, Any] = {**{name: {} for name in fields}, **lists}
    if key == "call":
        own["call"] = {"type": "string", "examples": ["http", *sorted(FUNCTIONS)]}
        own["with"] = {"type": "object"}
    schema: dict[str, Any] = {
        "type": "object",
        "required": [key],
        "properties": {**own, **{name: _COMMON[name] for name in COMMON_FIELDS}},
        "additionalProperties": False,
    }
    if key == "call":
        schema["allOf"] = [
            {
                "if": {"properties": {"call": {"pattern": f"^{name}(:.*@default)?$"}}},
                "then": {"$ref": f"#/$defs/{name}Call"},
            }
            for name in sorted(FUNCTIONS)
        ]
    return schema


def _call(function: Function) -> dict[str, Any]:
    """What `with` may have: by name, since any value may be an expression."""
    arguments = {
        name: {"anyOf": [dict(schema), {"type": "string", "pattern": r"^\s*\$\{.+\}\s*$"}]}
        for name, schema in function.arguments.items()
    }
    return {
        "properties": {
            "with": {
                "type": "object",
                "description": function.description,
                "properties": arguments,
                "required": list(function.required),
                "additionalProperties": False,
            }
        }
    }
