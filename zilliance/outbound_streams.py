"""Answers that are read while they come: the body of a response in pieces, and the messages of a WebSocket."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp

from zilliance.outbound_rules import OutboundFailedError, OutboundFailure


@dataclass(frozen=True, slots=True)
class OutboundStream:
    """An answer whose body is still coming. Header names are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    host: str
    max_bytes: int
    content: aiohttp.StreamReader

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces. Raises OutboundFailedError for more than may be taken in all."""
        taken = 0
        async for chunk in self.content.iter_any():
            taken += len(chunk)
            if taken > self.max_bytes:
                message = f"{self.host} answered with more than {self.max_bytes} bytes"
                raise OutboundFailedError(OutboundFailure.TOO_LARGE, message)
            yield chunk

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self.chunks()])


@dataclass(frozen=True, slots=True)
class OutboundSocket:
    """An open WebSocket."""

    socket: aiohttp.ClientWebSocketResponse
    host: str

    async def send(self, text: str) -> None:
        """Send one text message. Raises OutboundFailedError when the other side has gone."""
        try:
            await self.socket.send_str(text)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._gone() from error

    async def receive(self) -> str | bytes | None:
        """The next message; None when the other side closed in good order. Raises OutboundFailedError."""
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data)
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is aiohttp.WSMsgType.ERROR:
            if self.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                raise OutboundFailedError(OutboundFailure.TOO_LARGE, f"{self.host} sent a message that is too large")
            raise self._gone()
        if self.socket.close_code in (aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.GOING_AWAY):
            return None
        raise self._gone()

    def _gone(self) -> OutboundFailedError:
        return OutboundFailedError(OutboundFailure.PROTOCOL, f"{self.host} closed the WebSocket amid the exchange")
