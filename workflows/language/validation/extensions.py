"""Checks `use.extensions`: which tasks are extended, when, and by what."""

from typing import TYPE_CHECKING

from workflows.language.issues import IssueCode
from workflows.language.nodes import EXTENDABLE
from workflows.language.validation.scope import Scope

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker

_POINTER = "/use/extensions"
_FIELDS = ("extend", "when", "before", "after")


def check_extensions(checker: "Checker", value: object) -> None:
    """A list of single-key objects, one extension each."""
    if value == []:
        return
    scope = Scope()
    for index, name, definition in checker.entries(value, _POINTER, "extension"):
        at = checker.at(_POINTER, index, name)
        extension = checker.fields(definition, at, _FIELDS, required=("extend",), what="extension")
        if extension is None:
            continue
        if "extend" in extension:
            checker.one_of(extension["extend"], f"{at}/extend", EXTENDABLE)
        if "when" in extension:
            checker.expression(extension["when"], f"{at}/when", scope)
        for when in ("before", "after"):
            if when in extension:
                checker.task_list(extension[when], f"{at}/{when}", scope)
        if "before" not in extension and "after" not in extension:
            message = "the extension has neither before nor after, so it does nothing"
            checker.warning(at, IssueCode.WITHOUT_EFFECT, message, 'write "before": [{"name": {...}}]')
