"""The default catalogue: what its functions do inside the workflow, and how they are found."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, problem_of, run, statuses
from workflows.language.catalogue.function import Function
from workflows.language.documents import normalise
from workflows.language.functions import FUNCTIONS, Catalogue
from workflows.language.issues import errors_of
from workflows.language.pinning import pinned
from workflows.language.problems import WorkflowFault
from workflows.language.schemas import compile_schema
from workflows.language.validation import validate


def parallel(items: object, *tasks: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"call": "map-parallel", "with": {"in": items, "do": list(tasks), **more}}


def errors(*tasks: dict[str, Any]) -> list[tuple[str, str]]:
    document = normalise({"do": list(tasks)}, "a test")
    return [(issue.code.value, issue.pointer) for issue in errors_of(validate(document))]


def test_map_parallel_gives_the_results_in_the_order_of_the_items() -> None:
    task = parallel(
        "${ .seconds }",
        {"rest": {"wait": {"seconds": "${ $n }"}}},
        {"tell": {"set": "${ [$n, $i] }"}},
        each="n",
        at="i",
    )
    task["with"]["do"][0]["rest"]["wait"] = '${ "PT\\($n)S" }'
    assert output_of([{"m": task}], {"seconds": [3, 1, 2]}) == [[3, 0], [1, 1], [2, 2]]


def test_map_parallel_gives_each_list_its_item_as_input() -> None:
    assert output_of([{"m": parallel("${ [1, 2] }", {"double": {"set": "${ . * 2 }"}})}]) == [2, 4]


@pytest.mark.parametrize("items", ["${ [] }", "${ null }"])
def test_map_parallel_of_nothing_is_an_empty_list(items: str) -> None:
    assert output_of([{"m": parallel(items, {"x": {"set": {"a": 1}}})}]) == []


def test_map_parallel_works_on_as_many_items_at_once_as_it_is_told() -> None:
    world = World()
    tasks = [{"m": parallel("${ [range(10)] }", {"w": {"wait": "PT10S"}}, concurrency=4)}, {"t": {"set": "${ now }"}}]
    before = output_of([{"t": {"set": "${ now }"}}])
    after = output_of(tasks, world=world)
    assert after - before == pytest.approx(30, abs=0.1)  # type: ignore[operator]


def test_a_fault_in_map_parallel_ends_the_others_and_everything_is_undone() -> None:
    world = World()
    body = [
        {"row": create("x")},
        {"bad": {"if": "$item == 2", **fault()}},
        {"w": {"wait": "PT1H"}},
    ]
    outcome = run([{"m": parallel("${ [1, 2, 3] }", *body)}], world=world)
    assert outcome.status == "failed"
    assert sorted(world.undone) == [f"/do/0/m/with/do/0/row#{n}" for n in range(3)]
    assert ("w", "cancelled") in statuses(outcome)


def test_map_parallel_can_be_nested() -> None:
    inner = parallel("${ . }", {"add": {"set": "${ $item + 1 }"}})
    assert output_of([{"m": parallel("${ [[1], [2, 3]] }", {"inner": inner})}]) == [[2], [3, 4]]


def test_map_parallel_takes_so_many_items_at_most() -> None:
    problem = problem_of([{"m": parallel("${ [range(1001)] }", {"x": {"set": {"a": 1}}})}])
    assert problem["status"] == 400
    assert "1000" in str(problem["detail"])


def test_a_list_inside_map_parallel_is_checked_like_any_other() -> None:
    assert errors({"m": parallel("${ [] }", {"x": {"sett": {}}})}) == [
        ("UNKNOWN_TASK_TYPE", "/do/0/m/with/do/0/x/sett")
    ]
    assert errors({"m": parallel("${ [] }", {"x": {"set": {"a": "${ $other }"}}})})[0][0] == "UNKNOWN_VARIABLE"
    assert errors({"m": parallel([1], {"x": {"set": {"a": "${ $item }"}}})}) == []
    assert errors({"m": {"call": "map-parallel", "with": {"in": [1]}}}) == [("MISSING_PROPERTY", "/do/0/m/with")]
    assert ("INVALID_VALUE", "/do/0/m/with/concurrency") in errors({"m": parallel([1], concurrency=51)})


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({}, "/do/0/g/with"),
        ({"path": "orders"}, "/do/0/g/with/path"),
        ({"method": "TRACE"}, "/do/0/g/with/method"),
        ({"query": {"a": [1]}}, "/do/0/g/with/query"),
        ({"headers": {"a": 1}}, "/do/0/g/with/headers"),
    ],
)
def test_a_call_through_the_gateway_is_checked_when_it_is_written(arguments: dict[str, object], pointer: str) -> None:
    endpoint = {"endpointId": "${ .endpoint }"} if arguments else {}
    found = errors({"g": {"call": "gateway-request", "with": {**endpoint, **arguments}}})
    assert [place for _, place in found] == [pointer]


def test_a_log_line_stands_in_the_task_log_and_the_data_passes() -> None:
    line = {"call": "log", "with": {"message": '${ "got \\(.n)" }', "level": "warn"}}
    outcome = run([{"l": line}], {"n": 7})
    assert outcome.output == {"n": 7}
    assert outcome.tasks[0].input == {"level": "warn", "message": "got 7"}


def test_a_log_line_that_is_too_long_is_a_fault() -> None:
    assert problem_of([{"l": {"call": "log", "with": {"message": '${ "x" * 5000 }'}}}])["status"] == 400


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_says_what_it_takes_and_gives(function: Function) -> None:
    compile_schema(function.schema)
    compile_schema(function.output)
    assert function.description.endswith(".")
    assert all(argument.get("description") or argument.get("enum") for argument in function.arguments.values())
    assert bool(function.undo) or not function.undoable
    assert set(function.required) | set(function.lists) <= set(function.arguments)


def test_a_bare_name_means_the_latest_version_unless_the_document_was_saved_before_it() -> None:
    old, new = (
        Function(name="greet", description=".", arguments={}, required=(), output={}, version=version)
        for version in ("1.0.0", "1.1.0")
    )
    catalogue = Catalogue([old, new])
    assert catalogue.find("greet") is new
    assert catalogue.find("greet", {"greet": "1.0.0"}) is old
    assert catalogue.find("greet:1.0.0@default") is old
    assert catalogue.find("greet:2.0.0@default") is None
    assert catalogue.find("greet:1.0.0@other") is None
    assert catalogue.latest == {"greet": new}


def test_a_saved_document_says_which_versions_its_bare_names_mean() -> None:
    tasks: list[dict[str, Any]] = [
        {"a": create("x")},
        {"b": {"call": "log:1.0.0@default", "with": {"message": "x"}}},
        {"c": {"call": "send-email", "with": {}}},
        {"d": {"set": {"call": "http"}}},
    ]
    uses = {"functions": {"send-email": {"set": {"x": 1}}}}
    document = normalise({"do": tasks, "use": uses, "document": {"metadata": {"kept": 1}}}, "a test")
    saved = pinned(document)
    assert saved["document"]["metadata"] == {"kept": 1, "functions": {"create-row": "1.0.0"}}  # type: ignore[index]
    assert pinned(saved) == saved
    assert errors_of(validate(saved)) == []
    plain = normalise({"do": [{"a": {"set": {"x": 1}}}]}, "a test")
    assert pinned(plain) is plain


def test_a_pin_to_a_version_that_is_not_there_cannot_run() -> None:
    outcome = None
    with pytest.raises(WorkflowFault, match="there is no function"):
        outcome = run([{"a": create("x")}], document={"metadata": {"functions": {"create-row": "9.0.0"}}})
    assert outcome is None
