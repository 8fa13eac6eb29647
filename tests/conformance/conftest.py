"""The steps of the features, in the grammar of the standard's conformance kit; `execute` says how they are run."""

from typing import Any

from pytest_bdd import given, parsers, then, when

from tests.conformance.cases import Case, Result, read
from tests.conformance.execution import Execute

TASK = r"(?P<task>\S+)"


@given("a workflow with definition:", target_fixture="case")
def a_workflow(docstring: str) -> Case:
    return Case(docstring)


@given("given the workflow input is:", target_fixture="case")
def the_input(case: Case, docstring: str) -> Case:
    return Case(case.definition, docstring)


@when("the workflow is executed", target_fixture="result")
def the_workflow_is_executed(case: Case, execute: Execute) -> Result:
    return execute(case)


@then("the workflow should complete")
def it_completes(result: Result) -> None:
    assert result.status == "completed", result.error or result.issues


@then("the workflow should complete with output:")
def it_completes_with(result: Result, docstring: str) -> None:
    it_completes(result)
    assert result.output == read(docstring)


@then("the workflow should fault")
def it_faults(result: Result) -> None:
    assert result.status == "failed", result.issues or result.output


@then("the workflow should fault with error:")
def it_faults_with(result: Result, docstring: str) -> None:
    it_faults(result)
    assert result.error == read(docstring)


@then("the workflow should fault with an error that has:")
def it_faults_with_these(result: Result, docstring: str) -> None:
    it_faults(result)
    _has(result.error, read(docstring))


@then(parsers.parse("the workflow should fault and say {text}"))
def it_faults_and_says(result: Result, text: str) -> None:
    it_faults(result)
    assert text in result.error["detail"]


@then(parsers.parse("the definition should be refused at {pointer}"))
def it_is_refused(result: Result, pointer: str) -> None:
    assert result.status == "refused"
    assert pointer in [issue["pointer"] for issue in result.issues], result.issues


@then(parsers.parse("the workflow output should have properties {names}"))
def the_output_has_properties(result: Result, names: str) -> None:
    it_completes(result)
    assert {name.strip().strip("'") for name in names.split(",")} <= set(result.output)


@then(parsers.parse("the workflow output should have a '{name}' property with value:"))
def the_output_has_a_property(result: Result, name: str, docstring: str) -> None:
    it_completes(result)
    assert result.output[name] == read(docstring)


@then(parsers.parse("the workflow output should have a '{name}' property containing {count:d} items"))
def the_output_has_items(result: Result, name: str, count: int) -> None:
    it_completes(result)
    assert len(result.output[name]) == count


@then(parsers.parse("the tasks should run in this order: {names}"))
def the_tasks_run_in_order(result: Result, names: str) -> None:
    assert [entry["name"] for entry in result.tasks] == [name.strip() for name in names.split(",")]


@then(parsers.parse("the rollback should undo, in this order: {names}"))
def the_rollback_undoes(result: Result, names: str) -> None:
    it_faults(result)
    steps = result.output["rollback"]["steps"]
    assert [step["reference"].rpartition("/")[2] for step in steps] == [name.strip() for name in names.split(",")]
    assert result.output["rollback"]["status"] == "completed"


@then(parsers.re(f"{TASK} should run first$"))
def it_runs_first(result: Result, task: str) -> None:
    assert result.place_of(task) == 0


@then(parsers.re(f"{TASK} should run last$"))
def it_runs_last(result: Result, task: str) -> None:
    assert result.tasks[-1]["name"] == task


@then(parsers.re(rf"{TASK} should run before (?P<other>\S+)$"))
def it_runs_before(result: Result, task: str, other: str) -> None:
    assert result.place_of(task) < result.place_of(other)


@then(parsers.re(rf"{TASK} should run after (?P<other>\S+)$"))
def it_runs_after(result: Result, task: str, other: str) -> None:
    assert result.place_of(task) > result.place_of(other)


@then(parsers.re(f"{TASK} should run (?P<count>[0-9]+) times?$"))
def it_runs_so_often(result: Result, task: str, count: str) -> None:
    assert len(result.runs_of(task)) == int(count)


@then(parsers.re(f"{TASK} should not run$"))
def it_does_not_run(result: Result, task: str) -> None:
    assert task not in {entry["name"] for entry in result.tasks}


@then(parsers.re(f"{TASK} should (?P<how>complete|fault|be skipped|be cancelled|be compensated)$"))
def it_ends(result: Result, task: str, how: str) -> None:
    statuses = {"complete": "completed", "fault": "faulted"}
    assert result.runs_of(task)[-1]["status"] == statuses.get(how, how.removeprefix("be "))


@then(parsers.re(f"{TASK} should have the reference (?P<reference>\\S+)$"))
def it_has_the_reference(result: Result, task: str, reference: str) -> None:
    assert result.runs_of(task)[0]["reference"] == reference


@then(parsers.re(f"{TASK} should complete with output:$"))
def the_task_completes_with(result: Result, task: str, docstring: str) -> None:
    entry = result.runs_of(task)[-1]
    assert (entry["status"], entry["output"]) == ("completed", read(docstring))


@then(parsers.re(f"{TASK} should fault with error:$"))
def the_task_faults_with(result: Result, task: str, docstring: str) -> None:
    entry = result.runs_of(task)[-1]
    assert entry["status"] == "faulted"
    _has(entry["error"], read(docstring))


def _has(error: dict[str, Any], members: dict[str, Any]) -> None:
    assert {name: error.get(name) for name in members} == members
