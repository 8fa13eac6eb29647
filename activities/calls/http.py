"""`call: http` and `call: openapi` of the workflow language, sent through the guarded client."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from temporalio import activity

from activities.calls.answers import check_status, output_of
from activities.calls.bodies import header_of, written_body
from activities.calls.caller import MAX_REDIRECTS, BoundCall, Caller
from activities.calls.openapi.document import find_operation, read_document
from activities.calls.openapi.request import request_of
from activities.faults import RESULT_BYTES
from workflows.contracts.calls import CallInput
from workflows.language.calls.http_request import HttpRequest, members_of, read_output, read_request
from workflows.language.shapes import as_map
from workflows.stubs import CallActivities
from zilliance.outbound import OutboundRequest

MAX_BYTES = RESULT_BYTES
LONGEST_KEY = 255
_PLAIN_HEADERS = frozenset({"accept", "content-type"})


class HttpCallActivities(CallActivities):
    """Calls to hosts that authors of workflows name."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @activity.defn(name="call.http")
    async def http(self, call: CallInput) -> str:
        return await self._caller.run(call, _http, who="the host")

    @activity.defn(name="call.openapi")
    async def openapi(self, call: CallInput) -> str:
        return await self._caller.run(call, _openapi, who="the service")


async def _openapi(bound: BoundCall) -> object:
    arguments = bound.arguments
    resource = await bound.fetch(arguments.get("document"))
    # In a thread: a long document in YAML takes a while to read.
    document = await asyncio.to_thread(read_document, resource.content)
    operation = find_operation(document, str(arguments.get("operationId")))
    request = request_of(
        operation,
        resource.url,
        dict(members_of(arguments, "parameters")),
        output=read_output(arguments),
        redirect=arguments.get("redirect") is True,
    )
    policy = arguments.get("authentication")
    return await exchange(bound, replace(request, authentication=None if policy is None else as_map(policy, "policy")))


async def _http(bound: BoundCall) -> object:
    return await exchange(bound, read_request(bound.arguments))


async def exchange(bound: BoundCall, request: HttpRequest) -> object:
    """Send a request of a task and read its answer as the task wants it; raises a fault for any other status."""
    sent = _outbound(bound, request)
    response = await bound.send(sent, request.authentication)
    await check_status(response, bound.redactor, redirect=request.redirect)
    # In a thread: an answer of 4 MiB takes a while to search for secrets and to read.
    return await asyncio.to_thread(output_of, request, sent.url, response, bound.redactor)


def _outbound(bound: BoundCall, request: HttpRequest) -> OutboundRequest:
    """The request as it goes out."""
    headers = dict(request.headers)
    body = written_body(request.body, headers)
    if header_of(headers, "idempotency-key") is None:
        headers["Idempotency-Key"] = key_of(bound.call)
    return OutboundRequest(
        method=request.method,
        url=with_query(request.uri, request.query),
        headers=headers,
        body=body,
        timeout=bound.seconds_left,
        max_bytes=MAX_BYTES,
        redirects=MAX_REDIRECTS if request.redirect else 0,
        secret_headers=secret_headers(bound.call, request.headers),
        secret_body=any(path[0] in {"body", "parameters"} for path in _late_paths(bound.call)),
    )


def secret_headers(call: CallInput, headers: Mapping[str, str]) -> frozenset[str]:
    """Names of the headers that were made from secrets, in lower case; all where it cannot be told."""
    paths = _late_paths(call)
    if any(path[0] == "parameters" or path == ["headers"] for path in paths):
        return frozenset(name.lower() for name in headers) - _PLAIN_HEADERS
    return frozenset(str(path[1]).lower() for path in paths if path[0] == "headers")


def _late_paths(call: CallInput) -> list[list[str | int]]:
    return [] if call.late is None else [hole.path for hole in call.late.holes if hole.path]


def key_of(call: CallInput) -> str:
    return header_key(call.idempotency_key)


def header_key(text: str) -> str:
    """A key as a header can hold it: it has names of tasks, which may be any text of any length."""
    key = quote(text, safe="/#:@")
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def with_query(uri: str, query: Mapping[str, str | list[str]]) -> str:
    if not query:
        return uri
    address, mark, fragment = uri.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(query, doseq=True)}{mark}{fragment}"
