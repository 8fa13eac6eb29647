"""What every answer carries, and what never reaches a router."""

import asyncio
import json
import logging

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.middleware.body_guard import BodyGuard
from tests.api.served import Person, Served, served
from tests.waiting import until
from zilliance.errors import AppError
from zilliance.settings import Settings

KEEP = b"Connection: close\r\n"


async def test_the_callers_request_id_is_kept_if_it_is_one(api: Served) -> None:
    given = await api.http.get("/healthz", headers={"x-request-id": "abc-1.2_3"})
    assert given.headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 65, 'a"b'):
        answer = await api.http.get("/healthz", headers={"x-request-id": bad})
        assert len(answer.headers["x-request-id"]) == 32


async def line_of(request: str, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    """The one line of a request. The answer goes out before it is written."""
    (line,) = await until(lambda: [each for each in caplog.records if getattr(each, "request_id", "") == request])
    return line


async def test_a_line_for_each_request_without_its_secrets(
    api: Served, owner: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api.access"):
        await api.send("GET", "contacts?first_name=eq.secret", {**owner.headers, "x-request-id": "line-1"})
        fields = vars(await line_of("line-1", caplog))
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/rest/v1/contacts", 200)
    assert fields["ms"] > 0
    text = json.dumps(fields, default=str)
    assert "secret" not in text
    assert owner.token not in text


@pytest.mark.parametrize("path", ["/video/v1/play/{}/master.m3u8", "/video/v1/play/{}", "/hooks/v1/callbacks/{}"])
async def test_a_token_in_a_path_stays_out_of_its_line(
    api: Served, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.INFO, "api.access"):
        await api.http.get(path.format("eyJh.bGci.secret"), headers={"x-request-id": f"token-{len(path)}"})
        line = await line_of(f"token-{len(path)}", caplog)
    assert vars(line)["path"] == path.format("…")
    assert "secret" not in json.dumps(vars(line), default=str)


async def test_answers_carry_security_headers(api: Served, owner: Person) -> None:
    for answer in (await api.send("GET", "contacts", owner.headers), await api.send("GET", "contacts", {})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "content-range" in answer.headers["access-control-expose-headers"]


async def test_an_unexpected_error_keeps_its_reason_to_itself(api: Served) -> None:
    answer = await api.http.get("/boom", headers={"x-request-id": "boom-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert answer.json()["details"] == {"request_id": "boom-1"}
    assert "secret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/rest/v1/contacts", "/functions/v1/x", "/auth/v1/token", "/storage/v1/object/a/b", "/x"]
)
async def test_a_browser_may_ask_first_without_a_key(api: Served, path: str) -> None:
    headers = {
        "origin": "https://app.example.com",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "apikey,authorization,x-my-header",
    }
    answer = await api.http.options(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {"apikey", "authorization", "x-client-info", "prefer", "tus-resumable", "x-my-header"} <= allowed


async def test_a_preflight_cannot_write_headers(api: Served) -> None:
    answer = await api.http.options("/x", headers={"access-control-request-headers": "a; b"})
    assert "a; b" not in answer.headers["access-control-allow-headers"]


async def test_a_body_is_bounded(api: Served, owner: Person) -> None:
    large = b'{"first_name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    headers = {**owner.headers, "content-type": "application/json"}
    announced = await api.send("POST", "contacts", headers, content=large)
    assert (announced.status_code, announced.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")

    async def chunks():
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    streamed = await api.send("POST", "contacts", headers, content=chunks())
    assert streamed.status_code == 413


async def test_a_silent_sender_is_not_waited_for() -> None:
    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    async def never() -> Message:
        await asyncio.sleep(10)
        return {}

    async def send(_message: Message) -> None:
        return

    scope = {"type": "http", "method": "POST", "path": "/rest/v1/x", "headers": []}
    with pytest.raises(AppError, match=r"for 0\.05 seconds") as caught:
        await BodyGuard(app, chunk_seconds=0.05)(scope, never, send)
    assert caught.value.status == 408


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + KEEP + b"\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\n" + KEEP + b"\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + KEEP + b"\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 99 + KEEP + b"\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: " + b"b" * 17_000 + b"\r\n" + KEEP + b"\r\n", 431),
        (b"POST /rest/v1/contacts HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n" + KEEP + b"\r\n", 400),
    ],
)
async def test_headers_that_say_two_things_are_refused(api: Served, request_bytes: bytes, status: int) -> None:
    answer = await api.raw(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d" % status), answer[:300]


async def test_a_length_said_in_two_ways_ends_the_connection(api: Served) -> None:
    """The server believes the chunks alone and closes, so nothing that follows is taken for a request."""
    head = b"POST /rest/v1/contacts HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await api.raw(head + b"2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_health(api: Served) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "ok"}
    ready = await api.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "database": "up", "temporal": "up"})


async def test_readiness_names_the_part_that_is_down(settings: Settings) -> None:
    nowhere = settings.temporal.model_copy(update={"address": "127.0.0.1:1"})
    async with served(settings.model_copy(update={"temporal": nowhere})) as crippled:
        answer = await crippled.http.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert answer.json()["details"]["database"] == "up"
        assert answer.json()["details"]["temporal"] != "up"
        assert "retry-after" in answer.headers
        assert (await crippled.http.get("/healthz")).status_code == 200
