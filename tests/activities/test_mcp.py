"""`call: mcp` over streamable HTTP and over a program's lines: the session, its answers, and what is a fault."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from activities.protocols.calls import OutboundProtocolActivities
from activities.protocols.programs import Programs
from tests.activities.agents import STDIO_SERVER, McpServer
from tests.activities.asking import KEY, answer, fault
from tests.activities.calling import caller_of
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes

HOST = "http://mcp.example.com"


@pytest.fixture
async def server() -> AsyncGenerator[McpServer]:
    server = McpServer()
    async with server.listening():
        yield server


@pytest.fixture
async def acts(server: McpServer) -> AsyncGenerator[OutboundProtocolActivities]:
    async with OutboundClient(allow_http=True, egress_map={HOST: server.url}) as client:
        yield OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset({"mcp-stdio"})))


def call(method: str, parameters: object = None, *, http: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    transport = {"http": {"endpoint": {"uri": f"{HOST}/mcp"}, **(http or {})}}
    return {"method": method, "parameters": parameters, "transport": transport, **more}


def lines(method: str, parameters: object = None, **stdio: Any) -> dict[str, Any]:
    program = {"command": "python3", "arguments": ["-c", STDIO_SERVER, "one"], "environment": {"NAME": "Ada"}, **stdio}
    return {"method": method, "parameters": parameters, "transport": {"stdio": program}}


async def test_a_request_is_made_in_a_session_of_its_own(acts: OutboundProtocolActivities, server: McpServer) -> None:
    own = {"client": {"name": "mine", "version": "2.0"}, "http": {"headers": {"X-Own": "1"}}}
    assert await answer(acts.mcp, call("tools/list", **own)) == {"tools": [{"name": "add"}]}
    assert [message["method"] for message in server.messages] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
    ]
    opened = server.messages[0]["params"]
    assert opened["protocolVersion"] == "2025-06-18"
    assert opened["clientInfo"] == {"name": "mine", "version": "2.0"}
    assert "mcp-session-id" not in server.headers[0]
    assert {headers["mcp-session-id"] for headers in server.headers[1:]} == {server.SESSION}
    assert {headers["mcp-protocol-version"] for headers in server.headers} == {"2025-06-18"}
    assert {headers["x-own"] for headers in server.headers} == {"1"}
    assert server.closed == [server.SESSION]


async def test_an_answer_may_come_in_a_stream_amid_other_messages(
    acts: OutboundProtocolActivities, server: McpServer
) -> None:
    result = await answer(acts.mcp, call("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}))
    assert result["content"] == [{"type": "text", "text": "3"}]
    replies = {message["id"]: message for message in server.messages if "method" not in message}
    assert replies["s1"]["result"] == {}
    assert replies["s2"]["error"]["code"] == -32601


async def test_the_credential_is_sent_with_every_message(acts: OutboundProtocolActivities, server: McpServer) -> None:
    endpoint = {"uri": f"{HOST}/mcp", "authentication": {"bearer": {"token": "sesame-sesame"}}}
    await answer(acts.mcp, call("tools/list", http={"endpoint": endpoint}))
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sesame-sesame"}


async def test_the_key_is_sent_with_the_tasks_own_request_alone(
    acts: OutboundProtocolActivities, server: McpServer
) -> None:
    await answer(acts.mcp, call("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}))
    sent = zip(server.messages, server.headers, strict=True)
    keys = [(message.get("method"), headers.get("idempotency-key")) for message, headers in sent]
    assert keys == [
        ("initialize", None),
        ("notifications/initialized", None),
        ("tools/call", KEY),
        (None, None),
        (None, None),
    ]


async def test_an_error_of_the_server_is_a_runtime_fault(acts: OutboundProtocolActivities, server: McpServer) -> None:
    problem = await fault(acts.mcp, call("resources/read", {"uri": "file:///x"}))
    assert problem["type"].endswith("/runtime")
    assert problem["detail"] == "mcp.example.com refused: no resources/read (-32602)"
    assert server.closed == [server.SESSION]


async def test_a_stream_without_the_answer_is_a_runtime_fault(acts: OutboundProtocolActivities) -> None:
    assert "without the answer" in (await fault(acts.mcp, call("prompts/list")))["detail"]


async def test_a_version_that_nobody_knows_ends_the_call(acts: OutboundProtocolActivities, server: McpServer) -> None:
    server.version = "1999-01-01"
    problem = await fault(acts.mcp, call("tools/list"))
    assert "speaks protocol version '1999-01-01'" in problem["detail"]


async def test_a_server_inside_is_not_called(acts: OutboundProtocolActivities, server: McpServer) -> None:
    problem = await fault(acts.mcp, call("tools/list", http={"endpoint": {"uri": server.url}}))
    assert (problem["status"], problem["title"]) == (400, "Refused")
    assert server.messages == []


async def test_a_program_is_spoken_to_in_lines(acts: OutboundProtocolActivities) -> None:
    assert await answer(acts.mcp, lines("tools/call", {"name": "x"})) == {"name": "Ada", "args": ["one"]}


async def test_a_program_that_refuses_or_dies_is_a_runtime_fault(acts: OutboundProtocolActivities) -> None:
    assert "no such method (-32601)" in (await fault(acts.mcp, lines("prompts/list")))["detail"]
    died = await fault(acts.mcp, lines("tools/call", {"name": "die"}))
    assert died["type"].endswith("/runtime")
    assert "ended without an answer" in died["detail"]
    assert "it died" in died["detail"]


async def test_a_program_that_does_not_answer_ends_with_the_calls_own_timeout(acts: OutboundProtocolActivities) -> None:
    silent = {**lines("tools/list", command="sleep", arguments=["86431"]), "timeout": {"milliseconds": 700}}
    problem = await fault(acts.mcp, silent)
    assert problem["type"].endswith("/timeout")


async def test_programs_are_for_the_operator_to_allow(server: McpServer) -> None:
    async with OutboundClient(allow_http=True, egress_map={HOST: server.url}) as client:
        acts = OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset({"shell"})))
        problem = await fault(acts.mcp, lines("tools/list"))
        assert problem["type"].endswith("/configuration")
        assert "mcp-stdio is not enabled on this server" in problem["detail"]
