"""What a schema may cost: whoever writes one and a value for it must not hold up everybody else."""

from typing import Any

import pytest

from workflows.language.schema_load import load_of, weight_of
from workflows.language.schemas import SchemaError, compile_schema


def nowhere(reference: str) -> object:
    raise AssertionError(reference)


@pytest.mark.parametrize(
    ("schema", "load"),
    [
        ({"type": "string"}, 1),
        (True, 1),
        ({"enum": [1, 2, 3]}, 4),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, 1),
        ({"items": {"anyOf": [{"const": 1}, {"const": 2}]}}, 3),
        ({"items": {"type": "string"}, "contains": {"type": "string"}}, 2),
        ({"allOf": [{"items": {"type": "string"}}, {"items": {"type": "string"}}]}, 3),
        ({"unevaluatedProperties": False, "allOf": [{"unevaluatedProperties": False}]}, 6),
    ],
)
def test_a_schema_weighs_what_it_tries_on_one_part_of_a_value(schema: Any, load: int) -> None:
    assert load_of(schema, nowhere) == load


def test_a_value_weighs_as_much_as_it_has_parts() -> None:
    assert weight_of({"a": [1, "x" * 64]}, 100) == 7
    assert weight_of(list(range(1000)), 10) == 11


def test_references_count_wherever_they_stand() -> None:
    schema = {"$defs": {"a": {"enum": [1, 2]}}, "allOf": [{"$ref": "#/$defs/a"}] * 3}
    assert compile_schema(schema).load == 1 + 3 * (1 + 3)


def test_a_value_that_would_be_looked_at_for_long_is_refused_unseen() -> None:
    schema = compile_schema({"items": {"not": {"anyOf": [{"const": number} for number in range(3000)]}}})
    assert "simplify the schema" in str(schema.faults_of([-1] * 20_000))


def test_a_large_value_that_does_not_match_is_refused_without_its_places() -> None:
    schema = compile_schema({"anyOf": [{"items": {"anyOf": [{"const": number} for number in range(100)]}}]})
    assert "too large to say where" in str(schema.faults_of([-1] * 2000))
    assert schema.faults_of([1] * 2000) is None


def test_a_large_value_under_a_usual_schema_is_looked_at() -> None:
    schema = compile_schema({"items": {"type": "object", "properties": {"a": {"type": "integer"}}}})
    assert schema.faults_of([{"a": 1}] * 100_000) is None
    assert schema.faults_of([{"a": "x"}]) == '/0/a: "x" is not of type "integer"'


def test_references_that_lead_to_each_other_in_a_long_row_are_refused() -> None:
    row: dict[str, Any] = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(2000)}
    with pytest.raises(SchemaError, match="too long a row"):
        compile_schema({"$defs": {**row, "d2000": True}, "$ref": "#/$defs/d0"})
