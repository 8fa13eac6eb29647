"""Where the standard contradicts itself or is silent: one test for each row of the table of decisions.

Rows about what only happens outside the language are tested where that is: D25 (the detail of an HTTP error is the
first 2 KiB of the body) in tests/activities/test_calls.py, D27 (events of the life of executions have `outputUri`) in
tests/workflows/test_event_triggers.py.
"""

from typing import Any

import pytest

from tests.unit.language.virtual import EVERY_RUN, World, create, output_of, problem_of, run, statuses
from workflows.language.documents import normalise
from workflows.language.issues import Issue
from workflows.language.problems import TYPE_BASE
from workflows.language.schedules import compile_schedule
from workflows.language.validation import validate

ERROR = {"type": "https://x.example/errors/test", "status": 418}
FAIL: dict[str, Any] = {"fail": {"raise": {"error": ERROR}}}


def errors_in(tasks: object, **parts: object) -> list[Issue]:
    document = normalise({"do": tasks, **parts}, "t")
    return [issue for issue in validate(document, allowed_runs=EVERY_RUN) if issue.severity == "error"]


def caught(*, catch: dict[str, object], error: dict[str, object] | None = None) -> list[dict[str, object]]:
    """A try whose list raises the error."""
    return [{"t": {"try": [{"fail": {"raise": {"error": error or ERROR}}}], "catch": catch}}]


@pytest.mark.parametrize(
    "family",
    [
        "https://serverlessworkflow.io/spec/1.0.0/errors/",
        "https://open-workflow-specification.org/spec/1.0.0/errors/",
        "https://serverlessworkflow.io/dsl/errors/types/",
        "https://open-workflow-specification.org/dsl/errors/types/",
        "https://serverlessworkflow.io.io/dsl/errors/types/",
        "https://https://serverlessworkflow.io/spec/1.0.0/errors/",
        "https://zigflow.dev/spec/1.0.0/errors/",
    ],
)
def test_d1_error_types_of_every_family_are_the_same(family: str) -> None:
    handled = {"do": [{"ok": {"set": {"caught": "${ $error.type }"}}}]}
    raised = {"type": f"{family}communication", "status": 500}
    by_family = {"errors": {"with": {"type": f"{TYPE_BASE}communication"}}, **handled}
    assert output_of(caught(catch=by_family, error=raised)) == {"caught": f"{family}communication"}
    by_filter = {"errors": {"with": {"type": f"{family}expression"}}, **handled}
    tasks = [{"t": {"try": [{"x": {"set": "${ error }"}}], "catch": by_filter}}]
    assert output_of(tasks) == {"caught": f"{TYPE_BASE}expression"}


def test_d1_types_of_ones_own_compare_literally() -> None:
    handled = {"errors": {"with": {"type": "https://x.example/errors/TEST"}}, "do": [{"ok": {"set": {"x": 1}}}]}
    assert problem_of(caught(catch=handled))["status"] == 418


def test_d2_the_output_of_emit_is_the_event() -> None:
    output: Any = output_of([{"e": {"emit": {"event": {"with": {"type": "t.x", "source": "/s", "data": {"n": 1}}}}}}])
    assert (output["type"], output["source"], output["data"], output["specversion"]) == ("t.x", "/s", {"n": 1}, "1.0")
    assert output["id"]
    assert output["time"]


def test_d3_the_output_of_fork_is_an_array_in_the_order_of_declaration() -> None:
    branches = [{"slow": {"do": [{"w": {"wait": "PT5S"}}, {"s": {"set": {"n": 1}}}]}}, {"fast": {"set": {"n": 2}}}]
    assert output_of([{"f": {"fork": {"branches": branches}}}]) == [{"n": 1}, {"n": 2}]


def test_d4_no_result_is_null_and_several_are_an_array() -> None:
    task = {"set": {"none": "${ empty }", "one": "${ .[0] }", "many": "${ .[] }"}}
    assert output_of([{"a": task}], [1, 2]) == {"none": None, "one": 1, "many": [1, 2]}


def test_d5_expressions_without_braces_are_read_in_the_positions_for_expressions_only() -> None:
    tasks = [
        {"in": {"input": {"from": ".data"}, "set": {"n": ".n"}, "output": {"as": "{n, m: .n}"}}},
        {
            "loop": {
                "for": {"each": "x", "in": "[1, 2, 3]"},
                "while": "$x < 3",
                "do": [{"a": {"set": {"last": "${ $x }"}}}],
            }
        },
        {"choose": {"switch": [{"yes": {"when": ".last == 2", "then": "end"}}]}},
    ]
    assert output_of(tasks[:1], {"data": {"n": 1}}) == {"n": ".n", "m": ".n"}
    assert output_of(tasks, {"data": {"n": 1}}) == {"last": 2}


def test_d6_the_context_begins_as_an_empty_object() -> None:
    assert output_of([{"a": {"set": {"c": "${ $context }"}}}], {"x": 1}) == {"c": {}}


