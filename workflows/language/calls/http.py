"""`call: http`: one request, its endpoint a URI, a URI template or an expression."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import check_endpoint
from workflows.language.calls.http_request import METHODS, OUTPUTS, read_method, read_request
from workflows.language.calls.service import Manner, compile_service, with_expressions
from workflows.language.nodes import Body
from workflows.language.shapes import as_map, part
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

_FIELDS = ("method", "endpoint", "headers", "query", "body", "output", "redirect")
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_READING = frozenset({"GET", "HEAD"})


class HttpCallType:
    """The kind `http`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "http"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        request = checker.fields(
            part(definition, "with"), at, _FIELDS, required=("method", "endpoint"), what="http call"
        )
        if request is None:
            return
        if "method" in request:
            _check_method(checker, request["method"], f"{at}/method", scope)
        if "endpoint" in request:
            check_endpoint(checker, request["endpoint"], f"{at}/endpoint", scope)
        checker.one_of(request.get("output", "content"), f"{at}/output", OUTPUTS)
        checker.flag(request.get("redirect", False), f"{at}/redirect")
        for field in ("headers", "query"):
            checker.members(request.get(field, {}), f"{at}/{field}", scope.late())
        checker.template(request.get("body"), f"{at}/body", scope.late())

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        arguments = part(definition, "with")
        return compile_service(
            compiler,
            name,
            with_expressions(arguments, "headers", "query"),
            inspect=_inspect,
            endpoints=[("endpoint",)],
            reads=str(arguments.get("method")).upper() in _READING,
        )


def _inspect(arguments: Mapping[str, object], complete: bool) -> Manner:
    if complete:
        read_request(arguments)
    method = read_method(arguments.get("method"))
    uri = as_map(arguments.get("endpoint"), "endpoint").get("uri")
    return Manner(f"{method} {uri or ''}", repeatable=method in _REPEATABLE)


def _check_method(checker: "Checker", method: object, pointer: str, scope: "Scope") -> None:
    if isinstance(method, str) and unwrap(method) is not None:
        checker.template(method, pointer, scope)
    else:
        checker.one_of(method.upper() if isinstance(method, str) else method, pointer, METHODS)
