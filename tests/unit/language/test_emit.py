"""`emit`: what the workflow fills in, what an event may be, and that its output is the whole event."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, output_of, problem_of, run
from workflows.language.events.cloudevents import EventError, checked


def emit(**attributes: object) -> dict[str, object]:
    return {"emit": {"event": {"with": attributes}}}


def test_the_output_is_the_whole_event() -> None:
    world = World()
    output: Any = output_of([{"tell": emit(type="order.placed", data={"id": "${ .id }"})}], {"id": 7}, world=world)
    assert output == {
        "specversion": "1.0",
        "id": output["id"],
        "source": "/default/a-test/0.1.0",
        "time": "2026-01-01T00:00:00Z",
        "type": "order.placed",
        "data": {"id": 7},
    }
    assert world.stream.emitted == [("/do/0/tell#", output)]
    assert world.entries == 1


def test_what_the_author_gives_stays() -> None:
    given = {
        "id": "1",
        "source": "https://example.com/shop",
        "time": "2020-02-29T12:00:00+01:00",
        "type": "order.placed",
        "subject": "order/1",
        "datacontenttype": "application/json",
        "dataschema": "https://example.com/schema",
        "tenant": "a",
        "urgent": True,
        "attempt": 3,
        "data": None,
    }
    assert output_of([{"tell": emit(**given)}]) == {"specversion": "1.0", **given}


def test_an_attribute_that_is_null_is_left_out() -> None:
    output = output_of([{"tell": emit(type="a", subject="${ .subject }", id="${ .id }")}], {"subject": None})
    assert isinstance(output, dict)
    assert "subject" not in output
    assert len(output["id"]) == 36


def test_each_run_of_a_task_has_an_id_of_its_own_and_keeps_it() -> None:
    def ids() -> list[str]:
        world = World()
        output_of([{"all": {"for": {"in": "[1, 2]"}, "do": [{"tell": emit(type="a")}]}}], world=world)
        return [str(event["id"]) for _, event in world.stream.emitted]

    assert ids() == ids()
    assert len(set(ids())) == 2


def test_output_and_export_work_on_the_event() -> None:
    task = emit(type="a", data=5) | {"output": {"as": ".data"}, "export": {"as": "{last: .}"}}
    assert output_of([{"tell": task}, {"look": {"set": {"last": "${ $context.last }"}}}]) == {"last": 5}


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"type": "${ null }"}, "type"),
        ({"type": ""}, "type"),
        ({"type": 5}, "type"),
        ({"type": "a", "time": "yesterday"}, "RFC 3339"),
        ({"type": "a", "time": "2026-13-01T00:00:00Z"}, "RFC 3339"),
        ({"type": "a", "tags": ["x"]}, "put anything else into data"),
        ({"type": "a", "size": 2**40}, "32-bit"),
        ({"type": "a", "ratio": 1.5}, "32-bit"),
        ({"type": "a", "source": "a\nb"}, "control character"),
        ({"type": "a" * 600}, "longer than 512"),
        ({"type": "a", "specversion": "0.3"}, "1.0"),
        ({"type": "a", "data": 1, "data_base64": "AA=="}, "not both"),
        ({"type": "a", "data_base64": 1}, "base64"),
    ],
)
def test_what_is_no_cloudevent_is_a_validation_error(attributes: dict[str, object], word: str) -> None:
    problem = problem_of([{"tell": emit(**attributes)}])
    assert str(problem["type"]).endswith("/validation")
    assert word in str(problem["detail"])
    assert problem["instance"] == "/do/0/tell"


def test_an_event_that_is_too_large_is_refused() -> None:
    world = World()
    problem = problem_of([{"tell": emit(type="a", data="${ . }")}], "x" * 300_000, world=world)
    assert problem["status"] == 413
    assert world.stream.emitted == []


def test_an_error_in_an_attribute_is_caught_like_any_other() -> None:
    tasks = [{"safe": {"try": [{"tell": emit(type="${ null }")}], "catch": {"do": [{"no": {"set": {"a": 1}}}]}}}]
    assert run(tasks).output == {"a": 1}


def test_attribute_names_are_those_of_cloudevents() -> None:
    with pytest.raises(EventError, match="lower-case"):
        checked({"id": "1", "source": "a", "type": "b", "camelCase": "no"})
    with pytest.raises(EventError, match="at most 64"):
        checked({"id": "1", "source": "a", "type": "b"} | {f"a{n}": 1 for n in range(80)})
