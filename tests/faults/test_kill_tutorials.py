"""`kill -9` while a tutorial is written: the run ends, and no answer that was kept is paid for again."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.activities.support import Rows
from tests.conftest import short_home
from tests.faults.person import Person
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    overrides = {**FREE_PORTS, "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5"}
    async with Stack(short_home(tmp_path_factory, "tutorials"), overrides) as running:
        yield running


@pytest.fixture(scope="module")
async def person(stack: Stack) -> AsyncGenerator[Person]:
    facts = stack.describe()
    signed_up = await Person.sign_up(facts["api_url"], facts["anon_key"])
    yield signed_up
    await signed_up.close()


@pytest.fixture(scope="module")
async def provider(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    base = stack.settings.ai.stand_in_url.removesuffix("/v1")
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        yield client


async def calls(provider: httpx.AsyncClient, topic: str) -> list[dict[str, Any]]:
    return [call for call in (await provider.get("/stand-in/calls")).json() if topic in call["message"]]


# What is awaited before the kill: so many questions asked, of the five that a tutorial of four steps takes.
@pytest.mark.parametrize(
    ("part", "asked"), [("worker", 1), ("worker", 3), ("worker", 5), ("api", 3), ("postgres", 3), ("temporal", 3)]
)
async def test_a_killed_part_costs_no_tutorial_and_no_answer_twice(
    stack: Stack, person: Person, provider: httpx.AsyncClient, part: str, asked: int
) -> None:
    topic = f"killed {part} at {asked}"
    slow = [{"match": topic, "times": 5, "pace": 0.05}]
    await provider.post("/stand-in/script", content=json.dumps(slow))
    run_id = await person.write(topic, 4)
    while len(await calls(provider, topic)) < asked:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    before = stack.process(part).pid
    await stack.kill(part)
    await stack.ready(part, after=before)

    run = await person.written(run_id)
    assert (run["status"], run["steps_done"]) == ("completed", 4), run
    tutorials = await person.rows("tutorials", f"select=id,status,steps&id=eq.{run['tutorial_id']}")
    assert [(row["status"], len(row["steps"])) for row in tutorials] == [("draft", 4)]
    rows = await Rows.connect(stack.settings.database)
    again = await rows.connection.fetch(
        "SELECT c.step, count(*) FROM private.ai_calls c WHERE c.run_id = $1::uuid AND c.outcome = 'completed'"
        " GROUP BY c.step HAVING count(*) > 1",
        run_id,
    )
    drafts = await rows.connection.fetchval("SELECT count(*) FROM tutorials WHERE title LIKE $1", f"%{topic}%")
    await rows.connection.close()
    assert (again, drafts) == ([], 1)
    await provider.delete("/stand-in/script")
