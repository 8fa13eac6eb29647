"""Targets and headers that nobody would think of: taken or refused with a reason, and nothing else."""

import string
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gateway.configured_headers import MASK, check_headers, masked
from api.gateway.joining import Target
from api.gateway.paths import read_path
from api.gateway.targets import read_target
from zilliance.errors import InvalidInputError

T = TypeVar("T")
PARTS = st.sampled_from(
    [
        *"https://{}@:?#%\\[].&=",
        "https://",
        "http://",
        "example.com",
        "127.0.0.1",
        "{id}",
        "{",
        "}",
        "..",
        "%2f",
        "\n",
        "ü",
    ]
)
URLS = st.one_of(
    st.text(), st.lists(PARTS, max_size=12).map("".join), st.lists(PARTS).map(lambda it: "https://" + "".join(it))
)
NAMES = st.one_of(st.text(max_size=20), st.text(string.ascii_letters + "-", min_size=1, max_size=20))
VALUES = st.one_of(st.text(max_size=50), st.none(), st.integers(), st.lists(st.text(), max_size=2))


def taken_by(read: Callable[[Any], T], value: object) -> tuple[T | None, str]:
    """What came of a value, or the code of its refusal, which says something."""
    try:
        return read(value), ""
    except InvalidInputError as error:
        return None, error.code if error.message else "said nothing"


@given(URLS)
def test_a_target_is_taken_or_refused_with_a_reason(text: str) -> None:
    url, code = taken_by(read_target, text)
    if url is None:
        assert code == "TARGET_REFUSED"
        return
    assert url.host
    assert url.user is None
    # What is taken leads nowhere else when it is filled in, whatever a caller sends.
    path, query = Target.of(text, ("", "{id}")).at(read_path("/x"), "")
    assert path.startswith("/")
    assert not set(path + query) & set("\r\n #\\")


@given(st.one_of(VALUES, st.dictionaries(NAMES, VALUES, max_size=5)))
def test_headers_are_taken_or_refused_with_a_reason(headers: object) -> None:
    taken, code = taken_by(check_headers, headers)
    if taken is None:
        assert code == "INVALID_HEADERS"
        return
    for name, value in taken.items():
        assert set(name) <= set(string.ascii_letters + string.digits + "!#$%&'*+.^_`|~-")
        assert not set(value) & set("\r\n\0")
        value.encode()


@given(st.text())
def test_what_is_shown_of_a_value_is_four_characters_of_it_at_most(value: str) -> None:
    shown = masked(value)
    assert shown.startswith(MASK)
    assert len(shown) <= len(MASK) + 4
    assert value.endswith(shown.removeprefix(MASK))


@pytest.mark.parametrize("value", ["", "a" * 15])
def test_nothing_of_a_short_value_is_shown(value: str) -> None:
    assert masked(value) == MASK
