"""The simulation: mocks answer in turn, waits jump, what nobody mocked is made up or fails."""

import asyncio
from typing import Any

import pytest

from tests.unit.language.virtual import create
from workflows.language.documents import normalise
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.plan import compile_plan
from workflows.language.simulation.clock import EPOCH, Standstill, VirtualLoop
from workflows.language.simulation.mocks import MockError, read_mocks
from workflows.language.simulation.samples import sample_of
from workflows.language.simulation.world import Simulation, Unmocked


def simulate(tasks: Any, mocks: Any = None, unmocked: Unmocked = Unmocked.SYNTHESISE) -> tuple[Outcome, Simulation]:
    document = normalise({"do": tasks}, "a test")
    world = Simulation(read_mocks(mocks), unmocked=unmocked)
    info = WorkflowInfo(id="simulated", definition=document, input=None, started_at=EPOCH)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(Interpreter(compile_plan(document), world, workflow=info).run()), world


GET = {"call": "http", "with": {"method": "GET", "endpoint": "https://api.example.com/pets"}}


def test_a_mock_answers_for_its_task() -> None:
    outcome, _ = simulate([{"get": GET}], {"/do/0/get": {"output": {"name": "Rex"}}})
    assert outcome.output == {"name": "Rex"}


def test_a_mocked_error_is_a_fault_that_can_be_retried() -> None:
    retried = {"try": [{"get": GET}], "catch": {"retry": {"delay": {"hours": 1}, "limit": {"attempt": {"count": 3}}}}}
    mocks = {"/do/0/all/try/0/get": {"sequence": [{"error": {"status": 503}}, {"error": "no"}, {"output": 7}]}}
    outcome, world = simulate([{"all": retried}], mocks)
    assert outcome.output == 7
    assert [entry.status for entry in outcome.tasks] == ["completed", "faulted", "faulted", "completed"]
    assert world.events > 20  # three calls and two timers


def test_a_mock_can_be_for_one_iteration_alone() -> None:
    loop = {"for": {"in": "${ [1, 2] }"}, "do": [{"get": GET}]}
    outcome, _ = simulate([{"l": loop}], {"/do/0/l/do/0/get#1": {"output": "two"}, "/do/0/l/do/0/get": {"output": "x"}})
    assert [entry.output for entry in outcome.tasks[1:]] == ["x", "two"]


def test_a_mock_may_take_its_time_and_meet_a_timeout() -> None:
    hurried = {**GET, "timeout": {"after": {"seconds": 5}}}
    outcome, _ = simulate([{"get": hurried}], {"/do/0/get": {"output": 1, "delay": {"minutes": 1}}})
    assert outcome.problem is not None
    assert outcome.problem.status == 408


def test_what_nobody_mocked_is_made_up_or_fails_as_one_chooses() -> None:
    assert simulate([{"row": create("x")}])[0].output == {"id": "00000000-0000-7000-8000-000000000000", "title": "x"}
    problem = simulate([{"row": create("x")}], unmocked=Unmocked.FAIL)[0].problem
    assert problem is not None
    assert (problem.detail, problem.instance) == (
        "there is no mock for /do/0/row, and unmocked calls fail",
        "/do/0/row",
    )


def test_an_undo_can_be_told_to_fail() -> None:
    tasks = [{"row": create("x")}, {"no": {"raise": {"error": {"type": "https://example.com/no", "status": 400}}}}]
    outcome, _ = simulate(tasks, {"undo:/do/0/row": {"error": {"status": 409, "detail": "changed"}}})
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "partial"


@pytest.mark.parametrize(
    "mocks",
    [
        7,
        {"a": 1},
        {"a": {}},
        {"a": {"output": 1, "error": {}}},
        {"a": {"sequence": []}},
        {"a": {"sequence": [1]}},
        {"a": {"sequence": [{"output": 1}], "delay": "PT1S"}},
        {"a": {"outptu": 1}},
        {"a": {"error": 3}},
        {"a": {"output": 1, "delay": "soon"}},
    ],
)
def test_wrong_mocks_are_refused(mocks: Any) -> None:
    with pytest.raises(MockError):
        read_mocks(mocks)


def test_waiting_for_ever_is_told_and_not_waited_for() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Standstill), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(wait())


@pytest.mark.parametrize("wait", ["P195D", "P1Y", "P1YT0.1S", "P7Y", "P90Y"])
def test_a_wait_of_years_is_over_at_once(wait: str) -> None:
    outcome, _ = simulate([{"first": {"wait": wait}}, {"then": {"wait": "PT0.3S"}}, {"again": {"wait": wait}}])
    assert [entry.status.value for entry in outcome.tasks] == ["completed"] * 3


def test_a_sample_has_the_shape_of_its_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "n": {"type": "integer", "minimum": 3},
            "tags": {"type": "array", "items": {"type": ["null", "string"], "examples": ["a"]}},
            "kind": {"enum": ["x", "y"]},
            "either": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
    }
    assert sample_of(schema) == {
        "id": "00000000-0000-7000-8000-000000000000", "n": 3, "tags": ["a"], "kind": "x", "either": True,
    }  # fmt: skip
