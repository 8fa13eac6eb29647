"""Reads of the data API, beside the same server answering without a database: `uv run python -m bench.rest`."""

import asyncio
import sys

from bench.load import Load, request, run
from bench.stage import platform, sign_up

SECONDS = 5.0
CONNECTIONS = 16


async def main(seconds: float) -> None:
    async with platform() as stack:
        person = await asyncio.to_thread(sign_up, stack)
        rows = [{"type": "individual", "first_name": f"N{n}", "email": f"n{n}@example.com"} for n in range(200)]
        made = await asyncio.to_thread(person.insert, "contacts", rows)
        cases = {
            "no database (/healthz)": f"{person.url}/healthz",
            "one row by id": f"{person.url}/rest/v1/contacts?select=*&id=eq.{made[0]['id']}",
            "50-row list": f"{person.url}/rest/v1/contacts?select=*&order=created_at.desc&limit=50",
        }
        print(f"{CONNECTIONS} connections, {seconds:.0f} s each, load generator on the same cores\n")
        print("| request | a second | p50 ms | p99 ms | failed | of no database |\n|---|---|---|---|---|---|")
        reference: Load | None = None
        for name, url in cases.items():
            message = request("GET", url, person.headers)
            await run(url, message, connections=CONNECTIONS, seconds=1.0)
            load = await run(url, message, connections=CONNECTIONS, seconds=seconds)
            reference = reference or load
            share = load.rate / reference.rate
            print(
                f"| {name} | {load.rate:.0f} | {load.quantile(0.5):.1f} | {load.quantile(0.99):.1f}"
                f" | {load.failed} | {share:.2f} |"
            )


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
