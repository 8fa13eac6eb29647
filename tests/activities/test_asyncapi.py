"""`call: asyncapi` against real HTTP and WebSocket servers: publishing, consuming, and documents of both versions."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from activities.protocols.asyncapi_document import find_channel
from activities.protocols.calls import OutboundProtocolActivities
from activities.protocols.programs import Programs
from tests.activities.asking import KEY, answer, fault
from tests.activities.calling import caller_of
from workflows.language.calls.asyncapi import MARK
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes

HOST = "http://api.example.com"

V3: dict[str, Any] = {
    "asyncapi": "3.0.0",
    "info": {"title": "Chat", "version": "1.0.0"},
    "servers": {
        "broker": {"host": "kafka.example.com:9092", "protocol": "kafka"},
        "http": {"host": "api.example.com", "pathname": "/v1", "protocol": "http"},
        "socket": {
            "host": "{region}.example.com",
            "pathname": "/live",
            "protocol": "ws",
            "variables": {"region": {"default": "api", "enum": ["api", "eu"]}},
        },
    },
    "channels": {
        "orders": {
            "address": "/orders/{shop}",
            "parameters": {"shop": {"location": "$message.payload#/shop/id"}},
            "servers": [{"$ref": "#/servers/http"}],
            "messages": {"order": {"contentType": "application/vnd.order+json"}},
        },
        "chat": {
            "address": "/chat",
            "servers": [{"$ref": "#/servers/socket"}],
            "messages": {"said": {"$ref": "#/components/messages/said"}},
        },
        "stream": {"address": "/stream", "servers": [{"$ref": "#/servers/broker"}]},
    },
    "operations": {
        "placeOrder": {
            "action": "receive",
            "channel": {"$ref": "#/channels/orders"},
            "bindings": {"http": {"method": "PUT"}},
        },
        "say": {"action": "receive", "channel": {"$ref": "#/channels/chat"}},
        "hear": {"action": "send", "channel": {"$ref": "#/channels/chat"}},
        "streamed": {"action": "send", "channel": {"$ref": "#/channels/stream"}},
    },
    "components": {"messages": {"said": {"correlationId": {"location": "$message.payload#/thread"}}}},
}

V2 = """
asyncapi: 2.6.0
info: {title: Chat, version: 1.0.0}
defaultContentType: application/json
servers:
  production: {url: ws://api.example.com/live, protocol: ws}
  plain: {url: "http://api.example.com/v1", protocol: http}
channels:
  /chat:
    servers: [production]
    subscribe: {operationId: hear, message: {payload: {type: object}}}
    publish: {operationId: say, message: {payload: {type: object}}}
  /notes/{room}:
    servers: [plain]
    parameters: {room: {schema: {type: string}}}
    publish: {operationId: note, bindings: {http: {method: POST}}}
"""


class Channels:
    """Offers the documents, takes orders over HTTP, and says what it is told to over a WebSocket."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.heard: list[str] = []
        self.says: Sequence[str | bytes] = ()
        self.stays = True
        self.closed = asyncio.Event()

    async def _document(self, request: web.Request) -> web.Response:
        return web.Response(text=V2 if request.path.endswith("yaml") else json.dumps(V3))

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.method, request.path, headers, await request.text()))
        return web.Response(status=500 if "broken" in request.path else 202, text="hm")

    async def _chat(self, request: web.Request) -> web.WebSocketResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(("ws", request.path, headers, ""))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for each in self.says:
            await (socket.send_bytes(each) if isinstance(each, bytes) else socket.send_str(each))
        if self.says and not self.stays:
            await socket.close()
        async for received in socket:
            self.heard.append(str(received.data))
        self.closed.set()
        return socket

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[str]:
        app = web.Application()
        app.add_routes([web.get("/doc.{kind}", self._document), web.get("/live/chat", self._chat)])
        app.add_routes([web.route("*", "/v1/{path:.*}", self._take)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@pytest.fixture
async def channels() -> Channels:
    return Channels()


@pytest.fixture
async def acts(channels: Channels) -> AsyncGenerator[OutboundProtocolActivities]:
    async with channels.listening() as url, OutboundClient(allow_http=True, egress_map={HOST: url}) as client:
        yield OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))


