"""Runs that meet bad answers, busy providers, cancellations and lost workflows: nothing is lost or paid twice."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.tutorials.upkeep import TemporalTutorialUpkeepActivities
from tests.activities.support import Rows
from tests.tutorials.author import Author
from tests.tutorials.steps import outline, step
from tests.waiting import until, within
from worker.resources import Resources
from workflows.names import tutorial_workflow_id
from zilliance.devstack.ai_stand_in import Scene, StandInProvider, server

BAD = json.dumps({"no": "tutorial"})


def paid(provider: StandInProvider) -> Counter[str]:
    """How often each question was answered whole."""
    return Counter(call.message for call in provider.calls if call.is_whole)


async def test_a_bad_answer_is_mended_and_the_tutorial_is_there(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"number": 2', text="no JSON at all"))
    answer = await author.ask({"topic": "Mended", "level": "beginner", "steps": 2})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["steps"]) == 2


async def test_answers_that_stay_bad_end_the_run_with_a_code_and_leave_no_tutorial(
    author: Author, provider: StandInProvider
) -> None:
    provider.script.add(
        Scene(match='"number": 2', text=BAD, times=20), Scene(match="does not match", text=BAD, times=20)
    )
    answer = await author.ask({"topic": "Never", "level": "beginner", "steps": 2})
    assert (answer.status_code, answer.json()["code"]) == (502, "AI_ANSWER_INVALID")
    run = await author.run(answer.json()["details"]["run"])
    assert (run["status"], run["error"]["code"], run["tutorial_id"]) == ("failed", "AI_ANSWER_INVALID", None)
    assert await author.tutorials() == []


async def test_a_failed_run_goes_on_without_paying_again_for_what_is_there(
    author: Author, provider: StandInProvider
) -> None:
    provider.script.add(
        Scene(match='"number": 3', text=BAD, times=20), Scene(match="does not match", text=BAD, times=20)
    )
    run_id = await author.begin("Resumed", 3)
    assert (await author.until(run_id))["status"] == "failed"
    before = paid(provider)
    provider.script.clear()
    answer = await author.post(f"/tutorials/v1/runs/{run_id}/resume")
    assert (answer.status_code, answer.json()["attempt"]) == (202, 2)
    run = await author.until(run_id)
    assert (run["status"], run["error"], run["steps_done"]) == ("completed", None, 3)
    again = paid(provider) - before
    assert sum(again.values()) == 1, again
    [tutorial] = await author.tutorials()
    assert len(tutorial["steps"]) == 3
    refused = await author.post(f"/tutorials/v1/runs/{run_id}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_COMPLETED")


async def test_a_cancelled_run_saves_nothing_and_can_be_resumed(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"number": 2', delay=120))
    run_id = await author.begin("Cancelled", 2)
    await _until_asked(provider, '"number": 2')
    early = await author.post(f"/tutorials/v1/runs/{run_id}/resume")
    assert (early.status_code, early.json()["code"]) == (409, "RUN_NOT_ENDED")
    answer = await author.http.delete(f"/tutorials/v1/runs/{run_id}", headers=author.headers)
    assert answer.status_code == 202
    run = await author.until(run_id)
    assert (run["status"], run["tutorial_id"], run["error"]) == ("cancelled", None, None)
    again = await author.post(f"/tutorials/v1/runs/{run_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "RUN_ENDED")
    assert await author.tutorials() == []
    provider.script.clear()
    await author.post(f"/tutorials/v1/runs/{run_id}/resume")
    assert (await author.until(run_id))["status"] == "completed"
    assert max(paid(provider).values()) == 1


async def test_a_cancelled_run_soon_takes_nothing_more_of_the_provider(
    author: Author, provider: StandInProvider
) -> None:
    """Whoever goes on listening pays for what nobody will read."""
    provider.script.add(Scene(match='"number": 1', delay=120))
    run_id = await author.begin("Cut off", 1)
    await _until_asked(provider, '"number": 1')
    await author.post(f"/tutorials/v1/runs/{run_id}/cancel")

    async def is_cancelled() -> bool:
        return await _outcome(author, run_id, "step-1") == "cancelled"

    await within(60, is_cancelled, pause=0.2)


async def _outcome(author: Author, run_id: str, step: str) -> str:
    calls = (await author.get(f"/ai/v1/calls?run={run_id}")).json()["items"]
    return next(call["outcome"] for call in calls if call["step"] == step)


async def test_a_busy_provider_is_waited_for(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"number": 1', status=429, headers={"Retry-After": "1"}))
    answer = await author.ask({"topic": "Busy", "level": "beginner", "steps": 1})
    assert answer.status_code == 200, answer.text


async def test_no_credit_ends_the_run_with_that_code(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(status=402, times=20, message="no credit"))
    answer = await author.ask({"topic": "Broke", "level": "beginner", "steps": 1})
    assert answer.status_code == 402, answer.text
    run = await author.run(answer.json()["details"]["run"])
    assert run["status"] == "failed"
    assert run["error"]["code"] == answer.json()["code"]
    assert "stand-in" not in run["error"]["message"]  # the key


@pytest.fixture
def may_answer(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until then, answers that are to be late are not given at all, however long that takes."""
    event = asyncio.Event()

    async def held(_seconds: float) -> None:
        await event.wait()

    monkeypatch.setattr(server, "asyncio", SimpleNamespace(sleep=held))
    return event


