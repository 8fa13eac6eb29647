"""How data goes through tasks: input, output, export, conditions, and the variables each place sees."""

import pytest

from tests.unit.language.virtual import EPOCH, output_of, problem_of, run, statuses

SCHEMA = {"document": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}


def test_a_tasks_output_is_the_next_ones_input() -> None:
    tasks = [{"a": {"set": {"n": "${ .n + 1 }"}}}, {"b": {"set": {"n": "${ .n * 10 }"}}}]
    assert output_of(tasks, {"n": 1}) == {"n": 20}


def test_set_takes_a_bare_expression_and_keeps_types() -> None:
    assert output_of([{"a": {"set": "${ [.n, 1.5, null, true] }"}}], {"n": 1}) == [1, 1.5, None, True]


def test_text_that_is_not_wholly_an_expression_stays_as_it_is() -> None:
    assert output_of([{"a": {"set": {"x": "Hello ${ .n }!", "y": ".n"}}}], {"n": 1}) == {
        "x": "Hello ${ .n }!",
        "y": ".n",
    }


def test_expressions_in_data_are_never_evaluated() -> None:
    assert output_of([{"a": {"set": "${ .given }"}}, {"b": {"set": {"x": "${ . }"}}}], {"given": "${ 1 + 1 }"}) == {
        "x": "${ 1 + 1 }"
    }


def test_loose_mode_tries_every_text() -> None:
    tasks = [{"a": {"set": {"x": ".n + 1", "y": "plain text", "z": ".n.a"}}}]
    assert output_of(tasks, {"n": 1}, evaluate={"mode": "loose"}) == {"x": 2, "y": "plain text", "z": ".n.a"}


def test_input_from_output_as_and_export_as() -> None:
    task = {
        "input": {"from": ".order"},
        "set": {"doubled": "${ .n * 2 }", "seen": "${ $input.n }"},
        "output": {"as": {"result": "${ .doubled + $input.n }"}},
        "export": {"as": "${ {last: $output.result, task: $task.output.doubled} }"},
    }
    tasks = [{"a": task}, {"b": {"set": {"out": "${ .result }", "context": "${ $context }"}}}]
    assert output_of(tasks, {"order": {"n": 2}}) == {"out": 6, "context": {"last": 6, "task": 4}}


def test_context_is_an_empty_object_at_first() -> None:
    assert output_of([{"a": {"set": "${ $context }"}}]) == {}


def test_workflow_input_and_output_transforms() -> None:
    parts = {"input": {"from": "${ .payload }"}, "output": {"as": "{id: .id, by: $context.by}"}}
    task = {"set": {"id": "${ .id }"}, "export": {"as": {"by": "a"}}}
    assert output_of([{"a": task}], {"payload": {"id": 7}}, **parts) == {"id": 7, "by": "a"}


def test_several_results_are_an_array_and_none_is_null() -> None:
    assert output_of([{"a": {"set": {"many": "${ .[] }", "none": "${ empty }"}}}], [1, 2]) == {
        "many": [1, 2],
        "none": None,
    }


@pytest.mark.parametrize("condition", ["${ .go }", ".go", "${ null }"])
def test_a_skipped_task_passes_its_raw_input_and_its_then_is_not_followed(condition: str) -> None:
    tasks = [
        {"a": {"if": condition, "input": {"from": "${ 1 }"}, "set": {"x": 1}, "then": "end"}},
        {"b": {"set": "${ .kept }"}},
    ]
    outcome = run(tasks, {"kept": "yes", "go": False})
    assert outcome.output == "yes"
    assert statuses(outcome) == [("a", "skipped"), ("b", "completed")]


def test_zero_and_empty_text_are_true_as_in_jq() -> None:
    assert output_of([{"a": {"if": "${ .n }", "set": {"x": "ran"}}}], {"n": 0}) == {"x": "ran"}


def test_the_condition_sees_the_raw_input() -> None:
    assert output_of([{"a": {"if": ".raw", "input": {"from": "${ {} }"}, "set": {"x": 1}}}], {"raw": True}) == {"x": 1}


def test_workflow_task_and_runtime_describe_themselves() -> None:
    about = {
        "id": "${ $workflow.id }",
        "name": "${ $workflow.definition.document.name }",
        "input": "${ $workflow.input }",
        "at": "${ $workflow.startedAt.epoch.milliseconds }",
        "task": "${ $task.name + $task.reference }",
        "raw": "${ $task.input }",
        "started": "${ $task.startedAt.iso8601 }",
        "runtime": "${ $runtime.name }",
        "nothing": "${ $output }",
    }
    assert output_of([{"me": {"input": {"from": "${ 5 }"}, "set": about}}], 4) == {
        "id": "execution-1",
        "name": "a-test",
        "input": 4,
        "at": int(EPOCH.timestamp() * 1000),
        "task": "me/do/0/me",
        "raw": 4,
        "started": EPOCH.isoformat(),
        "runtime": "zilliance",
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("task", "instance"),
    [
        ({"input": {"schema": SCHEMA}, "set": {"x": 1}}, "/do/0/a/input"),
        ({"set": {"x": 1}, "output": {"schema": SCHEMA}}, "/do/0/a/output"),
        ({"set": {"x": 1}, "export": {"as": "${ . }", "schema": SCHEMA}}, "/do/0/a/export"),
    ],
)
def test_a_value_that_does_not_match_its_schema_is_a_validation_error(task: object, instance: str) -> None:
    problem = problem_of([{"a": task}], {"id": "seven"})
    assert (problem["type"], problem["status"], problem["instance"]) == (
        "https://serverlessworkflow.io/spec/1.0.0/errors/validation",
        400,
        instance,
    )


@pytest.mark.parametrize("part", ["input", "output"])
def test_the_workflows_own_schemas_are_checked(part: str) -> None:
    assert problem_of([{"a": {"set": {"x": 1}}}], {}, **{part: {"schema": SCHEMA}})["instance"] == f"/{part}"


def test_a_failing_expression_tells_its_task_and_source() -> None:
    problem = problem_of([{"a": {"do": [{"b": {"set": '${ .x | error("bad") }'}}]}}], {})
    assert problem["type"] == "https://serverlessworkflow.io/spec/1.0.0/errors/expression"
    assert problem["instance"] == "/do/0/a/do/0/b"
    assert "bad" in str(problem["detail"])
    assert "error(" in str(problem["detail"])


def test_names_with_slashes_are_escaped_in_references() -> None:
    outcome = run([{"a/b~c": {"set": {"x": 1}}}])
    assert outcome.tasks[0].reference == "/do/0/a~1b~0c"


def test_the_log_tells_input_output_and_times() -> None:
    entry = run([{"w": {"wait": {"seconds": 5}}}], {"n": 1}).tasks[0].as_json()
    assert entry == {
        "name": "w",
        "reference": "/do/0/w",
        "status": "completed",
        "input": {"n": 1},
        "output": {"n": 1},
        "error": None,
        "started_at": "2026-01-01T00:00:00+00:00",
        "completed_at": "2026-01-01T00:00:05+00:00",
    }
