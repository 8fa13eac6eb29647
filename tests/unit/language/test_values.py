"""The small parts: durations, schemas, sizes, problems, the function catalogue."""

import json
from datetime import UTC, datetime

import pytest

from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.functions import FUNCTIONS, find_function
from workflows.language.problems import Kind, Problem
from workflows.language.schemas import SchemaError, compile_schema
from workflows.language.sizes import size_of

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"minutes": 1, "milliseconds": 500}, 60.5),
        ("PT0.5S", 0.5),
        ("P1W", 7 * 86_400),
        ("P1DT1H", 90_000),
        ("P1M", 28 * 86_400),
        ("P1Y", 365 * 86_400),
        ({"seconds": 0}, 0),
    ],
)
def test_durations_count_from_the_moment(value: object, seconds: float) -> None:
    assert seconds_of(parse_duration(value), NOW) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "P", "PT", "-PT1S", "PT-1S", "1s", "P" + "9" * 99 + "D", {}, {"seconds": 1.5}, {"seconds": True}, 5, None],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(DurationError):
        parse_duration(value)


@pytest.mark.parametrize("value", ["P9999Y", "P200Y", {"days": 100_000}])
def test_durations_beyond_a_century_are_refused(value: object) -> None:
    with pytest.raises(DurationError):
        seconds_of(parse_duration(value), NOW)


def doubling(levels: int) -> dict[str, object]:
    """A schema whose references multiply."""
    pairs = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**pairs, f"d{levels}": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "https://x.example/schema"}, "leaves the document"),
        ({"$ref": "file:///etc/passwd"}, "leaves the document"),
        ({"$ref": "#/$defs/none"}, "points at nothing"),
        ({"properties": {"child": {"$ref": "#"}}}, "recursive"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "recursive"),
        ({"$defs": {"a": {"$dynamicRef": "#x"}}}, "$dynamicRef"),
        ({"properties": {"a": {"$id": "https://x.example/a"}}}, "nested $id"),
        ({"type": "objct"}, "not a JSON Schema"),
        ({"pattern": "(?=a)b"}, "not a JSON Schema"),
        (doubling(40), "expand to more"),
        ("object", "an object or a boolean"),
    ],
)
def test_schemas_that_reach_out_or_explode_are_refused(schema: object, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason.replace("$", r"\$")):
        compile_schema(schema)


def test_a_schema_tells_what_is_wrong_and_where() -> None:
    schema = compile_schema(
        {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"items": {"$ref": "#/$defs/n"}}}}
    )
    assert schema.faults_of({"a": [1]}) is None
    assert schema.faults_of({"a": [1, "x"]}) == '/a/1: "x" is not of type "integer"'


def test_hostile_patterns_end_at_once() -> None:
    assert compile_schema({"pattern": "^(a+)+$"}).faults_of("a" * 50_000 + "b") is not None


@pytest.mark.parametrize("value", [None, True, False, 12, -3.5, "é", "x" * 50, [1, [2, {}]], {"a": {"b": [None]}}])
def test_sizes_are_those_of_compact_json(value: object) -> None:
    exact = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
    assert abs(size_of(value, 1000) - exact) <= 4


def test_sizes_are_not_counted_beyond_the_cap() -> None:
    value: object = "x"
    for _ in range(200):
        value = [value, value]
    assert 1000 < size_of(value, 1000) < 5000


def test_problems_survive_the_way_to_json_and_back() -> None:
    problem = Problem.of(Kind.TIMEOUT, "late", instance="/do/0/a")
    assert Problem.from_json(problem.as_json()) == problem
    assert "title" not in Problem("https://x.example", 400).as_json()


def test_functions_are_found_by_name_and_by_catalogue_name() -> None:
    assert find_function("get-row") is find_function("get-row:1.0.0@default") is FUNCTIONS["get-row"]
    for name in ("get-row:2.0.0@default", "get-row:1.0.0@other", "get-row:1.0.0", "none"):
        assert find_function(name) is None


def test_functions_that_change_rows_or_files_can_be_undone() -> None:
    undoable = [name for name, function in FUNCTIONS.items() if function.undoable]
    assert undoable == ["create-row", "update-row", "delete-row", "put-object", "generate-tutorial"]
