"""CloudEvents over HTTP: the events of a request in binary, structured or batch mode."""

import base64
from typing import cast
from urllib.parse import unquote

from fastapi import Request

from api.json_input import check_type, decode
from zilliance.errors import InvalidInputError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_PREFIX = "ce-"
_CODE = "EVENT_INVALID"


async def read_events(request: Request) -> list[object]:
    """The events as JSON values, not checked yet. Raises InvalidInputError.

    JSON that is called nothing more is taken for one event, or for a batch when it is a list.
    """
    content_type = request.headers.get("content-type", "")
    media = content_type.partition(";")[0].strip().lower()
    body = await request.body()
    if any(name.startswith(_PREFIX) for name in request.headers) and not media.startswith("application/cloudevents"):
        return [_binary(request, body, content_type)]
    check_type(content_type)
    value: object = decode(body)
    if media == STRUCTURED and isinstance(value, list):
        raise InvalidInputError(f"A list of events is sent as {BATCH}", code=_CODE)
    if media == BATCH and not isinstance(value, list):
        raise InvalidInputError("A batch is a list of events", code=_CODE, hint=f"Send one event as {STRUCTURED}")
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _binary(request: Request, body: bytes, content_type: str) -> dict[str, object]:
    """Attributes from the headers `ce-…`, which are percent-encoded UTF-8; data from the body."""
    event: dict[str, object] = {}
    for name, value in request.headers.items():
        if name.startswith(_PREFIX):
            event[name.removeprefix(_PREFIX)] = _header(name, value)
    if content_type:
        event["datacontenttype"] = content_type
    if body:
        event.update(_payload(body, content_type))
    return event


def _header(name: str, value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        message = f"The header {name} is not percent-encoded UTF-8"
        raise InvalidInputError(message, code=_CODE, details={"attribute": name.removeprefix(_PREFIX)}) from error


def _payload(body: bytes, content_type: str) -> dict[str, object]:
    """JSON as a value, text as text, everything else as base64."""
    media = content_type.partition(";")[0].strip().lower()
    if media in {"", "application/json", "text/json"} or media.endswith("+json"):
        return {"data": decode(body)}
    if media.startswith("text/"):
        text = body.decode(errors="replace")
        if "\0" in text:
            raise InvalidInputError("The text has NUL, which cannot be stored", code=_CODE)
        return {"data": text}
    return {"data_base64": base64.b64encode(body).decode()}
