"""`call: mcp`: one request in a session of its own, over streamable HTTP or with a server that is started for it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from temporalio.exceptions import ApplicationError

from activities.calls.caller import BoundCall
from activities.calls.http import key_of
from activities.faults import fault
from activities.protocols.jsonrpc import MOST_BYTES, Message, is_answer, messages, parsed, posted, result_of
from activities.protocols.programs import Programs, environment_of, given, of_process
from activities.protocols.values import object_of, text_of, texts_of
from workflows.language.calls.mcp import PROTOCOL_VERSION, STDIO
from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.problems import Kind
from zilliance.errors import AppError
from zilliance.outbound import OutboundClient, OutboundRequest
from zilliance.processes import Conversation, ProcessFailedError, ProcessLimits, Program

# Of these a client can speak each: what differs between them, these calls do not use.
VERSIONS = frozenset({"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
SESSION = "mcp-session-id"
MOST_MESSAGES = 1_000
GOODBYE_SECONDS = 2.0
NO_METHOD = -32601


class Transport(Protocol):
    """How messages get to a server and its answers back."""

    async def ask(self, message: Message, *, keyed: bool = False) -> object:
        """The result of a request; `keyed` is the task's own, which is done once. Raises faults."""
        ...

    async def tell(self, message: Message) -> None:
        """Send what has no answer."""
        ...


@dataclass(frozen=True, slots=True)
class McpCalls:
    """Makes calls of MCP servers."""

    client: OutboundClient
    programs: Programs

    async def perform(self, call: BoundCall) -> object:
        """The result of the request. Raises faults of kind runtime."""
        arguments = call.arguments
        call = replace(call, deadline=_deadline(call))
        method = text_of(arguments.get("method"), "method")
        version = text_of(arguments.get("protocolVersion", PROTOCOL_VERSION), "protocolVersion")
        try:
            async with asyncio.timeout_at(call.deadline), self._transport(call, version) as transport:
                await _initialize(transport, object_of(arguments.get("client"), "client"), version)
                parameters = object_of(arguments.get("parameters"), "parameters")
                message = {"jsonrpc": "2.0", "id": 2, "method": method, "params": dict(parameters)}
                return await transport.ask(message, keyed=True)
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, "the MCP server did not answer in full in time") from error
        except ProcessFailedError as error:
            raise of_process(error) from error

    @asynccontextmanager
    async def _transport(self, call: BoundCall, version: str) -> AsyncGenerator[Transport]:
        transport = object_of(call.arguments.get("transport"), "transport")
        async with AsyncExitStack() as stack:
            if "stdio" in transport:
                server = object_of(transport["stdio"], "transport.stdio")
                yield await stack.enter_async_context(self._process(server, call))
                return
            http = object_of(transport.get("http"), "transport.http")
            endpoint = object_of(http.get("endpoint"), "transport.http.endpoint")
            policy = endpoint.get("authentication")
            authorization = await call.headers(None if policy is None else object_of(policy, "authentication"))
            headers = {**texts_of(http.get("headers"), "transport.http.headers"), **authorization}
            url = text_of(endpoint.get("uri"), "transport.http.endpoint")
            http_transport = _Http(self.client, call, url, {**headers, "MCP-Protocol-Version": version})
            try:
                yield http_transport
            finally:
                await http_transport.leave()

    @asynccontextmanager
    async def _process(self, server: Mapping[str, object], call: BoundCall) -> AsyncGenerator[Transport]:
        self.programs.require(STDIO)
        program = Program(
            arguments=[text_of(server.get("command"), "transport.stdio.command"), *given(server)],
            environment=environment_of(server, call.call.idempotency_key),
        )
        limits = ProcessLimits(seconds=call.seconds_left, output_bytes=MOST_BYTES)
        async with self.programs.processes.conversation(program, limits) as conversation:
            yield _Stdio(conversation)


