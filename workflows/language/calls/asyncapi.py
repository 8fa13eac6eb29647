"""`call: asyncapi`: publishes a message to a channel that an AsyncAPI document describes, or consumes from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflows.language.calls.endpoints import INLINE, check_resource
from workflows.language.calls.policies import check_policy
from workflows.language.calls.service import ServiceBody, compile_service, simply
from workflows.language.execution import Execution
from workflows.language.foreach import ForEach, check_foreach, compile_foreach
from workflows.language.issues import IssueCode, suggestion
from workflows.language.nodes import Body
from workflows.language.programs import check_source
from workflows.language.shapes import as_text, part
from workflows.language.steps import Step
from workflows.language.templates import from_expression, unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

# Before an expression that the activity evaluates: text that begins with it is no expression here, in any mode.
MARK = "%jq "

PROTOCOLS = (
    *("amqp", "amqp1", "anypointmq", "googlepubsub", "http", "ibmmq", "jms", "kafka", "mercure", "mqtt", "mqtt5"),
    *("nats", "pulsar", "redis", "sns", "solace", "sqs", "stomp", "ws"),
)
DRIVEN = ("http", "ws")
_FIELDS = ("document", "operation", "channel", "server", "protocol", "message", "subscription", "authentication")
_CONDITIONS = ("amount", "while", "until")


@dataclass(frozen=True, slots=True)
class AsyncApiBody:
    """A compiled call.

    Attributes:
        consumes: it reads messages, which are its output; what publishes gives its input on.
    """

    service: ServiceBody
    consumes: bool
    each: ForEach | None

    async def run(self, execution: Execution, step: Step) -> object:
        messages = await self.service.run(execution, step)
        if not self.consumes:
            return step.input
        if self.each is None or not isinstance(messages, list):
            return messages
        outputs: list[object] = []
        for index, message in enumerate(cast("list[object]", messages)):
            output, left = await self.each.run(execution, step, message, index)
            outputs.append(output)
            if left:
                break
            await execution.rest()
        return outputs


class AsyncApiCallType:
    """The kind `asyncapi`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "asyncapi"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        call = checker.fields(definition.get("with", {}), at, _FIELDS, required=("document",), what="asyncapi call")
        if call is None:
            return
        if "document" in call:
            check_resource(checker, call["document"], f"{at}/document", scope, schemes=INLINE)
        _check_choices(checker, call, at)
        for field in ("operation", "channel"):
            if field in call:
                check_source(checker, call[field], f"{at}/{field}", scope)
        if "server" in call:
            _check_server(checker, call["server"], f"{at}/server", scope)
        if "protocol" in call:
            _check_protocol(checker, call["protocol"], f"{at}/protocol", subscribes="subscription" in call)
        if "message" in call:
            _check_message(checker, call["message"], f"{at}/message", scope)
        if "subscription" in call:
            _check_subscription(checker, call["subscription"], f"{at}/subscription", scope)
        if "authentication" in call:
            check_policy(checker, call["authentication"], f"{at}/authentication", scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:  # noqa: ARG002
        call, pointer = part(definition, "with"), compiler.pointer
        subscription = part(call, "subscription")
        arguments = {key: value for key, value in call.items() if key != "subscription"}
        if subscription:
            arguments["subscription"], arguments["variables"] = _unevaluated(subscription)
        service = compile_service(
            compiler,
            "asyncapi",
            arguments,
            inspect=simply(f"asyncapi {call.get('operation', call.get('channel'))}"),
            endpoints=(("document", "endpoint"),),
            authentications=(("authentication",),),
        )
        at = f"{pointer}/with/subscription/foreach"
        each = compile_foreach(compiler, subscription.get("foreach"), at)
        return AsyncApiBody(service, bool(subscription), each)


def _unevaluated(subscription: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """The subscription with its expressions as they are, and templates of the variables that they read."""
    consume = dict(part(subscription, "consume"))
    sources = {name: consume.pop(name) for name in ("while", "until") if name in consume}
    if "filter" in subscription:
        sources["filter"] = subscription["filter"]
    names: set[str] = set()
    marked: dict[str, str] = {}
    for name, source in sources.items():
        # A bare boolean stands for itself.
        text = str(source).lower() if isinstance(source, bool) else as_text(source, name)
        marked[name] = MARK + (unwrap(text) or text)
        names |= from_expression(text).variables
    sent: dict[str, object] = {"consume": {**consume, **{key: marked[key] for key in marked if key != "filter"}}}
    if "filter" in marked:
        sent["filter"] = marked["filter"]
    return sent, {name: f"${{ ${name} }}" for name in sorted(names)}


def _check_choices(checker: "Checker", call: Mapping[str, object], pointer: str) -> None:
    if ("operation" in call) == ("channel" in call):
        hint = "name the operation of an AsyncAPI 3 document, or the channel of an AsyncAPI 2 document"
        checker.error(pointer, IssueCode.INVALID_VALUE, "an asyncapi call has either operation or channel", hint)
    if ("message" in call) == ("subscription" in call):
        hint = 'write "message": {"payload": ...} to publish, "subscription": {"consume": {"amount": 1}} to consume'
        checker.error(pointer, IssueCode.INVALID_VALUE, "an asyncapi call has either message or subscription", hint)


def _check_server(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    server = checker.fields(value, pointer, ("name", "variables"), required=("name",), what="server") or {}
    if "name" in server:
        check_source(checker, server["name"], f"{pointer}/name", scope)
    if "variables" in server:
        checker.members(server["variables"], f"{pointer}/variables", scope.late())


def _check_protocol(checker: "Checker", value: object, pointer: str, *, subscribes: bool) -> None:
    if value in DRIVEN:
        if subscribes and value == "http":
            message = "http has nothing to subscribe to"
            checker.error(pointer, IssueCode.NOT_AVAILABLE, message, 'write "protocol": "ws"')
        return
    if value in PROTOCOLS:
        message = f"the protocol {value} is not available on this server"
        checker.error(pointer, IssueCode.NOT_AVAILABLE, message, f"choose a server that speaks {' or '.join(DRIVEN)}")
        return
    near = suggestion(value, PROTOCOLS) if isinstance(value, str) else None
    hint = f'did you mean "{near}"?' if near else f"use {' or '.join(DRIVEN)}"
    checker.error(pointer, IssueCode.INVALID_VALUE, f"{value!r:.80} is not a protocol", hint)


def _check_message(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    if isinstance(value, str) and unwrap(value) is not None:
        checker.template(value, pointer, scope.late())
        return
    message = checker.fields(value, pointer, ("payload", "headers"), required=("payload",), what="message") or {}
    checker.template(message.get("payload"), f"{pointer}/payload", scope.late())
    if "headers" in message:
        checker.members(message["headers"], f"{pointer}/headers", scope.late())


def _check_subscription(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    fields = ("filter", "consume", "foreach")
    subscription = checker.fields(value, pointer, fields, required=("consume",), what="subscription") or {}
    if "filter" in subscription:
        checker.expression(subscription["filter"], f"{pointer}/filter", scope)
    if "foreach" in subscription:
        check_foreach(checker, subscription["foreach"], f"{pointer}/foreach", scope)
    if "consume" not in subscription:
        return
    at = f"{pointer}/consume"
    consume = checker.fields(subscription["consume"], at, (*_CONDITIONS, "for"), what="consume") or {}
    given = [name for name in _CONDITIONS if name in consume]
    if len(given) > 1 or not consume:
        hint = 'write {"amount": 10}, or {"until": "${ length >= 10 }", "for": {"minutes": 1}}'
        checker.error(at, IssueCode.INVALID_VALUE, "consume has one of amount, while and until, or for alone", hint)
    if "amount" in consume and not (isinstance(consume["amount"], str) and unwrap(consume["amount"])):
        checker.whole(consume["amount"], f"{at}/amount", 1)
    for name in ("while", "until"):
        if name in consume:
            checker.expression(consume[name], f"{at}/{name}", scope)
    if "for" in consume:
        checker.duration(consume["for"], f"{at}/for", scope)
