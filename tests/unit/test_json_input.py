"""JSON bodies: what is read as it stands, what is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_input import decode
from zilliance.errors import InvalidInputError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, -2.5, true, null, "\xc3\xa9"]}', {"a": [1, -2.5, True, None, "é"]}),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b'"12345678901234567890123"', "12345678901234567890123"),
        (b"0.12345678901234567890123", float("0.12345678901234567890123")),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" * 1000 + b"]" * 1000, None),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    found = decode(body)
    assert value is None or found == value


@pytest.mark.parametrize("body", [b"9223372036854775808", b"-9223372036854775809", b'["x", 18446744073709551615]'])
def test_an_integer_that_would_be_rounded_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        decode(body)
    assert "64 bits" in caught.value.details["reason"]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(InvalidInputError):
        decode(body)
