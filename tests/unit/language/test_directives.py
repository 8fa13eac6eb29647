"""Where the flow goes: continue, exit, end, names; switch; loops; branches."""

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, problem_of, run, run_unchecked, statuses


def add(text: str, **more: object) -> dict[str, object]:
    return {"set": f'${{ (. // "") + "{text}" }}', **more}


def test_then_jumps_forward_to_a_name() -> None:
    assert output_of([{"a": add("a", then="c")}, {"b": add("b")}, {"c": add("c")}]) == "ac"


def test_then_jumps_back_and_each_round_has_keys_of_its_own() -> None:
    world = World()
    tasks = [
        {"row": create("r")},
        {"count": {"set": {"n": "${ ($context.n // 0) + 1 }"}, "export": {"as": "${ {n: .n} }"}}},
        {"again": {"switch": [{"more": {"when": ".n < 3", "then": "row"}}]}},
    ]
    run(tasks, world=world)
    assert [key for key, _, _ in world.calls] == ["/do/0/row#", "/do/0/row#g1@1", "/do/0/row#g2@1"]


def test_rounds_of_inner_and_outer_lists_are_told_apart() -> None:
    """The world refuses a key that it has seen."""
    count = {"set": {"n": "${ ($context.n // 0) + 1 }"}, "export": {"as": "${ {n: .n} }"}}
    inner = [
        {"row": create("r")},
        {"count": count},
        {"odd": {"switch": [{"a": {"when": ".n % 2 == 1", "then": "row"}}]}},
    ]
    tasks = [{"inner": {"do": inner}}, {"again": {"switch": [{"a": {"when": ".n < 6", "then": "inner"}}]}}]
    world = World()
    assert run(tasks, world=world).status == "completed"
    assert [key.partition("#")[2] for key, _, _ in world.calls] == [
        "",
        "g1@2",
        "g1@1",
        "g1@1.g1@2",
        "g2@1",
        "g2@1.g1@2",
    ]


def test_exit_leaves_the_innermost_list_only() -> None:
    tasks = [{"inner": {"do": [{"a": add("a", then="exit")}, {"b": add("b")}]}}, {"c": add("c")}]
    assert output_of(tasks) == "ac"


def test_exit_at_the_top_ends_the_workflow() -> None:
    assert output_of([{"a": add("a", then="exit")}, {"b": add("b")}]) == "a"


def test_end_finishes_from_any_depth_with_the_current_output() -> None:
    tasks = [
        {
            "outer": {
                "do": [
                    {
                        "inner": {"do": [{"a": add("a", then="end")}]},
                    },
                    {"b": add("b")},
                ],
                "output": {"as": "1"},
            }
        },
        {"c": add("c")},
    ]
    outcome = run(tasks)
    assert outcome.output == "a"
    assert statuses(outcome) == [("outer", "completed"), ("inner", "completed"), ("a", "completed")]


def test_a_target_that_is_missing_is_a_configuration_error_at_run_time() -> None:
    outcome = run_unchecked({"do": [{"a": {"set": {"x": 1}, "then": "nowhere"}}]})
    assert outcome.problem is not None
    assert outcome.problem.type.endswith("/configuration")


SWITCH = [
    {"small": {"when": ".n < 10", "then": "small"}},
    {"other": {"then": "other"}},
    {"large": {"when": ".n > 100", "then": "large"}},
]


@pytest.mark.parametrize(("n", "went"), [(1, "small"), (50, "other"), (500, "large")])
def test_switch_takes_the_first_match_and_its_default_wherever_it_stands(n: int, went: str) -> None:
    tasks = [
        {"choose": {"switch": SWITCH, "then": "end"}},
        *({name: {"set": {"went": name, "n": "${ .n }"}, "then": "end"}} for name in ("small", "other", "large")),
    ]
    assert output_of(tasks, {"n": n}) == {"went": went, "n": n}