def test_d7_while_is_evaluated_before_each_iteration() -> None:
    loop = {"for": {"in": "${ [1, 2, 3] }"}, "while": "${ .n != 2 }", "do": [{"a": {"set": {"n": "${ $item }"}}}]}
    assert output_of([{"l": loop}], {"n": 2}) == {"n": 2}
    assert output_of([{"l": loop}], {"n": 0}) == {"n": 2}


def test_d8_retries_come_first_and_do_runs_when_they_are_exhausted() -> None:
    catch = {"retry": {"limit": {"attempt": {"count": 2}}}, "do": [{"handled": {"set": {"by": "do"}}}]}
    outcome = run(caught(catch=catch))
    assert outcome.output == {"by": "do"}
    assert [name for name, _ in statuses(outcome)] == ["t", "fail", "fail", "fail", "handled"]
    alone = problem_of(caught(catch={"retry": {"limit": {"attempt": {"count": 2}}}}))
    assert (alone["type"], alone["status"]) == (ERROR["type"], 418)


@pytest.mark.parametrize(
    ("backoff", "delays"), [("exponential", [3, 6, 12]), ("linear", [3, 6, 9]), ("constant", [3, 3, 3])]
)
def test_d9_the_first_retry_waits_the_delay_itself(backoff: str, delays: list[float]) -> None:
    world = World()
    retry = {"delay": {"seconds": 3}, "backoff": {backoff: {}}, "limit": {"attempt": {"count": 3}}}
    problem_of(caught(catch={"retry": retry}), world=world)
    assert world.sleeps == delays


def test_d10_the_count_is_of_retries() -> None:
    outcome = run(caught(catch={"retry": {"limit": {"attempt": {"count": 1}}}}))
    assert [name for name, _ in statuses(outcome)].count("fail") == 2
    outcome = run(caught(catch={"retry": {"limit": {"attempt": {"count": 0}}}}))
    assert [name for name, _ in statuses(outcome)].count("fail") == 1


def test_d11_jitter_is_added_to_the_delay() -> None:
    world = World()
    world.chance = 0.25
    jitter = {"from": {"seconds": 2}, "to": {"seconds": 6}}
    retry = {"delay": {"seconds": 10}, "jitter": jitter, "limit": {"attempt": {"count": 1}}}
    problem_of(caught(catch={"retry": retry}), world=world)
    assert world.sleeps == [13.0]


def test_d12_the_then_of_a_skipped_task_is_not_followed() -> None:
    tasks = [{"a": {"if": "${ false }", "set": {"x": 1}, "then": "end"}}, {"b": {"set": {"x": 2}}}]
    assert output_of(tasks) == {"x": 2}


def test_d13_secrets_are_read_in_the_arguments_of_calls_and_nowhere_else() -> None:
    use = {"secrets": ["shop"]}
    call = {"call": "http", "with": {"method": "get", "endpoint": "https://x.example"}}
    within = {**call, "with": {**call["with"], "headers": {"x-key": "${ $secrets.shop.key }"}}}
    assert errors_in([{"a": within}], use=use) == []
    for task in (
        {"set": {"x": "${ $secrets.shop.key }"}},
        {**call, "output": {"as": "${ $secrets.shop.key }"}},
        {"if": "${ $secrets.shop.key == 1 }", "wait": "PT1S"},
    ):
        assert errors_in([{"a": task}], use=use), task


def test_d14_events_of_a_schedule_are_envelopes_unless_read_is_given() -> None:
    on = {"one": {"with": {"type": "t"}}}
    read = [compile_schedule({"schedule": schedule}) for schedule in ({"on": on}, {"on": on, "read": "data"})]
    assert [schedule.read for schedule in read if schedule] == ["envelope", "data"]


@pytest.mark.parametrize("name", ["detail", "details"])
def test_d15_filters_name_the_detail_either_way(name: str) -> None:
    error = {**ERROR, "detail": "no stock"}
    handled = {"errors": {"with": {name: "no stock"}}, "do": [{"ok": {"set": {"x": 1}}}]}
    assert output_of(caught(catch=handled, error=error)) == {"x": 1}
    other = {"errors": {"with": {name: "no money"}}, "do": [{"ok": {"set": {"x": 1}}}]}
    assert problem_of(caught(catch=other, error=error))["detail"] == "no stock"


@pytest.mark.parametrize("language", ["js", "javascript"])
def test_d16_scripts_may_be_called_js_or_javascript(language: str) -> None:
    assert errors_in([{"a": {"run": {"script": {"language": language, "code": "1"}}}}]) == []


@pytest.mark.parametrize("dsl", ["1.0.0", "1.0.3"])
@pytest.mark.parametrize(("kind", "with_"), [("script", {"language": "js", "code": "1"}), ("shell", {"command": "ls"})])
def test_d18_arguments_of_programs_are_a_list_in_every_release(dsl: str, kind: str, with_: dict[str, object]) -> None:
    header = {"dsl": dsl, "namespace": "n", "name": "x", "version": "0.1.0"}
    task = {"run": {kind: {**with_, "arguments": {"name": "value"}}}}
    (issue,) = errors_in([{"a": task}], document=header)
    assert issue.pointer == f"/do/0/a/run/{kind}/arguments"
    assert issue.hint
    assert errors_in([{"a": {"run": {kind: {**with_, "arguments": ["value"]}}}}], document=header) == []