async def test_steps_are_written_four_at_a_time(
    author: Author, provider: StandInProvider, may_answer: asyncio.Event
) -> None:
    provider.script.add(Scene(match='"number"', delay=1, times=6))
    run_id = await author.begin("Parallel", 6)
    await until(lambda: sum('"number"' in call.message for call in provider.calls) >= 4)
    await asyncio.sleep(0.2)
    assert sum('"number"' in call.message for call in provider.calls) == 4
    may_answer.set()
    assert (await author.until(run_id))["status"] == "completed"


@pytest.fixture
def upkeep(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> TemporalTutorialUpkeepActivities:
    """The reconciler, which takes every row for settled."""
    monkeypatch.setattr("activities.tutorials.upkeep.SETTLED_AFTER", timedelta(0))
    return TemporalTutorialUpkeepActivities(resources.database, resources.client)


async def _row(rows: Rows, owner: UUID, **columns: object) -> UUID:
    names, places = ", ".join(columns), ", ".join(f"${number}" for number in range(2, len(columns) + 2))
    return await rows.connection.fetchval(
        f"INSERT INTO private.tutorial_runs (user_id, topic, level, steps, {names})"
        f" VALUES ($1, 'A topic', 'beginner', 1, {places}) RETURNING id",
        owner,
        *columns.values(),
    )


async def test_what_was_committed_and_not_started_is_started(
    author: Author, provider: StandInProvider, rows: Rows, upkeep: TemporalTutorialUpkeepActivities
) -> None:
    run_id = await _row(rows, author.id, attempt=1)
    await ActivityEnvironment().run(upkeep.reconcile_tutorials)
    assert (await author.until(str(run_id)))["status"] == "completed"
    assert len(provider.calls) == 2


async def test_what_temporal_has_lost_is_closed_and_can_be_resumed(
    author: Author,
    provider: StandInProvider,  # noqa: ARG001
    rows: Rows,
    upkeep: TemporalTutorialUpkeepActivities,
) -> None:
    run_id = await _row(rows, author.id, status="running")
    await ActivityEnvironment().run(upkeep.reconcile_tutorials)
    run = await author.run(str(run_id))
    assert (run["status"], run["error"]["code"]) == ("failed", "RUN_LOST")
    await author.post(f"/tutorials/v1/runs/{run_id}/resume")
    assert (await author.until(str(run_id)))["status"] == "completed"


async def test_a_run_that_is_terminated_on_temporal_is_closed(
    author: Author, provider: StandInProvider, resources: Resources, upkeep: TemporalTutorialUpkeepActivities
) -> None:
    provider.script.add(Scene(delay=120))
    run_id = await author.begin("Terminated", 1)
    await author.until(run_id, "running")
    await resources.client.get_workflow_handle(tutorial_workflow_id(UUID(run_id))).terminate()
    await ActivityEnvironment().run(upkeep.reconcile_tutorials)
    run = await author.run(run_id)
    assert (run["status"], run["error"]["code"]) == ("failed", "RUN_LOST")


async def test_a_cancellation_that_temporal_did_not_hear_of_is_passed_on(
    author: Author, provider: StandInProvider, rows: Rows, upkeep: TemporalTutorialUpkeepActivities
) -> None:
    provider.script.add(Scene(delay=120))
    run_id = await author.begin("Unheard", 1)
    await author.until(run_id, "running")
    await rows.connection.execute(
        "UPDATE private.tutorial_runs SET cancel_requested_at = now() WHERE id = $1", UUID(run_id)
    )
    await ActivityEnvironment().run(upkeep.reconcile_tutorials)
    assert (await author.until(run_id))["status"] == "cancelled"


async def test_what_is_cancelled_before_it_begins_never_does(
    author: Author, provider: StandInProvider, rows: Rows, upkeep: TemporalTutorialUpkeepActivities
) -> None:
    run_id = await _row(rows, author.id, attempt=1)
    answer = await author.post(f"/tutorials/v1/runs/{run_id}/cancel")
    assert answer.json()["status"] == "cancelled"
    await ActivityEnvironment().run(upkeep.reconcile_tutorials)
    assert (await author.run(str(run_id)))["status"] == "cancelled"
    assert len(provider.calls) == 0


async def test_an_account_that_is_deleted_takes_its_runs_along(
    author: Author, provider: StandInProvider, rows: Rows, *, resources: Resources, may_answer: asyncio.Event
) -> None:
    plan, text = json.dumps(outline(1)), json.dumps(step())
    provider.script.add(Scene(match='"number": 1', text=text, delay=1), Scene(text=plan))
    run_id = await author.begin("Gone", 1)
    await _until_asked(provider, '"number": 1')
    await rows.connection.execute("DELETE FROM auth.users WHERE id = $1", author.id)
    may_answer.set()
    handle = resources.client.get_workflow_handle(tutorial_workflow_id(UUID(run_id)))
    assert (await handle.result())["tutorial_id"] is None
    assert await rows.connection.fetchval("SELECT count(*) FROM tutorials WHERE user_id = $1", author.id) == 0


async def _until_asked(provider: StandInProvider, part: str) -> None:
    await until(lambda: any(part in call.message for call in provider.calls))
