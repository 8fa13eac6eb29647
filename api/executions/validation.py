"""Validation on request: all that is wrong or doubtful with a definition, as an answer and not as a refusal."""

import json
from typing import cast

from api.executions.definitions import issues_of
from api.json_input import decode
from workflows.document_text import DocumentTextError, parse_document
from workflows.json_text import write_json
from workflows.language.documents import normalise
from workflows.language.issues import Issue, errors_of
from workflows.language.limits import MAX_DOCUMENT_BYTES
from workflows.language.sizes import size_of
from zilliance.errors import InvalidInputError

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
_SHOWN_BYTES = 4 * MAX_DOCUMENT_BYTES  # what is filled in may add to it


def config_of(body: bytes, content_type: str) -> object:
    """The definition that a body holds: text, whose places can be told, or JSON. Raises InvalidInputError.

    A JSON body is the definition itself, or `{"config": ...}` around its JSON or its text.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8 at byte {error.start}"
        raise InvalidInputError(message, code="VALIDATION_FAILED", hint="Encode it as UTF-8") from error
    media = content_type.partition(";")[0].strip().lower()
    if media in YAML_TYPES:
        return text
    if media and media != "application/json" and not media.endswith("+json"):
        hint = "Send application/json or application/yaml"
        raise InvalidInputError(f"A definition is not {media[:100]}", code="VALIDATION_FAILED", hint=hint)
    return _wrapped(body, text)


def _wrapped(body: bytes, text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text  # whoever reads it as a definition says what is wrong, and where
    if not isinstance(value, dict) or "config" not in value or "do" in value:
        return text
    return cast("dict[str, object]", decode(body))["config"]


def report_on(config: object) -> bytes:
    """`{"valid", "issues", "document"}` as JSON; the document is the definition with what was left out filled in."""
    issues, document = _examined(config)
    shown = document if size_of(document, _SHOWN_BYTES) <= _SHOWN_BYTES else None
    members = {"valid": not errors_of(issues), "issues": [issue.as_json() for issue in issues]}
    try:
        return write_json({**members, "document": shown}).encode()
    except (ValueError, RecursionError):  # what is not JSON; an issue says so
        return write_json({**members, "document": None}).encode()


def _examined(config: object) -> tuple[list[Issue], object]:
    if not isinstance(config, str):
        document = _completed(config)
        return issues_of(document), document
    try:
        parsed = parse_document(config)
    except DocumentTextError as error:
        return [error.issue], None
    document = _completed(parsed.document)
    return parsed.located(issues_of(document)), document


def _completed(config: object) -> object:
    return normalise(cast("dict[str, object]", config), "workflow") if isinstance(config, dict) else config
