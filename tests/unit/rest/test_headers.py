"""Preferences, forms of the answer, ranges."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.grammar.headers import (
    DESCRIPTION,
    MAX_HEADER,
    NO_PREFERENCES,
    ROWS,
    SCALAR,
    Form,
    Kind,
    Plan,
    Preferences,
    parse_accept,
    parse_preferences,
    parse_range,
)
from api.rest.plan import Format
from zilliance.errors import AppError

OBJECT = "application/vnd.pgrst.object+json"
ARRAY = "application/vnd.pgrst.array+json"
PLAN = "application/vnd.pgrst.plan"


@pytest.mark.parametrize(
    ("header", "preferences"),
    [
        ("", Preferences()),
        ("return=minimal", Preferences(returned="minimal")),
        ("count=exact , tx=rollback,,", Preferences(count="exact", tx="rollback")),
        (
            "resolution=ignore-duplicates,missing=default",
            Preferences(resolution="ignore-duplicates", missing="default"),
        ),
        ("timezone=America/Los_Angeles", Preferences(timezone="America/Los_Angeles")),
        ("handling=strict, max-affected=3", Preferences(handling="strict", max_affected=3)),
        ("tx=commit, tx=rollback", Preferences(tx="commit")),
        ("max-affected=1, max-affected=2", Preferences(max_affected=1)),
        ("return=everything, return=minimal", Preferences(returned="minimal")),
        ("nonsense, timezone='; drop, max-affected=-1, Return=minimal", Preferences()),
        ("handling=lenient, nonsense", Preferences(handling="lenient")),
    ],
)
def test_preferences(header: str, preferences: Preferences) -> None:
    assert parse_preferences(header) == preferences


@pytest.mark.parametrize(
    "header", ["nonsense", "return=everything", "max-affected=x", "timezone=", "tx=maybe", "count"]
)
def test_strict_handling_refuses_what_is_unknown(header: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_preferences(f"other, return=minimal, {header}, handling=strict")
    assert (refused.value.status, refused.value.code) == (400, "PGRST122")
    assert refused.value.message == "Invalid preferences given with handling=strict"
    assert refused.value.details == f"Invalid preferences: other, {header}"


def test_preferences_applied_have_one_order() -> None:
    asked = parse_preferences(
        "max-affected=3, timezone=UTC, handling=strict, tx=commit, count=exact, return=minimal, missing=null, "
        "resolution=merge-duplicates"
    )
    every = ("max-affected", "timezone", "tx", "count", "return", "missing", "resolution")
    assert asked.applied(*every) == (
        "resolution=merge-duplicates, missing=null, return=minimal, count=exact, tx=commit, handling=strict, "
        "timezone=UTC, max-affected=3"
    )
    assert asked.applied("count") == "count=exact, handling=strict"
    assert parse_preferences("max-affected=3").applied(*every) == ""
    assert NO_PREFERENCES.applied(*every) == ""


@pytest.mark.parametrize(
    ("accept", "form", "content_type"),
    [
        ("", Form(), "application/json; charset=utf-8"),
        ("*/*", Form(), "application/json; charset=utf-8"),
        ("application/*", Form(), "application/json; charset=utf-8"),
        ("application/json", Form(), "application/json; charset=utf-8"),
        ("APPLICATION/JSON; nulls=stripped", Form(), "application/json; charset=utf-8"),
        (ARRAY, Form(), "application/json; charset=utf-8"),
        (f"{ARRAY};nulls=stripped", Form(is_stripped=True), f"{ARRAY};nulls=stripped; charset=utf-8"),
        (OBJECT, Form(Kind.OBJECT), f"{OBJECT}; charset=utf-8"),
        ("application/vnd.pgrst.object", Form(Kind.OBJECT), f"{OBJECT}; charset=utf-8"),
        (f"{OBJECT}; nulls=stripped", Form(Kind.OBJECT, is_stripped=True), f"{OBJECT};nulls=stripped; charset=utf-8"),
        ("text/csv", Form(Kind.CSV), "text/csv; charset=utf-8"),
        ("text/*", Form(Kind.CSV), "text/csv; charset=utf-8"),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", Form(), "application/json; charset=utf-8"),
        ("application/json;q=0.5, text/csv;q=0.7", Form(Kind.CSV), "text/csv; charset=utf-8"),
        ("*/*, text/csv", Form(Kind.CSV), "text/csv; charset=utf-8"),
        (f"text/csv, {OBJECT}", Form(Kind.CSV), "text/csv; charset=utf-8"),
        ("application/json;q=0, */*", Form(Kind.OBJECT), f"{OBJECT}; charset=utf-8"),
        ("text/csv;q=high", Form(Kind.CSV), "text/csv; charset=utf-8"),
        (PLAN, Form(plan=Plan("text")), f'{PLAN}+text; for="application/json"; charset=utf-8'),
        (
            f'{PLAN}+json; for="{OBJECT};nulls=stripped"; options=verbose|analyze|other;',
            Form(Kind.OBJECT, is_stripped=True, plan=Plan("json", ("analyze", "verbose"))),
            f'{PLAN}+json; for="{OBJECT};nulls=stripped"; options=analyze|verbose; charset=utf-8',
        ),
        (
            f"{PLAN}+text;for=text/csv;options=wal",
            Form(Kind.CSV, plan=Plan("text", ("wal",))),
            f'{PLAN}+text; for="text/csv"; options=wal; charset=utf-8',
        ),
    ],
)
def test_forms_of_rows(accept: str, form: Form, content_type: str) -> None:
    found = parse_accept(accept)
    assert (found, found.content_type) == (form, content_type)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", Kind.ARRAY),
        ("text/plain", Kind.TEXT),
        ("application/octet-stream", Kind.BYTES),
        ("application/octet-stream;q=0.1, text/plain;q=0.2", Kind.TEXT),
    ],
)
def test_forms_of_a_single_value(accept: str, kind: Kind) -> None:
    assert parse_accept(accept, SCALAR) == Form(kind)
    assert Form(Kind.BYTES).content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", Kind.OPENAPI),
        ("*/*", Kind.OPENAPI),
        ("application/openapi+json", Kind.OPENAPI),
        ("application/json", Kind.ARRAY),
    ],
)
def test_forms_of_the_description(accept: str, kind: Kind) -> None:
    assert parse_accept(accept, DESCRIPTION) == Form(kind)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/plain",
        "application/octet-stream",
        "application/openapi+json",
        "application/geo+json",
        "application/json;q=0",
        "*/*;q=0",
        "image/*",
        "nonsense",
        ",",
        '"',
        f'{PLAN};for="image/png"',
        f'{PLAN};for="{PLAN}"',
    ],
)
def test_other_forms_are_refused(accept: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_accept(accept, ROWS)
    assert (refused.value.status, refused.value.code) == (406, "PGRST107")
    assert refused.value.message == f"None of these media types are available: {accept}"


@pytest.mark.parametrize(("read", "name"), [(parse_accept, "Accept"), (parse_preferences, "Prefer")])
def test_long_headers_are_refused(read: Callable[[str], object], name: str) -> None:
    longest = "application/json,".ljust(MAX_HEADER, "x")
    assert read(longest)
    with pytest.raises(AppError, match=f"The header {name} is longer than {MAX_HEADER}") as refused:
        read(longest + "x")
    assert refused.value.status == 431


def test_a_form_says_how_the_statement_writes_it() -> None:
    assert [Form().format, Form(Kind.OBJECT).format, Form(Kind.TEXT).format] == [Format.JSON] * 3
    assert [Form(Kind.CSV).format, Form(is_stripped=True).format] == [Format.CSV, Format.STRIPPED]
    assert [kind for kind in Kind if Form(kind).is_object] == [Kind.OBJECT]


@given(st.text(max_size=60) | st.text(alphabet='*/;,="q.01 aplictonj+', max_size=60))
def test_any_header_is_read_or_refused(text: str) -> None:
    with suppress(AppError):
        parse_accept(text)
    with suppress(AppError):
        parse_preferences(text)
    with suppress(AppError):
        parse_range(text, None)


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


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(AppError, match="not satisfiable") as refused:
        parse_range("9-0", None)
    assert (refused.value.status, refused.value.code) == (416, "PGRST103")
