"""`call: http` over real sockets: what is sent, what comes back, and what is a fault."""

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls.http import HttpCallActivities
from tests.activities.calling import caller_of
from tests.unit.http_stand_in import StandIn, message
from workflows.contracts.calls import CallInput
from zilliance.outbound import OutboundClient

HOST = "http://api.example.com"
EXECUTION = UUID(int=7)
JSON = "Content-Type: application/json"


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        yield stand_in


async def call(host: StandIn, path: str, **fields: Any) -> object:
    """Call the stand-in under its outside name."""
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url}) as client:
        sent = call_input(fields.pop("key", "/do/0/x#"), fields.pop("timeout", 30.0), path, fields)
        return json.loads(await ActivityEnvironment().run(HttpCallActivities(caller_of(client)).http, sent))


def call_input(key: str, timeout: float, path: str, arguments: dict[str, Any]) -> CallInput:
    arguments = {"method": "GET", "endpoint": {"uri": HOST + path}} | arguments
    return CallInput(
        execution_id=EXECUTION, owner_id=uuid4(), key=key, arguments=json.dumps(arguments), timeout=timeout
    )


async def fault(host: StandIn, path: str, **fields: Any) -> dict[str, object]:
    with pytest.raises(ApplicationError) as caught:
        await call(host, path, **fields)
    return caught.value.details[0]


async def test_json_goes_out_and_comes_back(host: StandIn) -> None:
    host.answers["/a?q=1&tag=x&tag=y"] = message(b'{"ok": [1, 2.5]}', "201 Created", JSON)
    answer = await call(host, "/a?q=1", method="POST", body={"n": 1}, query={"tag": ["x", "y"]}, headers={"X-Own": "1"})
    (received,) = host.requests
    assert answer == {"ok": [1, 2.5]}
    assert json.loads(received.body) == {"n": 1}
    assert received.headers["content-type"] == "application/json"
    assert received.headers["idempotency-key"] == f"{EXECUTION}:/do/0/x#"
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
    refused = await fault(host, "", endpoint={"uri": "http://127.0.0.1:80/"})
    assert (refused["status"], refused["title"]) == (400, "Refused")
    host.endless, host.pause = b" ", 0.05
    host.answers["/slow"] = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
    assert str((await fault(host, "/slow", timeout=0.3))["type"]).endswith("/timeout")
    assert str((await fault(host, "/bad", body=None, method="BREW"))["type"]).endswith("/configuration")


async def test_an_answer_that_is_called_json_and_is_not_is_a_fault(host: StandIn) -> None:
    host.answers["/x"] = message(b"<html>", "200 OK", JSON)
    assert "JSON" in str((await fault(host, "/x"))["detail"])


async def test_an_answer_larger_than_a_task_may_give_is_refused(host: StandIn) -> None:
    """A control character is one byte on the wire and six in JSON."""
    text = "Content-Type: text/plain; charset=utf-8"
    host.answers["/control"] = message(b"\x01" * 800_000, "200 OK", text)
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
    await call(host, "/a", key="/do/0/größe\n1#")
    await call(host, "/a", key="/do/0/" + "x" * 5000)
    short, long = (request.headers["idempotency-key"] for request in host.requests)
    assert short == f"{EXECUTION}:/do/0/gr%C3%B6%C3%9Fe%0A1#"
    assert len(long) == 64


async def test_an_object_under_a_forms_type_goes_out_as_a_form(host: StandIn) -> None:
    fields = {"a": "b c", "n": [1, 2]}
    await call(host, "/f", method="POST", body=fields, headers={"content-type": "application/x-www-form-urlencoded"})
    await call(host, "/f", method="POST", body=fields, headers={"Content-Type": "multipart/form-data"})
    await call(host, "/f", method="POST", body="a=ready", headers={"content-type": "application/x-www-form-urlencoded"})
    encoded, parts, ready = host.requests
    assert (encoded.body, ready.body) == (b"a=b+c&n=1&n=2", b"a=ready")
    boundary = parts.headers["content-type"].partition("boundary=")[2]
    assert parts.body.count(f"--{boundary}".encode()) == 4


async def test_a_key_of_the_authors_own_is_kept(host: StandIn) -> None:
    await call(host, "/a", headers={"idempotency-key": "mine"})
    assert host.requests[0].headers["idempotency-key"] == "mine"


async def test_a_call_that_was_under_way_in_the_first_version_is_made_under_this_one(host: StandIn) -> None:
    host.answers["/a?q=1"] = message(b'{"ok": true}', "200 OK", JSON)
    first = {
        "idempotency_key": f"{EXECUTION}:/do/0/x#1.r2@3",
        "method": "POST",
        "endpoint": HOST + "/a",
        "headers": {"X-Own": "1"},
        "query": {"q": "1"},
        "body": '{"n": 1}',
        "output": "content",
        "redirect": False,
        "timeout": 2.0,
    }
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url}) as client:
        sent = CallInput.model_validate_json(json.dumps(first))
        answer = await ActivityEnvironment().run(HttpCallActivities(caller_of(client)).http, sent)
    (received,) = host.requests
    assert json.loads(answer) == {"ok": True}
    assert received.headers["idempotency-key"] == f"{EXECUTION}:/do/0/x#1.r2@3"
    assert (received.headers["x-own"], json.loads(received.body)) == ("1", {"n": 1})
