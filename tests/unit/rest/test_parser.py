"""The grammar of URLs, without a database."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.filters import array_literal
from api.rest.parser import parse_order, parse_select, parse_target
from api.rest.query import EVERYTHING, Condition, Field, Group, Item, Ordering, Step
from zilliance.errors import AppError


def test_an_empty_query_asks_for_everything() -> None:
    target = parse_target(b"")
    assert (target.select, target.where, target.order, target.limit, target.offset) == (EVERYTHING, (), (), None, 0)


def test_requests_that_differ_in_values_alone_have_one_shape() -> None:
    one = parse_target(b"a=eq.1&or=(b.gt.2,c.is.null)&limit=5")
    other = parse_target(b"a=eq.9&or=(b.gt.7,c.is.null)&limit=5")
    assert (one.where, one.select, one.order) == (other.where, other.select, other.order)
    assert (one.values, other.values) == (("1", "2"), ("9", "7"))


def test_select() -> None:
    assert parse_select('*,a,b:c,d::text,e->f->>0,"odd name":"x""'[:-1]) == (
        Item(None),
        Item(Field("a")),
        Item(Field("c"), alias="b"),
        Item(Field("d"), cast="text"),
        Item(Field("e", (Step("->", "f", is_index=False), Step("->>", "0", is_index=True))), alias="f"),
        Item(Field("x"), alias="odd name"),
    )


def test_order() -> None:
    assert parse_order("a,b.desc,c.asc.nullslast,d.nullsfirst") == (
        Ordering(Field("a")),
        Ordering(Field("b"), "desc"),
        Ordering(Field("c"), "asc", "last"),
        Ordering(Field("d"), "", "first"),
    )


@pytest.mark.parametrize(
    ("query", "condition", "values"),
    [
        (b"a=eq.1.5", Condition(Field("a"), "eq"), ("1.5",)),
        (b"a=eq.", Condition(Field("a"), "eq"), ("",)),
        (b"a=not.like.x*", Condition(Field("a"), "like", negated=True), ("x%",)),
        (b"a=is.NULL", Condition(Field("a"), "is", word="null"), ()),
        (b"a=in.(1,%22b,c%22,)", Condition(Field("a"), "in"), ('{"1","b,c",""}',)),
        (b"a=fts(english).cat", Condition(Field("a"), "fts", modifier="english"), ("cat",)),
        (b"a=eq(any).{1,2}", Condition(Field("a"), "eq", modifier="any"), ("{1,2}",)),
        (b"a-b=eq.x+y", Condition(Field("a-b"), "eq"), ("x y",)),
        (b"a->>b=eq.1", Condition(Field("a", (Step("->>", "b", is_index=False),)), "eq"), ("1",)),
    ],
)
def test_a_condition(query: bytes, condition: Condition, values: tuple[str, ...]) -> None:
    target = parse_target(query)
    assert (target.where, target.values) == ((condition,), values)


def test_a_tree_of_conditions() -> None:
    target = parse_target(b'not.and=(a.eq.1,not.or(b.in.(2,3),c.eq."x,)"))')
    inner = Group("or", (Condition(Field("b"), "in"), Condition(Field("c"), "eq")), negated=True)
    assert target.where == (Group("and", (Condition(Field("a"), "eq"), inner), negated=True),)
    assert target.values == ("1", '{"2","3"}', "x,)")


def test_an_array_literal_keeps_every_character() -> None:
    assert array_literal(['a"b', "c\\d", "e,f", ""]) == '{"a\\"b","c\\\\d","e,f",""}'


@given(st.binary(max_size=80))
def test_any_bytes_are_parsed_or_refused(query: bytes) -> None:
    parsed_or_refused(query)


@given(st.text(alphabet='aeq.()[]{},:;"\\->*!&=%01 \0', max_size=60))
def test_any_grammar_is_parsed_or_refused(text: str) -> None:
    for query in (f"select={text}", f"order={text}", f"or={text}", f"a={text}", f"{text}=eq.1"):
        parsed_or_refused(query.encode())


def parsed_or_refused(query: bytes) -> None:
    """Any other error fails the test."""
    with suppress(AppError):
        parse_target(query)
