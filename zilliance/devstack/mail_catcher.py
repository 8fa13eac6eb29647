"""A mail server that delivers nothing: it keeps every message as a file and shows them on a small page.

python -m zilliance.devstack.mail_catcher FOLDER SMTP_PORT HTTP_PORT
"""

import asyncio
import html
import json
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from zilliance.devstack.ports import LOOPBACK

MOST_MESSAGES = 1000
MOST_BYTES = 10 * 1024 * 1024
READ_SECONDS = 10.0
JSON, HTML, TEXT = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"


class Mailbox:
    """Messages as files of one folder, newest last by name; aiosmtpd hands them over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        recipients = ", ".join(envelope.rcpt_tos)
        draft = self._folder / f".{name}"
        draft.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + content)
        draft.rename(self._folder / f"{name}.eml")
        for old in self._files()[:-MOST_MESSAGES]:
            old.unlink(missing_ok=True)
        return "250 OK"

    def summaries(self) -> list[dict[str, Any]]:
        """What the messages are, newest first."""
        return [_summary(file) for file in reversed(self._files())]

    def read(self, identifier: str) -> dict[str, Any] | None:
        """One message with its bodies, or None."""
        # Looked up among the files that there are, so that no path can be smuggled in.
        file = next((each for each in self._files() if each.stem == identifier), None)
        if file is None:
            return None
        message = _parse(file)
        return {
            **_summary(file),
            "text": _body(message, "plain"),
            "html": _body(message, "html"),
            "raw": file.read_text(errors="replace"),
        }

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"))


def _parse(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), policy=policy.default)  # type: ignore[return-value]  # the policy makes EmailMessage


def _summary(file: Path) -> dict[str, Any]:
    message = _parse(file)
    received = datetime.fromtimestamp(int(file.stem.split("-")[0]) / 1e9, UTC)
    return {
        "id": file.stem,
        "from": str(message["From"] or ""),
        "to": str(message["To"] or message["X-Envelope-To"] or ""),
        "subject": str(message["Subject"] or ""),
        "received_at": received.isoformat(),
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content())


def answer(mailbox: Mailbox, path: str) -> tuple[int, str, str]:
    """Status, type and body for a GET."""
    parts = path.partition("?")[0].strip("/").split("/")
    match parts:
        case [""]:
            return 200, HTML, _page(mailbox.summaries())
        case ["messages"]:
            return 200, JSON, json.dumps(mailbox.summaries())
        case ["messages", identifier]:
            message = mailbox.read(identifier)
            return (404, JSON, '{"error": "no such message"}') if message is None else (200, JSON, json.dumps(message))
        case _:
            return 404, TEXT, "not found"


def _page(messages: Iterable[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(each['received_at'][:19])}<td>{html.escape(each['to'])}<td>"
        f'<a href="/messages/{html.escape(each["id"])}">{html.escape(each["subject"] or "(no subject)")}</a>'
        for each in messages
    )
    style = "<style>body{font:15px system-ui;margin:2rem}td,th{padding:.3rem 1rem;text-align:left}</style>"
    head = "<tr><th>received (UTC)<th>to<th>subject"
    return f"<!doctype html><title>Mail</title>{style}<h1>Mail</h1><table>{head}{rows}</table>"


def serve_http(mailbox: Mailbox) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A handler of connections: one GET each."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), READ_SECONDS)
            status, kind, body = _respond(mailbox, head.decode("latin-1"))
            content = body.encode()
            lines = f"HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
            guards = "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
            writer.write((lines + guards).encode() + content)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever asked went away or does not speak HTTP
        finally:
            writer.close()

    return handle


def _respond(mailbox: Mailbox, head: str) -> tuple[int, str, str]:
    first, *lines = head.split("\r\n")
    method, _, rest = first.partition(" ")
    host = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")), "")
    # Mails hold links that sign people in: a web page that points its own name at this machine must not read them.
    if host.rpartition(":")[0] not in {LOOPBACK, "localhost"}:
        return 403, TEXT, f"open this page as http://{LOOPBACK}"
    if method != "GET":
        return 405, TEXT, "only GET"
    return answer(mailbox, rest.rpartition(" ")[0])


async def main(folder: Path, smtp_port: int, http_port: int) -> None:
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    def session() -> SMTP:
        return SMTP(mailbox, data_size_limit=MOST_BYTES, hostname="zilliance", enable_SMTPUTF8=True)

    async with (
        await loop.create_server(session, LOOPBACK, smtp_port),
        await asyncio.start_server(serve_http(mailbox), LOOPBACK, http_port),
    ):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
