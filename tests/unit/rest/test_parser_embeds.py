"""Parameters that speak of embedded relations."""

import pytest

from api.rest.grammar.parser import parse_target
from api.rest.query import EVERYTHING, Condition, Embed, Field, Group, Ordering, Selected, Step
from zilliance.errors import AppError

A, B = Field("a"), Field("b")


def embeds(query: str) -> tuple[tuple[Selected, ...], tuple[str, ...]]:
    target = parse_target(query.encode())
    assert target.where == ()
    return target.select, target.values


@pytest.mark.parametrize(
    ("query", "embed", "values"),
    [
        ("select=r(*)&r.a=eq.1", Embed("r", select=EVERYTHING, where=(Condition(A, "eq", 0),)), ("1",)),
        ("r.a=eq.1&select=r(*)", Embed("r", select=EVERYTHING, where=(Condition(A, "eq", 0),)), ("1",)),
        ("select=x:r()&x.a=eq.1", Embed("r", "x", where=(Condition(A, "eq", 0),)), ("1",)),
        ("select=...r()&r.a=eq.1", Embed("r", is_spread=True, where=(Condition(A, "eq", 0),)), ("1",)),
        ('select="r.s"()&"r.s"."a.b"=eq.1', Embed("r.s", where=(Condition(Field("a.b"), "eq", 0),)), ("1",)),
        ('select="or"()&"or".a=eq.1', Embed("or", where=(Condition(A, "eq", 0),)), ("1",)),
        ("select=r()&r.a->>b=eq.1", Embed("r", where=(
            Condition(Field("a", (Step("->>", "b", is_index=False),)), "eq", 0),
        )), ("1",)),
        ("select=r()&r.a=eq.1&r.b=is.null", Embed("r", where=(
            Condition(A, "eq", 0), Condition(B, "is", word="null"),
        )), ("1",)),
        ("select=r()&r.or=(a.eq.1,b.eq.2)", Embed("r", where=(
            Group("or", (Condition(A, "eq", 0), Condition(B, "eq", 1))),
        )), ("1", "2")),
        ("select=r()&r.not.and=(a.eq.1)", Embed("r", where=(
            Group("and", (Condition(A, "eq", 0),), negated=True),
        )), ("1",)),
        ("select=r()&r.order=a.desc,b.asc.nullsfirst", Embed("r", order=(
            Ordering(A, "desc"), Ordering(B, "asc", "first"),
        )), ()),
        ("select=r(s())&r.order=s(a)", Embed("r", select=(Embed("s"),), order=(Ordering(A, embed="s"),)), ()),
        ("select=r()&r.order=", Embed("r"), ()),
        ("select=r()&r.limit=10&r.offset=020", Embed("r", limit=0, offset=1), ("10", "20")),
        ("select=r(s(t()))&r.s.t.a=eq.1&r.s.limit=2&r.b=eq.3", Embed("r", where=(Condition(B, "eq", 2),), select=(
            Embed("s", limit=1, select=(Embed("t", where=(Condition(A, "eq", 0),)),)),
        )), ("1", "2", "3")),
        ("select=r(s())&r.s=is.null", Embed("r", select=(Embed("s"),), where=(
            Condition(Field("s"), "is", word="null"),
        )), ()),
    ],
)  # fmt: skip
def test_parameters_stand_at_their_relation(query: str, embed: Embed, values: tuple[str, ...]) -> None:
    assert embeds(query) == ((embed,), values)


def test_what_is_not_spoken_of_stays_as_it_is() -> None:
    select, _ = embeds("select=a,r(s()),t(b)&t.limit=1")
    assert select[:2] == embeds("select=a,r(s())")[0]


def test_of_two_relations_of_one_name_the_first_is_meant() -> None:
    assert embeds("select=r(a),r(b)&r.limit=1")[0] == (
        *embeds("select=r(a)&r.limit=1")[0],
        *embeds("select=r(b)")[0],
    )


@pytest.mark.parametrize(
    ("query", "term"),
    [
        (b"select=r()&r=is.null", Condition(Field("r"), "is", word="null")),
        (b"select=x:r()&x=not.is.null", Condition(Field("x"), "is", negated=True, word="null")),
        (b"select=r()&r=is.not_null", Condition(Field("r"), "is", word="not_null")),
        (b"select=r()&or=(r.is.null,a.eq.1)", Group("or", (
            Condition(Field("r"), "is", word="null"), Condition(A, "eq", 0),
        ))),
        (b"select=x:r()&r=eq.1", Condition(Field("r"), "eq", 0)),
        (b"select=r()&r->a=eq.1", Condition(Field("r", (Step("->", "a", is_index=False),)), "eq", 0)),
    ],
)  # fmt: skip
def test_existence_of_embedded_rows_is_a_condition(query: bytes, term: Condition | Group) -> None:
    assert parse_target(query).where == (term,)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (b"select=r()&r=eq.1", "r"),
        (b"select=r()&r=is.true", "r"),
        (b"select=x:r()&x=in.(1)", "x"),
        (b"select=r()&or=(a.eq.1,and(r.gt.1))", "r"),
        (b"select=r(s())&r.s=eq.1", "s"),
    ],
)
def test_embedded_rows_are_compared_with_null_alone(query: bytes, name: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(query)
    assert (refused.value.status, refused.value.code) == (400, "PGRST120")
    assert refused.value.message == f"Bad operator on the '{name}' embedded resource"
    assert refused.value.details == "Only is null or not is null filters are allowed on embedded resources"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (b"r.a=eq.1", "r"),
        (b"select=a&r.limit=1", "r"),
        (b"select=x:r()&r.order=a", "r"),
        (b"select=r(s())&s.a=eq.1", "s"),
        (b"select=r(s())&r.t.or=(a.eq.1)", "t"),
        (b"select=r()&r.s.t.a=eq.1", "s"),
        (b"select=a&order=r(a)", "r"),
        (b"order=r(a)", "r"),
        (b"select=r()&r.order=s(a)", "s"),
    ],
)
def test_a_path_must_lead_to_an_embedded_relation(query: bytes, name: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(query)
    assert (refused.value.status, refused.value.code) == (400, "PGRST108")
    assert refused.value.message == f"'{name}' is not an embedded resource in this request"
    assert refused.value.hint == f"Verify that '{name}' is included in the 'select' query parameter."


@pytest.mark.parametrize(
    ("number", "status"),
    [("x", 400), ("", 400), ("1.5", 400), ("9223372036854775808", 400), ("-1", 416), ("%D9%A1", 400)],
)
@pytest.mark.parametrize("name", ["limit", "offset", "r.limit", "r.offset"])
def test_numbers_of_rows_are_checked(name: str, number: str, status: int) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(f"select=r()&{name}={number}".encode())
    assert refused.value.status == status
    assert parse_target(f"select=r()&{name}=9223372036854775807".encode())
