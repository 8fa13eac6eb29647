"""Errors: raising, catching, filtering, retrying, and timeouts."""

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, problem_of, run, statuses
from workflows.language.problems import Kind, WorkflowFault, normalise_type

TYPE = "https://example.com/errors/test"
STANDARD = "https://serverlessworkflow.io/spec/1.0.0/errors/"


def attempt(*tasks: object, **catch: object) -> dict[str, object]:
    return {"try": [{f"t{index}": task} for index, task in enumerate(tasks)], "catch": catch}


CAUGHT = [{"c": {"set": {"caught": "${ $error.detail }"}}}]


def test_raise_says_exactly_what_the_author_gave_and_where() -> None:
    raised = {"raise": {"error": {"type": TYPE, "status": 402, "title": '${ "no " + .what }'}}}
    assert problem_of([{"a": raised}], {"what": "money"}) == {
        "type": TYPE,
        "status": 402,
        "title": "no money",
        "instance": "/do/0/a",
    }


def test_raise_takes_a_named_error_and_keeps_the_authors_instance() -> None:
    use = {"errors": {"gone": {"type": TYPE, "status": 410, "instance": "/somewhere"}}}
    assert problem_of([{"a": {"raise": {"error": "gone"}}}], use=use)["instance"] == "/somewhere"


@pytest.mark.parametrize(
    "uri",
    [
        "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
        "https://open-workflow-specification.org/spec/1.0.0/errors/communication",
        "https://serverlessworkflow.io/dsl/errors/types/communication",
        "https://open-workflow-specification.org/dsl/errors/types/communication",
        "https://serverlessworkflow.io.io/dsl/errors/types/communication",
        "https://https://serverlessworkflow.io/dsl/errors/types/communication",
        "https://zigflow.dev/spec/1.0.0/errors/communication",
    ],
)
def test_filters_take_a_type_in_any_familys_spelling(uri: str) -> None:
    world = World()
    world.failing["/do/0/a/try/0/t0#"] = [WorkflowFault.of(Kind.COMMUNICATION, "refused", status=404)]
    call = {"call": "http", "with": {"method": "get", "endpoint": "https://example.com/"}}
    task = attempt(call, errors={"with": {"type": uri, "status": 404}}, do=CAUGHT)
    assert output_of([{"a": task}], world=world) == {"caught": "refused"}


def test_other_types_compare_literally() -> None:
    for uri in ("https://example.com/dsl/errors/types/timeout", "https://serverlessworkflow.io/dsl/errors/types/odd"):
        assert normalise_type(uri) == uri


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ({"type": TYPE}, True),
        ({"status": 500}, True),
        ({"detail": "no"}, True),
        ({"details": "no"}, True),
        ({"instance": "/do/0/a/try/0/t0"}, True),
        ({"status": 404}, False),
        ({"type": TYPE, "status": 404}, False),
        ({"title": "absent"}, False),
        ({}, True),
    ],
)
def test_a_filter_takes_errors_whose_members_are_equal(wanted: object, taken: bool) -> None:
    outcome = run([{"a": attempt(fault(), errors={"with": wanted}, do=CAUGHT)}])
    assert (outcome.status == "completed") is taken


def test_conditions_see_the_error_as_input_and_as_variable() -> None:
    assert output_of([{"a": attempt(fault(), when=".status == 500", do=CAUGHT)}]) == {"caught": "no"}
    task = attempt(fault(), **{"as": "problem", "exceptWhen": "$problem.status == 500"}, do=[{"c": {"set": {"x": 1}}}])
    assert problem_of([{"a": task}])["detail"] == "no"


def test_a_caught_error_without_a_remedy_passes_the_input() -> None:
    assert output_of([{"a": attempt(fault())}], {"k": 1}) == {"k": 1}


def test_the_error_can_have_another_name_in_the_remedy() -> None:
    task = attempt(fault(), **{"as": "$oops"}, do=[{"c": {"set": "${ $oops.status }"}}])
    assert output_of([{"a": task}]) == 500


