"""What one account may use, exactly, however many processes ask at once."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from activities.llm.chat import LedgeredAiActivities
from activities.llm.ledger import Ledger
from tests.activities.support import Rows
from tests.ai.doors import Door, code_of, door_to
from tests.waiting import until
from zilliance.ai_settings import AiSettings, Price
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider
from zilliance.settings import DatabaseSettings, Login

MODEL = "google/gemini-2.5-flash"


async def made(door: Door, steps: int, name: str = "step") -> int:
    """How many of so many steps at once were answered."""
    results = await asyncio.gather(*(door.ask(f"{name} {number}") for number in range(steps)), return_exceptions=True)
    return sum(not isinstance(result, BaseException) for result in results)


async def test_calls_a_minute_are_counted_and_who_is_refused_is_told_when(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, calls_a_minute=3) as door:
        assert await made(door, 8) == 3
        error = await door.refusal("later")
        assert (code_of(error), error.non_retryable, error.details[0]["status"]) == ("AI_TOO_MANY_CALLS", False, 429)
        assert error.next_retry_delay is not None
        assert 0 < error.next_retry_delay.total_seconds() <= 60
        assert len(door.books) == len(await door.ledger()) == 3
        # The window slides: what was begun a minute ago makes room for as much.
        await door.rows.connection.execute(
            "UPDATE private.ai_calls SET started_at = started_at - interval '61 s' WHERE id = $1",
            (await door.ledger())[0]["id"],
        )
        assert await made(door, 2, "after") == 1


async def test_many_processes_together_admit_no_more_than_one_alone(
    stand_in: StandInProvider, database_settings: DatabaseSettings, ai_database: Database, rows: Rows
) -> None:
    """Each pool stands for a process: they have nothing in common but PostgreSQL."""
    async with door_to(stand_in, ai_database, rows, calls_a_minute=10) as door:
        pools = [Database.of(database_settings, Login.WORKER, application_name=f"process {n}") for n in range(4)]
        ai = AiSettings(calls_a_minute=10, calls_at_once=0)
        doors = [
            Door(door.owner, rows, stand_in, LedgeredAiActivities(door.activities._provider, Ledger(pool, ai), ai))
            for pool in pools
        ]
        answered = await asyncio.gather(*(made(each, 8) for each in doors))
        assert sum(answered) == 10
        for pool in pools:
            await pool.close()


@pytest.mark.usefixtures("today")
async def test_tokens_of_a_day_are_never_exceeded_and_open_calls_hold_what_they_may_take(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, max_tokens=1000, tokens_a_day=3200) as door:
        door.play(pace=0.2, times=20)
        assert await made(door, 6) == 3
        error = await door.refusal("big", say="x" * 20_000)
        assert (code_of(error), error.non_retryable, error.details[0]["status"]) == ("AI_TOKENS_EXHAUSTED", True, 429)
        # They took less than they might have: there is room again.
        assert await made(door, 3, "after") > 0
        used = await door.rows.connection.fetchval(
            "SELECT sum(prompt_tokens + completion_tokens) FROM private.ai_usage WHERE user_id = $1", door.owner
        )
        assert 0 < used <= 3200
    stand_in.script.clear()


SCHEMA = json.dumps(
    {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "description": "words " * 400}}}
)


async def test_the_words_of_a_schema_are_reserved(stand_in: StandInProvider, ai_database: Database, rows: Rows) -> None:
    async with door_to(stand_in, ai_database, rows, max_tokens=100, tokens_a_day=500) as door:
        error = await door.refusal(answer_schema=SCHEMA)
        assert code_of(error) == "AI_TOKENS_EXHAUSTED"
        assert door.books == []
        assert (await door.ask()).text


async def test_an_answer_that_is_to_be_mended_is_reserved_as_part_of_the_prompt(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    prices = {MODEL: Price(prompt=Decimal(1000), cached=Decimal(1000), completion=Decimal(1))}
    async with door_to(stand_in, ai_database, rows, max_tokens=4000, prices=prices) as door:
        door.play(text="no JSON " * 1000)
        door.play(text='{"n": 1}')
        assert (await door.ask(answer_schema=SCHEMA)).value == '{"n":1}'
        first, second = await door.ledger()
        added = second["reserved_tokens"] - first["reserved_tokens"]
        assert 2000 <= added < 2200
        cost = Decimal(str(second["reserved_cost"])) - Decimal(str(first["reserved_cost"]))
        assert abs(cost - Decimal(added) / 1000) < Decimal("0.001")
        for row in (first, second):
            assert row["prompt_tokens"] + row["completion_tokens"] <= row["reserved_tokens"]


@pytest.mark.usefixtures("today")
async def test_who_has_no_room_for_mending_does_not_mend(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, max_tokens=2100, tokens_a_day=5500) as door:
        door.play(text="no JSON " * 1000, times=5)
        error = await door.refusal(answer_schema=SCHEMA)
        assert code_of(error) == "AI_TOKENS_EXHAUSTED"
        assert len(door.books) == 1
    stand_in.script.clear()


@pytest.mark.usefixtures("today")
async def test_the_cost_of_a_month_is_bounded_by_the_price_table(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    prices = {MODEL: Price(prompt=Decimal(1), cached=Decimal("0.5"), completion=Decimal(1000))}
    settings = {"max_tokens": 1000, "cost_a_month": Decimal("1.05"), "prices": prices}
    async with door_to(stand_in, ai_database, rows, **settings) as door:
        door.play(usage="cached")
        await door.ask("first")
        [row] = await door.ledger()
        prompt, cached, completion = row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"]
        assert cached > 0
        expected = (Decimal(prompt - cached) + Decimal(cached) / 2 + 1000 * Decimal(completion)) / 1_000_000
        assert Decimal(str(row["cost"])) == expected
        error = await door.refusal("second")  # it could cost 1.00 more
        assert (code_of(error), error.non_retryable, error.details[0]["status"]) == ("AI_BUDGET_EXHAUSTED", True, 402)
        assert (await door.ask("second", max_tokens=500)).text
        # Last month's is another budget.
        await door.rows.connection.execute("UPDATE private.ai_usage SET day = day - 32 WHERE user_id = $1", door.owner)
        assert (await door.ask("third")).text


async def test_a_model_without_a_price_has_no_cost(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, prices={}) as door:
        await door.ask()
        assert (await door.ledger())[0]["cost"] is None


@pytest.mark.parametrize("limit", [{"calls_a_minute": 0}, {"tokens_a_day": 0}, {"cost_a_month": 0}])
async def test_zero_means_no_limit(
    stand_in: StandInProvider, ai_database: Database, rows: Rows, limit: dict[str, Any]
) -> None:
    async with door_to(stand_in, ai_database, rows, **limit) as door:
        assert (await door.ask()).text


async def test_one_account_does_not_use_up_anothers(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, calls_a_minute=1) as door:
        await door.ask()
        other = Door(await rows.account(), rows, stand_in, door.activities)
        assert (await other.ask()).text
        assert code_of(await other.refusal("more")) == "AI_TOO_MANY_CALLS"


async def test_calls_at_once_are_bounded_and_the_next_one_waits(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, calls_at_once=2) as door:
        door.play(pace=0.3, times=2)
        asking = [asyncio.create_task(door.ask(f"long {number}")) for number in range(2)]
        await until(lambda: len(door.books) == 2)
        error = await door.refusal("third")
        assert (code_of(error), error.non_retryable) == ("AI_TOO_MANY_CALLS", False)
        assert error.next_retry_delay is not None
        await asyncio.gather(*asking)
        assert (await door.ask("third")).text


async def test_what_is_old_goes_and_the_sums_of_days_stay(door: Door) -> None:
    await door.ask(keeps_deltas=True)
    connection = door.rows.connection
    await connection.execute(
        "UPDATE private.ai_calls SET started_at = now() - interval '401 days' WHERE user_id = $1", door.owner
    )
    await connection.execute(
        "UPDATE private.ai_answers SET created_at = now() - interval '31 days' WHERE user_id = $1", door.owner
    )
    await connection.execute(
        "UPDATE private.ai_deltas SET created_at = now() - interval '25 hours' WHERE user_id = $1", door.owner
    )
    while await connection.fetchval("SELECT private.trim_ai(1000)"):
        pass
    for table in ("ai_calls", "ai_answers", "ai_deltas"):
        assert await door.rows.count(f"private.{table}", door.owner) == 0
    assert await connection.fetchval("SELECT sum(calls) FROM private.ai_usage WHERE user_id = $1", door.owner) == 1
