"""Checks a whole document, from its size and its JSON to its last expression."""

import re
from collections.abc import Mapping
from typing import cast

from workflows.language.issues import Issue, IssueCode
from workflows.language.validation.checker import Checker
from workflows.language.validation.json_text import json_issue
from workflows.language.validation.recursion import recursive_functions
from workflows.language.validation.reporter import shown
from workflows.language.validation.scope import ALWAYS, WORKFLOW_OUTPUT, Scope

_FIELDS = ("document", "input", "output", "use", "do", "timeout", "evaluate")
_LATER = ("schedule",)
_USES = ("errors", "functions", "retries", "timeouts")
_USES_LATER = ("authentications", "catalogs", "extensions", "secrets")
_HEADER = ("dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata")
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_SEMVER = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_DSL = re.compile(r"1\.0\.\d+(?:-[0-9A-Za-z.-]+)?")


def validate(document: object) -> list[Issue]:
    """Everything that is wrong or doubtful with a document; it can run when no issue is an error.

    The document is JSON as parsed; it is not changed. A missing `document` is an error here: `normalise` fills it in.
    """
    unfit = json_issue(document)
    if unfit is not None:
        return [unfit]
    parts = _map_or_empty(document)
    loose = _map_or_empty(parts.get("evaluate")).get("mode") == "loose"
    checker = Checker(_map_or_empty(parts.get("use")), loose=loose)
    _check_document(checker, document)
    return checker.issues


def _check_document(checker: Checker, value: object) -> None:
    allowed = (*_FIELDS, *_LATER)
    document = checker.fields(value, "", allowed, required=("document", "do"), what="the document")
    if document is None:
        return
    _report_later(checker, document, "", _LATER)
    _check_header(checker, document.get("document", _ABSENT))
    scope = Scope(available=ALWAYS)
    if "input" in document:
        checker.transform(document["input"], "/input", "from", scope)
    if "output" in document:
        checker.transform(document["output"], "/output", "as", scope.at(WORKFLOW_OUTPUT))
    if "timeout" in document:
        checker.timeout(document["timeout"], "/timeout", scope)
    if "evaluate" in document:
        _check_evaluate(checker, document["evaluate"])
    if "use" in document:
        _check_use(checker, document["use"])
    if "do" in document:
        checker.task_list(document["do"], "/do", Scope())


def _map_or_empty(value: object) -> Mapping[str, object]:
    """The object, or an empty one for what is reported as wrong elsewhere."""
    return cast("Mapping[str, object]", value if isinstance(value, Mapping) else {})


_ABSENT = object()


def _check_header(checker: Checker, value: object) -> None:
    if value is _ABSENT:
        return
    header = checker.fields(
        value, "/document", _HEADER, required=("dsl", "namespace", "name", "version"), what="document"
    )
    for name, pattern, hint in (
        ("dsl", _DSL, "this server runs the DSL 1.0.x: write 1.0.3"),
        ("namespace", _NAME, "use up to 63 letters, digits and -, such as default"),
        ("name", _NAME, "use up to 63 letters, digits and -, such as my-workflow"),
        ("version", _SEMVER, "write a semantic version such as 0.1.0"),
    ):
        if header is None or name not in header:
            continue
        text = header[name]
        if not isinstance(text, str) or pattern.fullmatch(text) is None:
            message = f"{shown(text)} is not a valid {name}"
            checker.error(f"/document/{name}", IssueCode.INVALID_VALUE, message, hint)
    metadata = checker.mapping((header or {}).get("metadata", {}), "/document/metadata", "metadata")
    checker.flag(metadata.get("rollbackOnCancel", True), "/document/metadata/rollbackOnCancel")


def _check_evaluate(checker: Checker, value: object) -> None:
    evaluate = checker.fields(value, "/evaluate", ("language", "mode"), what="evaluate")
    if evaluate is None:
        return
    if evaluate.get("language", "jq") != "jq":
        message = "expressions in languages other than jq are not available"
        checker.error("/evaluate/language", IssueCode.NOT_AVAILABLE, message, 'write "language": "jq"')
    checker.one_of(evaluate.get("mode", "strict"), "/evaluate/mode", ("strict", "loose"))


def _check_use(checker: Checker, value: object) -> None:
    uses = checker.fields(value, "/use", (*_USES, *_USES_LATER), what="use")
    if uses is None:
        return
    _report_later(checker, uses, "/use", _USES_LATER)
    scope = Scope()
    for name, error in _named(checker, uses, "errors"):
        checker.problem(error, checker.at("/use/errors", name), scope)
    for name, retry in _named(checker, uses, "retries"):
        checker.retry(retry, checker.at("/use/retries", name), scope)
    for name, timeout in _named(checker, uses, "timeouts"):
        checker.timeout(timeout, checker.at("/use/timeouts", name), scope)
    for name, function in _named(checker, uses, "functions"):
        checker.task(function, checker.at("/use/functions", name), scope.among(()))
    for name in recursive_functions(uses.get("functions")):
        message = f'the function "{name:.80}" calls itself, directly or through others'
        checker.error(checker.at("/use/functions", name), IssueCode.RECURSION, message, "use a for task to repeat work")


def _named(checker: Checker, uses: Mapping[str, object], kind: str) -> list[tuple[str, object]]:
    return list(checker.mapping(uses.get(kind, {}), f"/use/{kind}", f"use.{kind}").items())


def _report_later(checker: Checker, parts: Mapping[str, object], pointer: str, names: tuple[str, ...]) -> None:
    for name in names:
        if name in parts:
            message = f"{name} is not available yet"
            checker.error(f"{pointer}/{name}", IssueCode.NOT_AVAILABLE, message, "remove it for now")
