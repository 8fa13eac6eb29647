"""`call: mcp`: one request to a server of the Model Context Protocol."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflows.language.calls.endpoints import check_endpoint
from workflows.language.calls.service import compile_service, simply
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.programs import check_allowed, check_arguments, check_source
from workflows.language.shapes import part

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

PROTOCOL_VERSION = "2025-06-18"
STDIO = "mcp-stdio"
METHODS = (
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
)
_FIELDS = ("protocolVersion", "method", "parameters", "timeout", "transport", "client")


class McpCallType:
    """The kind `mcp`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "mcp"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        call = checker.fields(
            definition.get("with", {}), at, _FIELDS, required=("method", "transport"), what="mcp call"
        )
        if call is None:
            return
        checker.one_of(call.get("method", METHODS[0]), f"{at}/method", METHODS)
        if "parameters" in call:
            checker.members(call["parameters"], f"{at}/parameters", scope.late())
        if "protocolVersion" in call:
            check_source(checker, call["protocolVersion"], f"{at}/protocolVersion", scope)
        if "timeout" in call:
            checker.duration(call["timeout"], f"{at}/timeout", scope)
        if "client" in call:
            client = checker.fields(call["client"], f"{at}/client", ("name", "version"), what="client")
            checker.template(client, f"{at}/client", scope)
        if "transport" in call:
            _check_transport(checker, call["transport"], f"{at}/transport", scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:  # noqa: ARG002
        call = part(definition, "with")
        return compile_service(
            compiler,
            "mcp",
            call,
            inspect=simply(f"mcp {call.get('method')}"),
            endpoints=(("transport", "http", "endpoint"),),
            reads=call.get("method") != "tools/call",
        )


def _check_transport(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    transport = checker.fields(value, pointer, ("http", "stdio", "options"), what="transport")
    if transport is None:
        return
    if ("http" in transport) == ("stdio" in transport):
        hint = 'write {"http": {"endpoint": "https://mcp.example.com"}}'
        checker.error(pointer, IssueCode.INVALID_VALUE, "a transport is either http or stdio", hint)
    if "options" in transport:
        checker.mapping(transport["options"], f"{pointer}/options", "options")
    if "http" in transport:
        at = f"{pointer}/http"
        http = checker.fields(transport["http"], at, ("endpoint", "headers"), required=("endpoint",), what="http") or {}
        if "endpoint" in http:
            check_endpoint(checker, http["endpoint"], f"{at}/endpoint", scope)
        if "headers" in http:
            checker.members(http["headers"], f"{at}/headers", scope.late())
    if "stdio" in transport:
        _check_stdio(checker, transport["stdio"], f"{pointer}/stdio", scope)


def _check_stdio(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    check_allowed(checker, STDIO, pointer)
    fields = ("command", "arguments", "environment")
    stdio = checker.fields(value, pointer, fields, required=("command",), what="stdio") or {}
    if "command" in stdio:
        check_source(checker, stdio["command"], f"{pointer}/command", scope)
    if "arguments" in stdio:
        check_arguments(checker, stdio["arguments"], f"{pointer}/arguments", scope.late())
    if "environment" in stdio:
        checker.members(stdio["environment"], f"{pointer}/environment", scope.late())
