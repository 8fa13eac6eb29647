"""`listen`: what matches, when it is satisfied, what it gives, and that it leaves no subscription behind."""

import asyncio
from typing import Any

import pytest

from tests.unit.language.virtual import World, create, output_of, problem_of, run, statuses
from workflows.language.documents import normalise
from workflows.language.interpreter import Interpreter, WorkflowInfo
from workflows.language.plan import compile_plan
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.simulation.clock import EPOCH, VirtualLoop
from workflows.language.validation import validate

Json = dict[str, Any]


def event(kind: str, number: int = 1, **more: object) -> Json:
    return {"specversion": "1.0", "id": str(number), "source": "/test", "type": kind, **more}


def hearing(*events: Json) -> World:
    """A world in which these events come, a second apart, once somebody listens."""
    world = World()
    for index, each in enumerate(events):
        world.stream.expect(each, after=index + 1.0)
    return world


def listen(to: Json, read: str | None = None, **more: object) -> Json:
    return {"listen": {"to": to, **({"read": read} if read else {})}, **more}


def heard(to: Json, *events: Json, data: object = None, read: str = "envelope", **more: object) -> Any:
    world = hearing(*events)
    output = output_of([{"wait": listen(to, read, **more)}], data, world=world)
    assert world.stream.subscriptions == {}
    return output


def ids(output: Any) -> list[str]:
    return [each["id"] for each in output]


A, B = {"with": {"type": "a"}}, {"with": {"type": "b"}}


def test_one_takes_the_first_event_that_matches() -> None:
    assert ids(heard({"one": A}, event("b", 1), event("a", 2), event("a", 3))) == ["2"]


def test_any_takes_the_first_event_that_matches_any_filter() -> None:
    assert ids(heard({"any": [A, B]}, event("c", 1), event("b", 2), event("a", 3))) == ["2"]


def test_any_of_nothing_takes_every_event() -> None:
    assert ids(heard({"any": []}, event("whatever", 1))) == ["1"]


def test_any_goes_on_until_its_expression_is_true_of_what_was_consumed() -> None:
    to = {"any": [A], "until": "length == 3"}
    assert ids(heard(to, event("a", 1), event("b", 2), event("a", 3), event("a", 4), event("a", 5))) == ["1", "3", "4"]


def test_any_goes_on_until_another_strategy_is_satisfied_whose_events_are_not_in_the_output() -> None:
    to = {"any": [A], "until": {"all": [B, {"with": {"type": "c"}}]}}
    events = [event("a", 1), event("b", 2), event("a", 3), event("c", 4), event("a", 5)]
    assert ids(heard(to, *events)) == ["1", "3"]


def test_all_takes_one_event_for_each_filter_in_order_of_their_coming() -> None:
    assert ids(heard({"all": [A, B]}, event("b", 1), event("b", 2), event("a", 3))) == ["1", "3"]


def test_an_event_satisfies_only_one_filter_of_all() -> None:
    assert ids(heard({"all": [A, A]}, event("a", 1), event("a", 2))) == ["1", "2"]


def test_an_event_that_comes_twice_is_taken_once() -> None:
    assert ids(heard({"all": [A, A]}, event("a", 1), event("a", 1), event("a", 2))) == ["1", "2"]


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({"type": "order.placed"}, True),
        ({"type": "orderXplaced"}, False),
        ({"type": "order\\..*"}, True),
        ({"type": "order"}, False),
        ({"type": "(order|invoice).placed"}, True),
        ({"type": '${ startswith("order") }'}, True),
        ({"subject": "${ . == null }"}, True),
        ({"subject": "x"}, False),
        ({"data": "${ .total > 10 }"}, True),
        ({"data": "${ .total > 100 }"}, False),
        ({"data": {"total": 50}}, True),
        ({"data": {"total": 51}}, False),
        ({"urgent": True}, True),
        ({"attempt": 1}, False),
        ({"source": "/test", "type": "order.placed"}, True),
        ({"source": "/other", "type": "order.placed"}, False),
        ({"data": '${ .total | startswith("x") }'}, False),
    ],
)  # fmt: skip
def test_an_attribute_is_equal_or_matched_or_true_of_an_expression(wanted: Json, matches: bool) -> None:
    matching, last = event("order.placed", 1, data={"total": 50}, urgent=True), event("last", 2)
    output = heard({"any": [{"with": wanted}, {"with": {"type": "last"}}]}, matching, last)
    assert ids(output) == (["1"] if matches else ["2"])


def test_a_filter_knows_the_execution() -> None:
    to = {"one": {"with": {"data": "${ .id == $input.id }"}}}
    assert ids(heard(to, event("a", 1, data={"id": 1}), event("a", 2, data={"id": 2}), data={"id": 2})) == ["2"]


def order(kind: str, number: int, identity: object) -> Json:
    return event(kind, number, data={"order": identity})


