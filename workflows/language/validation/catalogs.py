"""Checks `use.catalogs`: each names an endpoint under which functions are published."""

from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import check_constant_endpoint
from workflows.language.issues import IssueCode
from workflows.language.validation.scope import ALWAYS, Scope

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker

_POINTER = "/use/catalogs"


def check_catalogs(checker: "Checker", value: object) -> None:
    """An object of catalogues by name. The platform's own needs no entry and cannot be replaced."""
    for name, definition in checker.mapping(value, _POINTER, "use.catalogs").items():
        at = checker.at(_POINTER, name)
        if name == "default":
            message = "default is the platform's own catalogue"
            checker.error(at, IssueCode.INVALID_VALUE, message, "choose another name")
        catalog = checker.fields(definition, at, ("endpoint",), required=("endpoint",), what="catalog")
        if catalog is not None and "endpoint" in catalog:
            check_constant_endpoint(checker, catalog["endpoint"], f"{at}/endpoint", Scope(available=ALWAYS))
