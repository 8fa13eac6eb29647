"""The data API beside the same server answering without a database, and what row security costs:
`uv run python -m bench.rest`.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench.load import Load, request, run
from bench.stage import Person, platform, sign_up
from zilliance.devstack import Stack

SECONDS = 5.0
CONNECTIONS = 16
BULK = 1000
TENANTS, ROWS_OF_EACH = 100, 1000  # 100,000 rows beside the caller's own
LIST = "/rest/v1/contacts?select=*&order=created_at.desc&limit=50"


@dataclass(frozen=True)
class Case:
    """One request that is sent again and again; `rows` it writes, and the rate a second that is wanted."""

    name: str
    message: bytes
    wanted: int = 0
    rows: int = 1
    connections: int = CONNECTIONS


def cases(person: Person, row_id: str) -> list[Case]:
    row = {"type": "individual", "first_name": "Ada", "email": "ada@example.com"}
    writing = {**person.headers, "Content-Type": "application/json"}

    def get(path: str) -> bytes:
        return request("GET", person.url + path, person.headers)

    def post(body: object) -> bytes:
        return request("POST", f"{person.url}/rest/v1/contacts", writing, json.dumps(body).encode())

    return [
        Case("no database (/healthz)", get("/healthz")),
        Case("one row by id", get(f"/rest/v1/contacts?select=*&id=eq.{row_id}"), 1500),
        Case("50-row list", get(LIST), 1200),
        Case(
            "50 deals, each with its contact", get("/rest/v1/deals?select=*,contacts(*)&order=created_at.desc&limit=50")
        ),
        Case("insert of one row", post(row), 800),
        Case(f"insert of {BULK} rows", post([row] * BULK), 20_000, rows=BULK, connections=2),
    ]


async def measure(case: Case, url: str, seconds: float) -> Load:
    await run(url, case.message, connections=case.connections, seconds=1.0)
    return await run(url, case.message, connections=case.connections, seconds=seconds)


async def fill(stack: Stack, person: Person) -> str:
    """Other tenants' rows, and the caller's; the id of one of the caller's."""
    connection = await asyncpg.connect(stack.settings.database.admin_dsn())
    owner = UUID(person.call("GET", "/auth/v1/user")["id"])
    statement = """
        INSERT INTO public.contacts (user_id, type, first_name, email, created_at)
        SELECT account, 'individual', 'N' || n, 'n' || n || '@example.com', now() - n * interval '1 second'
        FROM unnest($1::uuid[]) AS account, generate_series(1, $2::int) AS n RETURNING id
    """
    accounts = await connection.fetch(
        "INSERT INTO auth.users (id, email) SELECT uuidv7(), 'tenant' || n || '@example.com'"
        " FROM generate_series(1, $1::int) AS n RETURNING id",
        TENANTS,
    )
    await connection.execute("SET ROLE zplatform")
    await connection.fetch(statement, [account["id"] for account in accounts], ROWS_OF_EACH)
    own = await connection.fetch(statement, [owner], ROWS_OF_EACH)
    await connection.execute(
        "INSERT INTO public.deals (user_id, contact_id, title)"
        " SELECT user_id, id, 'Deal with ' || first_name FROM public.contacts"
    )
    await connection.execute("RESET ROLE")
    await connection.execute("VACUUM ANALYZE public.contacts, public.deals")
    await connection.close()
    return str(own[0]["id"])


async def rates(stack: Stack, person: Person, seconds: float) -> None:
    row_id = await fill(stack, person)
    print(f"{CONNECTIONS} connections, {seconds:.0f} s each, load generator on the same cores\n")
    print("| request | a second | wanted | p50 ms | p99 ms | failed | of no database |\n|---|---|---|---|---|---|---|")
    reference: Load | None = None
    for case in cases(person, row_id):
        load = await measure(case, person.url, seconds)
        reference = reference or load
        unit = " rows" if case.rows > 1 else ""
        print(
            f"| {case.name} | {load.rate * case.rows:,.0f}{unit} | {case.wanted or ''} | {load.quantile(0.5):.1f}"
            f" | {load.quantile(0.99):.1f} | {load.failed} | {load.rate / reference.rate:.2f} |"
        )


async def row_security(stack: Stack, seconds: float) -> None:
    """The same 50 rows as their owner, and as the service, which row security does not bind, by a filter."""
    person = await asyncio.to_thread(sign_up, stack, "secured@example.com")
    await fill_for(stack, person)
    owner = person.call("GET", "/auth/v1/user")["id"]
    key = stack.describe()["service_role_key"]
    service = {"apikey": key, "Authorization": f"Bearer {key}"}
    bound = Case("owner, row security", request("GET", person.url + LIST, person.headers))
    free = Case("service, by a filter", request("GET", f"{person.url}{LIST}&user_id=eq.{owner}", service))
    print(f"\n| 50 of {TENANTS * ROWS_OF_EACH:,} rows | a second, three runs |\n|---|---|")
    loads: dict[str, list[float]] = {bound.name: [], free.name: []}
    for _ in range(3):  # turn by turn: the machine's speed changes from minute to minute
        for case in (bound, free):
            loads[case.name].append((await measure(case, person.url, seconds)).rate)
    for name, found in loads.items():
        print(f"| {name} | {', '.join(f'{rate:.0f}' for rate in found)} |")
    cost = 1 - sum(loads[bound.name]) / sum(loads[free.name])
    print(f"\nrow security costs {cost:.0%} (must: 15 % or less)")


async def fill_for(stack: Stack, person: Person) -> None:
    rows = [{"type": "individual", "first_name": f"S{n}"} for n in range(ROWS_OF_EACH)]
    await asyncio.to_thread(person.insert, "contacts", rows)
    connection = await asyncpg.connect(stack.settings.database.admin_dsn())
    await connection.execute("VACUUM ANALYZE public.contacts")
    await connection.close()


async def main(seconds: float) -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        await rates(stack, person, seconds)
        await row_security(stack, seconds)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
