"""`call: http` of the workflow language, sent through the guarded client."""

import base64
import hashlib
import json
from urllib.parse import quote, urlencode

from temporalio import activity

from activities.faults import fault, result_that_fits
from activities.heartbeat import heartbeating
from workflows.contracts.execution import HttpCallInput
from workflows.json_text import read_json, storable
from workflows.language.problems import Kind
from workflows.stubs import CallActivities
from zilliance.outbound import (
    OutboundClient,
    OutboundFailedError,
    OutboundFailure,
    OutboundRefusedError,
    OutboundRequest,
    OutboundResponse,
)

MAX_REDIRECTS = 5
MAX_BYTES = 512 * 1024  # as base64 it still fits into a result
DETAIL_BYTES = 2048
LONGEST_KEY = 255
_SUCCESS = range(200, 300)
_SUCCESS_WITH_REDIRECT = range(200, 400)


class HttpCallActivities(CallActivities):
    """Calls to hosts that authors of workflows name."""

    def __init__(self, client: OutboundClient) -> None:
        self._client = client

    @activity.defn(name="call.http")
    async def http(self, call: HttpCallInput) -> str:
        request = _request(call)
        try:
            async with heartbeating():
                response = await self._client.request(request)
        except OutboundRefusedError as error:
            raise fault(Kind.COMMUNICATION, error.message, status=400, title="Refused") from error
        except OutboundFailedError as error:
            kind = Kind.TIMEOUT if error.kind is OutboundFailure.TIMEOUT else Kind.COMMUNICATION
            raise fault(kind, error.message) from error
        if response.status not in (_SUCCESS_WITH_REDIRECT if call.redirect else _SUCCESS):
            detail = response.body[:DETAIL_BYTES].decode(errors="replace")
            title = response.reason or f"HTTP {response.status}"
            raise fault(Kind.COMMUNICATION, detail, status=response.status, title=title)
        who = f"the host of {call.endpoint:.200}"
        return result_that_fits(_compact(storable(json.dumps(_output(call, request, response)))), who)


def _compact(text: str) -> str:
    """The same JSON with characters as they are, where an escape takes several times their room."""
    return json.dumps(json.loads(text), ensure_ascii=False) if "\\u" in text else text


def _key_of(call: HttpCallInput) -> str:
    """The key as a header can hold it: it has names of tasks, which may be any text of any length."""
    key = quote(call.idempotency_key, safe="/#:@")
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _request(call: HttpCallInput) -> OutboundRequest:
    """The request as it goes out: JSON, unless the body is text or the author named its type."""
    headers = {**call.headers, "Idempotency-Key": _key_of(call)}
    body = None if call.body is None else json.loads(call.body)
    sent: bytes | None = None
    if call.body is not None:
        sent = body.encode() if isinstance(body, str) else call.body.encode()
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    return OutboundRequest(
        method=call.method,
        url=_with_query(call),
        headers=headers,
        body=sent,
        timeout=call.timeout,
        max_bytes=MAX_BYTES,
        redirects=MAX_REDIRECTS if call.redirect else 0,
    )


def _with_query(call: HttpCallInput) -> str:
    if not call.query:
        return call.endpoint
    address, mark, fragment = call.endpoint.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(call.query, doseq=True)}{mark}{fragment}"


def _output(call: HttpCallInput, request: OutboundRequest, response: OutboundResponse) -> object:
    if call.output == "raw":
        return base64.b64encode(response.body).decode()
    content = _content(response)
    if call.output == "content":
        return content
    return {
        "request": {"method": request.method, "uri": request.url, "headers": dict(call.headers)},
        "statusCode": response.status,
        "headers": dict(response.headers),
        "content": content,
    }


def _content(response: OutboundResponse) -> object:
    """The body by its type: JSON, text, or else base64."""
    media, _, parameters = response.headers.get("content-type", "").lower().partition(";")
    media = media.strip()
    if not response.body:
        return None
    if media == "application/json" or media.endswith("+json"):
        try:
            return read_json(response.body.decode(json.detect_encoding(response.body)))
        except (ValueError, RecursionError) as error:
            raise fault(Kind.COMMUNICATION, f"the answer is called JSON and is not: {error}") from error
    if media.startswith("text/"):
        return response.body.decode(_charset(parameters), errors="replace")
    return base64.b64encode(response.body).decode()


def _charset(parameters: str) -> str:
    """Only two are told apart: everything that is not Latin-1 is read as UTF-8."""
    return "latin-1" if "iso-8859-1" in parameters else "utf-8"
