"""Endpoints as documents write them: a URI, a URI template or an expression, alone or with an authentication policy."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.calls.policies import check_policy
from workflows.language.issues import IssueCode
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

HTTP = ("http://", "https://")
INLINE = (*HTTP, "data:")  # where what is fetched may stand in the definition itself


def check_endpoint(
    checker: "Checker", endpoint: object, pointer: str, scope: "Scope", *, schemes: tuple[str, ...] = HTTP
) -> None:
    """Report what is wrong with an endpoint; a literal one begins with one of `schemes`."""
    if not isinstance(endpoint, Mapping):
        _check_uri(checker, endpoint, pointer, scope, schemes)
        return
    parts = checker.fields(
        cast("object", endpoint), pointer, ("uri", "authentication"), required=("uri",), what="endpoint"
    )
    if parts is None:
        return
    if "authentication" in parts:
        check_policy(checker, parts["authentication"], f"{pointer}/authentication", scope)
    if "uri" in parts:
        _check_uri(checker, parts["uri"], f"{pointer}/uri", scope, schemes)


def check_resource(
    checker: "Checker", value: object, pointer: str, scope: "Scope", *, schemes: tuple[str, ...] = HTTP
) -> None:
    """An external resource: `{name, endpoint}`; a literal endpoint begins with one of `schemes`."""
    resource = checker.fields(value, pointer, ("name", "endpoint"), required=("endpoint",), what="resource")
    if resource is None:
        return
    if "name" in resource:
        checker.text(resource["name"], f"{pointer}/name")
        checker.template(resource["name"], f"{pointer}/name", scope)
    if "endpoint" in resource:
        check_endpoint(checker, resource["endpoint"], f"{pointer}/endpoint", scope, schemes=schemes)


def check_constant_endpoint(checker: "Checker", endpoint: object, pointer: str, scope: "Scope") -> None:
    """The endpoint of what is read before any data is there: its address cannot be computed."""
    check_endpoint(checker, endpoint, pointer, scope)
    members = cast("dict[str, object]", endpoint) if isinstance(endpoint, dict) else {"uri": endpoint}
    uri = members.get("uri")
    if isinstance(uri, str) and (unwrap(uri) is not None or "{" in uri):
        at = f"{pointer}/uri" if isinstance(endpoint, dict) else pointer
        checker.error(at, IssueCode.INVALID_VALUE, "the address must be a constant", "write the address itself")


def _check_uri(checker: "Checker", uri: object, pointer: str, scope: "Scope", schemes: tuple[str, ...]) -> None:
    if not isinstance(uri, str):
        hint = 'write "https://example.com/items/{id}"'
        checker.error(
            pointer, IssueCode.WRONG_TYPE, "the endpoint must be a URI, a URI template or an expression", hint
        )
    elif unwrap(uri) is not None:
        checker.template(uri, pointer, scope.late())
    elif not uri.lower().startswith(schemes):
        message = f'"{uri:.80}" does not begin with {" or ".join(schemes)}'
        checker.error(pointer, IssueCode.INVALID_VALUE, message, "write the absolute URI")
