"""What the gateway is measured beside: a bare proxy of aiohttp, and nginx where it is installed."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, TCPConnector, web

_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_max_body_size 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream target {{ server 127.0.0.1:{target}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""


@asynccontextmanager
async def process(*command: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process that ends with the block."""
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield running
    finally:
        running.terminate()
        await running.wait()


@asynccontextmanager
async def served(module: str, *arguments: str) -> AsyncGenerator[int]:
    """The port of a module of ours that prints it."""
    async with process(sys.executable, "-m", module, *arguments) as running:
        assert running.stdout is not None  # noqa: S101
        yield int(await running.stdout.readline())


@asynccontextmanager
async def nginx(target: int, folder: Path) -> AsyncGenerator[int | None]:
    """The port of nginx in front of a port; None where there is no nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "conf").write_text(_NGINX.format(folder=folder, target=target, port=port))
    async with process(program, "-p", str(folder), "-c", str(folder / "conf")):
        await _answers(port)
        yield port


async def _answers(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def main(target: int) -> None:
    """Serve the bare proxy: it streams both ways over connections that it keeps, and does nothing else."""
    async with ClientSession(connector=TCPConnector(limit=0), auto_decompress=False) as session:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            url = f"http://127.0.0.1:{target}{request.path_qs}"
            body = request.content if request.can_read_body else None
            async with session.request(request.method, url, data=body, allow_redirects=False) as answer:
                response = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                return response

        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", pass_on)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sys.stdout.write(f"{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "transfer-encoding"}


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
