"""`/healthz`: the process runs. `/readyz`: what it stands on answers, too."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from temporalio.service import RPCError

from api.deps import State
from api.state import AppState
from zilliance.database import PostgresError
from zilliance.errors import UnavailableError

PROBE_SECONDS = 3.0

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A part is down; `details` says which"}})
async def readyz(state: State) -> dict[str, str]:
    """PostgreSQL and Temporal answer."""
    probes = {"database": _database, "temporal": _temporal}
    found = await asyncio.gather(*(_probe(state, probe) for probe in probes.values()))
    parts = dict(zip(probes, found, strict=True))
    down = [name for name, status in parts.items() if status != "up"]
    if down:
        raise UnavailableError(f"Not ready: {', '.join(down)}", details=parts)
    return {"status": "ready", **parts}


async def _probe(state: AppState, probe: Callable[[AppState], Awaitable[object]]) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe(state)
    except TimeoutError:
        return f"no answer in {PROBE_SECONDS:g} s"
    except (PostgresError, UnavailableError, RPCError, RuntimeError) as error:
        return f"down: {type(error).__name__}"
    return "up"


async def _database(state: AppState) -> None:
    async with state.database.service(reason="readiness is nobody's own") as connection:
        await connection.fetchval("SELECT 1")


async def _temporal(state: AppState) -> None:
    await state.temporal.service_client.check_health()
