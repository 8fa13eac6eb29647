"""Conditions and their trees, and where they go wrong."""

from urllib.parse import quote

import pytest

from api.rest.grammar.filters import MAX_DEPTH, MAX_LIST, MAX_TERMS, array_literal
from api.rest.grammar.parser import parse_target
from api.rest.grammar.reader import MAX_STEPS
from api.rest.query import Condition, Field, Group, Step
from zilliance.errors import AppError

A = Field("a")
QUANTIFIABLE = ["eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"]


def one(text: str) -> tuple[Condition | Group, tuple[str, ...]]:
    target = parse_target(text.encode())
    (term,) = target.where
    return term, target.values


@pytest.mark.parametrize(
    ("text", "condition", "values"),
    [
        ("eq.1.5", Condition(A, "eq", 0), ("1.5",)),
        ("eq.", Condition(A, "eq", 0), ("",)),
        ("eq.(a),b", Condition(A, "eq", 0), ("(a),b",)),
        ('eq."a"', Condition(A, "eq", 0), ('"a"',)),
        ("not.eq.x", Condition(A, "eq", 0, negated=True), ("x",)),
        ("eq.not.x", Condition(A, "eq", 0), ("not.x",)),
        ("like.x*y%25", Condition(A, "like", 0), ("x%y%",)),
        ("not.ilike.*", Condition(A, "ilike", 0, negated=True), ("%",)),
        ("match.^a*", Condition(A, "match", 0), ("^a*",)),
        ("isdistinct.null", Condition(A, "isdistinct", 0), ("null",)),
        ("is.NULL", Condition(A, "is", word="null"), ()),
        ("is.not_null", Condition(A, "is", word="not_null"), ()),
        ("not.is.Unknown", Condition(A, "is", negated=True, word="unknown"), ()),
        ("in.()", Condition(A, "in", 0), ("{}",)),
        ('in.("")', Condition(A, "in", 0), ('{""}',)),
        ('in.(1,"b,c",)', Condition(A, "in", 0), ('{"1","b,c",""}',)),
        (r'in.("a\"b","c\\")', Condition(A, "in", 0), (r'{"a\"b","c\\"}',)),
        ('in.(a"b,"c"d)', Condition(A, "in", 0), (r'{"a\"b","\"c\"d"}',)),
        ("not.in. ( 1,2 ) ", Condition(A, "in", 0, negated=True), ('{"1","2 "}',)),
        ("fts.cat", Condition(A, "fts", 0), ("cat",)),
        ("wfts(english).a or b", Condition(A, "wfts", 0, modifier="english"), ("a or b",)),
        ("plfts(my lang ).x", Condition(A, "plfts", 0, modifier="my lang"), ("x",)),
        ("eq(any).{1,2}", Condition(A, "eq", 0, modifier="any"), ("{1,2}",)),
        ("not.ilike(all).{a*,*b}", Condition(A, "ilike", 0, negated=True, modifier="all"), ("{a%,%b}",)),
        ("adj.(1,10)", Condition(A, "adj", 0), ("(1,10)",)),
    ],
)
def test_a_condition(text: str, condition: Condition, values: tuple[str, ...]) -> None:
    assert one(f"a={text}") == (condition, values)


@pytest.mark.parametrize("operator", [*QUANTIFIABLE, "neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj"])
def test_every_operator_takes_a_value(operator: str) -> None:
    assert one(f"a={operator}.v") == (Condition(A, operator, 0), ("v",))
    assert one(f"or=(a.{operator}.v)") == (Group("or", (Condition(A, operator, 0),)), ("v",))


