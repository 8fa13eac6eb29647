"""Configurations of the time before the standard: which become tasks, and what is said of the others."""

from workflows.language.documents import normalise
from workflows.language.validation import validate


def test_simple_steps_become_tasks() -> None:
    document = normalise(
        {
            "steps": [
                {"name": "fetch", "type": "http", "url": "https://x.example", "method": "POST", "body": {"a": 1}},
                {"name": "pause", "type": "delay", "config": {"seconds": 5}},
                {"name": "short", "type": "wait", "duration": 500},
                {"type": "set", "values": {"x": 1}},
                {"name": "save", "type": "create_row", "params": {"table": "deals", "values": {"title": "x"}}},
            ]
        },
        "old",
    )
    assert document["do"] == [
        {"fetch": {"call": "http", "with": {"method": "POST", "endpoint": "https://x.example", "body": {"a": 1}}}},
        {"pause": {"wait": {"seconds": 5}}},
        {"short": {"wait": {"milliseconds": 500}}},
        {"step4": {"set": {"x": 1}}},
        {"save": {"call": "create-row", "with": {"table": "deals", "values": {"title": "x"}}}},
    ]
    assert validate(document) == []


def test_a_step_that_is_not_simple_keeps_all_of_them_from_being_converted_and_says_why() -> None:
    steps = [
        {"name": "a", "type": "set", "x": 1},
        {"name": "b", "type": "htp", "url": "https://x.example"},
        {"name": "c", "type": "branching"},
        {"name": "d", "type": "http", "url": "https://x.example", "onError": "a"},
        "e",
        {"name": 5},
    ]
    document = normalise({"steps": steps}, "old")
    assert "do" not in document
    issues = validate(document)
    assert [(issue.pointer, issue.message) for issue in issues] == [
        ("/steps/1", 'steps of type "htp" cannot be converted'),
        ("/steps/2", 'steps of type "branching" cannot be converted'),
        ("/steps/3", '"onError" of this step has no equivalent'),
        ("/steps/4", "a step is an object with name and type"),
        ("/steps/5", "the name and the type of a step are text"),
    ]
    assert issues[0].hint == 'did you mean "http"?'


def test_no_steps_at_all_are_refused() -> None:
    for steps in ([], None, "x"):
        assert [issue.pointer for issue in validate(normalise({"steps": steps}, "old"))] == ["/steps"]
