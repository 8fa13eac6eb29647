"""`call: grpc`: one method of a service that a proto describes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import INLINE, check_resource
from workflows.language.calls.policies import check_policy
from workflows.language.calls.service import compile_service, simply
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.programs import check_source
from workflows.language.shapes import part
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

MOST_PORT = 65_535
_FIELDS = ("proto", "service", "method", "arguments")
_SERVICE = ("name", "host", "port", "authentication")


class GrpcCallType:
    """The kind `grpc`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "grpc"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        required = ("proto", "service", "method")
        call = checker.fields(definition.get("with", {}), at, _FIELDS, required=required, what="grpc call")
        if call is None:
            return
        if "proto" in call:
            check_resource(checker, call["proto"], f"{at}/proto", scope, schemes=INLINE)
        if "method" in call:
            check_source(checker, call["method"], f"{at}/method", scope)
        if "arguments" in call:
            checker.members(call["arguments"], f"{at}/arguments", scope.late())
        if "service" in call:
            _check_service(checker, call["service"], f"{at}/service", scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:  # noqa: ARG002
        call = part(definition, "with")
        service = part(call, "service")
        summary = f"grpc {service.get('name')}/{call.get('method')}"
        return compile_service(
            compiler,
            "grpc",
            call,
            inspect=simply(summary),
            endpoints=(("proto", "endpoint"),),
            authentications=(("service", "authentication"),),
        )


def _check_service(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    service = checker.fields(value, pointer, _SERVICE, required=("name", "host"), what="service")
    if service is None:
        return
    for name in ("name", "host"):
        if name in service:
            check_source(checker, service[name], f"{pointer}/{name}", scope)
    host = service.get("host")
    if isinstance(host, str) and unwrap(host) is None and ("/" in host or ":" in host):
        hint = 'write "host": "api.example.com" and its port as port'
        checker.error(f"{pointer}/host", IssueCode.INVALID_VALUE, f"{host!r:.80} is not the name of a host", hint)
    port = service.get("port", 443)
    if isinstance(port, str) and unwrap(port) is not None:
        checker.template(port, f"{pointer}/port", scope)
    elif not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= MOST_PORT:
        checker.error(f"{pointer}/port", IssueCode.INVALID_VALUE, f"{port!r:.80} is not a port", 'write "port": 443')
    if "authentication" in service:
        check_policy(checker, service["authentication"], f"{pointer}/authentication", scope)
