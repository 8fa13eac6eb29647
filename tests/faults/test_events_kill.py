"""`kill -9` of any part while events are routed: each starts what it starts once, and none is lost."""

import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from tests.faults.person import ENDED, Person
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

EVENTS = 40


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    overrides = {**FREE_PORTS, "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5"}
    async with Stack(short_home(tmp_path_factory, "events"), overrides) as running:
        yield running


@pytest.mark.parametrize("part", ["worker", "api", "postgres", "temporal"])
async def test_killing_a_part_starts_every_event_once(stack: Stack, part: str) -> None:
    facts = stack.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    make = {"call": "create-row", "with": {"table": "contacts", "values": {
        "type": "individual", "first_name": "${ .[0].data }"}}}  # fmt: skip
    definition = await person.define({"schedule": {"on": {"one": {"with": {"type": "n"}}}}, "do": [{"make": make}]})
    mark = uuid.uuid4().hex
    events = [
        {"specversion": "1.0", "id": str(n), "source": "/faults", "type": "n", "data": f"{mark}{n}"}
        for n in range(EVENTS)
    ]
    await person.publish(events)
    before = stack.process(part).pid
    await stack.kill(part)
    await stack.ready(part, after=before)

    async def all_ended() -> list[dict[str, object]] | None:
        runs = await person.rows("workflow_executions", f"select=status&workflow_id=eq.{definition}")
        return runs if len(runs) == EVENTS and all(run["status"] in ENDED for run in runs) else None

    runs = await until(all_ended, seconds=300)
    assert [run["status"] for run in runs] == ["completed"] * EVENTS
    names = [row["first_name"] for row in await person.rows("contacts", f"select=first_name&first_name=like.{mark}*")]
    assert sorted(names) == sorted(f"{mark}{n}" for n in range(EVENTS))
    await person.close()
