"""Answers of HTTP servers as outputs of tasks, and as faults."""

import asyncio
import base64
import json

from activities.authentication.redaction import Redactor
from activities.faults import fault
from workflows.json_text import read_json
from workflows.language.calls.http_request import HttpRequest
from workflows.language.problems import Kind
from zilliance.outbound import OutboundResponse

DETAIL_BYTES = 2048
_SUCCESS = range(200, 300)
_SUCCESS_WITH_REDIRECT = range(200, 400)


async def check_status(response: OutboundResponse, redactor: Redactor, *, redirect: bool) -> None:
    """Raise the fault of an answer that is no success: its status is the answer's, its detail the body's beginning."""
    if response.status in (_SUCCESS_WITH_REDIRECT if redirect else _SUCCESS):
        return
    content = await asyncio.to_thread(redactor.content, response.body)
    detail = content[:DETAIL_BYTES].decode(errors="replace")
    title = response.reason or f"HTTP {response.status}"
    raise fault(Kind.COMMUNICATION, detail, status=response.status, title=title)


def output_of(request: HttpRequest, uri: str, response: OutboundResponse, redactor: Redactor) -> object:
    """The task's raw output.

    Args:
        request: what the task asked for, with the form of its output.
        uri: the address that was asked, with its query, as the author knows it: never that of a stand-in.
        response: the answer.
        redactor: takes secrets out of the bytes, before an encoding hides them.
    """
    body = redactor.content(response.body)
    if request.output == "raw":
        return base64.b64encode(body).decode()
    content = content_of(body, response.headers.get("content-type", ""))
    if request.output == "content":
        return content
    return {
        "request": {"method": request.method, "uri": uri, "headers": dict(request.headers)},
        "statusCode": response.status,
        "headers": dict(response.headers),
        "content": content,
    }


def content_of(body: bytes, content_type: str) -> object:
    """The body by its type: JSON, text, or else base64; null when it is empty."""
    media, _, parameters = content_type.lower().partition(";")
    media = media.strip()
    if not body:
        return None
    if media == "application/json" or media.endswith("+json"):
        try:
            return read_json(body.decode(json.detect_encoding(body)))
        except (ValueError, RecursionError) as error:
            raise fault(Kind.COMMUNICATION, f"the answer is called JSON and is not: {error}") from error
    if media.startswith("text/"):
        return body.decode(_charset(parameters), errors="replace")
    return base64.b64encode(body).decode()


def _charset(parameters: str) -> str:
    """Only two are told apart: everything that is not Latin-1 is read as UTF-8."""
    return "latin-1" if "iso-8859-1" in parameters else "utf-8"