async def _initialize(transport: Transport, client: Mapping[str, object], version: str) -> None:
    """Open the session, as every other request must find it."""
    information = {"name": client.get("name", "zilliance"), "version": client.get("version", "1.0.0")}
    parameters = {"protocolVersion": version, "capabilities": {}, "clientInfo": information}
    result = await transport.ask({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters})
    agreed = object_of(result, "the answer to initialize").get("protocolVersion")
    if agreed not in VERSIONS:
        raise fault(Kind.RUNTIME, f"the MCP server speaks protocol version {agreed!r:.80}, which this client does not")
    await transport.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})


@dataclass(slots=True)
class _Http:
    """Streamable HTTP: each message is a POST of its own within one session."""

    client: OutboundClient
    call: BoundCall
    url: str
    headers: dict[str, str]
    session: dict[str, str] = field(default_factory=dict[str, str])

    async def ask(self, message: Message, *, keyed: bool = False) -> object:
        # Under one key with it, what opens the session would pass for an earlier attempt.
        key = {"Idempotency-Key": key_of(self.call.call)} if keyed else {}
        headers = {**key, **self.headers, **self.session}
        async with posted(self.client, self.call, self.url, message, headers) as stream:
            if SESSION in stream.headers:
                self.session = {SESSION: stream.headers[SESSION]}
            taken = 0
            async for received in messages(stream):
                if is_answer(received, message["id"]):
                    return result_of(received, stream.host)
                taken += 1
                if taken >= MOST_MESSAGES:
                    raise fault(
                        Kind.RUNTIME, f"{stream.host} sent {MOST_MESSAGES:,} messages and no answer", status=413
                    )
                if (reply := _reply(received)) is not None:
                    await self.tell(reply)
        raise fault(Kind.RUNTIME, f"{self.url:.200} ended its answer without the answer")

    async def tell(self, message: Message) -> None:
        async with posted(self.client, self.call, self.url, message, {**self.headers, **self.session}) as stream:
            await stream.read()

    async def leave(self) -> None:
        """End the session; a server that does not let it be ended will end it by itself."""
        if not self.session:
            return
        request = OutboundRequest(
            method="DELETE",
            url=self.url,
            headers={**self.headers, **self.session},
            body=None,
            timeout=GOODBYE_SECONDS,
            max_bytes=MOST_BYTES,
        )
        with suppress(AppError):
            await self.client.request(request)


@dataclass(frozen=True, slots=True)
class _Stdio:
    """A process that is spoken to in lines."""

    conversation: Conversation

    async def ask(self, message: Message, *, keyed: bool = False) -> object:  # noqa: ARG002  the program has the key
        await self.conversation.say(message)
        for _ in range(MOST_MESSAGES):
            line = await self.conversation.hear()
            if line is None:
                raise self._ended()
            if not line.strip():
                continue
            received = parsed(line, "the MCP server")
            if is_answer(received, message["id"]):
                return result_of(received, "the MCP server")
            if (reply := _reply(received)) is not None:
                await self.conversation.say(reply)
        raise fault(Kind.RUNTIME, f"the MCP server sent {MOST_MESSAGES:,} messages and no answer", status=413)

    async def tell(self, message: Message) -> None:
        await self.conversation.say(message)

    def _ended(self) -> ApplicationError:
        said = self.conversation.complaint.strip()
        return fault(Kind.RUNTIME, "the MCP server ended without an answer" + (f": {said}" if said else ""))


def _reply(message: Message) -> Message | None:
    """What a server is answered that asks something of its client: it is there, and can do nothing else."""
    if "method" not in message or "id" not in message:
        return None
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    if message["method"] == "ping":
        return {**answer, "result": {}}
    return {**answer, "error": {"code": NO_METHOD, "message": "this client does not do that"}}


def _deadline(call: BoundCall) -> float:
    """The call's, or that of its own `timeout`."""
    value = call.arguments.get("timeout")
    if value is None:
        return call.deadline
    try:
        seconds = seconds_of(parse_duration(value), datetime.now(UTC))
    except DurationError as error:
        raise fault(Kind.VALIDATION, f"timeout: {error}") from error
    return min(call.deadline, asyncio.get_running_loop().time() + seconds)
