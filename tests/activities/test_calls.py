"""`call: http` over real sockets: what is sent, what comes back, and what is a fault."""

import base64
import json
from collections.abc import AsyncGenerator

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls import HttpCallActivities
from tests.unit.http_stand_in import StandIn, message
from workflows.contracts.execution import HttpCallInput
from zilliance.outbound import OutboundClient

HOST = "http://api.example.com"
JSON = "Content-Type: application/json"


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        yield stand_in


async def call(host: StandIn, path: str, **fields: object) -> object:
    """Call the stand-in under its outside name."""
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url}) as client:
        sent = HttpCallInput.model_validate(
            {"idempotency_key": "e:/do/0/x#", "method": "GET", "endpoint": HOST + path, "timeout": 2.0} | fields
        )
        return json.loads(await ActivityEnvironment().run(HttpCallActivities(client).http, sent))


async def fault(host: StandIn, path: str, **fields: object) -> dict[str, object]:
    with pytest.raises(ApplicationError) as caught:
        await call(host, path, **fields)
    return caught.value.details[0]


async def test_json_goes_out_and_comes_back(host: StandIn) -> None:
    host.answers["/a?q=1&tag=x&tag=y"] = message(b'{"ok": [1, 2.5]}', "201 Created", JSON)
    answer = await call(
        host, "/a?q=1", method="POST", body='{"n":1}', query={"tag": ["x", "y"]}, headers={"X-Own": "1"}
    )
    (received,) = host.requests
    assert answer == {"ok": [1, 2.5]}
    assert json.loads(received.body) == {"n": 1}
    assert received.headers["content-type"] == "application/json"
    assert received.headers["idempotency-key"] == "e:/do/0/x#"
    assert received.headers["x-own"] == "1"


async def test_the_shapes_of_an_answer(host: StandIn) -> None:
    host.answers["/t"] = message("é".encode(), "200 OK", "Content-Type: text/plain")
    host.answers["/b"] = message(b"\x00\xff", "200 OK", "Content-Type: image/png")
    assert await call(host, "/t") == "é"
    assert await call(host, "/b") == base64.b64encode(b"\x00\xff").decode()
    assert await call(host, "/t", output="raw") == base64.b64encode("é".encode()).decode()
    whole = await call(host, "/t", output="response")
    assert isinstance(whole, dict)
    assert (whole["statusCode"], whole["content"], whole["request"]["uri"]) == (200, "é", f"{HOST}/t")


async def test_a_refusal_is_a_communication_fault_with_its_status(host: StandIn) -> None:
    host.answers["/no"] = message(b'{"why": "not yours"}' + b"x" * 5000, "409 Conflict")
    problem = await fault(host, "/no")
    assert str(problem["type"]).endswith("/communication")
    assert (problem["status"], problem["title"]) == (409, "Conflict")
    assert len(str(problem["detail"])) == 2048


async def test_redirects_are_followed_only_when_asked(host: StandIn) -> None:
    host.answers["/from"] = message(b"", "302 Found", "Location: /to")
    host.answers["/to"] = message(b'"there"', "200 OK", JSON)
    assert (await fault(host, "/from"))["status"] == 302
    assert await call(host, "/from", redirect=True) == "there"


async def test_what_cannot_be_called_is_refused_and_what_is_too_slow_times_out(host: StandIn) -> None:
    refused = await fault(host, "", endpoint="http://127.0.0.1:80/")
    assert (refused["status"], refused["title"]) == (400, "Refused")
    host.endless, host.pause = b" ", 0.05
    host.answers["/slow"] = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
    assert str((await fault(host, "/slow", timeout=0.3))["type"]).endswith("/timeout")
    assert str((await fault(host, "/bad", body=None, method="BREW"))["type"]).endswith("/communication")


async def test_an_answer_that_is_called_json_and_is_not_is_a_fault(host: StandIn) -> None:
    host.answers["/x"] = message(b"<html>", "200 OK", JSON)
    assert "JSON" in str((await fault(host, "/x"))["detail"])


async def test_an_answer_that_would_not_fit_into_a_message_is_refused(host: StandIn) -> None:
    """A control character is one byte on the wire and seven in the JSON of a JSON text."""
    text = "Content-Type: text/plain; charset=utf-8"
    host.answers["/control"] = message(b"\x01" * 500_000, "200 OK", text)
    host.answers["/letters"] = message("é".encode() * 250_000, "200 OK", text)
    assert (await fault(host, "/control"))["status"] == 413
    assert await call(host, "/letters") == "é" * 250_000


@pytest.mark.parametrize("body", [b'{"a": NaN}', b"[Infinity]", b"[" * 100_000])
async def test_what_is_called_json_and_is_not_is_a_communication_fault(host: StandIn, body: bytes) -> None:
    host.answers["/no-json"] = message(body, "200 OK", JSON)
    assert str((await fault(host, "/no-json"))["type"]).endswith("/communication")


async def test_a_number_that_no_double_holds_becomes_the_largest(host: StandIn) -> None:
    host.answers["/large"] = message(b"[1e999]", "200 OK", JSON)
    assert await call(host, "/large") == [1.7976931348623157e308]


async def test_the_key_is_a_header_whatever_the_task_is_called(host: StandIn) -> None:
    host.answers["/a"] = message(b"1", "200 OK", JSON)
    await call(host, "/a", idempotency_key="e:/do/0/größe\n1#")
    await call(host, "/a", idempotency_key="e:/do/0/" + "x" * 5000)
    short, long = (request.headers["idempotency-key"] for request in host.requests)
    assert short == "e:/do/0/gr%C3%B6%C3%9Fe%0A1#"
    assert len(long) == 64