@pytest.mark.parametrize("operator", QUANTIFIABLE)
def test_some_operators_take_a_quantifier(operator: str) -> None:
    assert one(f"a={operator}(all).{{v}}") == (Condition(A, operator, 0, modifier="all"), ("{v}",))


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("a-b", Field("a-b")),
        ("a b ", Field("a b")),
        ('"a.b"', Field("a.b")),
        ('"or"', Field("or")),
        ('"order"', Field("order")),
        ("a->>b", Field("a", (Step("->>", "b", is_index=False),))),
        ('a->"b.c"->0', Field("a", (Step("->", "b.c", is_index=False), Step("->", "0", is_index=True)))),
    ],
)
def test_a_field(key: str, field: Field) -> None:
    assert one(f"{quote(key)}=eq.1") == (Condition(field, "eq", 0), ("1",))


@pytest.mark.parametrize(
    ("text", "group", "values"),
    [
        ("or=(a.eq.1,b.is.null)", Group("or", (
            Condition(A, "eq", 0), Condition(Field("b"), "is", word="null"),
        )), ("1",)),
        ("not.and=(a.gt.1)", Group("and", (Condition(A, "gt", 0),), negated=True), ("1",)),
        (
            "and=(a.eq.1,not.or(b.in.(2,3),not.and(c.not.eq.4)))",
            Group("and", (
                Condition(A, "eq", 0),
                Group("or", (
                    Condition(Field("b"), "in", 1),
                    Group("and", (Condition(Field("c"), "eq", 2, negated=True),), negated=True),
                ), negated=True),
            )),
            ("1", '{"2","3"}', "4"),
        ),
        ("or= ( a.eq.1, and ( b.eq.2 ) ) ", Group("or", (
            Condition(A, "eq", 0), Group("and", (Condition(Field("b"), "eq", 1),)),
        )), ("1", "2 ")),
        ('or=(a.eq."x,)",b.cs.{1,2})', Group("or", (
            Condition(A, "eq", 0), Condition(Field("b"), "cs", 1),
        )), ("x,)", "{1,2}")),
        ('or=(a.eq."x"y,b.eq.{1}z)', Group("or", (
            Condition(A, "eq", 0), Condition(Field("b"), "eq", 1),
        )), ('"x"y', "{1}z")),
        ("or=(a.like.x*,b.fts(english).c)", Group("or", (
            Condition(A, "like", 0), Condition(Field("b"), "fts", 1, modifier="english"),
        )), ("x%", "c")),
        ("or=(and.eq.1,or.eq.2)", Group("or", (
            Condition(Field("and"), "eq", 0), Condition(Field("or"), "eq", 1),
        )), ("1", "2")),
        ("or=(a->b->>0.eq.1)", Group("or", (
            Condition(Field("a", (Step("->", "b", is_index=False), Step("->>", "0", is_index=True))), "eq", 0),
        )), ("1",)),
        ("or=(a.eq.)", Group("or", (Condition(A, "eq", 0),)), ("",)),
    ],
)  # fmt: skip
def test_a_group(text: str, group: Group, values: tuple[str, ...]) -> None:
    assert one(text) == (group, values)


