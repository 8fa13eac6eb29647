"""`kill -9` while executions go on from run to run of their workflow: no row twice, none missing, all of it undone."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from tests.faults.person import Person
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

TIMES = 60
CONTACT = {
    "call": "create-row",
    "with": {
        "table": "contacts",
        "values": {"type": "individual", "first_name": '${ "\\($workflow.input.mark)-\\($index)" }'},
    },
}
# Values that go to the S3 store, in the history and beside the log.
LARGE = {"set": '${ {text: ("x" * 80000)} }'}
REFUSE = {"raise": {"error": {"type": "https://example.com/errors/no", "status": 400}}}
LONG = {
    "do": [
        {"loop": {"for": {"in": f"${{ [range({TIMES})] }}"}, "do": [{"row": CONTACT}, {"large": LARGE}]}},
        {"choose": {"switch": [{"ends": {"when": "${ $workflow.input.fail | not }", "then": "end"}}]}},
        {"refuse": REFUSE},
    ]
}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    overrides = {
        **FREE_PORTS,
        "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5",
        "ZILLIANCE_WORKFLOW__EVENTS_A_RUN": "20",
    }
    async with Stack(short_home(tmp_path_factory, "long"), overrides) as running:
        yield running


@pytest.fixture(scope="module")
async def person(stack: Stack) -> AsyncGenerator[Person]:
    facts = stack.describe()
    signed_up = await Person.sign_up(facts["api_url"], facts["anon_key"])
    yield signed_up
    await signed_up.close()


@pytest.mark.parametrize("part", ["worker", "temporal", "s3", "postgres"])
async def test_killing_a_part_between_runs_loses_nothing_and_repeats_nothing(
    stack: Stack, person: Person, part: str
) -> None:
    definition = await person.define(LONG)
    mark = uuid.uuid4().hex
    failing = [False, True]
    started = [await person.start(definition, {"mark": f"{mark}{n}", "fail": fail}) for n, fail in enumerate(failing)]
    for victim in ("api", part):  # in the API is a worker, too
        await asyncio.sleep(0.4)
        before = stack.process(victim).pid
        await stack.kill(victim)
        await stack.ready(victim, after=before)

    rows = {row["id"]: row for row in await person.ended(started)}
    assert [rows[execution]["status"] for execution in started] == ["completed", "failed"]
    assert len(rows[started[0]]["tasks"]) == 2 + 2 * TIMES
    names = [row["first_name"] for row in await person.rows("contacts", f"select=first_name&first_name=like.{mark}*")]
    assert sorted(names) == sorted(f"{mark}0-{index}" for index in range(TIMES))
