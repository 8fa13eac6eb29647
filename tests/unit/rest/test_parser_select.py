"""What `select` may say, and where it goes wrong."""

import pytest

from api.rest.grammar.parser import parse_target
from api.rest.grammar.selection import MAX_EMBED_DEPTH, MAX_EMBEDS, MAX_ITEMS, has_aggregates, parse_selection
from api.rest.query import EVERYTHING, Embed, Field, Item, Selected, Step
from zilliance.errors import AppError

A, B, C = Item(Field("a")), Item(Field("b")), Item(Field("c"))
F = Step("->", "f", is_index=False)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("*", EVERYTHING),
        ("a,b", (A, B)),
        (" a , b\t,  *", (A, B, Item(None))),
        ("x:a", (Item(Field("a"), "x"),)),
        ('"x y":"a,(b"', (Item(Field("a,(b"), "x y"),)),
        (r'"a\"\\b"', (Item(Field('a"\\b')),)),
        ("two words-and-dashes$", (Item(Field("two words-and-dashes$")),)),
        ("größe", (Item(Field("größe")),)),
        ("a::text", (Item(Field("a"), cast="text"),)),
        ("a::Double Precision", (Item(Field("a"), cast="double precision"),)),
        ("a::int[],b", (Item(Field("a"), cast="int[]"), B)),
        ("a->f", (Item(Field("a", (F,)), alias="f"),)),
        ("a->f->>0", (Item(Field("a", (F, Step("->>", "0", is_index=True))), alias="f"),)),
        ("a->-1", (Item(Field("a", (Step("->", "-1", is_index=True),)), alias="a"),)),
        ("a->>1x", (Item(Field("a", (Step("->>", "1x", is_index=False),)), alias="1x"),)),
        ('a->"f.g"::int', (Item(Field("a", (Step("->", "f.g", is_index=False),)), alias="f.g", cast="int"),)),
        ("x:a->f", (Item(Field("a", (F,)), alias="x"),)),
        ("count()", (Item(None, aggregate="count"),)),
        ("n:count()::int", (Item(None, "n", aggregate="count", aggregate_cast="int"),)),
        ("a.sum()", (Item(Field("a"), aggregate="sum"),)),
        ("x:a::int.avg()::text", (Item(Field("a"), "x", "int", "avg", "text"),)),
        ("a->f.max(),b", (Item(Field("a", (F,)), aggregate="max"), B)),
        ("a->0.min()", (Item(Field("a", (Step("->", "0", is_index=True),)), aggregate="min"),)),
        ("a.count()", (Item(Field("a"), aggregate="count"),)),
        ("count", (Item(Field("count")),)),
    ],
)
def test_columns(text: str, items: tuple[Selected, ...]) -> None:
    assert parse_selection(text).items == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("r(*)", (Embed("r", select=EVERYTHING),)),
        ("a,r(b,c),b", (A, Embed("r", select=(B, C)), B)),
        ("r()", (Embed("r"),)),
        (" r( a , b ) , s( )", (Embed("r", select=(A, B)), Embed("s"))),
        ("x:r(a)", (Embed("r", "x", select=(A,)),)),
        ("r!fk(a)", (Embed("r", hint="fk", select=(A,)),)),
        ("r!inner(a)", (Embed("r", is_inner=True, select=(A,)),)),
        ("r!left(a)", (Embed("r", select=(A,)),)),
        ("x:r!fk!inner(a)", (Embed("r", "x", "fk", is_inner=True, select=(A,)),)),
        ("r!inner!fk(a)", (Embed("r", hint="fk", is_inner=True, select=(A,)),)),
        ('r!"inner"(a)', (Embed("r", hint="inner", select=(A,)),)),
        ('"odd (r)"!"f.k"(a)', (Embed("odd (r)", hint="f.k", select=(A,)),)),
        ("...r(a)", (Embed("r", is_spread=True, select=(A,)),)),
        ("...r!fk!inner(a,...s(b))", (
            Embed("r", hint="fk", is_inner=True, is_spread=True, select=(A, Embed("s", is_spread=True, select=(B,)))),
        )),
        ("r(a,s(b,t()),count())", (
            Embed("r", select=(A, Embed("s", select=(B, Embed("t"))), Item(None, aggregate="count"))),
        )),
    ],
)  # fmt: skip
def test_embedded_relations(text: str, items: tuple[Selected, ...]) -> None:
    assert parse_selection(text).items == items


def test_embedded_relations_are_known_by_alias_or_name() -> None:
    assert parse_selection("a,x:r(s()),t()").embeds == {"x", "t"}


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        (",", 1, "field name"),
        ("a,", 3, "field name"),
        ("a,,b", 3, "field name"),
        ("a b)", 4, '"," or end of input'),
        ("  ,a", 3, "field name"),
        ("a:b:c", 4, '"," or end of input'),
        ("a::", 4, "name of a type"),
        ("a::1", 4, "name of a type"),
        ("a.total()", 2, '".sum()"'),
        ("a.sum", 2, '".sum()"'),
        ("a.sum().avg()", 8, '"," or end of input'),
        ("a-", 2, '"," or end of input'),
        ("a->", 4, "JSON key"),
        ("a->.b", 4, "JSON key"),
        ("*a", 2, '"," or end of input'),
        ('"a', 1, "field name"),
        ('""', 1, "field name"),
        ("r(a", 4, '"," or ")"'),
        ("r(a,b]", 6, '"," or ")"'),
        ("r(a))", 5, '"," or end of input'),
        ("r!(a)", 3, "field name"),
        ("r!fk", 5, '"("'),
        ("r!a!b(c)", 4, '"("'),
        ("r!inner!left(c)", 8, '"("'),
        ("r->x(a)", 5, '"," or end of input'),
        ("...x:r(a)", 5, '"("'),
        ("...a", 5, '"("'),
        ("..r(a)", 1, "field name"),
        ("x:...r(a)", 3, "field name"),
        ("*(a)", 2, '"," or end of input'),
        ("r(a;b)", 4, '"," or ")"'),
    ],
)
def test_mistakes_are_placed(text: str, column: int, expected: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_selection(text)
    assert refused.value.code == "PGRST100"
    assert refused.value.message == f'"failed to parse select parameter ({text})" (line 1, column {column})'
    assert expected in refused.value.details


def nested(depth: int) -> str:
    return "r(" * depth + "a" + ")" * depth


@pytest.mark.parametrize(
    ("most", "more", "limit"),
    [
        (nested(MAX_EMBED_DEPTH), nested(MAX_EMBED_DEPTH + 1), MAX_EMBED_DEPTH),
        (",".join(["r()"] * MAX_EMBEDS), ",".join(["r()"] * (MAX_EMBEDS + 1)), MAX_EMBEDS),
        ("r(a)," + "a," * (MAX_ITEMS - 3) + "a", "r(a)," + "a," * (MAX_ITEMS - 2) + "a", MAX_ITEMS),
    ],
)
def test_limits(most: str, more: str, limit: int) -> None:
    parse_selection(most)
    with pytest.raises(AppError, match=f"more than {limit}") as refused:
        parse_selection(more)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", False),
        (b"select=*,a,r(*)", False),
        (b"select=count()", True),
        (b"select=a,b.sum()", True),
        (b"select=a,r(s(b.max()))", True),
    ],
)
def test_aggregates_are_found_anywhere(query: bytes, expected: bool) -> None:
    assert has_aggregates(parse_target(query).select) is expected


@pytest.mark.parametrize("query", [b"", b"select=", b"select", b"a=eq.1"])
def test_without_select_everything_is_shown(query: bytes) -> None:
    assert parse_target(query).select == EVERYTHING
