"""Policies over real sockets: what each sends, what it does with a refusal, and what is kept of it."""

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls.http import HttpCallActivities
from tests.activities.calling import Calling, caller_of
from tests.unit.http_stand_in import StandIn, message
from workflows.contracts.calls import CallInput, LateHole, LateParts
from zilliance.outbound import OutboundClient

HOST = "http://api.example.com"
JSON = "Content-Type: application/json"


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        yield stand_in


async def call(host: StandIn, policy: object, path: str = "/", late: LateParts | None = None, **fields: Any) -> Any:
    arguments = {"method": "GET", "endpoint": {"uri": HOST + path, "authentication": policy}} | fields
    sent = CallInput(
        execution_id=uuid4(),
        owner_id=uuid4(),
        key="/do/0/a#",
        arguments=json.dumps(arguments),
        late=late,
        policy=["endpoint", "authentication"],
        timeout=5.0,
    )
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url}) as client:
        return json.loads(await ActivityEnvironment().run(HttpCallActivities(caller_of(client)).http, sent))


async def fault(host: StandIn, policy: object, **fields: Any) -> dict[str, Any]:
    with pytest.raises(ApplicationError) as caught:
        await call(host, policy, **fields)
    return caught.value.details[0]


async def test_basic_and_bearer_are_headers(host: StandIn) -> None:
    await call(host, {"basic": {"username": "Aladdin", "password": "open sesame é"}})
    await call(host, {"bearer": {"token": "t-0-k-e-n"}})
    basic, bearer = (request.headers["authorization"] for request in host.requests)
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == "Aladdin:open sesame é"
    assert bearer == "Bearer t-0-k-e-n"


async def test_a_policy_overrides_a_header_of_the_author(host: StandIn) -> None:
    await call(host, {"bearer": {"token": "t-0-k-e-n"}}, headers={"authorization": "Basic x"})
    assert host.requests[0].headers["authorization"] == "Bearer t-0-k-e-n"


async def test_what_was_sent_to_authenticate_does_not_come_back(host: StandIn) -> None:
    echo = b'{"you": "Bearer t-0-k-e-n", "t-0-k-e-n": [{"x": "t-0-k-e-n!"}]}'
    host.answers["/"] = message(echo, "200 OK", JSON, "X-Echo: t-0-k-e-n")
    answer = await call(host, {"bearer": {"token": "t-0-k-e-n"}}, output="response")
    assert answer["content"] == {"you": "Bearer ***", "***": [{"x": "***!"}]}
    assert answer["headers"]["x-echo"] == "***"
    raw = await call(host, {"bearer": {"token": "t-0-k-e-n"}}, output="raw")
    assert b"t-0-k-e-n" not in base64.b64decode(raw)
    host.answers["/"] = message(echo, "500 No t-0-k-e-n", JSON)
    problem = await fault(host, {"bearer": {"token": "t-0-k-e-n"}})
    assert problem["title"] == "No ***"
    assert "t-0-k" not in json.dumps(problem)


async def test_a_policy_that_yields_no_text_is_an_authentication_fault(host: StandIn) -> None:
    problem = await fault(host, {"bearer": {"token": None}})
    assert (problem["type"].rpartition("/")[2], problem["status"]) == ("authentication", 401)
    assert host.requests == []
    assert (await fault(host, {"basic": {"username": "a:b", "password": "c"}}))["status"] == 401


async def test_the_authorization_is_there_for_the_arguments_and_only_there(host: StandIn) -> None:
    hole = LateHole(path=["headers", "X-Sent"], source='$authorization.scheme + "/" + $authorization.parameter + .x')
    late = LateParts(holes=[hole], dot='{"x": "!"}')
    await call(host, {"bearer": {"token": "t-0-k-e-n"}}, headers={"X-Sent": None}, late=late)
    assert host.requests[0].headers["x-sent"] == "Bearer/t-0-k-e-n!"


async def test_an_expression_that_fails_says_nothing_of_what_it_read(host: StandIn) -> None:
    late = LateParts(holes=[LateHole(path=["body"], source="$authorization.parameter | error")])
    problem = await fault(host, {"bearer": {"token": "t-0-k-e-n"}}, late=late)
    assert problem["type"].endswith("/expression")
    assert "t-0-k-e-n" not in json.dumps(problem)


OTHER = "http://other.example.com"


async def redirected(host: StandIn, target: str, status: str, method: str) -> dict[str, Any] | None:
    """What arrives at the end of a redirect, of a request whose headers and body were made from a secret."""
    host.answers["/from"] = message(b"", status, f"Location: {target}/to")
    source = "$authorization.parameter"
    holes = [LateHole(path=[*path], source=source) for path in (("headers", "X-Token"), ("body",))]
    arguments = {
        "method": method,
        "endpoint": {"uri": f"{HOST}/from", "authentication": {"bearer": {"token": "t-0-k-e-n"}}},
        "headers": {"X-Token": None, "X-Plain": "1"},
        "redirect": True,
    }
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url, OTHER: host.url}) as client:
        calling = Calling(client)
        late, policy = LateParts(holes=holes), ("endpoint", "authentication")
        if target == OTHER and status.startswith("307"):
            problem = await calling.fault("http", arguments, late=late, policy=policy)
            assert "redirected a body with secrets" in problem["detail"]
            return None
        await calling.call("http", arguments, late=late, policy=policy)
    last = host.requests[-1]
    assert last.target == "/to"
    return {"body": last.body, **{name: last.headers.get(name) for name in ("authorization", "x-token", "x-plain")}}


async def test_what_was_made_from_a_secret_does_not_follow_to_another_origin(host: StandIn) -> None:
    token = "t-0-k-e-n"
    all_of_it = {"body": token.encode(), "authorization": f"Bearer {token}", "x-token": token, "x-plain": "1"}
    assert await redirected(host, HOST, "307 Temporary Redirect", "POST") == all_of_it
    nothing = {"body": b"", "authorization": None, "x-token": None, "x-plain": "1"}
    assert await redirected(host, OTHER, "302 Found", "POST") == nothing
    assert await redirected(host, OTHER, "307 Temporary Redirect", "POST") is None
    assert [request.target for request in host.requests].count("/to") == 2
