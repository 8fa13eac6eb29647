"""How the gateway's limits count: `uv run python -m bench.gateway_admission [seconds]`.

The same work is done by the sliding window of the platform and by GCRA with a burst of the limit, which is what most
gateways do. First what each of them lets through, at moments that are chosen, then what each costs, in this run and on
this machine, beside a statement that does nothing.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg

from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import Login

SECONDS = 3.0
LIMIT = 100
MINUTE = 60.0
CONNECTIONS = (1, 16)

# As in the textbook: `tat` is when the next request would come if all came evenly.
GCRA = """
CREATE SCHEMA gcra;
CREATE UNLOGGED TABLE gcra.cells (id uuid PRIMARY KEY, tat double precision NOT NULL) WITH (fillfactor = 50);
CREATE FUNCTION gcra.free(p_id uuid, p_limit integer, p_now double precision) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_tat double precision;
BEGIN
    SELECT tat INTO v_tat FROM gcra.cells WHERE id = p_id FOR NO KEY UPDATE;
    RETURN coalesce(greatest(v_tat, p_now) + 60.0 / p_limit - p_now <= 60.0 + 1e-6, true);
END
$$;
CREATE FUNCTION gcra.take(p_key uuid, p_key_limit integer, p_endpoint uuid, p_endpoint_limit integer,
                          p_now double precision) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_now double precision := coalesce(p_now, extract(epoch FROM clock_timestamp()));
BEGIN
    IF NOT (gcra.free(p_key, p_key_limit, v_now) AND gcra.free(p_endpoint, p_endpoint_limit, v_now)) THEN
        RETURN false;
    END IF;
    INSERT INTO gcra.cells AS c (id, tat) VALUES (p_key, v_now + 60.0 / p_key_limit)
        ON CONFLICT (id) DO UPDATE SET tat = greatest(c.tat, v_now) + 60.0 / p_key_limit;
    INSERT INTO gcra.cells AS c (id, tat) VALUES (p_endpoint, v_now + 60.0 / p_endpoint_limit)
        ON CONFLICT (id) DO UPDATE SET tat = greatest(c.tat, v_now) + 60.0 / p_endpoint_limit;
    RETURN true;
