"""Checks what a document defines in `use` for its tasks to refer to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.policies import check_policy
from workflows.language.calls.types import STANDARD_CALLS
from workflows.language.issues import IssueCode
from workflows.language.validation.catalogs import check_catalogs
from workflows.language.validation.extensions import check_extensions
from workflows.language.validation.recursion import recursive_functions
from workflows.language.validation.scope import Scope
from workflows.language.validation.secrets import check_names

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker

_USES = ("authentications", "catalogs", "errors", "extensions", "functions", "retries", "secrets", "timeouts")


def check_use(checker: "Checker", value: object) -> None:
    """The block as a whole."""
    uses = checker.fields(value, "/use", _USES, what="use")
    if uses is None:
        return
    check_names(checker, uses.get("secrets", []), "/use/secrets")
    for name, policy in _named(checker, uses, "authentications"):
        scope = checker.defining("authentications", name)
        check_policy(checker, policy, checker.at("/use/authentications", name), scope, named=True)
    for name, error in _named(checker, uses, "errors"):
        checker.problem(error, checker.at("/use/errors", name), checker.defining("errors", name))
    for name, retry in _named(checker, uses, "retries"):
        checker.retry(retry, checker.at("/use/retries", name), checker.defining("retries", name))
    for name, timeout in _named(checker, uses, "timeouts"):
        checker.timeout(timeout, checker.at("/use/timeouts", name), checker.defining("timeouts", name))
    _check_functions(checker, uses, Scope())
    check_catalogs(checker, uses.get("catalogs", {}))
    check_extensions(checker, uses.get("extensions", []))


def _check_functions(checker: "Checker", uses: Mapping[str, object], scope: Scope) -> None:
    for name, function in _named(checker, uses, "functions"):
        at = checker.at("/use/functions", name)
        if name in STANDARD_CALLS:
            message = f'"{name}" is a call of the standard, and no function can take its place'
            checker.error(at, IssueCode.DUPLICATE_NAME, message, "rename the function")
        checker.task(function, at, scope.among(()))
    for name in recursive_functions(uses.get("functions")):
        message = f'the function "{name:.80}" calls itself, directly or through others'
        checker.error(checker.at("/use/functions", name), IssueCode.RECURSION, message, "use a for task to repeat work")


def _named(checker: "Checker", uses: Mapping[str, object], kind: str) -> list[tuple[str, object]]:
    return list(checker.mapping(uses.get(kind, {}), f"/use/{kind}", f"use.{kind}").items())
