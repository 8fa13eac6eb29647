"""Eighteen ends of a saga of six steps: it fails at each, dies in the undo of each, is cancelled at each.

And a call through the gateway, whose worker and whose gateway die while its target is at it.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from tests.conftest import short_home
from tests.faults.person import Person
from tests.faults.saga import HOST, SAGA, STEPS, Outside, outside
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
async def world() -> AsyncGenerator[Outside]:
    async with outside() as world:
        yield world


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, world: Outside) -> AsyncGenerator[Stack]:
    overrides = {
        **FREE_PORTS,
        "ZILLIANCE_WORKFLOW__RECONCILE_SECONDS": "5",
        "ZILLIANCE_EGRESS_MAP": f"{HOST}={world.url}",
    }
    async with Stack(short_home(tmp_path_factory, "saga"), overrides) as running:
        yield running


async def test_a_saga_is_undone_in_exact_reverse_order_once_each_however_it_ends(stack: Stack, world: Outside) -> None:
    facts = stack.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    definition = await person.define(SAGA)
    mark = uuid.uuid4().hex[:8]
    failing = {f"{mark}-fail-{step}": step for step in STEPS}
    dying = {f"{mark}-die-{step}": step for step in STEPS}
    cancelled = {f"{mark}-cancel-{step}": step for step in STEPS}
    world.refusing, world.holding = failing, dying
    executions = {
        run: await person.start(definition, {"run": run, "hold": cancelled.get(run)})
        for run in (*failing, *dying, *cancelled)
    }

    for run in cancelled:  # until the answer to the last call is history, and the wait has begun
        await person.waiting(executions[run], "hold")
    for run in cancelled:
        await person.cancel(executions[run])
    await until(lambda: world.held == dying.keys())
    # Only those that are held are in an undo when the worker dies: any other that is may be said twice, too.
    await person.ended([executions[run] for run in (*failing, *cancelled)])
    pids = {part: stack.process(part).pid for part in ("worker", "api")}
    for part in pids:
        await stack.kill(part)
    world.released.set()
    for part, pid in pids.items():
        await stack.ready(part, after=pid)

    rows = {row["id"]: row for row in await person.ended(list(executions.values()))}
    for run, step in (failing | dying | cancelled).items():
        place = STEPS.index(step)
        done = {"fail": STEPS[:place], "die": STEPS, "cancel": STEPS[: place + 1]}[run.split("-")[1]]
        tried = STEPS[: place + 1] if run in failing else done
        assert world.steps(run, "do") == list(tried), run
        assert world.steps(run, "undo") == list(reversed(done)), run
        repeated = [each for each in done if world.count(run, "undo", each) != 1]
        assert repeated in ([], [step] if run in dying else []), run
        row = rows[executions[run]]
        assert row["status"] == ("cancelled" if run in cancelled else "failed"), run
        booked = [task["status"] for task in row["tasks"] if task["name"] == "book"]
        assert booked == ["compensated"] * len(done) + ["faulted"] * (run in failing), run
    await person.close()


async def test_a_call_through_the_gateway_whose_worker_died_is_made_again_under_its_key(
    stack: Stack, world: Outside
) -> None:
    facts = stack.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    run = f"gateway-{uuid.uuid4().hex[:8]}"
    world.holding, world.held, world.released = {run: "pack"}, set(), asyncio.Event()
    endpoint = {"name": "Saga", "path": "/saga/{run}", "method": "POST", "target_url": f"{HOST}/{{run}}/undo/pack"}
    arguments = {"endpointId": await person.insert("api_endpoints", endpoint), "path": f"/saga/{run}", "body": {"n": 1}}
    definition = await person.define({"do": [{"ask": {"call": "gateway-request", "with": arguments}}]})
    execution = await person.start(definition, None)
    await until(lambda: world.held == {run})
    pids = {part: stack.process(part).pid for part in ("worker", "api")}
    for part in pids:
        await stack.kill(part)
    world.released.set()
    for part, pid in pids.items():
        await stack.ready(part, after=pid)

    [row] = await person.ended([execution])
    await person.close()
    assert (row["status"], row["tasks"][0]["output"]["body"]) == ("completed", {"ok": True})
    keys = [key for each, _, _, key in world.calls if each == run]
    assert len(keys) == 2
    assert len(set(keys)) == 1
