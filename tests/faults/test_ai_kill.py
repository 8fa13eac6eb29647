"""`kill -9` of the worker while models write: what was paid for is not paid for again, and everything ends."""

import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.conftest import short_home
from tests.faults.person import Person
from tests.waiting import until
from zilliance.devstack import FREE_PORTS, Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

POINTS, CALLS, CHUNKS = 10, 3, 10
ANSWERED = 7  # calls at the kill, after about four seconds
SECONDS = 5.0  # after which each execution would be at its point
TEXT = "A sentence of 24 bytes. " * CHUNKS

Call = dict[str, Any]
THREE_CALLS = {
    "do": [
        {f"call{number}": {"call": "ai-chat", "with": {"prompt": f'${{ $workflow.input.mark + " call {number}" }}'}}}
        for number in range(CALLS)
    ]
}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    overrides = {**FREE_PORTS, "ZILLIANCE_WORKFLOW__IN_API": "false"}  # the worker alone asks models
    async with Stack(short_home(tmp_path_factory, "ai-faults"), overrides) as running:
        yield running


async def test_killed_at_ten_points_no_call_that_was_completed_is_paid_again(stack: Stack) -> None:
    facts = stack.describe()
    person = await Person.sign_up(facts["api_url"], facts["anon_key"])
    provider = httpx.AsyncClient(base_url=facts["ai_url"].removesuffix("/v1"), timeout=60)
    definition = await person.define(THREE_CALLS)
    marks = [uuid.uuid4().hex for _ in range(POINTS)]
    # The later the point, the faster the provider writes: at the same moment each execution is somewhere else.
    progress = [(point + 0.5) * CALLS * CHUNKS / POINTS for point in range(POINTS)]
    paces = [SECONDS / chunks for chunks in progress]
    scenes = [
        {"match": mark, "times": CALLS, "text": TEXT, "pace": pace} for mark, pace in zip(marks, paces, strict=True)
    ]
    (await provider.post("/stand-in/script", json=scenes)).raise_for_status()
    started = [await person.start(definition, {"mark": mark}) for mark in marks]
    before = stack.process("worker").pid

    async def all_have_begun() -> bool:
        return len(await books(provider)) >= POINTS

    async def enough_are_completed() -> bool:
        return sum(call["outcome"] == "completed" for call in await calls_of(person)) >= ANSWERED

    await until(all_have_begun)
    await until(enough_are_completed)
    await stack.kill("worker")
    at_the_kill = await calls_of(person)
    (await provider.delete("/stand-in/script")).raise_for_status()  # from now on it answers at once
    await stack.ready("worker", after=before)

    rows = await person.ended(started)
    assert [row["status"] for row in rows] == ["completed"] * POINTS, [row["error"] for row in rows]
    steps: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in await calls_of(person):
        steps[call["run_id"], call["step"]].append(call)
    assert len(steps) == POINTS * CALLS
    for calls in steps.values():
        calls.sort(key=lambda call: call["attempt"])
        assert [call["outcome"] for call in calls] == ["lost"] * (len(calls) - 1) + ["completed"]

    completed = {call["id"] for call in at_the_kill if call["outcome"] == "completed"}
    lost = [call for calls in steps.values() for call in calls if call["outcome"] == "lost"]
    assert len(completed) >= POINTS // 2, "the kill came too early to show anything"
    assert len(lost) >= POINTS // 2, "the kill came too late to show anything"
    # What was completed at the kill is still the only call of its step.
    assert all(len(calls) == 1 for calls in steps.values() if calls[0]["id"] in completed)
    # The provider's books have a call for each row, and nothing else. What was written down at the kill may be unmade.
    booked = await books(provider)
    assert_booked(booked, steps, dict(zip(started, marks, strict=True)))
    whole = {f"stand-in-{each['number']}" for each in booked if each["is_whole"]}
    assert {calls[-1]["request_id"] for calls in steps.values()} <= whole
    await provider.aclose()
    await person.close()


def assert_booked(booked: list[Call], steps: dict[tuple[str, str], list[Call]], mark_of: dict[str, str]) -> None:
    made = Counter(each["message"] for each in booked)
    for (run, step), calls in steps.items():
        [number] = [number for number in range(CALLS) if f"call{number}" in step]
        unmade = len(calls) - made.pop(f"{mark_of[run]} call {number}", 0)
        assert unmade == 0 or (unmade == 1 and calls[0]["outcome"] == "lost")
    assert not made


async def books(provider: httpx.AsyncClient) -> list[Call]:
    return (await provider.get("/stand-in/calls")).json()


async def calls_of(person: Person) -> list[Call]:
    return await person.listed("/ai/v1/calls?limit=1000")
