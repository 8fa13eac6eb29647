"""What the scenarios call: a small pet shop, the same for the simulation and, behind a server, for the platform."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from temporalio.exceptions import ApplicationError

from activities.calls.openapi.document import find_operation, read_document
from activities.calls.openapi.request import request_of
from workflows.document_text import DocumentTextError, parse_document
from workflows.language.calls.http_request import HttpRequest, members_of, read_output, read_request
from workflows.language.effects import ServiceCall
from workflows.language.problems import Kind, Problem, WorkflowFault
from workflows.language.shapes import part
from workflows.language.simulation.world import Simulation

HOST = "https://shop.example.com"
PETS = {"1": {"id": 1, "name": "Milou", "status": "sold"}, "2": {"id": 2, "name": "Idefix", "status": "available"}}
GUESTS = {f"Basic {base64.b64encode(b'ada:s3cret').decode()}": "ada", "Bearer t0ken": "bearer"}
REASONS = {
    200: "OK",
    401: "Unauthorized",
    204: "No Content",
    302: "Found",
    404: "Not Found",
    409: "Conflict",
    503: "Service Unavailable",
}
_GET_PET: dict[str, object] = {
    "operationId": "getPet",
    "parameters": [{"name": "petId", "in": "path", "required": True}],
    "responses": {"200": {"description": "a pet"}},
}
SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Shop", "version": "1"},
    "host": urlsplit(HOST).netloc,
    "basePath": "/",
    "schemes": ["https"],
    "paths": {"/pets/{petId}": {"get": _GET_PET}},
}
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": HOST}],
    "paths": {
        "/pets/{petId}": {"get": _GET_PET},
        "/echo": {
            "post": {
                "operationId": "echo",
                "parameters": [{"name": "page", "in": "query"}, {"name": "x-token", "in": "header"}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"200": {"description": "what was sent"}},
            }
        },
    },
}
FILES = {
    "/swagger.json": json.dumps(SWAGGER),
    "/openapi.yaml": json.dumps(OPENAPI),
    "/catalog/functions/greet/1.0.0/function.yaml": """
input: {schema: {document: {type: object, required: [name]}}}
set: {message: '${ "Hello " + .name }'}
""",
    "/schemas/age.yaml": "{type: object, required: [age]}",
    "/functions/broken.yaml": "set: [",
    "/functions/self.yaml": f"call: {HOST}/functions/self.yaml",
}
Response = tuple[int, str, bytes]
FIXED: dict[str, Response] = {
    **{path: (200, "application/yaml", text.encode()) for path, text in FILES.items()},
    "/text": (200, "text/plain; charset=utf-8", "Grüße".encode()),
    "/bytes": (200, "application/octet-stream", b"\x00\x01\x02"),
}


def respond(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Response:
    """The status, the content type and the body."""
    first, _, rest = path.strip("/").partition("/")
    if first == "pets" and method == "GET":
        return _json(PETS[rest]) if rest in PETS else _json({"message": f"no pet {rest}"}, 404)
    if first == "echo":
        names = ("x-token", "content-type")
        kept = {name: headers[name] for name in names if name in headers}
        sent = json.loads(body) if body and kept.get("content-type") == "application/json" else body.decode() or None
        return _json({"method": method, "query": dict(query), "headers": kept, "body": sent})
    if first == "private":
        who = GUESTS.get(headers.get("authorization", ""))
        return _json({"welcome": who}) if who else _json({"message": "who are you?"}, 401)
    if first == "status":
        return int(rest), "text/plain", f"status {rest}".encode()
    return FIXED.get(path) or _json({"message": "nothing here"}, 404)


def _json(value: object, status: int = 200) -> Response:
    return status, "application/json", json.dumps(value).encode()


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The shop on a free port; its address."""
    runner = web.AppRunner(_application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _application() -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        status, kind, body = respond(request.method, request.path, request.query, headers, await request.read())
        location = {"Location": "/pets/1"} if status == 302 else {}
        return web.Response(status=status, body=body, headers={"Content-Type": kind, **location})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    return application


class SimulatedOutside(Simulation):
    """A simulation in which the shop answers."""

    async def call_service(self, call: ServiceCall, *, key: str, timeout: float | None) -> object:  # noqa: ASYNC109
        if call.kind == "resource":
            return _document(str(part(call.arguments, "endpoint").get("uri")))
        if call.kind not in ("http", "openapi"):
            return await super().call_service(call, key=key, timeout=timeout)
        request = read_request(call.arguments) if call.kind == "http" else _operation(call.arguments)
        status, kind, content = _answer(request)
        if not 200 <= status < (400 if request.redirect else 300):
            problem = Problem.of(Kind.COMMUNICATION, content.decode(), status=status)
            raise WorkflowFault(replace(problem, title=REASONS[status]))
        return _output(request, status, kind, content)


def _document(uri: str) -> object:
    status, _, content = respond("GET", urlsplit(uri).path, {}, {}, b"")
    if status != 200:
        raise WorkflowFault.of(Kind.COMMUNICATION, content.decode(), status=status)
    try:
        return parse_document(content.decode()).document
    except DocumentTextError as error:
        raise WorkflowFault.of(Kind.CONFIGURATION, f"what {uri} answers cannot be read: {error}") from error


def _authorization(policy: Mapping[str, object] | None) -> dict[str, str]:
    """What a basic or a bearer policy comes to."""
    basic, bearer = part(policy or {}, "basic"), part(policy or {}, "bearer")
    if basic:
        credentials = f"{basic['username']}:{basic['password']}".encode()
        return {"authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    return {"authorization": f"Bearer {bearer['token']}"} if bearer else {}


def _operation(arguments: Mapping[str, object]) -> HttpRequest:
    """The request of an operation, as the activity makes it."""
    uri = str(part(part(arguments, "document"), "endpoint").get("uri"))
    try:
        operation = find_operation(read_document(FILES[urlsplit(uri).path].encode()), str(arguments.get("operationId")))
    except ApplicationError as error:
        raise WorkflowFault(Problem.from_json(error.details[0])) from error
    parameters = dict(members_of(arguments, "parameters"))
    return request_of(operation, uri, parameters, output=read_output(arguments), redirect=False)


def _answer(request: HttpRequest) -> Response:
    address = urlsplit(request.uri)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers |= _authorization(request.authentication)
    body = b""
    if request.body is not None:
        text = isinstance(request.body, str)
        body = str(request.body).encode() if text else json.dumps(request.body).encode()
        headers.setdefault("content-type", "text/plain; charset=utf-8" if text else "application/json")
    query = {**dict(parse_qsl(address.query)), **{name: str(value) for name, value in request.query.items()}}
    answer = respond(request.method, address.path, query, headers, body)
    return respond("GET", "/pets/1", {}, {}, b"") if answer[0] == 302 and request.redirect else answer


def _output(request: HttpRequest, status: int, kind: str, content: bytes) -> Any:
    if request.output == "raw":
        return base64.b64encode(content).decode()
    value = _content(kind, content)
    if request.output == "content":
        return value
    sent = {"method": request.method, "uri": request.uri, "headers": dict(request.headers)}
    return {"request": sent, "statusCode": status, "headers": {"Content-Type": kind}, "content": value}


def _content(kind: str, content: bytes) -> Any:
    if not content:
        return None
    if kind == "application/json":
        return json.loads(content)
    return content.decode() if kind.startswith("text/") else base64.b64encode(content).decode()