def test_values_stand_in_the_places_that_conditions_name() -> None:
    target = parse_target(b"a=eq.x&or=(b.in.(1,2),c.is.null,d.gt.y)&e=not.like.z*")
    assert target.values == ("x", '{"1","2"}', "y", "z%")
    assert target.where == (
        Condition(A, "eq", 0),
        Group("or", (
            Condition(Field("b"), "in", 1), Condition(Field("c"), "is", word="null"), Condition(Field("d"), "gt", 2),
        )),
        Condition(Field("e"), "like", 3, negated=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "what", "column", "expected"),
    [
        ("a=1", "filter (1)", 1, "operator"),
        ("a=", "filter ()", 1, "operator"),
        ("a=noop.1", "filter (noop.1)", 1, "operator"),
        ("a=EQ.1", "filter (EQ.1)", 1, "operator"),
        ("a=eq", "filter (eq)", 1, "operator"),
        ("a=not.not.eq.1", "filter (not.not.eq.1)", 5, "operator"),
        ("a=neq(any).1", "filter (neq(any).1)", 1, "operator"),
        ("a=eq(some).1", "filter (eq(some).1)", 1, "operator"),
        ("a=eq().1", "filter (eq().1)", 1, "operator"),
        ("a=in(any).(1)", "filter (in(any).(1))", 1, "operator"),
        ("a=fts(a-b).x", "filter (fts(a-b).x)", 1, "operator"),
        ("a=is.nil", "filter (is.nil)", 4, "not_null"),
        ("a=is.", "filter (is.)", 4, "not_null"),
        ("a=is.null,x", "filter (is.null,x)", 8, "end of input"),
        ("a=in.1", "filter (in.1)", 4, '"("'),
        ("a=in.(1", "filter (in.(1)", 6, '"," or ")"'),
        ("a=in.(1)x", "filter (in.(1)x)", 7, "end of input"),
        ("a(b)=eq.1", "tree path (a(b))", 2, '"."'),
        ("a.=eq.1", "tree path (a.)", 3, "field name"),
        ("=eq.1", "tree path ()", 1, "field name"),
        ("a->>b.c=eq.1", "tree path (a->>b.c)", 6, '"->"'),
        (".and=(a.eq.1)", "logic path ()", 1, "field name"),
        ("r s!.or=(a.eq.1)", "logic path (r s!)", 4, '"."'),
        ("r->x.limit=1", "tree path (r->x)", 2, '"."'),
        ("or=a.eq.1", "logic tree (a.eq.1)", 1, '"("'),
        ("or=()", "logic tree (())", 2, "field name"),
        ("or=(a.eq.1", "logic tree ((a.eq.1)", 8, '"," or ")"'),
        ("or=(a.eq.1)x", "logic tree ((a.eq.1)x)", 9, "end of input"),
        ("or=(a.eq.1,)", "logic tree ((a.eq.1,))", 9, "field name"),
        ("or=(a)", "logic tree ((a))", 3, '"."'),
        ("or=(a.b.eq.1)", "logic tree ((a.b.eq.1))", 4, "operator"),
        ("or=(a.is.x)", "logic tree ((a.is.x))", 7, "not_null"),
        ("or=(not.xor(a.eq.1))", "logic tree ((not.xor(a.eq.1)))", 6, "operator"),
        ("or=(and())", "logic tree ((and()))", 6, "field name"),
    ],
)
def test_mistakes_are_placed(query: str, what: str, column: int, expected: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_target(query.encode())
    assert (refused.value.status, refused.value.code) == (400, "PGRST100")
    assert refused.value.message == f'"failed to parse {what}" (line 1, column {column})'
    assert expected in refused.value.details


def terms(count: int) -> str:
    return ",".join(["a.is.null"] * count)


@pytest.mark.parametrize(
    ("most", "more", "limit"),
    [
        (
            "and=(" + "or(" * (MAX_DEPTH - 1) + terms(1) + ")" * MAX_DEPTH,
            "and=(" + "or(" * MAX_DEPTH + terms(1) + ")" * (MAX_DEPTH + 1),
            MAX_DEPTH,
        ),
        (
            f"a=eq.1&b=is.null&or=(and({terms(MAX_TERMS - 4)}),{terms(1)})&and=({terms(1)})",
            f"a=eq.1&b=is.null&or=(and({terms(MAX_TERMS - 4)}),{terms(1)})&and=({terms(2)})",
            MAX_TERMS,
        ),
        ("a" + "->b" * MAX_STEPS + "=eq.1", "a" + "->b" * (MAX_STEPS + 1) + "=eq.1", MAX_STEPS),
        (f"a=in.({','.join('1' * MAX_LIST)})", f"a=in.({','.join('1' * (MAX_LIST + 1))})", MAX_LIST),
    ],
)
def test_limits(most: str, more: str, limit: int) -> None:
    parse_target(most.encode())
    with pytest.raises(AppError, match=f"more than {limit}") as refused:
        parse_target(more.encode())
    assert refused.value.status == 400


def test_an_array_literal_keeps_every_character() -> None:
    assert array_literal(['a"b', "c\\d", "e,f", ""]) == '{"a\\"b","c\\\\d","e,f",""}'
