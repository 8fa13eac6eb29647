"""An execution that stops anywhere and goes on elsewhere is, to everybody who looks, the same execution."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.language.stopping import Stops, Story, story
from tests.unit.language.virtual import World, create, fault
from workflows.language.checkpoint import SavedEntry, SavedUndo
from workflows.language.compensation import Undo
from workflows.language.documents import normalise
from workflows.language.limits import Limits
from workflows.language.tasklog import TaskEntry
from workflows.language.validation import validate

Row = dict[str, Any]

COUNT: Row = {"set": '${ if type == "number" then . + 1 else 0 end }'}
WAIT: Row = {"wait": {"seconds": 2}}
EXPORT: Row = {"set": "${ . }", "export": {"as": "${ $context + {n: (($context.n // 0) + 1)} }"}}
UNDO: Row = {"metadata": {"compensate": [{"undo": create('${ "undo of " + ($context.n | tostring) }')}]}}


def each(*tasks: Row, items: str = "${ [1, 2, 3] }", **more: object) -> Row:
    return {"for": {"in": items}, "do": list(tasks), **more}


DOCUMENTS: dict[str, Row] = {
    "a list": {"do": [{"a": COUNT}, {"b": create("x")}, {"c": {"set": {"n": 1}}}]},
    "a loop of effects": {"do": [{"l": each({"a": create("${ $item | tostring }")}, {"b": WAIT})}]},
    "a loop in a loop": {"do": [{"l": each({"m": each({"a": COUNT}, items="${ [range($item)] }")})}, {"z": COUNT}]},
    "a loop with while": {
        "do": [{"l": {**each({"a": COUNT}, {"b": COUNT}), "while": '${ type != "number" or . < 3 }'}}]
    },
    "a jump back": {
        "do": [
            {"a": COUNT},
            {"e": create("a")},
            {"s": {"switch": [{"again": {"when": "${ .title and $context.n < 3 }", "then": "a"}}]}},
            {"x": EXPORT},
            {"t": {"switch": [{"again": {"when": "${ $context.n < 3 }", "then": "e"}}]}},
        ]
    },
    "exit of a loop": {"do": [{"l": each({"a": {**COUNT, "then": "exit"}}, {"b": COUNT})}, {"z": COUNT}]},
    "the end from inside": {"do": [{"l": each({"a": COUNT}, {"b": {**COUNT, "then": "end"}})}, {"z": COUNT}]},
    "context": {"do": [{"l": each({"a": EXPORT}, {"b": {"set": "${ $context }"}})}, {"z": {"set": "${ $context }"}}]},
    "context of an outer task": {
        "do": [
            {"o": {"do": [{"a": EXPORT}, {"b": COUNT}], "output": {"as": "${ [$context, $input, $task.startedAt] }"}}}
        ]
    },
    "transformed input": {
        "do": [
            {
                "o": {
                    "input": {"from": "${ {k: 1, was: .} }"},
                    "do": [{"a": {"set": "${ . }"}}, {"b": {"set": "${ [., $input] }"}}],
                }
            }
        ]
    },
    "a condition": {
        "do": [{"a": {**COUNT, "if": "${ false }"}}, {"o": {"if": "${ true }", "do": [{"b": COUNT}, {"c": COUNT}]}}]
    },
    "retries": {
        "do": [
            {
                "t": {
                    "try": [{"a": create("x")}, {"b": WAIT}, {"c": fault()}],
                    "catch": {
                        "retry": {
                            "delay": {"seconds": 3},
                            "backoff": {"linear": {}},
                            "limit": {"attempt": {"count": 2}, "duration": {"minutes": 1}},
                        },
                        "as": "e",
                        "do": [{"d": {"set": "${ $e.detail }"}}, {"e": create("after")}],
                    },
                }
            }
        ]
    },
    "retries that run out": {
        "do": [
            {
                "t": {
                    "try": [{"a": create("x")}, {"c": fault()}],
                    "catch": {"retry": {"limit": {"attempt": {"count": 1}}}},
                }
            }
        ]
    },
    "an attempt that is rolled back": {
        "do": [
            {"z": create("stays")},
            {
                "t": {
                    "metadata": {"rollback": True},
                    "try": [{"a": create("x")}, {"b": {**COUNT, **UNDO}}, {"c": fault()}],
                    "catch": {"retry": {"limit": {"attempt": {"count": 1}}}, "do": [{"d": COUNT}, {"e": create("y")}]},
                }
            },
            {"f": fault()},
        ]
    },
    "an attempt that takes too long": {
        "do": [
            {
                "t": {
                    "try": [{"a": COUNT}, {"b": WAIT}, {"c": WAIT}],
                    "catch": {
                        "retry": {"limit": {"attempt": {"count": 1, "duration": {"seconds": 3}}}},
                        "as": "e",
                        "do": [{"d": {"set": "${ $e }"}}],
                    },
                }
            }
        ]
    },
    "a caught error in a loop": {
        "do": [
            {
                "l": each(
                    {
                        "t": {
                            "try": [{"a": create("x")}, {"b": fault("${ $item | tostring }")}],
                            "catch": {
                                "as": "e",
                                "do": [{"c": {"set": "${ [$e.detail, $item, $index] }"}}, {"d": WAIT}],
                            },
                        }
                    }
                )
            }
        ]
    },
    "catch with then": {
        "do": [
            {"t": {"try": [{"a": fault()}], "catch": {"then": "z", "do": [{"c": COUNT}, {"d": COUNT}]}}},
            {"y": COUNT},
            {"z": COUNT},
        ]
    },
    "rollback": {"do": [{"l": each({"a": create("x")}, {"x": EXPORT}, {"b": {**COUNT, **UNDO}})}, {"f": fault()}]},
    "a task's timeout": {
        "do": [
            {
                "t": {
                    "try": [
                        {"o": {"do": [{"a": WAIT}, {"b": WAIT}, {"c": WAIT}], "timeout": {"after": {"seconds": 5}}}}
                    ],
                    "catch": {"as": "e", "do": [{"d": {"set": "${ $e }"}}]},
                }
            }
        ]
    },
    "the workflow's timeout": {
        "do": [{"a": create("x")}, {"b": WAIT}, {"c": WAIT}, {"d": WAIT}],
        "timeout": {"after": {"seconds": 5}},
    },
    "timeouts that calls know": {
        "do": [
            {"a": WAIT},
            {"o": {"timeout": {"after": {"seconds": 50}}, "do": [{"b": WAIT}, {"c": create("x")}]}},
            {"d": create("y")},
        ],
        "timeout": {"after": {"seconds": 90}},
    },
    "functions": {
        "do": [
            {"l": each({"f": {"call": "twice", "with": {"n": "${ $item }"}, "output": {"as": "${ . + [$item] }"}}})}
        ],
        "use": {
            "functions": {
                "twice": {"do": [{"a": create("x")}, {"b": {"set": "${ [.] }"}}], "input": {"from": "${ .n }"}},
            }
        },
    },
    "a fork in between": {
        "do": [
            {"a": COUNT},
            {"k": {"fork": {"branches": [{"p": {"do": [{"b": create("x")}, {"c": WAIT}]}}, {"q": create("y")}]}}},
            {"z": {"set": "${ length }"}},
            {"f": fault()},
        ]
    },
    "a fork that is a function": {
        "do": [{"a": COUNT}, {"f": {"call": "both"}}, {"z": {"set": "${ length }"}}, {"e": fault()}],
        "use": {
            "functions": {
                "both": {
                    "fork": {
                        "branches": [{"p": {"do": [{"a": COUNT}, {"b": create("x")}]}}, {"q": {"do": [{"a": COUNT}]}}]
                    }
                }
            }
        },
    },
    "input, output and the workflow's own variables": {
        "input": {"from": "${ [.] }"},
        "output": {"as": "${ {o: ., c: $context, i: $workflow.input} }"},
        "do": [{"a": {"set": "${ [., $workflow.startedAt, $task.name] }"}}, {"x": EXPORT}],
    },
    "text that only JSON escapes": {
        "do": [
            {"a": {"set": {"t": "\u6f22", "u": '${ "\\u0000" }'}}},
            {"b": {"set": "${ . }"}},
            {"c": {"set": "${ [.] }"}},
        ]
    },
    "tasks with extensions": {
        "use": {
            "extensions": [
                {
                    "around": {
                        "extend": "all",
                        "when": '${ $task.for != null or $task.name == "b" }',
                        "before": [{"before": create("before")}],
                        "after": [{"after": create("after")}],
                    }
                }
            ]
        },
        "do": [{"l": each({"a": COUNT}, {"b": COUNT})}, {"o": {"do": [{"b": COUNT}, {"c": COUNT}]}}, {"f": fault()}],
    },
    "extensions": {
        "do": [{"o": {"do": [{"a": COUNT}, {"b": create("x")}]}}, {"l": each({"c": COUNT}, {"d": WAIT})}],
        "use": {"extensions": [{"e": {"extend": "all", "before": [{"p": create("before")}], "after": [{"q": COUNT}]}}]},
    },
    "a compensation that fails": {
        "do": [{"a": {**COUNT, "metadata": {"compensate": [{"u": fault()}]}}}, {"b": create("x")}, {"f": fault()}]
    },
}


def play(document: Row, wanted: Callable[[int], bool], **more: Any) -> tuple[Story, Stops]:
    stops = Stops(wanted)
    return story(normalise(document, "a test"), {"given": [1]}, stops=stops, **more), stops


def same_wherever_it_stops(document: Row, **more: Any) -> int:
    """Compare the undisturbed run with those that stop at each place, and with one that stops at all; stops made."""
    undisturbed, stops = play(document, lambda _: False, **more)
    made = 0
    for place in range(1, stops.seen + 1):
        stopped, once = play(document, lambda seen, place=place: seen == place, **more)
        assert stopped == undisturbed, f"stopped at {place}"
        made += len(once.made)
    often, everywhere = play(document, lambda _: True, **more)
    assert often == undisturbed
    assert len(everywhere.made) == made
    return made


@pytest.mark.parametrize("name", DOCUMENTS)
def test_wherever_it_stops_it_goes_on_as_if_it_had_not(name: str) -> None:
    assert not [issue for issue in validate(normalise(DOCUMENTS[name], "t")) if issue.severity == "error"]
    assert same_wherever_it_stops(DOCUMENTS[name]) > 0


@pytest.mark.parametrize("at", [1.0, 3.0, 5.0])
def test_a_cancellation_finds_it_in_whichever_run_it_is(at: float) -> None:
    document = {"do": [{"a": {**create("x"), **UNDO}}, {"l": each({"w": WAIT}, {"b": create("y")})}]}
    assert same_wherever_it_stops(document, cancel_at=(at,)) > 0


def test_the_bounds_of_the_log_hold_over_all_runs_together() -> None:
    limits = Limits(log_entries=5, log_value_bytes=20, log_total_bytes=60)
    document = {"do": [{"l": each({"a": {"set": "${ [range($item * 2)] }"}}, {"b": create("x")})}, {"f": fault()}]}
    assert same_wherever_it_stops(document, limits=limits) > 0


def test_the_budget_of_tasks_holds_over_all_runs_together() -> None:
    document = {"do": [{"a": COUNT}, {"b": {**COUNT, "then": "a"}}]}
    told, stops = play(document, lambda seen: seen % 7 == 0, limits=Limits(task_runs=50))
    assert stops.made
    assert "ran 50 tasks" in str(told.outcome["problem"])


def test_inside_a_fork_and_a_compensation_nothing_stops() -> None:
    branch = {"do": [{"a": COUNT}, {"b": {**COUNT, "metadata": {"compensate": [{"u": COUNT}, {"v": COUNT}]}}}]}
    document = {"do": [{"k": {"fork": {"branches": [{"p": branch}, {"q": COUNT}]}}}, {"f": fault()}]}
    _, stops = play(document, lambda _: True)
    assert len(stops.made) == 3  # before k, before f, and before the undo of b


def test_a_checkpoint_knows_every_member_of_the_log_and_the_journal() -> None:
    """A member that is added to either must be kept, or left out here for a reason."""
    only_in_simulations = {"exported"}
    of_tasks_that_ended = {"leaf"}
    assert {each.name for each in fields(TaskEntry)} - only_in_simulations - of_tasks_that_ended <= set(
        SavedEntry.model_fields
    )
    assert {each.name for each in fields(Undo)} <= set(SavedUndo.model_fields)


def test_a_checkpoint_keeps_a_value_once_however_often_it_is_referred_to() -> None:
    document = {"do": [{"a": {"set": {"big": "x" * 5000}}}, {"o": {"do": [{"p": {"do": [{"b": create("x")}]}}]}}]}
    _, stops = play(document, lambda seen: seen == 4)
    assert len(str(stops.made[0].as_json())) < 12_000


def test_functions_that_others_publish_are_read_once_and_undone_whatever_run_they_were_in() -> None:
    published = {
        "do": [
            {
                "a": COUNT,
            },
            {"b": {**COUNT, "metadata": {"compensate": [{"u": create("undone")}]}}},
        ]
    }

    def world() -> World:
        world = World()
        world.answers["/do/0/l/do/0/f#0"] = published
        return world

    document = {
        "do": [{"l": each({"f": {"call": "twice:1.0.0@shop"}}, {"x": EXPORT})}, {"e": fault()}],
        "use": {"catalogs": {"shop": {"endpoint": "https://catalog.example/"}}},
    }
    assert same_wherever_it_stops(document, world=world) > 0
    told, _ = play(document, lambda _: True, world=world)
    assert [step["status"] for step in told.outcome["rollback"]["steps"]] == ["compensated"] * 3  # type: ignore[index]


def test_a_function_that_stands_for_one_that_others_publish_is_not_left_in_its_middle() -> None:
    def world() -> World:
        world = World()
        world.answers["/use/functions/g#/do/0/f"] = {"do": [{"a": COUNT}, {"b": create("x")}]}
        return world

    document = {
        "do": [{"f": {"call": "g"}}, {"z": COUNT}, {"e": fault()}],
        "use": {
            "functions": {"g": {"call": "twice:1.0.0@shop"}},
            "catalogs": {"shop": {"endpoint": "https://catalog.example/"}},
        },
    }
    assert same_wherever_it_stops(document, world=world) > 0


def test_an_undo_that_others_publish_is_tried_as_often_as_they_say_whatever_run_it_is_in() -> None:
    retry = {"delay": {"seconds": 7}, "limit": {"attempt": {"count": 2}}}
    metadata = {"compensate": [{"u": fault()}], "compensateRetry": retry}

    def world() -> World:
        world = World()
        world.answers["/do/0/f#"] = {"do": [{"b": {**COUNT, "metadata": metadata}}]}
        return world

    document = {
        "do": [{"f": {"call": "once:1.0.0@shop"}}, {"e": fault()}],
        "use": {"catalogs": {"shop": {"endpoint": "https://catalog.example/"}}},
    }
    assert same_wherever_it_stops(document, world=world) > 0
    told, _ = play(document, lambda _: True, world=world)
    assert [step["status"] for step in told.outcome["rollback"]["steps"]] == ["compensation_failed"]  # type: ignore[index]


def world_with_faults() -> World:
    world = World()
    world.chance = 0.25
    return world


TASKS = st.deferred(
    lambda: st.one_of(
        st.just(COUNT), st.just(WAIT), st.just(EXPORT), st.just({**COUNT, **UNDO}), st.just(create("x")),
        st.just(fault()), st.just({**COUNT, "if": "${ $context.n != 1 }"}),
        st.just({**COUNT, "then": "exit"}),
        st.builds(lambda do: {"do": do}, LISTS),
        st.builds(lambda do, seconds: {"do": do, "timeout": {"after": {"seconds": seconds}}}, LISTS, st.integers(1, 6)),
        st.builds(lambda do: each(*do, items="${ [1, 2] }"), LISTS),
        st.builds(lambda do: {"do": do, "output": {"as": "${ [$context.n, .] | tostring | .[:40] }"}}, LISTS),
        st.builds(
            lambda tasks, do, count, rollback: {
                "try": tasks, "metadata": {"rollback": rollback},
                "catch": {"retry": {"delay": {"seconds": 1}, "limit": {"attempt": {"count": count}}}, "do": do},
            },
            LISTS, LISTS, st.integers(0, 2), st.booleans(),
        ),
        st.builds(lambda a, b: {"fork": {"branches": [{"p": a}, {"q": b}]}}, TASKS, TASKS),
    )
)  # fmt: skip
LISTS = st.lists(TASKS, min_size=1, max_size=3).map(
    lambda tasks: [{f"t{index}": task} for index, task in enumerate(tasks)]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(LISTS)
def test_whatever_the_definition_it_goes_on_as_if_it_had_not_stopped(tasks: list[Row]) -> None:
    document = {"do": [{f"o{index}": next(iter(task.values()))} for index, task in enumerate(tasks)]}
    undisturbed, stops = play(document, lambda _: False, world=world_with_faults, limits=Limits(task_runs=300))
    often, _ = play(document, lambda _: True, world=world_with_faults, limits=Limits(task_runs=300))
    assert often == undisturbed
    for place in range(1, min(stops.seen, 12)):
        stopped, _ = play(
            document, lambda seen, place=place: seen == place, world=world_with_faults, limits=Limits(task_runs=300)
        )
        assert stopped == undisturbed
