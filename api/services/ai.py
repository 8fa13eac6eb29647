"""What an account used of language models: its days, its calls, and how much of its budgets."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from zilliance.ai_settings import AiSettings
from zilliance.database import READING, Database
from zilliance.errors import InvalidInputError
from zilliance.identity import Identity

USUAL_DAYS = 30
MOST_DAYS = 400


async def read_usage(
    database: Database, caller: Identity, settings: AiSettings, begin: date | None, end: date | None
) -> bytes:
    """Use by day and model as JSON, of the last 30 days unless others are named. Raises InvalidInputError."""
    last = end or datetime.now(UTC).date()
    first = begin or last - timedelta(days=min(USUAL_DAYS - 1, (last - date.min).days))
    if not 0 <= (last - first).days < MOST_DAYS:
        message = f"from: a day at most {MOST_DAYS} days before `to`, and not after it"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "from"})
    async with database.transaction(caller, READING) as connection:
        text: str = await connection.fetchval("SELECT private.own_ai_usage($1, $2)", first, last)
    known = json.loads(text)
    limits = {"tokens_today": settings.tokens_a_day, "cost_this_month": settings.cost_a_month}
    budgets = {name: {"used": known[name], "limit": limit or None} for name, limit in limits.items()}
    return json.dumps({**known, **budgets}, default=float).encode()


async def list_calls(database: Database, caller: Identity, run: UUID | None, after: UUID | None, limit: int) -> bytes:
    """A page of the caller's calls as JSON `{"items", "next"}`."""
    async with database.transaction(caller, READING) as connection:
        text: str = await connection.fetchval("SELECT private.own_ai_calls($1, $2, $3)", run, after, limit)
    return text.encode()
