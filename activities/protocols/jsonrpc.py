"""JSON-RPC 2.0 over HTTP, as A2A and MCP speak it: one POST, answered with JSON or with a stream of events."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from temporalio.exceptions import ApplicationError

from activities.calls.caller import BoundCall
from activities.faults import fault
from activities.protocols.failures import explained
from activities.protocols.sse import event_data
from workflows.json_text import read_json
from workflows.language.problems import Kind
from zilliance.errors import AppError
from zilliance.outbound import OutboundClient, OutboundRequest, OutboundStream

MOST_BYTES = 512 * 1024
DETAIL_BYTES = 2048
SUCCESS = range(200, 300)
EVENTS = "text/event-stream"

Message = Mapping[str, object]


@asynccontextmanager
async def posted(
    client: OutboundClient, call: BoundCall, url: str, message: Message, headers: Mapping[str, str]
) -> AsyncGenerator[OutboundStream]:
    """The answer to a message, to be read while the block runs. Raises faults of kind runtime."""
    request = OutboundRequest(
        method="POST",
        url=url,
        headers={
            "Content-Type": "application/json",
            "Accept": f"application/json, {EVENTS}",
            **headers,
        },
        body=json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"),
        timeout=call.seconds_left,
        max_bytes=MOST_BYTES,
    )
    try:
        async with asyncio.timeout(call.seconds_left), client.stream(request) as stream:
            if stream.status not in SUCCESS:
                detail = (await stream.read())[:DETAIL_BYTES].decode(errors="replace")
                title = stream.reason or f"HTTP {stream.status}"
                raise fault(Kind.RUNTIME, detail or title, status=stream.status, title=title)
            yield stream
    except AppError as error:
        raise explained(error, Kind.RUNTIME) from error
    except TimeoutError as error:
        raise fault(Kind.TIMEOUT, f"{url:.200} did not answer in full in time") from error


async def messages(stream: OutboundStream) -> AsyncGenerator[Message]:
    """Every message of an answer, in order. Raises a fault for what is none."""
    if stream.headers.get("content-type", "").partition(";")[0].strip().lower() == EVENTS:
        async for data in event_data(stream.chunks()):
            yield parsed(data, stream.host)
        return
    body = await stream.read()
    if body.strip():
        yield parsed(body.decode("utf-8", "replace"), stream.host)


def parsed(text: str, who: str) -> Message:
    """A message from its text."""
    try:
        message = read_json(text)
    except (ValueError, RecursionError) as error:
        raise fault(Kind.RUNTIME, f"{who} answered with something that is no JSON: {error}") from error
    if not isinstance(message, Mapping):
        raise fault(Kind.RUNTIME, f"{who} answered with something that is no JSON-RPC message")
    return cast("Message", message)


def is_answer(message: Message, number: object) -> bool:
    """True for the result or the error of the request with this id."""
    return "method" not in message and message.get("id") == number


def result_of(message: Message, who: str) -> object:
    """The result of an answer, or the fault that its error means."""
    error = message.get("error")
    if isinstance(error, Mapping):
        raise _refusal(cast("Message", error), who)
    if "result" not in message:
        raise fault(Kind.RUNTIME, f"{who} answered with neither a result nor an error")
    return message["result"]


def _refusal(error: Message, who: str) -> ApplicationError:
    data = error.get("data")
    more = "" if data is None else f" {json.dumps(data, ensure_ascii=False)}"
    return fault(Kind.RUNTIME, f"{who} refused: {error.get('message')} ({error.get('code')}){more}")
