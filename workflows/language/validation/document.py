"""Checks a whole document, from its size and its JSON to its last expression."""

import re
from collections.abc import Mapping
from typing import cast

from workflows.language.issues import Issue, IssueCode
from workflows.language.legacy import LegacyStepError, is_legacy, task_of
from workflows.language.validation.checker import Checker
from workflows.language.validation.concurrency import check_concurrency
from workflows.language.validation.json_text import json_issue
from workflows.language.validation.reporter import shown
from workflows.language.validation.retention import check_retention
from workflows.language.validation.schedule import check_schedule
from workflows.language.validation.schedule_options import check_schedule_options
from workflows.language.validation.scope import ALWAYS, WORKFLOW_OUTPUT, Scope
from workflows.language.validation.uses import check_use

_FIELDS = ("document", "input", "output", "use", "do", "timeout", "schedule", "evaluate")
_HEADER = ("dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata")
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_SEMVER = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_DSL = re.compile(r"1\.0\.\d+(?:-[0-9A-Za-z.-]+)?")


def validate(document: object, *, allowed_runs: frozenset[str] = frozenset()) -> list[Issue]:
    """Everything that is wrong or doubtful with a document; it can run when no issue is an error.

    The document is JSON as parsed; it is not changed. A missing `document` is an error here: `normalise` fills it in.
    `allowed_runs` are the kinds of programs that the server's operator lets workflows run.
    """
    unfit = json_issue(document)
    if unfit is not None:
        return [unfit]
    parts = _map_or_empty(document)
    loose = _map_or_empty(parts.get("evaluate")).get("mode") == "loose"
    checker = Checker(_map_or_empty(parts.get("use")), loose=loose, allowed_runs=allowed_runs)
    _check_document(checker, document)
    return checker.issues


def _check_document(checker: Checker, value: object) -> None:
    if is_legacy(_map_or_empty(value)):
        _report_steps(checker, _map_or_empty(value)["steps"])
        return
    document = checker.fields(value, "", _FIELDS, required=("document", "do"), what="the document")
    if document is None:
        return
    _check_header(checker, document.get("document", _ABSENT))
    if "use" in document:
        check_use(checker, document["use"])
    scope = Scope(available=ALWAYS)
    if "input" in document:
        checker.transform(document["input"], "/input", "from", scope)
    if "output" in document:
        checker.transform(document["output"], "/output", "as", scope.at(WORKFLOW_OUTPUT))
    if "timeout" in document:
        checker.timeout(document["timeout"], "/timeout", scope)
    if "schedule" in document:
        check_schedule(checker, document["schedule"])
    if "evaluate" in document:
        _check_evaluate(checker, document["evaluate"])
    if "do" in document:
        checker.task_list(document["do"], "/do", Scope())


def _report_steps(checker: Checker, value: object) -> None:
    """Why the steps of a document of old could not become tasks."""
    steps = cast("list[object]", value) if isinstance(value, list) else []
    if not steps:
        hint = 'write {"do": [{"name": {"set": {...}}}]}'
        checker.error("/steps", IssueCode.WRONG_TYPE, "steps is not a list of steps, and tasks stand in do", hint)
    for index, step in enumerate(steps):
        try:
            task_of(step, index)
        except LegacyStepError as error:
            checker.error(f"/steps/{index}", IssueCode.NOT_AVAILABLE, str(error), error.hint)


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
    for name in ("title", "summary"):
        if name in (header or {}):
            checker.text((header or {})[name], f"/document/{name}")
    for name, tag in checker.mapping((header or {}).get("tags", {}), "/document/tags", "tags").items():
        checker.text(tag, checker.at("/document/tags", name))
    metadata = checker.mapping((header or {}).get("metadata", {}), "/document/metadata", "metadata")
    checker.flag(metadata.get("rollbackOnCancel", True), "/document/metadata/rollbackOnCancel")
    check_concurrency(checker, metadata)
    check_retention(checker, metadata)
    check_schedule_options(checker, metadata)
    for name, options in (("rollback", ("auto", "none")), ("onCompensationError", ("continue", "stop"))):
        if name in metadata:
            checker.one_of(metadata[name], f"/document/metadata/{name}", options)
    checker.mapping(metadata.get("functions", {}), "/document/metadata/functions", "functions")


def _check_evaluate(checker: Checker, value: object) -> None:
    evaluate = checker.fields(value, "/evaluate", ("language", "mode"), what="evaluate")
    if evaluate is None:
        return
    if evaluate.get("language", "jq") != "jq":
        message = "expressions in languages other than jq are not available"
        checker.error("/evaluate/language", IssueCode.NOT_AVAILABLE, message, 'write "language": "jq"')
    checker.one_of(evaluate.get("mode", "strict"), "/evaluate/mode", ("strict", "loose"))
