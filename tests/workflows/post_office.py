"""A mail server for tests: keeps what comes, and can refuse."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class PostOffice:
    """Messages in the order in which they came; `refusals` are said to the next ones for an address instead."""

    messages: list[EmailMessage] = field(default_factory=list[EmailMessage])
    envelopes: list[list[str]] = field(default_factory=list[list[str]])
    refusals: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    port: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        for address in envelope.rcpt_tos:
            if self.refusals.get(address):
                return self.refusals[address].pop(0)
        content = cast("bytes", envelope.content)
        self.messages.append(cast("EmailMessage", message_from_bytes(content, policy=cast("Any", policy.default))))
        self.envelopes.append(list(envelope.rcpt_tos))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message, to in zip(self.messages, self.envelopes, strict=True) if address in to]


@asynccontextmanager
async def post_office() -> AsyncGenerator[PostOffice]:
    office = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, enable_SMTPUTF8=True), "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    async with server:
        yield office