def test_catch_then_is_followed_on_the_error_path_only() -> None:
    def tasks(first: object) -> list[object]:
        return [{"a": attempt(first, then="end", do=CAUGHT)}, {"b": {"set": {"after": True}}}]

    assert output_of(tasks(fault())) == {"caught": "no"}
    assert output_of(tasks({"set": {"x": 1}})) == {"after": True}


def test_an_error_in_the_remedy_leaves_the_task() -> None:
    assert problem_of([{"a": attempt(fault("first"), do=[{"c": fault("second")}])}])["detail"] == "second"


def failing(times: int, key: str = "/do/0/a/try/0/t0#") -> World:
    """A world in which a row cannot be made for the first attempts."""
    world = World()
    for number in range(times):
        suffix = f"r{number}@1" if number else ""
        world.failing[f"{key}{suffix}"] = [WorkflowFault.of(Kind.RUNTIME, f"failure {number}")]
    return world


def test_a_retry_runs_the_whole_list_again_with_the_original_input_and_new_keys() -> None:
    world = failing(2)
    task = attempt(create("x"), retry={"delay": {"seconds": 1}, "limit": {"attempt": {"count": 2}}})
    outcome = run([{"a": task}], {"k": 1}, world=world)
    assert outcome.status == "completed"
    assert [key for key, _, _ in world.calls] == ["/do/0/a/try/0/t0#r2@1"]
    assert [entry.input for entry in outcome.tasks if entry.name == "t0"] == [{"k": 1}] * 3


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [({}, [2, 2, 2]), ({"backoff": {"linear": {}}}, [2, 4, 6]), ({"backoff": {"exponential": {}}}, [2, 4, 8])],
)
def test_pauses_grow_as_the_backoff_says(backoff: dict[str, object], pauses: list[float]) -> None:
    world = failing(3)
    retry = {"delay": {"seconds": 2}, "limit": {"attempt": {"count": 3}}, **backoff}
    run([{"a": attempt(create("x"), retry=retry)}], world=world)
    assert world.sleeps == pauses


def test_the_delay_may_be_what_the_error_says() -> None:
    world = World()
    retry = {"delay": {"seconds": "${ $e.status - 500 }"}, "limit": {"attempt": {"count": 1}}}
    task = {"try": [{"x": fault(status=503)}], "catch": {"as": "e", "retry": retry, "do": [{"y": {"set": {"z": 1}}}]}}
    assert output_of([{"t": task}], world=world) == {"z": 1}
    assert world.sleeps == [3.0]


def test_jitter_is_added_to_the_delay() -> None:
    world = failing(1)
    world.chance = 0.25
    retry = {
        "delay": "PT1S",
        "jitter": {"from": {"seconds": 1}, "to": {"seconds": 3}},
        "limit": {"attempt": {"count": 1}},
    }
    run([{"a": attempt(create("x"), retry=retry)}], world=world)
    assert world.sleeps == [2.5]


def test_count_is_of_retries_and_the_error_leaves_when_they_are_used_up() -> None:
    world = failing(5)
    outcome = run([{"a": attempt(create("x"), retry={"limit": {"attempt": {"count": 2}}})}], world=world)
    assert [entry.name for entry in outcome.tasks].count("t0") == 3
    assert outcome.problem is not None
    assert outcome.problem.detail == "failure 2"


def test_the_remedy_runs_after_the_retries() -> None:
    task = attempt(create("x"), retry={"limit": {"attempt": {"count": 1}}}, do=CAUGHT)
    assert output_of([{"a": task}], world=failing(5)) == {"caught": "failure 1"}


def test_retries_stop_when_their_time_is_over() -> None:
    world = failing(50)
    retry = {"delay": {"seconds": 4}, "limit": {"duration": {"seconds": 10}}}
    run([{"a": attempt(create("x"), retry=retry)}], world=world)
    assert world.sleeps == [4, 4]


