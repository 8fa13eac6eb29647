"""Definitions as text: what YAML 1.2 and JSON mean, where each part is, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.document_text import DocumentTextError, parse_document
from workflows.language.limits import MAX_DOCUMENT_BYTES
from workflows.language.validation import validate

YAML = """
document:
  dsl: 1.0.3
do:
- first:
    set:
      when: 2020-01-01
      numbers: [1, 0x1f, 0o17, -2.5e3, ~, true, yes, "1"]
schedule:
  on: {one: {with: {type: x}}}
"""


def fault_of(text: str) -> str:
    with pytest.raises(DocumentTextError) as caught:
        parse_document(text)
    issue = caught.value.issue
    return f"{issue.line}:{issue.column} {issue.message}"


def test_on_stays_a_key_and_dates_and_versions_stay_text() -> None:
    assert parse_document(YAML).document == {
        "document": {"dsl": "1.0.3"},
        "do": [
            {"first": {"set": {"when": "2020-01-01", "numbers": [1, 31, 15, -2500.0, None, True, "yes", "1"]}}},
        ],
        "schedule": {"on": {"one": {"with": {"type": "x"}}}},
    }


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/document/dsl", (3, 3)),
        ("/do/0/first", (5, 3)),
        ("/do/0/first/set/numbers/2", (8, 26)),
        ("/schedule/on/one/with/type", (10, 21)),
        ("/do/0/first/nothing/here", (5, 3)),
        ("", (2, 1)),
    ],
)
def test_every_part_of_yaml_has_its_place_and_what_is_missing_is_at_its_parent(
    pointer: str, place: tuple[int, int]
) -> None:
    assert parse_document(YAML).position_of(pointer) == place


@pytest.mark.parametrize(
    ("pointer", "place"),
    [("/a", (1, 2)), ("/a/1", (1, 11)), ("/a/1/b", (1, 12)), ("/a/1/d~1{", (2, 3)), ("/e", (3, 2)), ("/x", (1, 1))],
)
def test_every_part_of_json_has_its_place(pointer: str, place: tuple[int, int]) -> None:
    assert parse_document('{"a": [1, {"b": "c,}",\n  "d/{": null}],\n "e": {}}').position_of(pointer) == place


def test_issues_of_a_document_say_their_line_and_column() -> None:
    parsed = parse_document("document: {dsl: 1.0.3, namespace: a, name: b, version: 0.1.0}\ndo:\n- x:\n    sett: {}\n")
    (issue,) = parsed.located(validate(parsed.document))
    assert (issue.pointer, issue.line, issue.column) == ("/do/0/x/sett", 4, 5)
    assert issue.as_json()["line"] == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "a": 2}', '2:2 the key "a" is there twice'),
        ("a: 1\na: 2", '2:1 the key "a" is there twice'),
        ("a: [1", "1:6 the text is not YAML: expected ',' or ']'"),
        ('{"a": 1 "b": 2}', "1:9 the text is not JSON"),
        ("a: &x [*x]", "1:8 the anchor of *x stands within itself"),
        ("a: *x", "1:4 the anchor of *x is not defined before"),
        ("a: !!python/object:os.system 1", "1:4 the tag 'python/object:os.system' is not available"),
        ("a: !!int x", "is not of the kind that its tag says"),
        ("", "1:1 the text is empty"),
        ("a: .inf", "1:4 .inf is not a number of JSON"),
        ("a: 1\n---\nb: 2", "2:1 the text holds more than one document"),
        ("? [1]\n: 2", "1:3 a key must be text"),
        ("? *x\n: 2", "a key must be text, not an alias"),
        ("<<: {a: 1}", "1:1 merge keys are not part of YAML 1.2"),
        ("a: \x07", "not YAML"),
        ("a: " + "9" * 5000, "1:4 the number is too long"),
        ("a: " + "[" * 500, "nested more than 160 deep"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested more than 160 deep"),
        ("x" * (MAX_DOCUMENT_BYTES + 1), "the document is larger than 256 KiB"),
    ],
)
def test_text_that_cannot_be_read_says_what_is_wrong_and_where(text: str, said: str) -> None:
    assert said in fault_of(text)


def test_anchors_are_expanded_but_not_without_bound() -> None:
    assert parse_document("a: &x {y: 1}\nb: [*x, *x]").document == {"a": {"y": 1}, "b": [{"y": 1}, {"y": 1}]}
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    assert "more than 100,000 parts once its aliases are expanded" in fault_of(laughs)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def pointers(value: object, pointer: str = "") -> list[str]:
    found = [pointer]
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            found += pointers(inner, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for index, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            found += pointers(inner, f"{pointer}/{index}")
    return found


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_is_read_as_it_is_and_each_of_its_pointers_has_a_place_of_its_own(value: dict[str, object]) -> None:
    parsed = parse_document(json.dumps(value, ensure_ascii=False, indent=1))
    assert parsed.document == value
    inner = [parsed.position_of(pointer) for pointer in pointers(value) if pointer]
    assert (1, 1) not in inner
