"""Statements: what stands in their text, and what never does."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.catalogue import Catalogue, Column, Relation
from api.rest.grammar.parser import parse_target
from api.rest.plan import Action, Conflict, Returned, Shape
from api.rest.query import Condition, Field
from api.rest.sql import statement
from api.rest.statements import MAX_KEPT, Statements
from zilliance.errors import AppError

BOTH = frozenset({"authenticated", "service_role"})
UUID = '"pg_catalog"."uuid"'


def column(name: str, kind: str = "text", readers: frozenset[str] = BOTH) -> Column:
    return Column(name, f'"pg_catalog"."{kind}"', f'"pg_catalog"."_{kind}"', kind == "tsvector", readers)


COLUMNS = [
    column("id", "uuid"),
    column("name"),
    column('odd "one"'),
    column("data", "jsonb", readers=frozenset({"service_role"})),
    column("secret", readers=frozenset({"service_role"})),
]
THINGS = Relation("public", "things", {each.name: each for each in COLUMNS}, ("id",))
CATALOGUE = Catalogue({("public", "things"): THINGS})


def shape_of(query: str, action: Action = Action.READ, **more: Any) -> Shape:
    target = parse_target(query.encode())
    return Shape(
        action,
        "public",
        "things",
        "authenticated",
        target.select,
        target.where,
        target.order,
        len(target.values),
        **more,
    )


def test_a_list() -> None:
    assert statement(shape_of("id=eq.1&order=name.desc", is_limited=True), CATALOGUE) == (
        "SELECT coalesce(json_agg(r.*)::text, '[]') AS body, count(*) AS rows FROM ("
        'SELECT t."id", t."name", t."odd ""one""" FROM "public"."things" AS t '
        f'WHERE t."id" = CAST($1::text AS {UUID}) ORDER BY t."name" DESC LIMIT CAST($2::text AS int8)) AS r'
    )


def test_a_star_leaves_out_what_the_role_may_not_read() -> None:
    assert "secret" not in statement(shape_of(""), CATALOGUE)
    as_service = Shape(Action.READ, "public", "things", "service_role")
    assert '"secret"' in statement(as_service, CATALOGUE)
    # A role that may read nothing asks for all of it, so that PostgreSQL refuses.
    assert '"secret"' in statement(Shape(Action.READ, "public", "things", "anon"), CATALOGUE)


def test_an_update_returns_only_what_is_shown() -> None:
    shape = shape_of("id=eq.1&select=name", Action.UPDATE, columns=("name",))
    assert statement(shape, CATALOGUE) == (
        'WITH changed AS (UPDATE "public"."things" AS t SET "name" = b."name" '
        'FROM json_to_record($2::text::json) AS b("name" "pg_catalog"."text") '
        f'WHERE t."id" = CAST($1::text AS {UUID}) RETURNING t."name") '
        "SELECT coalesce(json_agg(r.*)::text, '[]') AS body, count(*) AS rows "
        'FROM (SELECT t."name" FROM changed AS t) AS r'
    )


def test_a_silent_write_needs_no_right_to_read() -> None:
    shape = shape_of("", Action.INSERT, columns=("name",), returned=Returned.NOTHING)
    assert "RETURNING 1)" in statement(shape, CATALOGUE)


def test_an_upsert_of_keys_alone_still_counts_the_row() -> None:
    shape = shape_of("", Action.INSERT, columns=("id",), conflict=Conflict(None, merge=True))
    assert 'ON CONFLICT ("id") DO UPDATE SET "id" = EXCLUDED."id"' in statement(shape, CATALOGUE)


def test_values_stand_where_they_belong() -> None:
    """One place may be named more than once, and each must be named: PostgreSQL asks what type it has."""
    condition = Condition(Field("name"), "eq", at=1)
    shape = Shape(
        Action.READ, "public", "things", "authenticated", where=(condition, condition), values=3, is_paged=True
    )
    text = statement(shape, CATALOGUE)
    assert text.count("CAST($2::text AS") == 2
    assert "OFFSET CAST($4::text AS int8)" in text
    assert text.endswith("WHERE coalesce($1::text, $3::text, '') IS NOT NULL")


def test_no_rows_are_made_that_are_not_answered() -> None:
    text = statement(shape_of("", returned=Returned.NOTHING, is_limited=True), CATALOGUE)
    assert text.startswith("SELECT '' AS body, count(*) AS rows FROM (SELECT ")


def test_an_index_can_serve_a_place_in_a_document() -> None:
    assert """WHERE (t."data" ->> E'a') = CAST($1""" in statement(shape_of("data->>a=eq.1"), CATALOGUE)
    assert """(to_jsonb(t."name") -> E'a' -> 0) AS "a\"""" in statement(shape_of("select=name->a->0"), CATALOGUE)


@given(st.text(max_size=40))
def test_values_never_stand_in_the_text(value: str) -> None:
    """Two values give one text."""
    quoted = "".join(f"%{byte:02x}" for byte in value.replace("\0", "").encode(errors="ignore"))
    text = statement(shape_of(f"name=eq.{quoted}&or=(name.eq.1)"), CATALOGUE)
    assert text == statement(shape_of("name=eq.x&or=(name.eq.2)"), CATALOGUE)


@pytest.mark.parametrize("alias", ['a"b', "a';--", "a\\'b"])
def test_names_are_quoted(alias: str) -> None:
    escaped = alias.replace("\\", "\\\\").replace('"', '\\"')
    text = statement(shape_of(f'select="{escaped}":name'.replace(";", "%3b")), CATALOGUE)
    assert 'AS "' + alias.replace('"', '""') + '" FROM' in text


def test_keys_of_documents_are_quoted() -> None:
    text = statement(shape_of('select=name->"a\'b\\\\c"'), CATALOGUE)
    assert re.search(r"E'a''b\\\\c'", text)


def test_a_cast_is_one_of_a_list() -> None:
    with pytest.raises(AppError, match="regclass"):
        statement(shape_of("select=name::regclass"), CATALOGUE)


def test_a_statement_is_made_once_and_the_oldest_goes() -> None:
    statements = Statements(CATALOGUE)
    first = statements.of(shape_of("name=eq.1"))
    assert statements.of(shape_of("name=eq.2")) is first
    kept = 0
    while kept < MAX_KEPT:
        kept += len(statements.of(shape_of(f"select={','.join(f'a{kept}_{n}:name' for n in range(200))}")))
    assert statements.of(shape_of("name=eq.3")) is not first
