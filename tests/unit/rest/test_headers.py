"""Preferences, forms of the answer, ranges."""

import pytest

from api.rest.headers import Preferences, parse_preferences, parse_range, wants_object
from zilliance.errors import AppError


def test_preferences() -> None:
    found = parse_preferences("return=representation,count=exact , handling=strict, max-affected=3")
    assert found == Preferences(returned="representation", count="exact", handling="strict", max_affected=3)
    assert found.applied("return", "count") == "return=representation, count=exact, handling=strict, max-affected=3"
    assert parse_preferences("nonsense, return=everything, timezone=UTC") == Preferences()
    with pytest.raises(AppError, match="handling=strict"):
        parse_preferences("handling=strict, return=everything")


def test_forms() -> None:
    assert wants_object("application/vnd.pgrst.object+json")
    assert wants_object("text/html, application/vnd.pgrst.object+json;nulls=stripped")
    for accept in ("", "*/*", "application/json", "text/html, */*;q=0.8", "application/vnd.pgrst.array+json"):
        assert not wants_object(accept)
    with pytest.raises(AppError, match="media types"):
        wants_object("text/csv")


@pytest.mark.parametrize(
    ("header", "unit", "expected"),
    [
        (None, None, (0, None)),
        ("0-9", None, (0, 10)),
        ("5-", "items", (5, None)),
        ("items=2-2", None, (2, 1)),
        ("bytes=0-9", None, (0, None)),
        ("0-9", "bytes", (0, None)),
        ("-5", None, (0, None)),
    ],
)
def test_ranges(header: str | None, unit: str | None, expected: tuple[int, int | None]) -> None:
    assert parse_range(header, unit) == expected
