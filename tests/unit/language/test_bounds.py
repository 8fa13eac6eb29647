"""The bounds of an execution: what would never end, ends with a problem that says so, and nothing hogs its thread."""

from tests.unit.language.virtual import World, create, output_of, run
from workflows.language.limits import Limits
from workflows.language.steps import COMPENSATING

LOOP = [{"a": {"set": {"x": 1}, "then": "a"}}]
LOOP_OF_B = [{"b": {"set": {"x": 1}, "then": "b"}}]


def test_an_endless_loop_ends_at_the_limit_of_task_runs() -> None:
    outcome = run(LOOP)
    assert outcome.problem is not None
    assert outcome.problem.type.endswith("/runtime")
    assert "10,000 tasks" in str(outcome.problem.detail)


def test_no_try_can_catch_the_end_of_the_budget() -> None:
    task = {"try": LOOP, "catch": {"retry": {}}}
    assert run([{"t": task}]).status == "failed"


def test_the_budget_of_expression_steps_is_one_for_the_whole_execution() -> None:
    tasks = [{"a": {"set": {"x": "${ [range(3000)] | length }"}, "then": "a"}}]
    outcome = run(tasks, limits=Limits(steps=100_000))
    assert outcome.problem is not None
    assert "100,000 expression steps" in str(outcome.problem.detail)


def test_an_expression_without_end_is_an_expression_problem() -> None:
    outcome = run([{"a": {"set": {"x": "${ def f: f; f }"}}}])
    assert outcome.problem is not None
    assert outcome.problem.type.endswith("/expression")


def test_the_rollback_has_a_budget_of_its_own() -> None:
    world = World()
    undo = [{"u": create("undo")}]
    tasks = [{"a": {**create("x"), "metadata": {"compensate": undo}}}, {"b": {"set": {"x": 1}, "then": "b"}}]
    outcome = run(tasks, world=world)
    assert outcome.rollback is not None
    assert outcome.rollback["status"] == "completed"


def test_long_pure_work_is_interrupted_by_breaths() -> None:
    world = World()
    run(LOOP, world=world)
    assert world.breaths == 20
    steps = World()
    run(
        [{"a": {"set": {"x": "${ [range(9000)] | length }"}, "then": "a"}}], world=steps, limits=Limits(steps=1_000_000)
    )
    assert 20 < steps.breaths < 60


def test_branches_that_work_at_the_same_moment_take_turns() -> None:
    """What all of them do between two breaths is one stretch for Temporal, which stops it after two seconds."""
    world = World()
    branches = [{f"b{number}": {"set": "${ [range(9000)] | length }"}} for number in range(40)]
    outcome = run([{"f": {"fork": {"branches": branches}}}], world=world)
    assert outcome.output == [9000] * 40
    assert world.breaths >= 10


def test_a_retry_without_a_delay_costs_no_effect_of_its_own() -> None:
    world = World()
    broken = {"raise": {"error": {"type": "https://example.com/errors/e", "status": 500}}}
    run([{"t": {"try": [{"b": broken}], "catch": {"retry": {}}}}], world=world)
    assert world.breaths == 20


def test_expressions_without_a_breath_between_them_share_one_bound() -> None:
    heavy = "${ [range(30000)] | map(. * 2) | add }"
    outcome = run([{"a": {"set": {f"k{number}": heavy for number in range(20)}}}])
    assert outcome.problem is not None
    assert outcome.problem.type.endswith("/expression")


def test_a_rollback_is_not_kept_from_its_calls_by_what_the_workflow_used_up() -> None:
    world = World()
    undo = [{"u": create("undo")}]
    run([{"a": {"set": {"x": 1}, "metadata": {"compensate": undo}}}, *LOOP_OF_B], world=world)
    assert [key for key, _, _ in world.calls] == [f"{COMPENSATING}/do/0/a/metadata/compensate/0/u#"]


def test_values_that_double_themselves_are_stopped() -> None:
    tasks = [{"a": {"set": {"l": "${ .l }", "r": "${ .l }"}}}, {"b": {"set": {"l": "${ . }"}, "then": "a"}}]
    outcome = run(tasks, {"l": "x" * 1000})
    assert outcome.problem is not None
    assert outcome.problem.status in {400, 500}
    assert len(outcome.tasks) < 100


def test_large_values_are_counted_and_not_logged() -> None:
    outcome = run([{"a": {"set": {"x": "${ .big }"}}}], {"big": "x" * 40_000})
    entry = outcome.tasks[0]
    assert entry.output == {"truncated": True, "bytes": 40_000 + len('{"x":""}')}
    assert outcome.output == {"x": "x" * 40_000}


def test_the_log_as_a_whole_is_bounded() -> None:
    outcome = run(LOOP, limits=Limits(task_runs=2500))
    assert len(outcome.tasks) == 2001
    assert "only the first 2000" in outcome.tasks[-1].name
    heavy = run([{"a": {"set": {"x": "${ .x }"}, "then": "a"}}], {"x": "y" * 20_000}, limits=Limits(task_runs=100))
    assert sum(isinstance(entry.output, dict) and "x" in entry.output for entry in heavy.tasks) < 30


def test_functions_that_call_each_other_are_bounded_in_depth() -> None:
    use = {"functions": {f"f{index}": {"call": f"f{index + 1}"} for index in range(80)} | {"f80": {"set": {"x": 1}}}}
    outcome = run([{"a": {"call": "f0"}}], use=use)
    assert outcome.problem is not None
    assert "64 deep" in str(outcome.problem.detail)


def test_thirty_two_tasks_inside_each_other_run() -> None:
    task: dict[str, object] = {"set": {"x": 1}}
    for _ in range(31):
        task = {"do": [{"inner": task}]}
    assert output_of([{"outer": task}]) == {"x": 1}