def call(operation: str, *, document: str = "json", **more: Any) -> dict[str, Any]:
    return {"document": {"endpoint": {"uri": f"{HOST}/doc.{document}"}}, "operation": operation, **more}


def hear(consume: dict[str, Any], document: str = "json", **more: Any) -> dict[str, Any]:
    subscription = {"consume": consume} | ({"filter": MARK + more.pop("filter")} if "filter" in more else {})
    return call("hear", document=document, subscription=subscription, **more)


async def test_a_message_is_published_over_http_as_the_document_says(
    acts: OutboundProtocolActivities, channels: Channels
) -> None:
    message = {"payload": {"shop": {"id": "a/b"}, "n": 1}, "headers": {"X-Own": 7}}
    policy = {"bearer": {"token": "sesame-sesame"}}
    assert await answer(acts.asyncapi, call("placeOrder", message=message, authentication=policy)) is None
    ((method, path, headers, body),) = channels.requests
    assert (method, path) == ("PUT", "/v1/orders/a/b")  # the server's library has decoded %2F
    assert json.loads(body) == message["payload"]
    assert headers["content-type"] == "application/vnd.order+json"
    assert (headers["x-own"], headers["idempotency-key"]) == ("7", KEY)
    assert headers["authorization"] == "Bearer sesame-sesame"


async def test_a_refusal_of_a_message_is_a_communication_fault(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.asyncapi, call("placeOrder", message={"payload": {"shop": {"id": "broken"}}}))
    assert problem["type"].endswith("/communication")
    assert problem["status"] == 500


async def test_a_message_is_published_over_a_websocket(acts: OutboundProtocolActivities, channels: Channels) -> None:
    message = {"payload": {"text": "héllo"}, "headers": {"X-Own": "1"}}
    await answer(acts.asyncapi, call("say", message=message))
    await channels.closed.wait()
    assert [json.loads(each) for each in channels.heard] == [{"text": "héllo"}]
    assert channels.requests[0][2]["x-own"] == "1"


