"""What is wrong with a definition, said the same way when it is written and when it is run."""

from collections.abc import Iterable
from typing import cast

from workflows.document_text import DocumentTextError, Parsed, parse_document
from workflows.language.documents import normalise
from workflows.language.issues import Issue, errors_of
from workflows.language.pinning import pinned
from workflows.language.validation import validate
from zilliance.errors import InvalidInputError

_NAMELESS = "workflow"


class _Server:
    """What every definition of this process is held to; settings are one a process, and so is this."""

    allowed_runs: frozenset[str] = frozenset()


def allow_runs(kinds: Iterable[str]) -> None:
    """Let definitions run these kinds of programs, as the operator decided; called once, before any is checked."""
    _Server.allowed_runs = frozenset(kinds)


def issues_of(document: object) -> list[Issue]:
    """Everything that is wrong or doubtful with a definition on this server."""
    return validate(document, allowed_runs=_Server.allowed_runs)


def checked(config: object, name: str | None) -> object:
    """The definition as JSON with what its author left out filled in. Raises InvalidInputError with every issue.

    Without a name, as in a change of `config` alone, the document keeps the one that it had (functions/guards.sql).
    Text is read as YAML or JSON, and the issues then say their line and column. That takes long for large YAML.
    """
    parsed = None
    if isinstance(config, str):
        parsed = _parsed(config)
        config = parsed.document
    document = normalise(cast("dict[str, object]", config), name or _NAMELESS) if isinstance(config, dict) else config
    if issues := errors_of(issues_of(document)):
        raise _invalid(issues if parsed is None else parsed.located(issues))
    complete = pinned(cast("dict[str, object]", document))
    if name is None and not _has_name(cast("object", config)):
        cast("dict[str, object]", complete["document"]).pop("name")
    return complete


def _has_name(config: object) -> bool:
    header = cast("dict[str, dict[str, object]]", config).get("document", {})
    return "name" in header


def _parsed(text: str) -> Parsed:
    try:
        return parse_document(text)
    except DocumentTextError as error:
        raise _invalid([error.issue]) from error


def _invalid(issues: list[Issue]) -> InvalidInputError:
    first = issues[0]
    where = "" if first.line is None else f" (line {first.line}, column {first.column})"
    return InvalidInputError(
        f"config{first.pointer}{where}: {first.message}",
        code="WORKFLOW_INVALID",
        details={"issues": [issue.as_json() for issue in issues]},
        hint=first.hint,
    )
