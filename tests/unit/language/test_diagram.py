"""A definition's chart shows its tasks, where they lead, and nothing that a document could smuggle into it."""

from pathlib import Path
from typing import Any

import pytest

from workflows.document_text import parse_document
from workflows.language.diagram import diagram
from workflows.language.documents import normalise

ROOT = Path(__file__).parents[3]
WRITTEN = sorted(
    [*(ROOT / "examples" / "workflows").glob("*.yaml"), *Path(__file__).parent.glob("documents/good/*.yaml")]
)
ONE: dict[str, Any] = {"set": {"a": 1}}


def lines(*tasks: dict[str, Any], **document: Any) -> list[str]:
    return [line.strip() for line in diagram({"do": list(tasks), **document}).splitlines()]


def test_tasks_follow_each_other_from_start_to_end() -> None:
    assert lines({"first": ONE}, {"second": {"wait": "PT1S", "if": "${ .x }"}}) == [
        "flowchart TD",
        'start(["start"])',
        'stop(["end"])',
        'n1["first<br/>set"]',
        'n2["second<br/>if ${ .x }<br/>wait"]',
        "n1 --> n2",
        "start --> n1",
        "n2 --> stop",
    ]


def test_a_task_leads_where_it_says() -> None:
    drawn = lines({"a": {**ONE, "then": "c"}}, {"b": {**ONE, "then": "exit"}}, {"c": {**ONE, "then": "b"}})
    assert {"n1 --> n3", "n3 --> n2", "n2 --> stop"} <= set(drawn)
    assert "n1 --> n2" not in drawn
    assert "n1 --> stop" in lines({"a": {**ONE, "then": "end"}}, {"b": ONE})


def test_a_switch_has_a_way_for_each_case_and_one_for_none_of_them() -> None:
    cases = [{"big": {"when": ".n > 5", "then": "b"}}, {"small": {"when": ".n < 2", "then": "end"}}]
    drawn = lines({"choose": {"switch": cases}}, {"a": ONE}, {"b": ONE})
    assert {'n1 -->|"big"| n3', 'n1 -->|"small"| stop', 'n1 -->|"else"| n2'} <= set(drawn)
    certain = lines({"choose": {"switch": [*cases, {"other": {"then": "continue"}}]}}, {"a": ONE}, {"b": ONE})
    assert 'n1 -->|"other"| n2' in certain
    assert not any('"else"' in line for line in certain)


def test_loops_lead_back_branches_meet_and_what_is_caught_goes_on() -> None:
    looped = lines({"each": {"for": {"in": ".all"}, "do": [{"a": ONE}]}})
    assert {'n1 -->|"each"| n2', "n2 --> n1", "n1 --> stop"} <= set(looped)
    forked = lines({"both": {"fork": {"branches": [{"a": ONE}, {"b": ONE}]}}})
    assert {"n1 --> n2", "n1 --> n3", "n2 --> n4", "n3 --> n4", "n4 --> stop"} <= set(forked)
    tried = lines({"careful": {"try": [{"a": {"raise": {}}}], "catch": {"do": [{"b": ONE}]}}})
    assert {'subgraph g1["careful"]', 'n2 -. "error" .-> n3', "n3 --> stop"} <= set(tried)
    assert "n2 --> stop" not in tried


def test_how_a_task_is_undone_and_what_begins_it_are_said() -> None:
    drawn = lines({"a": {**ONE, "metadata": {"compensate": [{"give back": ONE}]}}}, schedule={"cron": "0 6 * * *"})
    assert 'n1["a<br/>set<br/>undone by give back"]' in drawn
    assert 'start(["cron 0 6 * * *"])' in drawn


def test_what_a_document_says_cannot_leave_its_quotes() -> None:
    name = 'x"]\n  click n1 "javascript:alert(1)"\n%%{init: {}}%%<script>\u202e'
    drawn = lines({name: ONE})
    assert len(drawn) == 6
    assert "<script" not in "".join(drawn)
    assert drawn[3].count('"') == 2


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_example_can_be_drawn(path: Path) -> None:
    document = parse_document(path.read_text()).document
    assert isinstance(document, dict)
    drawn = diagram(normalise(document, path.stem))  # pyright: ignore[reportUnknownArgumentType]  JSON
    nodes = {line.split()[0] for line in drawn.splitlines() if " --> " in line or " -->|" in line}
    assert "start" in nodes


def test_a_list_without_tasks_leads_to_the_end() -> None:
    assert "start --> stop" in lines()