def test_switch_without_a_match_follows_its_own_then() -> None:
    switch = {"switch": [{"never": {"when": "false", "then": "exit"}}], "then": "c"}
    assert output_of([{"a": switch}, {"b": add("b")}, {"c": add("c")}]) == "c"


def test_for_chains_its_outputs() -> None:
    loop = {"for": {"each": "word", "in": ".words", "at": "i"}, "do": [{"a": {"set": '${ "\\(. )" }'}}]}
    body = [{"a": {"set": {"text": '${ (.text // "") + $word + ($i | tostring) }'}}}]
    assert output_of([{"all": {**loop, "do": body}}], {"words": ["x", "y"]}) == {"text": "x0y1"}


def test_for_may_name_its_variables_with_a_dollar_sign_or_not_at_all() -> None:
    named = {"for": {"each": "$w", "in": "${ [1, 2] }", "at": "$i"}, "do": [{"a": {"set": "${ [$w, $i] }"}}]}
    unnamed = {"for": {"in": "${ [1, 2] }"}, "do": [{"a": {"set": "${ [$item, $index] }"}}]}
    assert output_of([{"a": named}]) == output_of([{"a": unnamed}]) == [2, 1]


def test_for_takes_an_inline_array_with_expressions() -> None:
    loop = {"for": {"each": "o", "in": [{"n": "${ .start }"}, {"n": 2}]}, "do": [{"a": {"set": "${ $o.n }"}}]}
    assert output_of([{"a": {**loop, "while": "$o.n < 2"}}], {"start": 1}) == 1


def test_while_is_asked_before_each_iteration_on_the_current_data() -> None:
    loop = {"for": {"each": "x", "in": "${ [1, 2, 3] }"}, "while": ". < 3", "do": [{"a": {"set": "${ . + $x }"}}]}
    assert output_of([{"a": loop}], 0) == 3
    assert output_of([{"a": loop}], 5) == 5


def test_for_over_null_or_nothing_passes_its_input() -> None:
    loop = {"for": {"each": "x", "in": ".missing"}, "do": [{"a": {"set": "${ $x }"}}]}
    assert output_of([{"a": loop}], {"k": 1}) == {"k": 1}
    assert output_of([{"a": loop}], {"missing": []}) == {"missing": []}


def test_for_over_something_else_is_an_expression_error() -> None:
    loop = {"for": {"each": "x", "in": ".n"}, "do": [{"a": {"set": "${ $x }"}}]}
    problem = problem_of([{"a": loop}], {"n": 3})
    assert problem["type"] == "https://serverlessworkflow.io/spec/1.0.0/errors/expression"
    assert problem["instance"] == "/do/0/a"


def test_exit_leaves_the_loop_and_completes_the_task() -> None:
    body = [{"stop": {"switch": [{"at2": {"when": "$x == 2", "then": "exit"}}]}}, {"a": {"set": "${ . + $x }"}}]
    tasks = [{"loop": {"for": {"each": "x", "in": "${ [1, 2, 3] }"}, "do": body}}, {"after": {"set": "${ . + 100 }"}}]
    assert output_of(tasks, 0) == 101


def test_end_in_a_loop_ends_the_workflow() -> None:
    body = [{"a": {"set": "${ $x }", "then": "end"}}]
    tasks = [{"loop": {"for": {"each": "x", "in": "${ [1, 2] }"}, "do": body}}, {"after": {"set": "${ 9 }"}}]
    assert output_of(tasks, 0) == 1


def test_inner_loops_see_outer_variables_and_their_runs_are_told_apart() -> None:
    inner = {"for": {"each": "y", "in": "${ [1, 2] }"}, "do": [{"row": create("r")}]}
    world = World()
    outcome = run([{"o": {"for": {"each": "x", "in": "${ [1, 2] }"}, "do": [{"i": inner}]}}], world=world)
    reference = "/do/0/o/do/0/i/do/0/row"
    assert [key for key, _, _ in world.calls] == [f"{reference}#{path}" for path in ("0.0", "0.1", "1.0", "1.1")]
    assert [entry.iteration for entry in outcome.tasks if entry.name == "row"] == ["0.0", "0.1", "1.0", "1.1"]


