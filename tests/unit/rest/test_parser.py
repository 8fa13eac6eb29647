"""The query string as a whole: its parameters, its limits, and whatever else somebody may send."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.grammar.parser import MAX_PARAMETERS, MAX_QUERY_LENGTH, parse_target
from api.rest.query import EVERYTHING, Condition, Field, Ordering, Step, Target
from zilliance.errors import AppError

PARAMETERS = ("select", "order", "or", "a", "columns", "on_conflict", "limit", "r.limit", "r.order", "r.not.or", "r.a")

WORDS = [
    "a", "r(", ")", ",", ".", "eq.", "not.", "and(", "or(", "in.(", '"', "->", "!", ":", "::", "*", "...", "sum()",
    "is.null", "{", "}", " ", "desc",
]  # fmt: skip
OPENINGS = [*(f"{name}=" for name in PARAMETERS), "or=(a.eq.", "a=in.(", "a=not.", "a=fts(", ""]
REPEATED = [
    '"', '\\"', '",', "\\", "a-", "a->", "->0", "a(", "(", "a,", "a.", "a:", "a::", "!a", "and(", "not.and(", "not.",
    "{", "{,", " ", "a ", "a.eq.1,", "...a(", "a()", ",", ".", "%22", "1", "a.b.c.", "$-",
]  # fmt: skip


def test_an_empty_query_asks_for_everything() -> None:
    assert parse_target(b"") == Target(EVERYTHING, (), (), ())
    assert parse_target(b"&select=&order=&columns=&&on_conflict=&apikey=key") == parse_target(b"")


def test_requests_that_differ_in_values_alone_have_one_shape() -> None:
    one = parse_target(b"select=r(*)&r.limit=1&a=eq.1&or=(b.gt.2,c.is.null)&limit=5")
    other = parse_target(b"select=r(*)&r.limit=9&a=eq.9&or=(b.gt.7,c.is.null)&limit=5")
    assert (one.where, one.select, one.order) == (other.where, other.select, other.order)
    assert (one.values, other.values) == (("1", "1", "2"), ("9", "9", "7"))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (b"a=eq.x+y", "x y"),
        (b"a=eq.x%20y%2Bz", "x y+z"),
        (b"%61=%65q.%C3%A4", "ä"),
        ("a=eq.ä".encode(), "ä"),
        (b"a=eq.b=c", "b=c"),
    ],
)
def test_escapes(query: bytes, value: str) -> None:
    target = parse_target(query)
    assert (target.where, target.values) == ((Condition(Field("a"), "eq", 0),), (value,))


@pytest.mark.parametrize(
    "query", [b"a=eq.%", b"a=eq.%4", b"a=eq.%zz", b"a=eq.%ff", b"a=eq.\xff", b"a=eq.%00", b"\0=eq.1"]
)
def test_what_is_no_text_is_refused(query: bytes) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(query)
    assert (refused.value.status, refused.value.code) == (400, "PGRST100")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a,b.desc", (Ordering(Field("a")), Ordering(Field("b"), "desc"))),
        ("a.asc.nullslast,b.nullsfirst", (Ordering(Field("a"), "asc", "last"), Ordering(Field("b"), "", "first"))),
        (' a , "b.desc".desc', (Ordering(Field("a")), Ordering(Field("b.desc"), "desc"))),
        ("a->b->>0.desc", (
            Ordering(Field("a", (Step("->", "b", is_index=False), Step("->>", "0", is_index=True))), "desc"),
        )),
        ("r(a).desc.nullslast,r( b->c )", (
            Ordering(Field("a"), "desc", "last", embed="r"),
            Ordering(Field("b", (Step("->", "c", is_index=False),)), embed="r"),
        )),
    ],
)  # fmt: skip
def test_order(text: str, order: tuple[Ordering, ...]) -> None:
    assert parse_target(f"select=r()&order={text}".encode()).order == order


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (",", 1),
        ("a,", 3),
        ("a.ac", 2),
        ("a.descc", 2),
        ("a.asc.desc", 6),
        ("a.nullsfirst.desc", 13),
        ("a.asc.nullslasttt", 6),
        ("r(a", 4),
        ("r(a,b)", 4),
        ("r->x(a)", 5),
        ("r(s(a))", 4),
        ("r()", 3),
    ],
)
def test_mistakes_in_order_are_placed(text: str, column: int) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(f"order={text}".encode())
    assert refused.value.message == f'"failed to parse order ({text})" (line 1, column {column})'


def test_names_of_columns() -> None:
    target = parse_target(b'columns="a","b,c" , d,a&on_conflict=a,b')
    assert (target.columns, target.on_conflict) == (("a", "b,c", "d"), ("a", "b"))
    with pytest.raises(AppError, match=r"failed to parse columns parameter \(a;b\).*column 2"):
        parse_target(b"columns=a;b")
    with pytest.raises(AppError, match="columns parameter has more than 1600"):
        parse_target(b"columns=" + b",".join([b"a"] * 2000))


def test_arguments_of_a_function_are_no_conditions() -> None:
    query = b"x=1&y=eq.2&x=3&a=eq.4&limit=5&select=6&x.y=z"
    assert parse_target(query.removesuffix(b"&x.y=z"), frozenset({"x", "y", "limit"})) == Target(
        parse_target(b"select=6").select,
        (Condition(Field("a"), "eq", 0),),
        (),
        ("4",),
        arguments=(("x", "1"), ("y", "eq.2"), ("x", "3"), ("limit", "5")),
    )
    with pytest.raises(AppError, match="failed to parse filter"):
        parse_target(query)


def nested(depth: int) -> bytes:
    """A path, and all of it embedded as far as that may be."""
    return b"select=" + b"r(" * min(depth, 8) + b")" * min(depth, 8) + b"&" + b"r." * depth


@pytest.mark.parametrize(
    ("most", "more", "status"),
    [
        (b"a=eq." + b"x" * (MAX_QUERY_LENGTH - 5), b"a=eq." + b"x" * (MAX_QUERY_LENGTH - 4), 414),
        (b"&".join([b"a=eq.1"] * MAX_PARAMETERS), b"&".join([b"a=eq.1"] * (MAX_PARAMETERS + 1)), 400),
        (b"order=" + b",".join([b"a"] * 100), b"order=" + b",".join([b"a"] * 101), 400),
        (nested(8) + b"a=eq.1", nested(9) + b"a=eq.1", 400),
        (nested(8) + b"limit=1", nested(9) + b"limit=1", 400),
    ],
)
def test_limits(most: bytes, more: bytes, status: int) -> None:
    parse_target(most)
    with pytest.raises(AppError, match=r"more than|longer than") as refused:
        parse_target(more)
    assert refused.value.status == status


@given(st.binary(max_size=80))
def test_any_bytes_are_parsed_or_refused(query: bytes) -> None:
    parsed_or_refused(query)


@given(st.text(max_size=60) | st.text(alphabet='aeq.()[]{},:;"\\->*!&=%01 \t\n\0', max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for name in PARAMETERS:
        parsed_or_refused(f"select=r(*)&{name}={text}".encode())
    parsed_or_refused(f"select=r(*)&{text}=eq.1".encode())


@given(st.lists(st.sampled_from(WORDS), max_size=20))
def test_any_words_of_the_grammar_are_parsed_or_refused(words: list[str]) -> None:
    text = "".join(words)
    for name in PARAMETERS:
        parsed_or_refused(f"select=r(*)&{name}={text}".encode())
    parsed_or_refused(f"select=r(*)&{text}=eq.1".encode())


@pytest.mark.parametrize("prefix", OPENINGS)
@pytest.mark.parametrize("part", REPEATED)
def test_nothing_takes_long_to_parse(prefix: str, part: str) -> None:
    query = (f"{prefix}{part * MAX_QUERY_LENGTH}"[:MAX_QUERY_LENGTH]).encode()
    start = time.thread_time()
    parsed_or_refused(query)
    assert time.thread_time() - start < 2  # seconds of the processor; all but a few take under 0.02


def parsed_or_refused(query: bytes) -> None:
    """Any other error fails the test."""
    with suppress(AppError):
        parse_target(query)