async def test_so_many_messages_are_consumed(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = ['{"thread": "t1", "text": "a"}', "no json", b"\x00\x01", "too many"]
    assert await answer(acts.asyncapi, hear({"amount": 3})) == [
        {"payload": {"thread": "t1", "text": "a"}, "headers": {}, "correlationId": "t1"},
        {"payload": "no json", "headers": {}},
        {"payload": "AAE=", "headers": {}},
    ]


async def test_a_filter_takes_what_it_wants(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = [json.dumps({"n": n}) for n in range(6)]
    wanted = hear({"amount": 2}, filter=".payload.n > $input.least", variables={"input": {"least": 2}})
    assert [each["payload"]["n"] for each in await answer(acts.asyncapi, wanted)] == [3, 4]


@pytest.mark.parametrize(
    "consume", [{"until": MARK + "any(.[]; .payload.n == 2)"}, {"while": MARK + "length < $context.most"}]
)
async def test_a_condition_ends_the_consuming(
    acts: OutboundProtocolActivities, channels: Channels, consume: dict[str, Any]
) -> None:
    channels.says = [json.dumps({"n": n}) for n in range(6)]
    taken = await answer(acts.asyncapi, hear(consume, variables={"context": {"most": 3}}))
    assert [each["payload"]["n"] for each in taken] == [0, 1, 2]


async def test_consuming_for_a_while_gives_what_came(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = ["1", "2"]
    taken = await answer(acts.asyncapi, hear({"for": {"seconds": 3}}))
    assert [each["payload"] for each in taken] == [1, 2]


async def test_a_server_that_closes_ends_the_consuming(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says, channels.stays = ["1", "2"], False
    taken = await answer(acts.asyncapi, hear({"until": MARK + "false"}))
    assert [each["payload"] for each in taken] == [1, 2]
    problem = await fault(acts.asyncapi, hear({"amount": 5}))
    assert problem["detail"] == "the server closed after 2 of 5 messages"


async def test_messages_that_do_not_come_are_a_timeout(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = ["1"]
    problem = await fault(acts.asyncapi, hear({"amount": 2}), timeout=3.0)
    assert problem["type"].endswith("/timeout")
    assert problem["detail"] == "only 1 messages came in time"


async def test_messages_that_are_too_much_are_a_fault(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = [json.dumps("x" * 200_000) for _ in range(4)]
    assert (await fault(acts.asyncapi, hear({"until": MARK + "false"})))["status"] == 413


async def test_an_expression_that_fails_is_an_expression_fault(
    acts: OutboundProtocolActivities, channels: Channels
) -> None:
    channels.says = ["1"]
    problem = await fault(acts.asyncapi, hear({"amount": 1}, filter='.payload + "x"'))
    assert problem["type"].endswith("/expression")


async def test_version_2_in_yaml_is_read(acts: OutboundProtocolActivities, channels: Channels) -> None:
    channels.says = ["1"]
    assert await answer(acts.asyncapi, hear({"amount": 1}, document="yaml")) == [{"payload": 1, "headers": {}}]
    by_channel = {**call("x", document="yaml"), "message": {"payload": {"a": 1}, "headers": {"room": "den"}}}
    del by_channel["operation"]
    await answer(acts.asyncapi, {**by_channel, "channel": "/notes/{room}"})
    assert channels.requests[-1][:2] == ("POST", "/v1/notes/den")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (call("placeOrdr", message={"payload": 1}), "did you mean 'placeOrder'"),
        (call("placeOrder", message={"payload": 1}), "parameter 'shop' has no value"),
        (call("streamed", message={"payload": 1}), "'kafka' is known to the standard, but not available here"),
        (call("say", message={"payload": 1}, server={"name": "sockt"}), "no server 'sockt'"),
        (call("say", message={"payload": 1}, protocol="http"), "no server of this channel speaks http"),
        (
            call("say", message={"payload": 1}, server={"name": "socket", "variables": {"region": "us"}}),
            "cannot be 'us'",
        ),
        (call("placeOrder", subscription={"consume": {"amount": 1}}, message={"payload": {"shop": {"id": 1}}}), "ws"),
    ],
)
async def test_what_the_document_does_not_allow_is_a_configuration_fault(
    acts: OutboundProtocolActivities, arguments: dict[str, Any], words: str
) -> None:
    problem = await fault(acts.asyncapi, arguments)
    assert problem["type"].endswith("/configuration")
    assert words in problem["detail"]


async def test_a_host_inside_is_not_called(acts: OutboundProtocolActivities) -> None:
    document = {**V3, "servers": {"socket": {"host": "127.0.0.1", "protocol": "ws"}}}
    text = "data:application/json," + json.dumps(document).replace("{", "%7B").replace("}", "%7D").replace("#", "%23")
    asked = {"document": {"endpoint": {"uri": text}}, "operation": "say", "message": {"payload": 1}}
    problem = await fault(acts.asyncapi, asked)
    assert (problem["status"], problem["title"]) == (400, "Refused")


def test_a_variable_of_the_server_can_be_chosen() -> None:
    asked = call("say", message={"payload": 1}, server={"name": "socket", "variables": {"region": "eu"}})
    assert find_channel(V3, asked).url == "ws://eu.example.com/live/chat"


def test_references_are_pointers_in_fragments_of_uris() -> None:
    name, message = "/rooms/{of us}", {"contentType": "text/plain"}
    reference = "#/channels/~1rooms~1%7Bof%20us%7D"
    channel = {"servers": [{"$ref": "#/servers/in%20Europe"}], "parameters": {"of us": {"default": "a"}}}
    document = {
        **V3,
        "servers": {**V3["servers"], "in Europe": {"host": "eu.example.com", "protocol": "http"}},
        "channels": {name: channel | {"messages": {"said": {"$ref": "#/components/messages/x%2Dsaid/oneOf/0"}}}},
        "operations": {"say": {"action": "receive", "channel": {"$ref": reference}}},
        "components": {"messages": {"x-said": {"oneOf": [message]}}},
    }
    for asked in ({"operation": "say"}, {"channel": name}):
        found = find_channel(document, {**asked, "message": {"payload": 1}})
        assert (found.url, found.content_type) == ("http://eu.example.com/rooms/a", "text/plain")


def test_references_that_go_round_are_a_fault() -> None:
    document = {**V3, "channels": {"chat": {"$ref": "#/channels/chat"}}}
    with pytest.raises(Exception, match="round in circles"):
        find_channel(document, call("say", message={"payload": 1}))