def correlated(kind: str, **expect: str) -> Json:
    return {"with": {"type": kind}, "correlate": {"order": {"from": "${ .data.order }", **expect}}}


def test_a_correlation_with_a_constant_or_an_expression_takes_equal_events_alone() -> None:
    events = [order("a", 1, "x"), order("a", 2, "y"), order("a", 3, None)]
    assert ids(heard({"one": correlated("a", expect="y")}, *events)) == ["2"]
    assert ids(heard({"one": correlated("a", expect="${ .mine }")}, *events, data={"mine": "y"})) == ["2"]
    assert ids(heard({"one": correlated("a", expect=".mine")}, *events, data={"mine": "y"})) == ["2"]


def test_a_correlation_without_expectation_takes_what_the_first_event_had() -> None:
    events = [order("a", 1, None), order("a", 2, "x"), order("b", 3, "y"), order("b", 4, "x")]
    assert ids(heard({"all": [correlated("a"), correlated("b")]}, *events)) == ["2", "4"]


def test_keys_of_a_correlation_are_not_shared_by_two_runs_of_a_task() -> None:
    world = hearing(order("a", 1, "x"), order("a", 2, "y"))
    tasks = [{"loop": {"for": {"in": "[1, 2]"}, "do": [{"wait": listen({"one": correlated("a")}, "envelope")}]}}]
    assert ids(output_of(tasks, world=world)) == ["2"]


@pytest.mark.parametrize(
    ("read", "more", "expected"),
    [
        ("data", {"data": {"x": 1}}, {"x": 1}),
        ("data", {"data_base64": "aGk=", "datacontenttype": "text/plain"}, "hi"),
        ("data", {"data_base64": "eyJhIjoxfQ==", "datacontenttype": "application/json"}, {"a": 1}),
        ("data", {"data_base64": "AAE="}, "AAE="),
        ("raw", {"data": {"x": 1}}, '{"x":1}'),
        ("raw", {"data_base64": "aGk=", "datacontenttype": "text/plain"}, "aGk="),
        ("raw", {}, None),
    ],
)
def test_what_is_read_is_data_envelope_or_raw(read: str, more: Json, expected: object) -> None:
    assert heard({"one": A}, event("a", 1, **more), read=read) == [expected]


def test_data_is_read_unless_said_otherwise() -> None:
    assert output_of([{"wait": listen({"one": A})}], world=hearing(event("a", data=5))) == [5]


def test_foreach_runs_its_tasks_for_each_event_in_order() -> None:
    each = {
        "item": "it",
        "at": "place",
        "do": [{"pause": {"wait": {"seconds": 10}}}, {"sum": {"set": {"n": "${ $it.n * 2 }", "at": "${ $place }"}}}],
        "output": {"as": "{n, at}"},
        "export": {"as": "{total: (($context.total // 0) + .n)}"},
    }
    task = listen({"any": [A], "until": "$context.total >= 12"}, foreach=each)
    world = hearing(*(event("a", number, data={"n": number}) for number in range(1, 9)))
    tasks = [{"wait": task}, {"look": {"set": {"heard": "${ . }", "total": "${ $context.total }"}}}]
    expected = [{"n": 2, "at": 0}, {"n": 4, "at": 1}, {"n": 6, "at": 2}]
    assert output_of(tasks, world=world) == {"heard": expected, "total": 12}


def test_a_block_in_foreach_is_what_was_done_with_one_event() -> None:
    each = {"do": [{"in": create("in")}, {"back": {"call": "rollback", "with": {"scope": "block"}}}]}
    world = hearing(event("a", 1))
    assert run([{"out": create("out")}, {"wait": listen({"one": A}, foreach=each)}], world=world).status == "completed"
    assert world.undone == ["/do/1/wait/foreach/do/0/in#0"]


def test_an_exit_in_foreach_ends_the_listening() -> None:
    each = {"do": [{"stop": {"switch": [{"two": {"when": "$item == 2", "then": "exit"}}]}}]}
    task = listen({"any": [A], "until": "false"}, foreach=each)
    assert output_of([{"wait": task}], world=hearing(*(event("a", n, data=n) for n in (1, 2, 3)))) == [1, 2]


def test_without_foreach_tasks_the_item_itself_is_transformed() -> None:
    task = listen({"one": A}, foreach={"output": {"as": ".x"}})
    assert output_of([{"wait": task}], world=hearing(event("a", data={"x": 3}))) == [3]


def test_an_error_in_foreach_leaves_no_subscription() -> None:
    world = hearing(event("a"))
    error = {"raise": {"error": {"type": "https://example.com/no", "status": 400}}}
    assert run([{"wait": listen({"one": A}, foreach={"do": [{"no": error}]})}], world=world).status == "failed"
    assert world.stream.subscriptions == {}


