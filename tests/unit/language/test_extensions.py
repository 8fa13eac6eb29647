"""Extensions: which tasks they surround, in which order, what they see, and what they can replace."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, create, output_of, problem_of, run, statuses
from workflows.language.documents import normalise
from workflows.language.validation import validate


def extending(*extensions: dict[str, Any]) -> dict[str, Any]:
    return {"use": {"extensions": [{f"e{index}": each} for index, each in enumerate(extensions)]}}


def note(name: str) -> dict[str, Any]:
    return {name: {"set": "${ null }"}}


def test_lists_run_before_in_order_and_after_in_reverse_order() -> None:
    use = extending(
        {"extend": "set", "before": [note("b0")], "after": [note("a0")]},
        {"extend": "all", "before": [note("b1")], "after": [note("a1")]},
        {"extend": "wait", "before": [note("never")]},
    )
    outcome = run([{"x": {"set": {"y": 1}}}], **use)
    assert statuses(outcome) == [(name, "completed") for name in ("x", "b0", "b1", "a1", "a0")]
    assert outcome.output == {"y": 1}


def test_what_extensions_give_is_not_passed_on() -> None:
    use = extending({"extend": "set", "before": [{"b": {"set": {"lost": 1}}}], "after": [{"a": {"set": {"lost": 2}}}]})
    assert output_of([{"x": {"set": "${ . }"}}], {"kept": True}, **use) == {"kept": True}


def test_an_exit_before_bypasses_the_task_and_stands_for_its_output() -> None:
    mock = {
        "extend": "call",
        "when": '$task.with.endpoint == "https://mocked.example"',
        "before": [{"mock": {"set": {"mocked": "${ .id }"}, "then": "exit"}}, note("not run")],
        "after": [note("not run either")],
    }
    world = World()
    call = {"call": "http", "with": {"method": "get", "endpoint": "https://mocked.example"}}
    real = {"call": "http", "with": {"method": "get", "endpoint": "https://real.example"}}
    outcome = run(
        [{"x": {**call, "output": {"as": ".mocked"}}}, {"y": real}], {"id": 7}, world=world, **extending(mock)
    )
    assert [call.arguments["endpoint"] for _, call in world.requests] == [{"uri": "https://real.example"}]
    assert ("x", "completed") in statuses(outcome)
    assert outcome.tasks[0].output == 7
    assert "not run" not in {name for name, _ in statuses(outcome)}


def test_the_task_that_is_extended_is_known_to_the_condition_and_in_the_lists() -> None:
    use = extending(
        {
            "extend": "all",
            "when": '$task.name == "x" and $task.set.y == 1 and $task.call == null',
            "before": [{"log": {"set": {"about": "${ $task.reference }"}, "export": {"as": "${ . }"}}}],
        }
    )
    tasks = [{"x": {"set": {"y": 1}}}, {"z": {"set": "${ $context }"}}]
    assert output_of(tasks, **use) == {"about": "/do/0/x"}


def test_the_list_after_sees_the_raw_output_and_the_one_before_the_transformed_input() -> None:
    use = extending(
        {
            "extend": "wait",
            "before": [{"b": {"set": "${ . }", "export": {"as": "${ {before: .} }"}}}],
            "after": [{"a": {"set": "${ . }", "export": {"as": "${ $context + {after: .} }"}}}],
        }
    )
    tasks = [
        {"x": {"input": {"from": "${ .in }"}, "wait": "PT1S", "output": {"as": "${ 5 }"}}},
        {"y": {"set": "${ $context }"}},
    ]
    assert output_of(tasks, {"in": 3}, **use) == {"before": 3, "after": 3}


@pytest.mark.parametrize(
    ("extend", "extended"),
    [
        ("composite", ["outer", "forked"]),
        ("do", None),
        ("fork", None),
        ("for", ["loop"]),
        ("switch", ["choice"]),
        ("try", ["attempt"]),
        ("raise", ["fails"]),
        ("all", ["outer", "inner", "forked", "branch", "loop", "step", "choice", "attempt", "fails"]),
    ],
)
def test_composite_tasks_are_do_and_fork(extend: str, extended: list[str] | None) -> None:
    use = extending(
        {
            "extend": extend,
            "before": [{"n": {"set": "${ $task.name }", "export": {"as": "${ $context.s + [.] | {s: .} }"}}}],
        }
    )
    tasks: list[dict[str, object]] = [
        {"outer": {"do": [{"inner": {"set": {"x": 1}}}]}},
        {"forked": {"fork": {"branches": [{"branch": {"set": {"x": 1}}}]}}},
        {"loop": {"for": {"in": "${ [1] }"}, "do": [{"step": {"set": {"x": 1}}}]}},
        {"choice": {"switch": [{"a": {"then": "continue"}}]}},
        {
            "attempt": {
                "try": [{"fails": {"raise": {"error": {"type": "https://x.example", "status": 500}}}}],
                "catch": {},
            }
        },
    ]
    if extended is None:
        issues = validate(normalise({"do": tasks, **use}, "t"))
        assert [issue.pointer for issue in issues if issue.severity == "error"] == ["/use/extensions/0/e0/extend"]
        return
    assert output_of(tasks, output={"as": "${ $context.s }"}, **use) == extended


def test_extensions_extend_neither_themselves_nor_each_other_nor_the_functions_that_they_call() -> None:
    use = extending(
        {"extend": "all", "before": [note("b0"), {"f": {"call": "helper"}}]}, {"extend": "all", "before": [note("b1")]}
    )
    use["use"]["functions"] = {"helper": {"set": {"x": 1}}}
    names = [name for name, _ in statuses(run([{"x": {"set": {"y": 1}}}], **use))]
    assert names == ["x", "b0", "f", "helper", "b1"]


def test_effects_of_extensions_have_keys_of_their_own_and_are_rolled_back() -> None:
    world = World()
    use = extending({"extend": "set", "before": [{"row": create("audit")}]})
    tasks = [
        {"x": {"for": {"in": "${ [1, 2] }"}, "do": [{"y": {"set": {"z": 1}}}]}},
        {"z": {"set": {"z": 1}}},
        {"no": {"raise": {"error": {"type": "https://x.example", "status": 500}}}},
    ]
    outcome = run(tasks, world=world, **use)
    assert [key for key, _, _ in world.calls] == [
        "/use/extensions/0/e0/before/0/row#0./do/0/x/do/0/y",
        "/use/extensions/0/e0/before/0/row#1./do/0/x/do/0/y",
        "/use/extensions/0/e0/before/0/row#/do/1/z",
    ]
    assert world.undone == [key for key, _, _ in reversed(world.calls)]
    assert outcome.status == "failed"


def test_a_fault_of_an_extension_is_the_tasks() -> None:
    use = extending(
        {"extend": "set", "after": [{"no": {"raise": {"error": {"type": "https://x.example", "status": 418}}}}]}
    )
    caught = {"try": [{"x": {"set": {"y": 1}}}], "catch": {"do": [{"w": {"wait": "PT1S"}}]}}
    assert output_of([{"t": caught}], {"in": 1}, **use) == {"in": 1}
    assert problem_of([{"x": {"set": {"y": 1}}}], **use)["instance"] == "/use/extensions/0/e0/after/0/no"


def test_an_end_before_ends_the_workflow() -> None:
    use = extending({"extend": "wait", "before": [{"stop": {"set": {"stopped": True}, "then": "end"}}]})
    assert output_of([{"x": {"wait": "PT1S"}}, {"y": {"set": {"z": 1}}}], **use) == {"stopped": True}


def test_undos_are_not_extended() -> None:
    use = extending({"extend": "set", "before": [note("b")]})
    tasks = [
        {"x": {"wait": "PT1S", "metadata": {"compensate": [{"undo": {"set": {"y": 1}}}]}}},
        {"no": {"raise": {"error": {"type": "https://x.example", "status": 500}}}},
    ]
    assert [name for name, _ in statuses(run(tasks, **use))] == ["x", "no", "undo"]


@pytest.mark.parametrize(
    ("extensions", "said"),
    [
        ({}, "/use/extensions: a list of extensions is needed, not an object"),
        ([{"e": {"before": [{"a": {"set": {"x": 1}}}]}}], '/use/extensions/0/e: required property "extend" is missing'),
        ([{"e": {"extend": "sett", "before": []}}], '/use/extensions/0/e/extend: "sett" is not one of'),
        ([{"e": {"extend": "set", "beforee": []}}], '/use/extensions/0/e/beforee: unknown property "beforee"'),
        ([{"e": {"extend": "set", "when": ". |", "after": []}}], "/use/extensions/0/e/when: "),
        ([{"e": {"extend": "set", "before": [{"a": {"sett": 1}}]}}], "/use/extensions/0/e/before/0/a/sett: "),
        ([{"e": {"extend": "set"}}], "/use/extensions/0/e: the extension has neither before nor after"),
        ([{"e": {"extend": "set"}}, {"e": {"extend": "set"}}], "/use/extensions/1/e: another extension in this list"),
        ([{"e": {}, "f": {}}], "/use/extensions/0: each extension is an object with one key"),
    ],
)
def test_an_extension_that_cannot_work_is_reported(extensions: object, said: str) -> None:
    issues = validate(normalise({"do": [{"a": {"set": {"x": 1}}}], "use": {"extensions": extensions}}, "t"))
    assert any(f"{issue.pointer}: {issue.message}".startswith(said) for issue in issues), issues


def test_a_block_in_a_list_of_an_extension_is_what_that_list_has_done() -> None:
    back = {"back": {"call": "rollback", "with": {"scope": "block"}}}
    use = extending({"extend": "set", "before": [{"b": create("b")}, back], "after": [{"a": create("a")}, back]})
    world = World()
    assert run([{"out": create("out")}, {"x": {"set": {"y": 1}}}], world=world, **use).status == "completed"
    assert [key.partition("#")[0].rpartition("/")[2] for key in world.undone] == ["b", "a"]