def test_d17_evaluate_is_accepted() -> None:
    tasks = [{"a": {"set": {"bare": ".n", "text": "not an expression at all"}}}]
    strict = output_of(tasks, {"n": 1}, evaluate={"language": "jq"})
    loose = output_of(tasks, {"n": 1}, evaluate={"language": "jq", "mode": "loose"})
    assert strict == {"bare": ".n", "text": "not an expression at all"}
    assert loose == {"bare": 1, "text": "not an expression at all"}


def test_d19_the_definition_is_part_of_task_in_the_condition_of_an_extension() -> None:
    when = '$task.call == "http" and ($task.with.endpoint | startswith("https://mocked"))'
    mock = {"extend": "call", "when": when, "before": [{"m": {"set": {"mocked": True}, "then": "exit"}}]}
    call = {"call": "http", "with": {"method": "get", "endpoint": "https://mocked.example"}}
    assert output_of([{"x": call}], use={"extensions": [{"mock": mock}]}) == {"mocked": True}


def test_d20_composite_tasks_are_do_and_fork() -> None:
    extension = {"extend": "composite", "before": [{"seen": {"set": {"x": 1}}}]}
    tasks = [
        {"a": {"do": [{"b": {"set": {"x": 1}}}]}},
        {"c": {"fork": {"branches": [{"d": {"set": {"x": 1}}}]}}},
        {"e": {"for": {"in": "${ [1] }"}, "do": [{"f": {"set": {"x": 1}}}]}},
    ]
    names = [name for name, _ in statuses(run(tasks, use={"extensions": [{"e": extension}]}))]
    assert names == ["a", "seen", "b", "c", "seen", "d", "e", "f"]


def test_d21_exit_leaves_the_innermost_list_only() -> None:
    inner = {"do": [{"b": {"set": {"x": 1}, "then": "exit"}}, {"never": {"set": {"x": 0}}}]}
    outcome = run([{"a": inner}, {"after": {"set": {"y": "${ .x }"}}}])
    assert outcome.output == {"y": 1}
    assert [name for name, _ in statuses(outcome)] == ["a", "b", "after"]


@pytest.mark.parametrize("name", ["title", "detail"])
def test_d22_a_member_that_the_error_lacks_matches_no_value(name: str) -> None:
    handled = {"errors": {"with": {"status": 418, name: "x"}}, "do": [{"ok": {"set": {"x": 1}}}]}
    assert problem_of(caught(catch=handled))["status"] == 418


def test_d23_exports_of_branches_are_serial_and_those_that_lose_are_discarded() -> None:
    def branch(name: str, seconds: int) -> dict[str, object]:
        export = {"as": f'${{ $context + {{{name}: true, last: "{name}"}} }}'}
        return {name: {"wait": {"seconds": seconds}, "export": export}}

    seen = {"seen": {"set": "${ $context }"}}
    branches = [branch("slow", 2), branch("fast", 1)]
    together = output_of([{"f": {"fork": {"branches": branches}}}, seen])
    assert together == {"fast": True, "slow": True, "last": "slow"}
    alone = output_of([{"f": {"fork": {"branches": branches, "compete": True}}}, seen])
    assert alone == {"fast": True, "last": "fast"}


@pytest.mark.parametrize("collection", ["${ null }", "${ .missing }", "${ [] }"])
def test_d24_a_collection_that_is_null_has_no_iterations(collection: str) -> None:
    loop = {"for": {"in": collection}, "do": [{"a": {"set": {"n": 1}}}]}
    assert output_of([{"l": loop}], {"kept": True}) == {"kept": True}


def test_d26_compensation_runs_outside_the_timeout_of_the_workflow() -> None:
    world = World()
    undo = [{"undo": {"wait": {"seconds": 60}}}]
    tasks = [{"row": create("x")}, {"w": {"set": {"x": 1}, "metadata": {"compensate": undo}}}, {"z": {"wait": "PT1H"}}]
    outcome = run(tasks, world=world, timeout={"after": {"seconds": 5}})
    assert outcome.problem is not None
    assert outcome.problem.status == 408
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "completed"
    assert world.sleeps == [3600, 60]
    assert world.undone == ["/do/0/row#"]


def test_d28_two_tasks_of_a_list_may_not_have_the_same_name() -> None:
    (issue,) = errors_in([{"a": {"set": {"x": 1}}}, {"b": {"wait": "PT1S"}}, {"a": {"set": {"x": 2}}}])
    assert (issue.pointer, issue.code) == ("/do/2/a", "DUPLICATE_NAME")
    assert errors_in([{"a": {"do": [{"a": {"set": {"x": 1}}}]}}]) == []
