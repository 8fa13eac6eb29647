"""`call: a2a`: one JSON-RPC request to an agent, found by its card or by its address."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast
from uuid import NAMESPACE_URL, uuid5

from yarl import URL

from activities.calls.caller import BoundCall
from activities.calls.http import key_of
from activities.faults import fault
from activities.protocols.jsonrpc import messages, posted, result_of
from activities.protocols.resources import fetch
from activities.protocols.values import object_of, text_of
from workflows.json_text import read_json
from workflows.language.calls.a2a import SENDING, STREAMING
from workflows.language.problems import Kind
from zilliance.outbound import OutboundClient

MOST_EVENTS = 1_000
JSONRPC = "JSONRPC"
Policy = Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class AgentCalls:
    """Makes calls of agents."""

    client: OutboundClient

    async def perform(self, call: BoundCall) -> object:
        """The result; for methods that stream, the list of all results. Raises faults."""
        method = text_of(call.arguments.get("method"), "method")
        url, policy = await self._server(call)
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": _parameters(method, call),
        }
        headers = {"Idempotency-Key": key_of(call.call), **await call.headers(policy)}
        async with posted(self.client, call, url, message, headers) as stream:
            results: list[object] = []
            async with aclosing(messages(stream)) as answers:
                async for answer in answers:
                    results.append(result_of(answer, stream.host))
                    if method not in STREAMING:
                        return results[0]
                    if len(results) >= MOST_EVENTS:
                        raise fault(Kind.RUNTIME, f"{stream.host} sent more than {MOST_EVENTS:,} events", status=413)
        if method not in STREAMING:
            raise fault(Kind.RUNTIME, f"{url:.200} answered with nothing")
        return results

    async def _server(self, call: BoundCall) -> tuple[str, Policy]:
        """Where the agent is, and the policy for it: a credential for the card goes to the card's own host alone."""
        server = call.arguments.get("server")
        if server is not None:
            endpoint = object_of(server, "server")
            return text_of(endpoint.get("uri"), "server"), _policy(endpoint)
        card = call.arguments.get("agentCard")
        if card is None:
            raise fault(Kind.CONFIGURATION, "an a2a call needs agentCard or server")
        url = _address(await fetch(call, card, "agentCard"))
        endpoint = object_of(object_of(card, "agentCard").get("endpoint"), "agentCard.endpoint")
        same = _origin(url) == _origin(str(endpoint.get("uri")))
        return url, _policy(endpoint) if same else None


def _address(body: bytes) -> str:
    """The JSON-RPC address in an agent's card."""
    try:
        card = object_of(read_json(body.decode(json.detect_encoding(body))), "the agent card")
    except (ValueError, RecursionError) as error:
        raise fault(Kind.RUNTIME, f"the agent card is no JSON: {error}") from error
    if card.get("preferredTransport", JSONRPC) == JSONRPC and isinstance(card.get("url"), str):
        return str(card["url"])
    for interfaces in (card.get("additionalInterfaces"), card.get("supportedInterfaces")):
        for interface in cast("list[object]", interfaces) if isinstance(interfaces, list) else []:
            members = object_of(interface, "an interface of the agent card")
            binding = members.get("transport", members.get("protocolBinding"))
            if binding == JSONRPC and isinstance(members.get("url"), str):
                return str(members["url"])
    raise fault(Kind.RUNTIME, "the agent card names no address that speaks JSON-RPC")


def _parameters(method: str, call: BoundCall) -> dict[str, object]:
    """The parameters; a message to send is the user's and has an id, the same however often it is sent."""
    parameters = dict(object_of(call.arguments.get("parameters"), "parameters"))
    if method in SENDING:
        identity = str(uuid5(NAMESPACE_URL, call.call.idempotency_key))
        message = object_of(parameters.get("message"), "parameters.message")
        parameters["message"] = {"kind": "message", "messageId": identity, "role": "user", **message}
    return parameters


def _policy(endpoint: Mapping[str, object]) -> Policy:
    policy = endpoint.get("authentication")
    return None if policy is None else object_of(policy, "authentication")


def _origin(text: str) -> object:
    try:
        return URL(text).origin()
    except ValueError:
        return text
