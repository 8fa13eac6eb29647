"""The texts of a JSON document can be read while it is written, wherever its pieces end."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.tutorials.partial_json import PartialJson

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(codec="utf-8"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


def texts_of(value: object, path: str = "") -> dict[str, str]:
    if isinstance(value, str):
        return {path: value} if value else {}
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: dict[str, str] = {}
    for name, member in members:
        found |= texts_of(member, f"{path}.{name}" if path else str(name))
    return found


def fed(pieces: list[str]) -> dict[str, str]:
    reader, found = PartialJson(), {}
    for piece in pieces:
        for path, text in reader.feed(piece):
            found[path] = found.get(path, "") + text
    return found


@settings(max_examples=200, deadline=None)
@given(value=VALUES, size=st.integers(1, 7), ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_all_texts_come_once_whatever_the_pieces(
    value: object, size: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps({"v": value}, ensure_ascii=ascii_only, indent=indent)
    assert fed([text[at : at + size] for at in range(0, len(text), size)]) == texts_of({"v": value})


@pytest.mark.parametrize(
    "text", ['"]}{', '{"a": "\\ud800x\\uzzzz"}', "]]]", '{"a"' * 100, "[" * 100 + '"x"' + "]" * 200, "no json"]
)
def test_what_is_no_json_hurts_nobody(text: str) -> None:
    for path, piece in fed(list(text)).items():
        (path + piece).encode()
