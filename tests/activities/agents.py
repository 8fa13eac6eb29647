"""An A2A agent and an MCP server on loopback, in a few lines each, over real HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Message = dict[str, Any]


class JsonRpcHost:
    """Answers POSTs of JSON-RPC by method; remembers each message and the headers that came with it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.url = ""

    async def post(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        self.messages.append(message)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.paths.append(request.path)
        return await self.answer(message, request)

    async def answer(self, message: Message, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self.post)]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["JsonRpcHost"]:
        app = web.Application()
        app.add_routes(self.routes())
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def result(message: Message, value: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": value})


async def events(request: web.Request, *data: object) -> web.StreamResponse:
    """A stream of events, one for each message."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b": hello\r\n\r\n")
    for each in data:
        await response.write(b"event: message\r\ndata: " + json.dumps(each).encode() + b"\r\n\r\n")
    await response.write_eof()
    return response


class Agent(JsonRpcHost):
    """Echoes what it is sent; its card says where it listens."""

    card: Message

    def __init__(self, address: str) -> None:
        super().__init__()
        self.card = {"name": "echo", "url": f"{address}/rpc", "preferredTransport": "JSONRPC"}
        self.card_headers: list[dict[str, str]] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/.well-known/agent-card.json", self._card), *super().routes()]

    async def _card(self, request: web.Request) -> web.Response:
        self.card_headers.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response(self.card)

    async def answer(self, message: Message, request: web.Request) -> web.StreamResponse:
        method, parameters = message["method"], message["params"]
        if method == "message/send":
            return result(message, {"kind": "message", "echo": parameters["message"]})
        if method == "message/stream":
            updates = [{"jsonrpc": "2.0", "id": message["id"], "result": {"n": n}} for n in range(3)]
            return await events(request, *updates)
        if method == "tasks/get":
            error = {"code": -32001, "message": "Task not found", "data": {"id": parameters.get("id")}}
            return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})
        if method == "tasks/cancel":
            return web.Response(status=401, text="who are you")
        if method == "tasks/list":
            return web.Response(text="<html>", content_type="text/html")
        return result(message, {"did": method})


class McpServer(JsonRpcHost):
    """Streamable HTTP with a session, which other requests must name."""

    SESSION = "session-1"

    def __init__(self) -> None:
        super().__init__()
        self.closed: list[str] = []
        self.version = "2025-06-18"

    def routes(self) -> list[web.RouteDef]:
        return [web.delete("/{path:.*}", self._close), *super().routes()]

    async def _close(self, request: web.Request) -> web.Response:
        self.closed.append(request.headers.get("Mcp-Session-Id", ""))
        return web.Response()

    async def answer(self, message: Message, request: web.Request) -> web.StreamResponse:
        method = message.get("method")
        if method == "initialize":
            answer = result(message, {"protocolVersion": self.version, "capabilities": {}, "serverInfo": {}})
            answer.headers["Mcp-Session-Id"] = self.SESSION
            return answer
        if request.headers.get("Mcp-Session-Id") != self.SESSION:
            return web.Response(status=400, text="no session")
        if method is None or "id" not in message:
            return web.Response(status=202)
        return await self._in_session(message, request)

    async def _in_session(self, message: Message, request: web.Request) -> web.StreamResponse:
        method = message["method"]
        if method == "tools/list":
            return result(message, {"tools": [{"name": "add"}]})
        if method == "tools/call":
            total = sum(message["params"]["arguments"].values())
            content = {"content": [{"type": "text", "text": str(total)}], "isError": False}
            return await events(
                request,
                {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}},
                {"jsonrpc": "2.0", "id": "s1", "method": "ping"},
                {"jsonrpc": "2.0", "id": "s2", "method": "sampling/createMessage", "params": {}},
                {"jsonrpc": "2.0", "id": message["id"], "result": content},
            )
        if method == "prompts/list":
            return await events(request, {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
        error = {"code": -32602, "message": f"no {method}"}
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})


# The same over lines, as a program of its own: `python3 -c` with this text.
STDIO_SERVER = """
import json, os, sys
print('starting', file=sys.stderr, flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message.get('method') == 'initialize':
        answer = {'result': {'protocolVersion': '2025-06-18', 'capabilities': {}, 'serverInfo': {}}}
    elif message.get('method') == 'tools/call' and message['params'].get('name') == 'die':
        sys.exit('it died')
    elif message.get('method') == 'tools/call':
        print(json.dumps({'jsonrpc': '2.0', 'id': 'p', 'method': 'ping'}), flush=True)
        assert json.loads(sys.stdin.readline()) == {'jsonrpc': '2.0', 'id': 'p', 'result': {}}
        answer = {'result': {'name': os.environ.get('NAME'), 'args': sys.argv[1:]}}
    elif 'id' not in message:
        continue
    else:
        answer = {'error': {'code': -32601, 'message': 'no such method'}}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], **answer}), flush=True)
"""
