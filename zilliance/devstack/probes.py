"""The questions that health checks ask: HTTP, SMTP, and the tools that come with a part."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from zilliance.devstack.part import NotReadyError
from zilliance.devstack.ports import LOOPBACK

ANSWER_SECONDS = 3.0
TOOL_SECONDS = 30.0


async def http_status(port: int, path: str, *, host: str = LOOPBACK) -> int:
    """The status that a GET is answered with. Raises NotReadyError when there is no answer."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    version, _, rest = (await _exchange(host, port, request.encode())).partition(b" ")
    if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
        message = f"no HTTP on port {port}"
        raise NotReadyError(message)
    return int(rest[:3])


async def http_ok(port: int, path: str, *, host: str = LOOPBACK) -> None:
    """Raise NotReadyError unless a GET is answered with 200."""
    status = await http_status(port, path, host=host)
    if status != 200:  # noqa: PLR2004
        message = f"GET {path} on port {port} answered {status}"
        raise NotReadyError(message)


async def smtp_ok(port: int) -> None:
    """Raise NotReadyError unless a mail server greets."""
    greeting = await _exchange(LOOPBACK, port, b"")
    if not greeting.startswith(b"220 "):
        message = f"no SMTP greeting on port {port}"
        raise NotReadyError(message)


async def run_tool(
    command: Sequence[str | Path], environment: Mapping[str, str], *, stdin: str = "", seconds: float = TOOL_SECONDS
) -> str:
    """What a short-lived tool prints. Raises NotReadyError with its complaint when it fails or hangs."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.wait_for(process.communicate(stdin.encode()), seconds)
    except TimeoutError as error:
        message = f"{Path(command[0]).name} did not end within {seconds:.0f} s"
        raise NotReadyError(message) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        message = f"{Path(command[0]).name}: {complaint.decode(errors='replace').strip()[-400:]}"
        raise NotReadyError(message)
    return output.decode()


async def _exchange(host: str, port: int, request: bytes) -> bytes:
    """Send bytes and read the first line of the answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                return await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, ValueError) as error:
        message = f"port {port}: {error or 'no answer'}"
        raise NotReadyError(message) from error
