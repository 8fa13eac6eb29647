"""`call: a2a`: a request to an agent over JSON-RPC."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.calls.endpoints import INLINE, check_endpoint, check_resource
from workflows.language.calls.service import compile_service, simply
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.shapes import part
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

SENDING = frozenset({"message/send", "message/stream"})
STREAMING = frozenset({"message/stream", "tasks/resubscribe"})
METHODS = (
    "message/send",
    "message/stream",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
    "tasks/resubscribe",
    "tasks/pushNotificationConfig/set",
    "tasks/pushNotificationConfig/get",
    "tasks/pushNotificationConfig/list",
    "tasks/pushNotificationConfig/delete",
    "agent/getAuthenticatedExtendedCard",
)
_CHANGING = SENDING | {"tasks/cancel", "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/delete"}
_FIELDS = ("method", "agentCard", "server", "parameters")


class AgentCallType:
    """The kind `a2a`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "a2a"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        call = checker.fields(definition.get("with", {}), at, _FIELDS, required=("method",), what="a2a call")
        if call is None:
            return
        checker.one_of(call.get("method", METHODS[0]), f"{at}/method", METHODS)
        if "agentCard" not in call and "server" not in call:
            hint = 'write "server": "https://agent.example.com/a2a", or the address of its card as agentCard'
            checker.error(at, IssueCode.MISSING_PROPERTY, "an a2a call needs agentCard or server", hint)
        if "agentCard" in call:
            check_resource(checker, call["agentCard"], f"{at}/agentCard", scope, schemes=INLINE)
        if "server" in call:
            check_endpoint(checker, call["server"], f"{at}/server", scope)
        if "parameters" in call:
            checker.members(call["parameters"], f"{at}/parameters", scope.late())
        _check_message(checker, call, f"{at}/parameters")

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:  # noqa: ARG002
        call = part(definition, "with")
        return compile_service(
            compiler,
            "a2a",
            call,
            inspect=simply(f"a2a {call.get('method')}"),
            endpoints=(("server",), ("agentCard", "endpoint")),
            reads=call.get("method") not in _CHANGING,
        )


def _check_message(checker: "Checker", call: Mapping[str, object], pointer: str) -> None:
    """What is sent must be there, unless an expression is to bring it."""
    parameters = call.get("parameters", {})
    if call.get("method") not in SENDING or not isinstance(parameters, Mapping):
        return
    message = cast("Mapping[str, object]", parameters).get("message")
    if isinstance(message, str) and unwrap(message) is not None:
        return
    if not isinstance(message, Mapping) or "parts" not in message:
        hint = 'write {"message": {"parts": [{"kind": "text", "text": "Hello"}]}}'
        checker.error(pointer, IssueCode.MISSING_PROPERTY, "a message with parts is needed", hint)
