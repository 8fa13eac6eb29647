"""An answer is paid for once, whatever dies; and what is known of a call that died is in the ledger."""

import asyncio
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from tests.activities.support import Rows
from tests.ai.doors import KEY, Door, door_to
from tests.waiting import until
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider


async def usage_of(door: Door) -> dict[str, Any]:
    row = await door.rows.connection.fetchrow(
        "SELECT sum(calls)::int AS calls, sum(prompt_tokens)::int AS prompt, sum(completion_tokens)::int AS completion"
        " FROM private.ai_usage WHERE user_id = $1",
        door.owner,
    )
    assert row is not None
    return dict(row)


async def test_a_repeat_is_answered_from_the_ledger(door: Door) -> None:
    first = await door.ask()
    assert await door.ask() == first
    assert await door.ask(say="something else") == first  # the run and the step are what counts
    assert len(door.books) == 1
    await door.ask("another step")
    assert len(door.books) == 2
    assert len({call.idempotency_key for call in door.books}) == 2


async def test_a_step_of_another_account_is_another_step(door: Door) -> None:
    first = await door.ask()
    other = Door(await door.rows.account(), door.rows, door.stand_in, door.activities, run=door.run)
    assert await other.ask() != first


async def test_a_call_whose_worker_died_is_lost_and_made_again(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows) as door:
        door.play(pace=0.2)
        dying = asyncio.create_task(door.ask())
        await until(lambda: door.books and door.books[0].completion > 0)
        # A dead worker writes nothing any more: what it had open stays open, and the next attempt finds it.
        [row] = await door.ledger()
        assert (row["outcome"], row["attempt"]) == ("open", 1)
        await door.ask()
        assert [each["outcome"] for each in await door.ledger()] == ["lost", "completed"]
        lost = (await door.ledger())[0]
        assert (lost["is_estimated"], lost["prompt_tokens"]) == (True, door.books[0].prompt)
        # It was not dead after all: the first answer stands, and the ledger has what both took.
        late = await dying
        assert late == await door.ask()
        rows_now = await door.ledger()
        assert [each["outcome"] for each in rows_now] == ["completed", "completed"]
        assert await usage_of(door) == {
            "calls": 2,
            "prompt": sum(call.prompt for call in door.books),
            "completion": sum(call.completion for call in door.books),
        }
        assert len(door.books) == 2


@pytest.mark.parametrize("is_clean_cut", [False, True], ids=["broken", "closed"])
async def test_a_line_that_breaks_when_all_is_said_costs_no_second_call(door: Door, *, is_clean_cut: bool) -> None:
    door.play(text="all of it", is_cut_at_end=True, is_clean_cut=is_clean_cut)
    answer = await door.ask()
    assert (answer.text, len(door.books)) == ("all of it", 1)
    [row] = await door.ledger()
    assert (row["outcome"], row["is_estimated"]) == ("completed", True)


async def test_a_cancelled_call_is_closed_and_counted(door: Door) -> None:
    door.play(pace=0.1, text="word " * 400)
    environment = ActivityEnvironment()
    asking = asyncio.create_task(environment.run(door.activities.chat, door.wanted()))
    await until(lambda: door.books and door.books[0].completion >= 12)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    [row] = await door.ledger()
    assert (row["outcome"], row["is_estimated"], row["cost"] > 0) == ("cancelled", True, True)
    assert row["completion_tokens"] >= 6
    await asyncio.sleep(0.3)
    assert abs(door.books[0].completion - row["completion_tokens"]) <= 12
    assert not door.books[0].is_whole


async def test_an_answer_is_held_while_the_database_is_away(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    """The call is paid for: it is written down when the database is back, and not made again."""
    async with door_to(stand_in, ai_database, rows) as door:
        door.play(pace=0.2)
        asking = asyncio.create_task(door.ask())
        async with asyncio.timeout(60):
            await until(lambda: door.books and door.books[0].completion > 0)
            await rows.connection.execute("ALTER ROLE zworker CONNECTION LIMIT 0")
            try:
                await rows.connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test of models'"
                )
                await until(lambda: door.books[0].is_whole)
                await asyncio.sleep(0.5)
                assert not asking.done()
            finally:
                await rows.connection.execute("ALTER ROLE zworker CONNECTION LIMIT -1")
            answer = await asking
        assert answer.text
        assert [row["outcome"] for row in await door.ledger()] == ["completed"]
        assert len(door.books) == 1


