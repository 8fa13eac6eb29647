"""The bounds of an execution: what would never end, ends with a problem that says so, and nothing hogs its thread."""

import pytest

from tests.unit.language.virtual import World, create, output_of, run, run_unchecked
from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.limits import Limits
from workflows.language.steps import COMPENSATING
from workflows.language.validation import validate

LOOP = [{"a": {"set": {"x": 1}, "then": "a"}}]
LOOP_OF_B = [{"b": {"set": {"x": 1}, "then": "b"}}]

# As many as take a moment; the limit itself is ten times this.
FEW = Limits(task_runs=10_000)


def test_an_endless_loop_ends_at_the_limit_of_task_runs() -> None:
    outcome = run(LOOP, limits=FEW)
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
    run(LOOP, world=world, limits=FEW)
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
    run([{"t": {"try": [{"b": broken}], "catch": {"retry": {}}}}], world=world, limits=FEW)
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


def test_a_fork_of_a_thousand_branches_with_loops_ends_at_the_limit_of_task_runs() -> None:
    branches = [{f"b{number}": {"do": [{"a": {"set": {"x": 1}, "then": "a"}}]}} for number in range(490)]
    world = World()
    outcome = run([{"f": {"fork": {"branches": branches}}}], world=world, limits=FEW)
    assert outcome.problem is not None
    assert "10,000 tasks" in str(outcome.problem.detail)
    assert world.breaths >= 10


def test_forks_in_functions_in_forks_are_bounded_by_the_same_limit() -> None:
    def fan(name: str) -> dict[str, object]:
        return {"fork": {"branches": [{f"b{number}": {"call": name}} for number in range(20)]}}

    use = {"functions": {f"f{depth}": fan(f"f{depth + 1}") for depth in range(5)} | {"f5": {"set": {"x": 1}}}}
    outcome = run([{"a": {"call": "f0"}}], use=use, limits=FEW)
    assert outcome.problem is not None
    assert "10,000 tasks" in str(outcome.problem.detail)


def test_a_loop_over_more_items_than_tasks_may_run_ends() -> None:
    outcome = run([{"l": {"for": {"in": "${ [range(20000)] }"}, "do": [{"a": {"set": {"x": 1}}}]}}], limits=FEW)
    assert outcome.problem is not None
    assert "10,000 tasks" in str(outcome.problem.detail)


def test_a_loop_in_a_loop_without_tasks_to_count_is_bounded_by_its_tasks() -> None:
    inner = {"for": {"in": "${ [range(1000)] }"}, "while": "${ true }", "do": [{"a": {"set": {"x": 1}}}]}
    outcome = run([{"l": {"for": {"in": "${ [range(1000)] }"}, "do": [{"inner": inner}]}}], limits=FEW)
    assert outcome.problem is not None
    assert "10,000 tasks" in str(outcome.problem.detail)


def test_an_output_of_ten_megabytes_is_refused_wherever_it_comes_from() -> None:
    big = "x" * (10 * 1024 * 1024)
    call = {"call": "http", "with": {"method": "get", "endpoint": "https://x.example"}}
    world = World()
    world.answers["/do/0/a#"] = {"content": big}
    for tasks, data in (([{"a": call}], None), ([{"a": {"set": "${ . }"}}], big), ([{"a": {"wait": "PT1S"}}], [big])):
        outcome = run(tasks, data, world=world)
        assert outcome.problem is not None
        assert outcome.problem.type.endswith("/runtime")
        assert "larger than 4096 KiB" in str(outcome.problem.detail)


def test_an_export_of_ten_megabytes_is_refused() -> None:
    outcome = run([{"a": {"set": {"x": 1}, "export": {"as": '${ "x" * 6000000 }'}}}])
    assert outcome.problem is not None
    assert outcome.problem.status in {400, 500}


HOSTILE = [
    "last(range(1e12))",
    "[range(1e9)]",
    "[limit(1e9; repeat(1))] | length",
    "def f: f; f",
    "def f: [f, f]; f",
    "repeat(1) | empty",
    "until(false; .)",
    "while(true; .)",
    "[recurse(. ; true)]",
    '"x" * 1e9',
    '("x" * 100000) as $x | [range(1000) | $x] | join("")',
    "[range(1000)] | [combinations(9)]?",
    "reduce range(1e9) as $x (0; . + $x)",
    '[range(100000)] | map(tostring) | add | ltrimstr("0") | explode | implode | test("(a+)+$")',
    "1e1000 | floor | range(.)",
    "[.[]?, (label $f | range(1e9) | if . < 0 then break $f else empty end)]",
    "foreach range(1e9) as $x ([]; . + [$x])",
    '"a" * 200000 | gsub("a"; "bb")',
    "[paths] | length as $n | range(1e9; 0; -1)",
    'splits("(")',
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_expression_ends_as_an_expression_problem_or_is_refused(source: str) -> None:
    document = normalise({"do": [{"a": {"set": {"x": f"${{ {source} }}"}}}]}, "t")
    if errors_of(validate(document)):
        return
    outcome = run_unchecked(document, "input")
    assert outcome.problem is not None
    assert outcome.problem.type.endswith("/expression"), outcome.problem
    assert outcome.problem.instance == "/do/0/a"


def test_a_retry_without_limit_ends_at_the_limit_of_task_runs() -> None:
    failing = {"raise": {"error": {"type": "https://x.example", "status": 500}}}
    outcome = run([{"t": {"try": [{"f": failing}], "catch": {"retry": {"delay": {"seconds": 1}}}}}], limits=FEW)
    assert outcome.problem is not None
    assert "10,000 tasks" in str(outcome.problem.detail)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"do": [{f"t{n}": {"set": {"x": 1}}} for n in range(1001)]}, "more than 1,000 tasks"),
        ({"do": [{"a": {"set": {"x": "y" * 300_000}}}]}, "larger than 256 KiB"),
        ({"do": [{"a": {"set": {"x": "${ " + ".a | " * 2000 + ". }"}}}]}, "longer than 8 KiB"),
    ],
)
def test_a_document_beyond_its_bounds_is_refused(document: dict[str, object], said: str) -> None:
    assert any(said in issue.message for issue in validate(normalise(document, "t")))


def test_tasks_nested_deeper_than_thirty_two_are_refused() -> None:
    task: dict[str, object] = {"set": {"x": 1}}
    for _ in range(40):
        task = {"do": [{"inner": task}]}
    (issue,) = validate(normalise({"do": [{"outer": task}]}, "t"))
    assert "nested more than 32 deep" in issue.message