def test_a_policys_conditions_choose_what_is_retried() -> None:
    world = failing(1)
    use = {"retries": {"some": {"when": '${ .detail == "another" }', "limit": {"attempt": {"count": 3}}}}}
    outcome = run([{"a": attempt(create("x"), retry="some")}], world=world, use=use)
    assert outcome.problem is not None
    assert outcome.problem.detail == "failure 0"


def test_retries_of_inner_and_outer_tries_are_told_apart() -> None:
    """The world refuses a key that it has seen."""
    once = {"limit": {"attempt": {"count": 1}}}
    inner = attempt(create("x"), fault(), retry=once)
    world = World()
    run([{"o": attempt(inner, retry=once)}], world=world)
    assert [key.partition("#")[2] for key, _, _ in world.calls] == ["", "r1@2", "r1@1", "r1@1.r1@2"]


def test_an_attempt_that_takes_too_long_is_retried() -> None:
    world = World()
    world.slow["/do/0/a/try/0/t0#"] = 60
    retry = {"limit": {"attempt": {"count": 1, "duration": {"seconds": 5}}}}
    assert run([{"a": attempt(create("x"), retry=retry)}], world=world).status == "completed"
    assert [key for key, _, _ in world.calls] == ["/do/0/a/try/0/t0#r1@1"]


def test_exports_of_a_failed_attempt_are_kept() -> None:
    world = failing(1, "/do/0/a/try/1/t1#")
    count = {"set": {"n": "${ ($context.n // 0) + 1 }"}, "export": {"as": "${ {n: .n} }"}}
    task = attempt(count, create("x"), retry={"limit": {"attempt": {"count": 1}}})
    assert output_of([{"a": task}, {"b": {"set": "${ $context.n }"}}], world=world) == 2


def test_a_task_that_takes_too_long_is_interrupted_and_can_be_caught() -> None:
    slow = {"wait": {"minutes": 5}, "timeout": {"after": {"seconds": 30}}}
    outcome = run([{"a": attempt(slow, errors={"with": {"type": STANDARD + "timeout"}}, do=CAUGHT)}])
    assert outcome.output == {"caught": "the task 't0' did not finish within 30 s"}
    entry = next(entry for entry in outcome.tasks if entry.name == "t0")
    assert entry.status == "faulted"
    assert entry.error is not None
    assert (entry.error.status, entry.error.instance) == (408, "/do/0/a/try/0/t0")
    assert entry.completed_at is not None
    assert (entry.completed_at - entry.started_at).total_seconds() == 30


def test_tasks_inside_one_that_timed_out_are_cancelled() -> None:
    task = {"do": [{"inner": {"wait": "PT1H"}}], "timeout": "short"}
    outcome = run([{"outer": task}], use={"timeouts": {"short": {"after": "PT1S"}}})
    assert statuses(outcome) == [("outer", "faulted"), ("inner", "cancelled")]


def test_the_workflows_timeout_fails_it() -> None:
    outcome = run([{"w": {"wait": {"days": 1}}}], timeout={"after": {"hours": 1}})
    assert outcome.status == "failed"
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.instance) == (408, "/")


def test_calls_are_told_the_time_to_the_nearest_timeout() -> None:
    world = World()
    inner = {"do": [{"w": {"wait": {"seconds": 4}}}, {"c": create("x")}], "timeout": {"after": {"seconds": 10}}}
    run([{"o": {"do": [{"i": inner}], "timeout": {"after": {"seconds": 60}}}}, {"free": create("y")}], world=world)
    assert world.timeouts == [6, None]


def test_wait_takes_a_computed_duration() -> None:
    world = World()
    run(
        [{"a": {"wait": "${ .pause }"}}, {"b": {"wait": {"seconds": "${ .n }"}}}],
        {"pause": "PT90S", "n": 3},
        world=world,
    )
    assert world.sleeps == [90, 3]
    assert world.entries == 1


def test_a_computed_duration_that_is_none_is_an_expression_error() -> None:
    assert problem_of([{"a": {"wait": "${ .pause }"}}], {"pause": "soon"})["type"] == STANDARD + "expression"