@pytest.mark.parametrize("fails", [False, True])
def test_a_cancellation_that_comes_while_it_stops_listening_counts(
    monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    world = hearing(event("a"))

    async def unsubscribe(*, key: str) -> None:
        await asyncio.sleep(5)
        if fails:
            raise WorkflowFault.of(Kind.RUNTIME, f"nobody knows {key}")

    monkeypatch.setattr(world.stream, "unsubscribe", unsubscribe)
    tasks = [{"t": {"try": [{"wait": listen({"one": A})}], "catch": {"do": [{"go": {"set": {"on": True}}}]}}}]
    assert run(tasks, world=world, cancel_at=(3,)).status == "cancelled"


def test_a_timeout_that_strikes_while_it_stops_listening_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = hearing(event("a"))
    monkeypatch.setattr(world.stream, "unsubscribe", lambda *, key: asyncio.sleep(5))  # noqa: ARG005
    task = listen({"one": A}, timeout={"after": {"seconds": 3}})
    assert problem_of([{"wait": task}], world=world)["status"] == 408


def test_a_timeout_ends_the_listening_and_its_subscription() -> None:
    world = hearing(event("b"))
    problem = problem_of([{"wait": listen({"one": A}, timeout={"after": {"minutes": 5}})}], world=world)
    assert problem["status"] == 408
    assert world.stream.subscriptions == {}


def test_a_cancellation_ends_the_listening_and_its_subscription() -> None:
    world = World()
    outcome = run([{"wait": listen({"one": A})}], world=world, cancel_at=(5.0,))
    assert statuses(outcome) == [("wait", "cancelled")]
    assert world.stream.subscriptions == {}


def test_a_task_that_listens_is_waiting() -> None:
    world = World()
    document = normalise({"do": [{"wait": listen({"one": A})}]}, "a test")
    info = WorkflowInfo(id="execution-1", definition=document, input=None, started_at=EPOCH)
    interpreter = Interpreter(compile_plan(document), world, workflow=info)
    seen: list[str] = []

    async def receive(key: str) -> object:  # noqa: ARG001
        seen.append(interpreter.tasks[0].status)
        return event("a")

    world.receive = receive
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(interpreter.run()).status == "completed"
    assert seen == ["waiting"]


def test_an_event_of_a_branch_reaches_the_branch_that_listens() -> None:
    fork = {
        "fork": {
            "branches": [
                {"hear": listen({"one": A})},
                {
                    "say": {
                        "do": [{"rest": {"wait": {"seconds": 2}}}, {"tell": emit("a", 7)}],
                        "output": {"as": ".data"},
                    }
                },
            ]
        }
    }
    assert output_of([{"both": fork}]) == [[7], 7]


def emit(kind: str, data: object) -> Json:
    return {"emit": {"event": {"with": {"type": kind, "data": data}}}}


def test_more_events_than_one_may_hold_are_an_error() -> None:
    each = [event("a", number, data="x" * 200_000) for number in range(8)]
    problem = problem_of([{"wait": listen({"any": [A], "until": "false"})}], world=hearing(*each))
    assert "1024 KiB" in str(problem["detail"])


def test_an_event_that_matches_nothing_for_ever_ends_at_a_bound() -> None:
    world = World()

    async def receive(key: str) -> object:  # noqa: ARG001
        return event("b")

    world.receive = receive
    assert "8,000 events came" in str(problem_of([{"wait": listen({"one": A})}], world=world)["detail"])


def test_a_fault_of_the_subscription_is_the_tasks() -> None:
    world = World()

    async def subscribe(filters: object, *, key: str) -> None:  # noqa: ARG001
        raise WorkflowFault.of(Kind.RUNTIME, "too many")

    world.stream.subscribe = subscribe
    assert problem_of([{"wait": listen({"one": A})}], world=world)["instance"] == "/do/0/wait"


@pytest.mark.parametrize(
    ("task", "pointer"),
    [
        (listen({}), "/listen/to"),
        (listen({"one": A, "any": [A]}), "/listen/to"),
        (listen({"one": {}}), "/listen/to/one"),
        (listen({"one": {"with": {}}}), "/listen/to/one/with"),
        (listen({"one": A, "until": "true"}), "/listen/to/until"),
        (listen({"one": A}, "everything"), "/listen/read"),
        (listen({"one": A}, foreach={"ithem": "x"}), "/foreach/ithem"),
        (listen({"one": A}, foreach={"item": "input"}), "/foreach/item"),
        (listen({"one": {"with": {"data": "${ .a ( }"}}}), "/listen/to/one/with/data"),
        (listen({"one": {"with": {"type": "a"}, "correlate": {"k": {}}}}), "/listen/to/one/correlate/k"),
        ({"listen": {}}, "/listen"),
    ],
)
def test_a_wrong_listen_is_told_where(task: Json, pointer: str) -> None:
    issues = validate(normalise({"do": [{"wait": task}]}, "a test"))
    assert f"/do/0/wait{pointer}" in [issue.pointer for issue in issues if issue.severity == "error"]