async def test_an_answer_is_held_when_the_statement_that_keeps_it_takes_too_long(door: Door) -> None:
    """A slow disk, a lock: PostgreSQL cancels the statement, and it is said again."""
    door.play(pace=0.05)
    asking = asyncio.create_task(door.ask())
    admin = door.rows.connection
    await until(lambda: door.books and door.books[0].completion > 0)
    waiting = (
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'test of models' AND wait_event_type = 'Lock'"
    )
    async with admin.transaction():
        await admin.execute("LOCK TABLE private.ai_calls IN ACCESS EXCLUSIVE MODE")

        async def is_cancelled() -> bool:
            await admin.execute("SELECT pg_stat_clear_snapshot()")
            return bool(await admin.fetchval(waiting))

        await until(is_cancelled)
        await until(is_cancelled)  # it came again
    assert (await asking).text
    assert [row["outcome"] for row in await door.ledger()] == ["completed"]
    assert len(door.books) == 1


async def test_an_admission_that_postgresql_lost_in_a_crash_comes_back_with_the_end_of_the_call(door: Door) -> None:
    door.play(pace=0.2)
    asking = asyncio.create_task(door.ask())
    async with asyncio.timeout(30):
        await until(lambda: door.books and door.books[0].completion > 0)
        await door.rows.connection.execute("DELETE FROM private.ai_calls WHERE user_id = $1", door.owner)
        answer = await asking
    [row] = await door.ledger()
    assert (row["outcome"], row["attempt"], row["completion_tokens"]) == ("completed", 1, door.books[0].completion)
    assert await door.ask() == answer
    assert len(door.books) == 1


async def test_the_answer_of_an_account_that_went_is_nobodys(door: Door) -> None:
    door.play(pace=0.2)
    asking = asyncio.create_task(door.ask())
    async with asyncio.timeout(30):
        await until(lambda: door.books and door.books[0].completion > 0)
        await door.rows.connection.execute("DELETE FROM auth.users WHERE id = $1", door.owner)
        assert (await asking).text
    assert await door.ledger() == []


async def test_the_ledger_tells_how_long_a_call_took(door: Door) -> None:
    door.play(delay=0.2, pace=0.02)
    await door.ask()
    [row] = await door.ledger()
    assert 200 <= row["first_text_ms"] < row["latency_ms"] < 60_000


async def test_the_key_is_in_no_row_no_error_and_no_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    faults: list[dict[str, Any]] = [
        {"status": 401, "message": f"Incorrect API key provided: {KEY}"},
        {"status": 400, "message": f"bad request of {KEY}"},
        {"status": 500, "message": f"key {KEY} met an error"},
        {"status": 429, "message": f"too much of {KEY}"},
        {"error_after": 1, "message": f"broken {KEY}"},
        {"cut_after": 1},
    ]
    for number, fault in enumerate(faults):
        door.play(**fault)
        error = await door.refusal(f"step {number}")
        said = [repr(error), str(error.details), repr(error.__cause__), str(error.message)]
        assert not any(KEY in each for each in said)
        assert error.__cause__ is None
    assert KEY not in str(await door.ledger())
    assert KEY not in caplog.text


async def test_readers_can_follow_an_answer_while_it_is_written(door: Door) -> None:
    async def pieces() -> list[Any]:
        return await door.rows.connection.fetch(
            "SELECT text, attempt, outcome FROM private.ai_deltas WHERE run_id = $1 ORDER BY id", door.run
        )

    async def second_attempt() -> list[Any]:
        return [each for each in await pieces() if each["attempt"] == 2]

    door.play(pace=0.05, cut_after=6)
    await door.refusal(keeps_deltas=True)
    door.play(pace=0.2)
    asking = asyncio.create_task(door.ask(keeps_deltas=True))
    await until(second_attempt)
    assert not asking.done(), "pieces come before the answer is whole"
    output = await asking
    told = await pieces()
    assert "".join(each["text"] for each in told if each["attempt"] == 2) == output.text
    assert [each["outcome"] for each in told if each["outcome"]] == ["cut", "completed"]
    first = [each for each in told if each["attempt"] == 1]
    assert first[-1]["outcome"] == "cut"
    assert output.text.startswith("".join(each["text"] for each in first))
    await door.ask("quiet")
    assert len(await pieces()) == len(told)
