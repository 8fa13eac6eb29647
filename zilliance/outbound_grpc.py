"""The one door to gRPC servers that users name: one connection a call, to an address that was checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
from yarl import URL

from zilliance.outbound import Dialled, OutboundClient
from zilliance.outbound_rules import HTTP_PORTS, OutboundFailedError, OutboundFailure, host_url

PLAIN_PORTS = frozenset({80, 8080, 50051})  # where a server without TLS is expected, if it is allowed at all
PORTS = HTTP_PORTS | {50051}
MOST_MESSAGES = 1_000  # of a stream: one may have no bytes at all


@dataclass(frozen=True, kw_only=True)
class GrpcRequest:
    """One call.

    Attributes:
        method: `/package.Service/Method`.
        message: the serialized request.
        streaming: the server answers with any number of messages.
        timeout: seconds for the whole of it.
        max_bytes: of all messages of the answer together.
    """

    host: str
    port: int
    method: str
    message: bytes
    metadata: Mapping[str, str]
    streaming: bool
    timeout: float
    max_bytes: int


class GrpcStatusError(Exception):
    """The status that a call ended with: the name of a code, and what the server says to it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


async def call_grpc(client: OutboundClient, request: GrpcRequest) -> list[bytes]:
    """The messages of the answer. Raises OutboundRefusedError, OutboundFailedError or GrpcStatusError."""
    scheme = "http" if client.allows_http and request.port in PLAIN_PORTS else "https"
    url = host_url(scheme, request.host, request.port)
    dialled = await client.dial(url, ports=PORTS)
    try:
        async with _channel(dialled, url, request) as channel:
            return await (_stream(channel, request) if request.streaming else _single(channel, request))
    except grpc.aio.AioRpcError as error:
        raise _explained(error, request, dialled) from error


async def _single(channel: grpc.aio.Channel, request: GrpcRequest) -> list[bytes]:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(request.method)
    return [await call(request.message, metadata=tuple(request.metadata.items()), timeout=request.timeout)]


async def _stream(channel: grpc.aio.Channel, request: GrpcRequest) -> list[bytes]:
    call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(request.method)
    messages: list[bytes] = []
    size = 0
    async for message in call(request.message, metadata=tuple(request.metadata.items()), timeout=request.timeout):
        messages.append(message)
        size += len(message)
        if size > request.max_bytes:
            explanation = f"{request.host} answered with more than {request.max_bytes} bytes"
            raise OutboundFailedError(OutboundFailure.TOO_LARGE, explanation)
        if len(messages) > MOST_MESSAGES:
            explanation = f"{request.host} answered with more than {MOST_MESSAGES:,} messages"
            raise OutboundFailedError(OutboundFailure.TOO_LARGE, explanation)
    return messages


def _channel(dialled: Dialled, url: URL, request: GrpcRequest) -> grpc.aio.Channel:
    """A connection to the address itself, which is told the name that it was looked up by."""
    address = f"[{dialled.address}]" if ":" in dialled.address else dialled.address
    family = "ipv6" if ":" in dialled.address else "ipv4"
    options: Sequence[tuple[str, str | int]] = (
        ("grpc.default_authority", f"{url.host_subcomponent}:{url.port}"),
        ("grpc.ssl_target_name_override", url.raw_host or ""),
        ("grpc.max_receive_message_length", request.max_bytes),
        ("grpc.max_metadata_size", 16 * 1024),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
        ("grpc.primary_user_agent", "Zilliance"),
    )
    target = f"{family}:{address}:{dialled.port}"
    if dialled.tls:
        return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
    return grpc.aio.insecure_channel(target, options=options)


def _explained(error: grpc.aio.AioRpcError, request: GrpcRequest, dialled: Dialled) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"{request.host} did not answer in full within {request.timeout:g} s"
        return OutboundFailedError(OutboundFailure.TIMEOUT, message)
    details = error.details() or ""
    if dialled.address in details:  # the library's own words: whom a name stands for is not for the caller to know
        details = f"{request.host} could not be reached"
    return GrpcStatusError(code.name, details)
