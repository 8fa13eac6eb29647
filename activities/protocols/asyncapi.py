"""`call: asyncapi`: one message published over HTTP or a WebSocket, or messages consumed from a WebSocket."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.calls.answers import check_status
from activities.calls.caller import BoundCall
from activities.calls.http import key_of
from activities.faults import fault
from activities.protocols.asyncapi_document import Channel, find_channel, located
from activities.protocols.failures import explained
from activities.protocols.resources import fetch
from activities.protocols.values import object_of, texts_of
from workflows.json_text import read_json
from workflows.language.calls.asyncapi import MARK
from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.expressions import ExpressionError, Fuel
from workflows.language.problems import Kind
from workflows.language.templates import from_expression
from workflows.text.yaml_events import YamlTextError
from workflows.text.yaml_tree import read_yaml
from zilliance.errors import AppError
from zilliance.outbound import OutboundClient, OutboundRequest, OutboundSocket

MOST_BYTES = 512 * 1024
MOST_YAML_BYTES = 256 * 1024
MOST_MESSAGES = 1_000
STEPS = 1_000_000  # of all expressions of one subscription together

Part = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AsyncApiCalls:
    """Publishes and consumes messages."""

    client: OutboundClient

    async def perform(self, call: BoundCall) -> object:
        """The messages consumed; null when one was published. Raises faults."""
        body = await fetch(call, call.arguments.get("document"), "document")
        channel = find_channel(await asyncio.to_thread(_document, body), call.arguments)
        policy = call.arguments.get("authentication")
        authorization = None if policy is None else object_of(policy, "authentication")
        if call.arguments.get("subscription") is not None:
            return await self._consume(call, channel, authorization)
        message = object_of(call.arguments.get("message"), "message")
        if channel.protocol.startswith("http"):
            await self._send(call, channel, message, authorization)
        else:
            await self._say(call, channel, message, authorization)
        return None

    async def _send(self, call: BoundCall, channel: Channel, message: Part, policy: Part | None) -> None:
        headers = {
            "Content-Type": channel.content_type,
            "Idempotency-Key": key_of(call.call),
            **texts_of(message.get("headers"), "message.headers"),
        }
        request = OutboundRequest(
            method=channel.method,
            url=channel.url,
            headers=headers,
            body=_encoded(channel, message).encode("utf-8", "replace"),
            timeout=call.seconds_left,
            max_bytes=MOST_BYTES,
        )
        await check_status(await call.send(request, policy), call.redactor, redirect=False)

    async def _say(self, call: BoundCall, channel: Channel, message: Part, policy: Part | None) -> None:
        headers = {**texts_of(message.get("headers"), "message.headers"), **await call.headers(policy)}
        try:
            async with (
                asyncio.timeout_at(call.deadline),
                self.client.websocket(_opening(call, channel, headers)) as socket,
            ):
                await socket.send(_encoded(channel, message))
        except AppError as error:
            raise explained(error) from error
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, "the server did not take the message in time") from error

    async def _consume(self, call: BoundCall, channel: Channel, policy: Part | None) -> list[object]:
        if channel.protocol.startswith("http"):
            raise fault(Kind.CONFIGURATION, "http has nothing to subscribe to: choose a server that speaks ws")
        reading = _Reading.of(object_of(call.arguments.get("subscription"), "subscription"), call)
        opening = _opening(call, channel, await call.headers(policy))
        try:
            async with asyncio.timeout_at(call.deadline), self.client.websocket(opening) as socket:
                if await _read(socket, channel, reading):
                    return reading.taken
        except AppError as error:
            raise explained(error) from error
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, f"only {len(reading.taken)} messages came in time") from error
        if reading.amount is not None:
            raise fault(
                Kind.COMMUNICATION, f"the server closed after {len(reading.taken)} of {reading.amount} messages"
            )
        return reading.taken


async def _read(socket: OutboundSocket, channel: Channel, reading: "_Reading") -> bool:
    """Consume until it is enough; false when the server closed before."""
    window = asyncio.timeout(reading.seconds)
    try:
        async with window:
            while (data := await socket.receive()) is not None:
                if reading.take(_message(data, channel)):
                    return True
    except TimeoutError:
        if not window.expired():
            raise
        return True
    return False


Condition = Callable[[object], bool]


@dataclass(slots=True)
class _Reading:
    """What was consumed so far, and when that is enough."""

    amount: int | None
    seconds: float | None
    wanted: Condition | None
    goes_on: Condition | None
    taken: list[object] = field(default_factory=list[object])
    bytes: int = 0

    @classmethod
    def of(cls, subscription: Part, call: BoundCall) -> "_Reading":
        consume = object_of(subscription.get("consume"), "subscription.consume")
        variables, fuel = object_of(call.arguments.get("variables"), "variables"), Fuel(STEPS)

        def condition(source: object) -> Condition | None:
            return None if source is None else _condition(str(source), variables, fuel)

        until = condition(consume.get("until"))
        amount = consume.get("amount")
        return cls(
            amount=None if amount is None else _amount(amount),
            seconds=_seconds(consume.get("for")),
            wanted=condition(subscription.get("filter")),
            goes_on=condition(consume.get("while")) if until is None else lambda taken: not until(taken),
        )

    def take(self, message: object) -> bool:
        """Consume a message unless the filter refuses it; true when no other is wanted."""
        if self.wanted is not None and not self.wanted(message):
            return False
        self.taken.append(message)
        self.bytes += len(json.dumps(message))
        if len(self.taken) > MOST_MESSAGES or self.bytes > MOST_BYTES:
            detail = f"more than {MOST_MESSAGES:,} messages or {MOST_BYTES // 1024} KiB came: consume fewer at a time"
            raise fault(Kind.RUNTIME, detail, status=413)
        if self.amount is not None:
            return len(self.taken) >= self.amount
        return self.goes_on is not None and not self.goes_on(list(self.taken))


def _amount(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_MESSAGES:
        raise fault(Kind.VALIDATION, f"consume.amount must be from 1 to {MOST_MESSAGES}, not {value!r:.80}")
    return value


def _condition(source: str, variables: Part, fuel: Fuel) -> Condition:
    """An expression of the task, evaluated here because each message decides whether another is read."""
    template = from_expression(source.removeprefix(MARK))

    def holds(dot: object) -> bool:
        try:
            return template.render(dot, variables, fuel) not in (None, False)
        except ExpressionError as error:
            raise fault(Kind.EXPRESSION, f"{error} in {source.removeprefix(MARK)!r:.200}") from error

    return holds


def _document(body: bytes) -> object:
    """The document, as JSON or as YAML."""
    try:
        text = body.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return read_json(text)
        if len(body) > MOST_YAML_BYTES:
            most = MOST_YAML_BYTES // 1024
            raise fault(Kind.CONFIGURATION, f"the AsyncAPI document is YAML of more than {most} KiB: offer it as JSON")
        return read_yaml(text)[0]
    except (ValueError, RecursionError, YamlTextError) as error:
        detail = f"the AsyncAPI document can be read neither as JSON nor as YAML: {error}"
        raise fault(Kind.CONFIGURATION, detail) from error


def _opening(call: BoundCall, channel: Channel, headers: Mapping[str, str]) -> OutboundRequest:
    return OutboundRequest(
        method="GET", url=channel.url, headers=headers, body=None, timeout=call.seconds_left, max_bytes=MOST_BYTES
    )


def _encoded(channel: Channel, message: Part) -> str:
    """The payload as it goes out: JSON, unless the document says that it is text."""
    payload = message.get("payload")
    if isinstance(payload, str) and channel.content_type.lower().startswith("text/"):
        return payload
    return json.dumps(payload, ensure_ascii=False)


def _message(data: str | bytes, channel: Channel) -> dict[str, object]:
    """A message as the standard shows it; a WebSocket has no headers for single messages."""
    payload: object
    if isinstance(data, bytes):
        payload = base64.b64encode(data).decode()
    else:
        try:
            payload = read_json(data)
        except (ValueError, RecursionError):
            payload = data
    message: dict[str, object] = {"payload": payload, "headers": {}}
    correlation = located(channel.correlation, message)
    return message if correlation is None else {**message, "correlationId": correlation}


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    try:
        return seconds_of(parse_duration(value), datetime.now(UTC))
    except DurationError as error:
        raise fault(Kind.VALIDATION, f"consume.for: {error}") from error
