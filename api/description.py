"""The OpenAPI document, without the refusal that FastAPI adds to every operation and the platform never makes."""

from typing import Any

from fastapi import FastAPI

_ADDED = "422"
_ADDED_SCHEMAS = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Describe input that is not valid as what it is answered with: 400, in the envelope of all errors."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _mend(describe())
        return describe()

    app.openapi = openapi


def _mend(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            if _is_added(operation["responses"].get(_ADDED, {})):
                del operation["responses"][_ADDED]
    for name in _ADDED_SCHEMAS:
        document["components"]["schemas"].pop(name, None)


def _is_added(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return schema == {"$ref": f"#/components/schemas/{_ADDED_SCHEMAS[0]}"}
