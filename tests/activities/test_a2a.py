"""`call: a2a` against an agent on loopback: what it is sent, single answers and streams, and what is a fault."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from activities.protocols.calls import OutboundProtocolActivities
from activities.protocols.programs import Programs
from tests.activities.agents import Agent
from tests.activities.asking import KEY, answer, fault
from tests.activities.calling import caller_of
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes

HOST = "http://agent.example.com"
OTHER = "http://cards.example.com"
POLICY = {"bearer": {"token": "sesame-sesame"}}
HELLO: dict[str, Any] = {"message": {"parts": [{"kind": "text", "text": "Hello"}]}}


@pytest.fixture
async def agent() -> AsyncGenerator[Agent]:
    agent = Agent(HOST)
    async with agent.listening():
        yield agent


@pytest.fixture
async def acts(agent: Agent) -> AsyncGenerator[OutboundProtocolActivities]:
    async with OutboundClient(allow_http=True, egress_map={HOST: agent.url, OTHER: agent.url}) as client:
        yield OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))


def call(method: str, parameters: object = None, **more: Any) -> dict[str, Any]:
    return {"method": method, "parameters": parameters, "server": {"uri": f"{HOST}/rpc"}, **more}


def card(host: str = HOST, **more: Any) -> dict[str, Any]:
    return {"endpoint": {"uri": f"{host}/.well-known/agent-card.json", **more}}


async def test_a_message_gets_an_id_and_a_role_that_stay_the_same(
    acts: OutboundProtocolActivities, agent: Agent
) -> None:
    first = await answer(acts.a2a, call("message/send", HELLO))
    assert first["echo"]["role"] == "user"
    assert first["echo"]["parts"] == HELLO["message"]["parts"]
    assert UUID(first["echo"]["messageId"])
    assert await answer(acts.a2a, call("message/send", HELLO)) == first
    assert agent.messages[0]["jsonrpc"] == "2.0"
    assert agent.headers[0]["idempotency-key"] == KEY


async def test_the_authors_own_id_and_role_are_kept(acts: OutboundProtocolActivities) -> None:
    own = {"message": {**HELLO["message"], "messageId": "m1", "role": "agent"}, "configuration": {"blocking": True}}
    echo = (await answer(acts.a2a, call("message/send", own)))["echo"]
    assert (echo["messageId"], echo["role"]) == ("m1", "agent")


async def test_a_stream_is_an_array_of_its_results(acts: OutboundProtocolActivities) -> None:
    assert await answer(acts.a2a, call("message/stream", HELLO)) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "method",
    ["tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/list", "agent/getAuthenticatedExtendedCard"],
)
async def test_other_methods_pass_their_parameters_on(
    acts: OutboundProtocolActivities, agent: Agent, method: str
) -> None:
    assert await answer(acts.a2a, call(method, {"id": "t1"})) == {"did": method}
    assert agent.messages[-1]["params"] == {"id": "t1"}


async def test_the_card_says_where_the_agent_is(acts: OutboundProtocolActivities, agent: Agent) -> None:
    asked = {"method": "message/send", "parameters": HELLO, "agentCard": card(authentication=POLICY)}
    assert (await answer(acts.a2a, asked))["kind"] == "message"
    assert agent.paths[-1] == "/rpc"
    assert agent.card_headers[-1]["authorization"] == agent.headers[-1]["authorization"] == "Bearer sesame-sesame"


async def test_an_address_for_json_rpc_is_found_among_others(acts: OutboundProtocolActivities, agent: Agent) -> None:
    agent.card |= {
        "preferredTransport": "GRPC",
        "url": "grpc.example.com:443",
        "additionalInterfaces": [{"transport": "JSONRPC", "url": f"{HOST}/second"}],
    }
    await answer(acts.a2a, {"method": "message/send", "parameters": HELLO, "agentCard": card()})
    assert agent.paths[-1] == "/second"


async def test_the_credential_for_a_card_goes_to_no_other_host(acts: OutboundProtocolActivities, agent: Agent) -> None:
    asked = {"method": "message/send", "parameters": HELLO, "agentCard": card(OTHER, authentication=POLICY)}
    await answer(acts.a2a, asked)
    assert agent.card_headers[-1]["authorization"] == "Bearer sesame-sesame"
    assert "authorization" not in agent.headers[-1]


async def test_an_error_of_the_agent_is_a_runtime_fault(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.a2a, call("tasks/get", {"id": "t9"}))
    assert problem["type"].endswith("/runtime")
    assert problem["detail"] == 'agent.example.com refused: Task not found (-32001) {"id": "t9"}'


async def test_a_refusal_by_http_is_a_runtime_fault_with_its_status(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.a2a, call("tasks/cancel", {"id": "t9"}))
    assert problem["type"].endswith("/runtime")
    assert (problem["status"], problem["title"], problem["detail"]) == (401, "Unauthorized", "who are you")


async def test_an_answer_that_is_none_is_a_runtime_fault(acts: OutboundProtocolActivities, agent: Agent) -> None:
    assert "no JSON" in (await fault(acts.a2a, call("tasks/list")))["detail"]
    agent.card = {"name": "mute"}
    problem = await fault(acts.a2a, {"method": "tasks/list", "agentCard": card()})
    assert "no address that speaks JSON-RPC" in problem["detail"]


async def test_an_agent_inside_is_not_called(acts: OutboundProtocolActivities, agent: Agent) -> None:
    for uri in (agent.url, "http://169.254.169.254/rpc"):
        problem = await fault(acts.a2a, call("message/send", HELLO, server={"uri": uri}))
        assert (problem["status"], problem["title"]) == (400, "Refused")
    agent.card["url"] = "http://127.0.0.1:80/rpc"
    problem = await fault(acts.a2a, {"method": "message/send", "parameters": HELLO, "agentCard": card()})
    assert problem["title"] == "Refused"
    assert agent.messages == []
