"""What validation says of where a list goes: tasks that nothing leads to, loops that nothing leads out of."""

from typing import Any

import pytest

from workflows.language.documents import normalise
from workflows.language.validation import validate

SET: dict[str, Any] = {"set": {"x": 1}}
FAIL: dict[str, Any] = {"raise": {"error": {"type": "https://x.example", "status": 500}}}

FLOW = ("UNREACHABLE_TASK", "ENDLESS_LOOP")


def warnings_of(tasks: object) -> list[tuple[str, str]]:
    issues = validate(normalise({"do": tasks}, "t"))
    return [(issue.code.value, issue.pointer) for issue in issues if issue.code in FLOW]


def switch(*thens: str, default: bool = True) -> dict[str, Any]:
    cases = [{f"c{index}": {"when": ".x", "then": then}} for index, then in enumerate(thens)]
    if default:
        cases[-1]["c" + str(len(thens) - 1)].pop("when")
    return {"switch": cases}


@pytest.mark.parametrize(
    ("tasks", "pointers"),
    [
        ([{"a": {**SET, "then": "c"}}, {"b": SET}, {"c": SET}], ["/do/1/b"]),
        ([{"a": {**SET, "then": "end"}}, {"b": SET}, {"c": SET}], ["/do/1/b", "/do/2/c"]),
        ([{"a": FAIL}, {"b": SET}], ["/do/1/b"]),
        ([{"a": switch("c", "end")}, {"b": SET}, {"c": SET}], ["/do/1/b"]),
        ([{"a": switch("c", "end", default=False)}, {"b": SET}, {"c": SET}], []),
        ([{"a": {**SET, "if": ".x", "then": "end"}}, {"b": SET}], []),
        ([{"a": {"try": [{"f": FAIL}], "catch": {"then": "b"}, "then": "end"}}, {"b": SET}], []),
        ([{"a": {**SET, "then": "c"}}, {"b": {**SET, "then": "end"}}, {"c": {**SET, "then": "b"}}], []),
        ([{"a": {"do": [{"x": {**SET, "then": "exit"}}, {"y": SET}]}}], ["/do/0/a/do/1/y"]),
        ([{"a": {"fork": {"branches": [{"x": {**SET, "then": "end"}}, {"y": SET}]}}}], []),
    ],
)
def test_a_task_that_nothing_leads_to_is_a_warning(tasks: object, pointers: list[str]) -> None:
    assert warnings_of(tasks) == [("UNREACHABLE_TASK", pointer) for pointer in pointers]


@pytest.mark.parametrize(
    ("tasks", "pointers"),
    [
        ([{"a": SET}, {"b": {**SET, "then": "a"}}], ["/do/0/a"]),
        ([{"a": SET}, {"b": {**SET, "then": "b"}}], ["/do/0/a"]),
        ([{"a": switch("b", "c")}, {"b": {**SET, "then": "end"}}, {"c": {**SET, "then": "c"}}], ["/do/2/c"]),
        ([{"a": SET}, {"b": switch("a", "end")}], []),
        ([{"a": SET}, {"b": switch("a", default=False)}], []),
        ([{"a": {"do": [{"x": {**SET, "then": "end"}}]}}, {"b": {**SET, "then": "a"}}], []),
        ([{"a": {"do": [{"x": {**FAIL, "if": ".x"}}]}}, {"b": {**SET, "then": "a"}}], []),
        ([{"a": {**SET, "if": ".x", "then": "a"}}], []),
    ],
)
def test_a_loop_that_nothing_leads_out_of_is_a_warning(tasks: object, pointers: list[str]) -> None:
    assert warnings_of(tasks) == [("ENDLESS_LOOP", pointer) for pointer in pointers]


def test_a_list_of_a_thousand_jumping_tasks_is_checked_at_once() -> None:
    tasks = [{f"t{n}": {**SET, "then": f"t{n + 1}"}} for n in range(999)] + [{"t999": SET}]
    assert warnings_of(tasks) == []