def branch(seconds: int, value: object, **more: object) -> dict[str, object]:
    return {"do": [{"w": {"wait": {"seconds": seconds}}}, {"s": {"set": {"v": value}}}], **more}


def test_fork_yields_all_outputs_in_order_of_declaration() -> None:
    fork = {"fork": {"branches": [{"slow": branch(5, 1)}, {"fast": branch(1, 2)}]}}
    outcome = run([{"f": fork}])
    assert outcome.output == [{"v": 1}, {"v": 2}]
    entry = next(entry for entry in outcome.tasks if entry.name == "slow")
    assert entry.reference == "/do/0/f/fork/branches/0/slow"
    assert entry.completed_at is not None
    assert (entry.completed_at - entry.started_at).total_seconds() == 5


def test_exports_of_branches_share_the_context_in_order_of_completion() -> None:
    late = branch(5, 1, export={"as": "${ $context + {late: $context.early} }"})
    early = branch(1, 2, export={"as": "${ $context + {early: true} }"})
    tasks = [{"f": {"fork": {"branches": [{"late": late}, {"early": early}]}}}, {"c": {"set": "${ $context }"}}]
    assert output_of(tasks) == {"early": True, "late": True}


def test_competing_branches_yield_the_first_output_and_cancel_the_rest() -> None:
    branches = [
        {"slow": branch(5, 1, export={"as": {"by": "slow"}})},
        {"fast": branch(1, 2, export={"as": {"by": "f"}})},
    ]
    tasks = [{"f": {"fork": {"compete": True, "branches": branches}}}, {"c": {"set": "${ [., $context] }"}}]
    outcome = run(tasks)
    assert outcome.output == [{"v": 2}, {"by": "f"}]
    assert ("slow", "cancelled") in statuses(outcome)
    assert outcome.tasks[-1].completed_at == outcome.tasks[0].completed_at


def test_a_loser_that_exported_before_losing_leaves_no_context() -> None:
    steps = [{"e": {"set": {"x": 1}, "export": {"as": {"by": "loser"}}}}, {"w": {"wait": {"seconds": 9}}}]
    fork = {"fork": {"compete": True, "branches": [{"loser": {"do": steps}}, {"winner": branch(1, 2)}]}}
    assert output_of([{"f": fork}, {"c": {"set": "${ $context }"}}]) == {}


def test_a_faulting_branch_faults_the_fork_and_cancels_its_siblings() -> None:
    fork = {"fork": {"branches": [{"slow": branch(9, 1)}, {"bad": fault()}]}}
    outcome = run([{"f": fork}])
    assert outcome.problem is not None
    assert outcome.problem.instance == "/do/0/f/fork/branches/1/bad"
    assert ("slow", "cancelled") in statuses(outcome)


def test_a_fault_only_loses_a_race_unless_all_branches_fault() -> None:
    won = {"fork": {"compete": True, "branches": [{"bad": fault()}, {"good": branch(1, 2)}]}}
    assert output_of([{"f": won}]) == {"v": 2}
    lost = {"fork": {"compete": True, "branches": [{"bad": fault("first")}, {"worse": fault("second")}]}}
    assert problem_of([{"f": lost}])["detail"] == "first"


def test_end_in_a_branch_ends_the_workflow_and_exit_only_the_branch() -> None:
    def tasks(then: str) -> list[object]:
        branches = [{"slow": branch(9, 1)}, {"b": {"set": {"v": 2}, "then": then}}]
        return [{"f": {"fork": {"branches": branches}}}, {"after": {"set": "${ [.] }"}}]

    assert output_of(tasks("end")) == {"v": 2}
    assert output_of(tasks("exit")) == [[{"v": 1}, {"v": 2}]]