END
$$;
"""
WINDOW_AT = (
    "SELECT t.outcome = 'admitted' FROM unnest($3::float8[]) AS moment,"
    " LATERAL private.gateway_take($1, $4, NULL, NULL, $2, 1000000, to_timestamp(moment)) AS t"
)
GCRA_AT = "SELECT gcra.take($1, $4, $2, 1000000, moment) FROM unnest($3::float8[]) AS moment"
WINDOW_NOW = "SELECT outcome FROM private.gateway_take($1, $3, NULL, NULL, $2, 2000000000, NULL)"
GCRA_NOW = "SELECT gcra.take($1, $3, $2, 2000000000, NULL)"
PLENTY, NONE = 1_000_000_000, 1
ADMIT = "SELECT * FROM private.gateway_admit($1, 'GET', '/orders')"


@dataclass
class Measured:
    """Calls of one kind."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        ordered = sorted(self.times)
        p99 = ordered[len(ordered) * 99 // 100]
        rate = len(ordered) / self.seconds
        return f"| {rate:,.0f} | {median(ordered) * 1000:.2f} | {p99 * 1000:.2f} |"


async def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(Path(folder) / "home", FREE_PORTS, parts={"postgres", "migrate"}) as stack:
            database = stack.settings.database
            admin = await asyncpg.connect(database.admin_dsn())
            await admin.execute(GCRA)
            made = await publish(admin)
            await accuracy(admin, made)
            await costs(database.dsn(Login.SERVICE), database.admin_dsn(), made, seconds)
            await admin.close()


@dataclass(frozen=True)
class Made:
    """One key and one endpoint, and a second key that is over its limit."""

    key: UUID
    endpoint: UUID
    good: bytes
    full: bytes


async def publish(admin: asyncpg.Connection) -> Made:
    owner = await admin.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    endpoint = await admin.fetchval(
        "INSERT INTO api_endpoints (user_id, name, path, target_url, rate_limit)"
        " VALUES ($1, 'x', '/orders', 'https://example.com', 2000000000) RETURNING id",
        owner,
    )
    claims = "SELECT set_config('request.jwt.claims', json_build_object('sub', $1::uuid)::text, false)"
    await admin.execute(claims, owner)
    (key, good), (_, full) = [await issue(admin, limit) for limit in (PLENTY, NONE)]
    return Made(key, endpoint, good, full)


async def issue(admin: asyncpg.Connection, limit: int) -> tuple[UUID, bytes]:
    """The id of a new key and what the database knows it by."""
    create = "SELECT k ->> 'id', sha256((k ->> 'key')::bytea) FROM create_api_key('A key', rate_limit => $1) AS k"
    [(identity, digest)] = await admin.fetch(create, limit)
    return UUID(identity), digest


async def accuracy(admin: asyncpg.Connection, made: Made) -> None:
    """What callers get who ask ten times as often as they may, and what comes after a burst."""
    print(f"limit {LIMIT} a minute, asked 1,000 times a minute for ten minutes\n")
    print("| | most in any 60 s | in the first 60 s | a minute after that |\n|---|---|---|---|")
    moments = [1_000_000 + number * 0.06 for number in range(10_000)]
    for name, statement in (("sliding window", WINDOW_AT), ("GCRA, burst of the limit", GCRA_AT)):
        transaction = admin.transaction()
        await transaction.start()
        told = await admin.fetch(statement, made.key, made.endpoint, moments, LIMIT)
        await transaction.rollback()
        admitted = [at - moments[0] for at, (is_admitted,) in zip(moments, told, strict=True) if is_admitted]
        later = sum(at >= MINUTE for at in admitted) / 9
        print(f"| {name} | {densest(admitted)} | {sum(at < MINUTE for at in admitted)} | {later:.1f} |")


def densest(moments: Sequence[float]) -> int:
    most, first = 0, 0
    for last, at in enumerate(moments):
        while moments[first] <= at - MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


async def costs(service: str, admin: str, made: Made, seconds: float) -> None:
    kinds: list[tuple[str, str, str, tuple[Any, ...]]] = [
        ("nothing: `SELECT 1`", admin, "SELECT 1", ()),
        ("sliding window, both limits, admitted", admin, WINDOW_NOW, (made.key, made.endpoint, PLENTY)),
        ("GCRA, both limits, admitted", admin, GCRA_NOW, (made.key, made.endpoint, PLENTY)),
        ("sliding window, refused", admin, WINDOW_NOW, (made.key, made.endpoint, NONE)),
        ("GCRA, refused", admin, GCRA_NOW, (made.key, made.endpoint, NONE)),
        ("the whole admission, admitted", service, ADMIT, (made.good,)),
        ("the whole admission, over the limit", service, ADMIT, (made.full,)),
        ("the whole admission, bad key", service, ADMIT, (b"\0" * 32,)),
    ]
    for connections in CONNECTIONS:
        print(f"\n{connections} connections, one key, {seconds:g} s each\n")
        print("| | a second | p50 ms | p99 ms |\n|---|---|---|---|")
        for name, dsn, statement, arguments in kinds:
            print(f"| {name} {await measured(dsn, connections, seconds, statement, arguments)}")


async def measured(dsn: str, count: int, seconds: float, statement: str, arguments: tuple[Any, ...]) -> Measured:
    connections = [await asyncpg.connect(dsn) for _ in range(count)]
    result = Measured()
    began = time.perf_counter()

    async def ask(connection: asyncpg.Connection) -> None:
        prepared = await connection.prepare(statement)
        while (at := time.perf_counter()) < began + seconds:
            await prepared.fetchrow(*arguments)
            result.times.append(time.perf_counter() - at)

    await asyncio.gather(*(ask(connection) for connection in connections))
    result.seconds = time.perf_counter() - began
    for connection in connections:
        await connection.close()
    return result


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
