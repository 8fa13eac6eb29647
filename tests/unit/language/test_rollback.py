"""Rollback: what is undone, in which order, and that nothing stops it."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from tests.unit.language.virtual import World, create, fault, run, statuses
from workflows.language.calls.http_request import read_request
from workflows.language.documents import normalise
from workflows.language.interpreter import Outcome
from workflows.language.issues import errors_of
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.validation import validate

BAD = {"bad": fault()}
AT = "/do/0/a/metadata/compensateRetry"


def told(outcome: Outcome) -> list[dict[str, Any]]:
    """The steps of the rollback."""
    assert outcome.rollback is not None
    return cast("list[dict[str, Any]]", outcome.rollback["steps"])


def steps(outcome: Outcome) -> list[tuple[str, str]]:
    return [(step["reference"].rpartition("/")[2], step["status"]) for step in told(outcome)]


def test_table_effects_are_undone_in_reverse_order() -> None:
    world = World()
    update = {"call": "update-row:1.0.0@default", "with": {"table": "deals", "id": "1", "values": {"title": "u"}}}
    delete = {"call": "delete-row", "with": {"table": "deals", "id": "2"}}
    read = {"call": "get-row", "with": {"table": "deals", "id": "2"}}
    outcome = run([{"a": create("x")}, {"b": update}, {"c": delete}, {"d": read}, BAD], world=world)
    assert outcome.status == "failed"
    assert world.undone == ["/do/2/c#", "/do/1/b#", "/do/0/a#"]
    assert outcome.rollback == {
        "status": "completed",
        "steps": [
            {"reference": f"/do/{i}/{name}", "status": "compensated"} for i, name in ((2, "c"), (1, "b"), (0, "a"))
        ],
    }
    assert statuses(outcome)[:4] == [
        ("a", "compensated"),
        ("b", "compensated"),
        ("c", "compensated"),
        ("d", "completed"),
    ]


def test_a_workflow_that_completes_undoes_nothing() -> None:
    world = World()
    outcome = run([{"a": create("x")}], world=world)
    assert (outcome.rollback, world.undone) == (None, [])


def test_nothing_to_undo_is_said_so() -> None:
    assert run([BAD]).rollback == {"status": "none", "steps": []}


def test_skipped_and_failed_calls_register_nothing() -> None:
    world = World()
    world.failing["/do/1/b#"] = [WorkflowFault.of(Kind.VALIDATION, "no such column")]
    run([{"a": create("x", **{"if": "false"})}, {"b": create("y")}], world=world)
    assert world.undone == []


def test_a_call_that_timed_out_may_have_happened_and_is_undone() -> None:
    world = World()
    world.slow["/do/0/a#"] = 60
    run([{"a": create("x", timeout={"after": "PT5S"})}], world=world)
    assert world.undone == ["/do/0/a#"]


@pytest.mark.parametrize("how", ["metadata", "with"])
def test_an_author_may_keep_an_effect(how: str) -> None:
    world = World()
    task = create("kept", metadata={"rollback": "none"}) if how == "metadata" else create("kept")
    if how == "with":
        task["with"] = {"table": "deals", "values": {"title": "kept"}, "rollback": "none"}
    run([{"a": task}, {"b": create("undone")}, BAD], world=world)
    assert world.undone == ["/do/1/b#"]
    assert world.calls[0][2] == {"table": "deals", "values": {"title": "kept"}}


def test_an_effect_is_undone_although_its_task_failed_later() -> None:
    world = World()
    run([{"a": create("x", output={"as": '${ error("bad") }'})}], world=world)
    assert world.undone == ["/do/0/a#"]


def test_the_authors_own_undo_replaces_the_automatic_one_and_sees_what_it_undoes() -> None:
    world = World()
    undo = [
        {
            "note": create("note")
            | {
                "with": {
                    "table": "activities",
                    "values": {
                        "dot": "${ .id }",
                        "input": "${ $input.k }",
                        "output": "${ $output.title }",
                        "context": "${ $context.at }",
                        "error": "${ $error.detail }",
                        "item": "${ $item }",
                    },
                }
            }
        }
    ]
    book = create("x", output={"as": '${ {id: .id, title: "out"} }'}, metadata={"compensate": undo})
    tasks = [
        {"c": {"set": {"k": "in"}, "export": {"as": {"at": "then"}}}},
        {"loop": {"for": {"in": "${ [7] }"}, "do": [{"book": book}]}},
        {"later": {"set": {"x": 1}, "export": {"as": {"at": "now"}}}},
        BAD,
    ]
    outcome = run(tasks, world=world)
    key, _, arguments = world.calls[-1]
    assert key == "compensate:/do/1/loop/do/0/book/metadata/compensate/0/note#0"
    assert arguments["values"] == {
        "dot": "row-1",
        "input": "in",
        "output": "out",
        "context": "then",
        "error": "no",
        "item": 7,
    }
    assert world.undone == []
    assert steps(outcome) == [("book", "compensated")]
    assert statuses(outcome)[-1] == ("note", "completed")


def test_any_task_can_be_compensated() -> None:
    world = World()
    call = {"call": "http", "with": {"method": "POST", "endpoint": "https://pay.example/charge"}}
    refund = {"call": "http", "with": {"method": "POST", "endpoint": "https://pay.example/refund", "body": "${ . }"}}
    run([{"charge": {**call, "metadata": {"compensate": [{"refund": refund}]}}}, BAD], world=world)
    assert [read_request(call.arguments).uri for _, call in world.requests] == [
        "https://pay.example/charge",
        "https://pay.example/refund",
    ]
    assert world.requests[1][1].arguments["body"] == {"ok": True}


def test_branches_are_undone_in_reverse_order_of_completion() -> None:
    world = World()

    def branch(seconds: int, title: str) -> dict[str, object]:
        return {"do": [{"w": {"wait": {"seconds": seconds}}}, {title: create(title)}]}

    fork = {"fork": {"branches": [{"a": branch(3, "third")}, {"b": branch(1, "first")}, {"c": branch(2, "second")}]}}
    outcome = run([{"zero": create("zero")}, {"f": fork}, BAD], world=world)
    assert [name for name, _ in steps(outcome)] == ["third", "second", "first", "zero"]


def test_loops_are_undone_iteration_by_iteration() -> None:
    world = World()
    outcome = run([{"l": {"for": {"in": "${ [1, 2, 3] }"}, "do": [{"row": create("x")}]}}, BAD], world=world)
    assert world.undone == [f"/do/0/l/do/0/row#{index}" for index in (2, 1, 0)]
    assert [step["iteration"] for step in told(outcome)] == ["2", "1", "0"]


def test_a_caught_error_leaves_effects_in_place() -> None:
    world = World()
    task = {"try": [{"row": create("x")}, BAD], "catch": {"do": [{"ok": {"set": {"x": 1}}}]}}
    outcome = run([{"a": task}], world=world)
    assert (outcome.status, world.undone) == ("completed", [])
    run([{"a": task}, BAD], world=(later := World()))
    assert later.undone == ["/do/0/a/try/0/row#"]


def test_a_try_may_roll_back_its_own_list_before_the_remedy() -> None:
    world = World()
    task = {
        "try": [{"inner": create("inner")}, BAD],
        "catch": {"do": [{"after": create("after")}]},
        "metadata": {"rollback": True},
    }
    outcome = run([{"outer": create("outer")}, {"a": task}], world=world)
    assert outcome.status == "completed"
    assert world.undone == ["/do/1/a/try/0/inner#"]
    assert ("inner", "compensated") in statuses(outcome)


def test_a_try_that_rolls_back_does_so_before_each_retry_and_the_rest_at_the_end() -> None:
    world = World()
    task = {
        "try": [{"inner": create("inner")}, BAD],
        "catch": {"retry": {"limit": {"attempt": {"count": 1}}}},
        "metadata": {"rollback": True},
    }
    run([{"outer": create("outer")}, {"a": task}], world=world)
    assert world.undone == ["/do/1/a/try/0/inner#", "/do/1/a/try/0/inner#r1@1", "/do/0/outer#"]


def test_inner_scopes_that_succeed_belong_to_the_outer_one() -> None:
    world = World()
    inner = {"try": [{"x": create("x")}], "catch": {"do": [{"n": {"set": {"x": 1}}}]}, "metadata": {"rollback": True}}
    outer = {
        "try": [{"inner": inner}, BAD],
        "catch": {"do": [{"n": {"set": {"x": 1}}}]},
        "metadata": {"rollback": True},
    }
    run([{"o": outer}], world=world)
    assert world.undone == ["/do/0/o/try/0/inner/try/0/x#"]


def test_an_authors_undo_is_tried_five_times_with_growing_pauses_and_our_own_once() -> None:
    world = World()
    undo = [{"u": fault("undo failed")}]
    outcome = run([{"a": {"set": {"x": 1}, "metadata": {"compensate": undo}}}, BAD], world=world)
    assert (world.sleeps, told(outcome)[0]["status"]) == ([1, 2, 4, 8], "compensation_failed")
    conflict = World()
    conflict.failing_undos["/do/0/a#"] = 1
    outcome = run([{"a": create("x")}, BAD], world=conflict)
    assert (conflict.sleeps, told(outcome)[0]["status"]) == ([], "compensation_failed")


def test_one_undo_that_fails_does_not_stop_the_rest() -> None:
    world = World()
    world.failing_undos["/do/1/b#"] = 99
    outcome = run([{"a": create("x")}, {"b": create("y")}, BAD], world=world)
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "partial"
    failed, done = told(outcome)
    assert (failed["status"], done["status"]) == ("compensation_failed", "compensated")
    assert failed["error"]["detail"] == "somebody changed the row meanwhile"
    assert statuses(outcome)[:2] == [("a", "compensated"), ("b", "compensation_failed")]
    assert outcome.problem is not None
    assert outcome.problem.detail == "no"


class Broken(World):
    """Has a bug in the undo of one key."""

    async def undo(self, key: str) -> None:
        if key == "/do/1/b#":
            raise AttributeError(key)
        await super().undo(key)


def test_a_bug_of_ours_in_one_undo_does_not_keep_the_rest_from_being_undone() -> None:
    world = Broken()
    outcome = run([{"a": create("x")}, {"b": create("y")}, {"c": create("z")}, BAD], world=world)
    assert world.undone == ["/do/2/c#", "/do/0/a#"]
    assert steps(outcome) == [("c", "compensated"), ("b", "compensation_failed"), ("a", "compensated")]
    assert told(outcome)[1]["error"]["detail"] == "an internal error, which the worker's log has"
    assert outcome.problem is not None
    assert outcome.problem.detail == "no"


class Recorded(World):
    """Answers a key that it knows with nothing new, as the real effects do."""

    def __init__(self) -> None:
        super().__init__()
        self.again: list[str] = []

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109
    ) -> object:
        if key in {done for done, _, _ in self.calls}:
            self.again.append(key)
            return {}
        return await super().call_function(name, arguments, key=key, timeout=timeout)


def test_a_compensation_that_fails_keeps_its_keys_when_tried_again() -> None:
    world = Recorded()
    undo = [{"first": create("first")}, {"second": fault("undo failed")}]
    outcome = run([{"a": {"set": {"x": 1}, "metadata": {"compensate": undo}}}, BAD], world=world)
    assert told(outcome)[0]["error"]["detail"] == "undo failed"
    assert world.again == ["compensate:/do/0/a/metadata/compensate/0/first#"] * 4


def test_a_timeout_of_the_workflow_rolls_back_outside_of_it() -> None:
    world = World()
    world.undo_seconds = 3
    outcome = run([{"a": create("x")}, {"w": {"wait": "PT1H"}}], world=world, timeout={"after": {"seconds": 2}})
    assert outcome.problem is not None
    assert outcome.problem.status == 408
    assert world.undone == ["/do/0/a#"]


def test_cancellation_rolls_back() -> None:
    world = World()
    tasks = [{"a": create("x")}, {"outer": {"do": [{"w": {"wait": "PT1H"}}]}}]
    outcome = run(tasks, world=world, cancel_at=(5,))
    assert (outcome.status, outcome.problem, world.undone) == ("cancelled", None, ["/do/0/a#"])
    assert statuses(outcome) == [("a", "compensated"), ("outer", "cancelled"), ("w", "cancelled")]


def test_cancellation_reaches_every_branch() -> None:
    world = World()
    branches = [{name: {"do": [{f"{name}row": create(name)}, {f"{name}w": {"wait": "PT1H"}}]}} for name in ("a", "b")]
    outcome = run([{"f": {"fork": {"branches": branches}}}], world=world, cancel_at=(5,))
    assert outcome.status == "cancelled"
    assert len(world.undone) == 2
    assert {status for name, status in statuses(outcome) if not name.endswith("row")} == {"cancelled"}


def test_a_second_cancellation_does_not_interrupt_the_rollback() -> None:
    world = World()
    world.undo_seconds = 3
    outcome = run([{"a": create("x")}, {"w": {"wait": "PT1H"}}], world=world, cancel_at=(5, 5.5, 7))
    assert (outcome.status, world.undone) == ("cancelled", ["/do/0/a#"])


def test_cancellation_during_the_rollback_of_a_failure_changes_nothing() -> None:
    world = World()
    world.undo_seconds = 3
    outcome = run([{"a": create("x")}, BAD], world=world, cancel_at=(2,))
    assert (outcome.status, world.undone) == ("failed", ["/do/0/a#"])


def test_cancellation_during_the_rollback_of_a_try_ends_the_rollback_first() -> None:
    world = World()
    world.undo_seconds = 3
    task = {"try": [{"x": create("x")}, BAD], "catch": {"do": [{"n": create("n")}]}, "metadata": {"rollback": True}}
    outcome = run([{"t": task}], world=world, cancel_at=(2,))
    assert (outcome.status, world.undone) == ("cancelled", ["/do/0/t/try/0/x#"])
    assert len(world.calls) == 1


def test_a_call_that_was_interrupted_is_undone_for_it_may_have_happened() -> None:
    world = World()
    world.slow["/do/0/a#"] = 60
    run([{"a": create("x")}], world=world, cancel_at=(5,))
    assert world.undone == ["/do/0/a#"]


def test_a_document_can_keep_everything_on_cancellation() -> None:
    world = World()
    outcome = run(
        [{"a": create("x")}, {"w": {"wait": "PT1H"}}],
        world=world,
        cancel_at=(5,),
        document={"metadata": {"rollbackOnCancel": False}},
    )
    assert (outcome.status, world.undone, outcome.rollback) == ("cancelled", [], {"status": "none", "steps": []})


STEPS = ("reserve", "charge", "pack", "ship", "invoice", "thank")


def saga(failing: int | None = None, slow: int | None = None) -> list[dict[str, Any]]:
    """Six steps, each with an undo that says its name; one may fail, one may take an hour."""
    tasks: list[dict[str, Any]] = []
    for index, name in enumerate(STEPS):
        undo = [{f"undo-{name}": create(f"undo {name}")}]
        body = create(name, metadata={"compensate": undo})
        if index == failing:
            body = fault(f"{name} failed")
        if index == slow:
            body = {"do": [{name: create(name, metadata={"compensate": undo})}, {"rest": {"wait": "PT1H"}}]}
        tasks.append({name: body})
    return tasks


def titles(world: World) -> list[object]:
    return [cast("Mapping[str, object]", arguments["values"])["title"] for _, _, arguments in world.calls]


@pytest.mark.parametrize("failing", range(6))
def test_a_saga_that_fails_at_any_step_is_undone_in_exact_reverse_order_once_each(failing: int) -> None:
    world = World()
    outcome = run(saga(failing), world=world)
    assert outcome.status == "failed"
    done = list(STEPS[:failing])
    assert titles(world) == [*done, *(f"undo {name}" for name in reversed(done))]
    assert [name for name, status in steps(outcome)] == done[::-1]


@pytest.mark.parametrize("at", range(6))
def test_a_saga_that_is_cancelled_at_any_step_is_undone_in_exact_reverse_order_once_each(at: int) -> None:
    world = World()
    outcome = run(saga(slow=at), world=world, cancel_at=(60,))
    assert outcome.status == "cancelled"
    done = list(STEPS[: at + 1])
    assert titles(world) == [*done, *(f"undo {name}" for name in reversed(done))]


@pytest.mark.parametrize("at", range(6))
def test_an_undo_that_fails_at_first_is_tried_again_before_the_next_one(at: int) -> None:
    world = Recorded()
    tasks = [*saga(), BAD]
    undo = tasks[at][STEPS[at]]["metadata"]["compensate"]
    key = f"compensate:/do/{at}/{STEPS[at]}/metadata/compensate/0/undo-{STEPS[at]}#"
    assert undo
    world.failing[key] = [WorkflowFault.of(Kind.COMMUNICATION, "away"), WorkflowFault.of(Kind.COMMUNICATION, "away")]
    outcome = run(tasks, world=world)
    assert titles(world)[6:] == [f"undo {name}" for name in reversed(STEPS)]
    assert world.sleeps == [1, 2]
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "completed"


def rollback(**arguments: object) -> dict[str, Any]:
    return {"call": "rollback", "with": arguments}


def test_a_workflow_can_roll_back_by_itself_and_go_on() -> None:
    world = World()
    seen = [{"note": create("${ $error.detail }")}]
    outcome = run(
        [
            {"a": create("x")},
            {"b": {"set": {"y": 1}, "metadata": {"compensate": seen}}},
            {"back": rollback(reason="changed our mind")},
            {"c": create("z")},
            {"end": {"set": "${ $context.told }"}},
        ],
        world=world,
    )
    assert outcome.status == "completed"
    assert world.undone == ["/do/0/a#"]
    assert titles(world) == ["x", "changed our mind", "z"]
    assert statuses(outcome)[:3] == [("a", "compensated"), ("b", "compensated"), ("back", "completed")]


def test_the_output_of_rollback_says_how_each_step_went() -> None:
    world = World()
    world.failing_undos["/do/0/a#"] = 9
    outcome = run([{"a": create("x")}, {"b": create("y")}, {"back": rollback()}], world=world)
    assert outcome.output["status"] == "partial"  # type: ignore[index]
    assert [step["status"] for step in outcome.output["steps"]] == ["compensated", "compensation_failed"]  # type: ignore[index]


def test_what_was_rolled_back_explicitly_is_not_undone_again_at_a_fault() -> None:
    world = World()
    run([{"a": create("x")}, {"back": rollback()}, {"b": create("y")}, BAD], world=world)
    assert world.undone == ["/do/0/a#", "/do/2/b#"]


def test_a_block_is_the_list_of_tasks_around_the_call() -> None:
    world = World()
    block = {
        "do": [{"in": create("in")}, {"deeper": {"do": [{"row": create("deep")}]}}, {"b": rollback(scope="block")}]
    }
    outcome = run([{"out": create("out")}, {"block": block}], world=world)
    assert outcome.status == "completed"
    assert world.undone == ["/do/1/block/do/1/deeper/do/0/row#", "/do/1/block/do/0/in#"]


def test_a_block_in_a_loop_is_one_iteration() -> None:
    world = World()
    body = [{"row": create("x")}, {"b": {"if": "$item == 2", **rollback(scope="block")}}]
    run([{"l": {"for": {"in": "${ [1, 2, 3] }"}, "do": body}}], world=world)
    assert world.undone == ["/do/0/l/do/0/row#1"]


def test_a_block_in_a_catch_is_what_the_try_has_done() -> None:
    world = World()
    task = {"try": [{"x": create("x")}, BAD], "catch": {"do": [{"b": rollback(scope="block")}]}}
    outcome = run([{"out": create("out")}, {"t": task}], world=world)
    assert (outcome.status, world.undone) == ("completed", ["/do/1/t/try/0/x#"])


def test_a_block_outside_of_any_list_is_the_workflow() -> None:
    world = World()
    run([{"a": create("x")}, {"b": rollback(scope="block")}], world=world)
    assert world.undone == ["/do/0/a#"]


def test_a_cancellation_during_an_explicit_rollback_ends_it_first() -> None:
    world = World()
    world.undo_seconds = 3
    outcome = run([{"z": create("z")}, {"a": create("x")}, {"b": rollback()}], world=world, cancel_at=(2,))
    assert (outcome.status, world.undone) == ("cancelled", ["/do/1/a#", "/do/0/z#"])


def test_a_compensation_cannot_roll_back() -> None:
    outcome = run([{"a": {"set": {"x": 1}, "metadata": {"compensate": [{"r": rollback()}]}}}, BAD])
    assert "cannot begin another" in told(outcome)[0]["error"]["detail"]


def test_a_document_can_keep_everything_at_a_fault() -> None:
    world = World()
    kept = {"metadata": {"rollback": "none"}}
    outcome = run([{"a": create("x")}, BAD], world=world, document=kept)
    assert (outcome.status, world.undone, outcome.rollback) == ("failed", [], {"status": "none", "steps": []})
    later = World()
    run([{"a": create("x")}, {"w": {"wait": "PT1H"}}], world=later, cancel_at=(5,), document=kept)
    assert later.undone == ["/do/0/a#"]


def test_a_document_can_stop_the_rollback_at_the_first_undo_that_fails() -> None:
    world = World()
    world.failing_undos["/do/1/b#"] = 9
    outcome = run(
        [{"a": create("x")}, {"b": create("y")}, {"c": create("z")}, BAD],
        world=world,
        document={"metadata": {"onCompensationError": "stop"}},
    )
    assert steps(outcome) == [("c", "compensated"), ("b", "compensation_failed"), ("a", "skipped")]
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "partial"
    assert statuses(outcome)[0] == ("a", "completed")


@pytest.mark.parametrize(
    ("retry", "sleeps"),
    [
        ({"limit": {"attempt": {"count": 0}}}, []),
        ({"delay": "PT3S", "backoff": {"constant": {}}, "limit": {"attempt": {"count": 2}}}, [3, 3]),
        ({"delay": {"seconds": 2}, "backoff": {"linear": {}}, "limit": {"attempt": {"count": 3}}}, [2, 4, 6]),
        ({"delay": "P1D", "limit": {"attempt": {"count": 2}}}, [3600, 3600]),
        ({"backoff": {"exponential": {}}}, [1, 2, 4, 8]),
    ],
)
def test_an_author_may_say_how_often_an_undo_is_tried(retry: dict[str, object], sleeps: list[float]) -> None:
    world = World()
    metadata = {"compensate": [{"u": fault("undo failed")}], "compensateRetry": retry}
    run([{"a": {"set": {"x": 1}, "metadata": metadata}}, BAD], world=world)
    assert world.sleeps == sleeps


@pytest.mark.parametrize(
    ("metadata", "pointer"),
    [
        ({"compensateRetry": 3}, AT),
        ({"compensateRetry": {"dely": "PT1S"}}, f"{AT}/dely"),
        ({"compensateRetry": {"delay": "${ .x }"}}, f"{AT}/delay"),
        (
            {"compensateRetry": {"limit": {"attempt": {"count": 20}}}},
            "/do/0/a/metadata/compensateRetry/limit/attempt/count",
        ),
        ({"compensateRetry": {"limit": []}}, "/do/0/a/metadata/compensateRetry/limit"),
    ],
)
def test_a_wrong_retry_of_an_undo_is_refused(metadata: dict[str, object], pointer: str) -> None:
    task = {"set": {"x": 1}, "metadata": {"compensate": [{"u": {"set": {"x": 1}}}], **metadata}}
    issues = errors_of(validate(normalise({"do": [{"a": task}]}, "a test")))
    assert pointer in {issue.pointer for issue in issues}


@pytest.mark.parametrize("metadata", [{"rollback": "never"}, {"onCompensationError": True}])
def test_a_document_that_does_not_say_how_to_roll_back_is_refused(metadata: dict[str, object]) -> None:
    document = normalise({"do": [{"a": {"set": {"x": 1}}}], "document": {"metadata": metadata}}, "a test")
    assert [issue.pointer for issue in errors_of(validate(document))] == [f"/document/metadata/{next(iter(metadata))}"]


def test_loop_variables_around_a_compensation_are_those_of_its_iteration() -> None:
    world = World()
    undo = [{"note": create('${ "\\($item)@\\($index)" }')}]
    body = [{"row": {"set": {"x": 1}, "metadata": {"compensate": undo}}}]
    run([{"l": {"for": {"in": "${ [7, 8] }"}, "do": body}}, BAD], world=world)
    assert titles(world) == ["8@1", "7@0"]
