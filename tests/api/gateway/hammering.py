"""A process that asks the gateway for admission over several connections, as one API process of many does."""

import asyncio
import sys

import asyncpg

CONNECTIONS = 4


async def hammer(dsn: str, digest: bytes, path: str, times: int) -> int:
    """How many were admitted."""
    connections = [await asyncpg.connect(dsn) for _ in range(CONNECTIONS)]
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    outcomes = await asyncio.gather(*(_ask(connection, digest, path, times) for connection in connections))
    for connection in connections:
        await connection.close()
    return sum(outcomes)


async def _ask(connection: asyncpg.Connection, digest: bytes, path: str, times: int) -> int:
    statement = "SELECT outcome = 'admitted' FROM private.gateway_admit($1, 'GET', $2)"
    return sum([await connection.fetchval(statement, digest, path) for _ in range(times)])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _say(str(asyncio.run(hammer(sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3], int(sys.argv[4])))))
