"""`Prefer`: what is honoured, what is said to be, and what is taken back."""

from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest

from tests.api.served import Person, Served

SHOWN = {"prefer": "return=representation"}
TABLES = """
CREATE TABLE public.pref_rows (
    id int PRIMARY KEY, name text DEFAULT 'unnamed',
    place int CONSTRAINT one_place UNIQUE DEFERRABLE INITIALLY DEFERRED,
    at timestamptz DEFAULT '2026-01-01 12:00+00');
CREATE TABLE public.pref_keyless (name text);
CREATE TABLE public.pref_secured (id int PRIMARY KEY);
CREATE VIEW public.pref_view WITH (security_invoker) AS SELECT * FROM public.pref_secured;
INSERT INTO public.pref_rows (id) SELECT generate_series(1, 8);
INSERT INTO public.pref_secured SELECT generate_series(1, 2000);
ALTER TABLE public.pref_secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY "a few" ON public.pref_secured USING (id <= 3);
GRANT ALL ON public.pref_rows, public.pref_keyless, public.pref_secured, public.pref_view
    TO authenticated, service_role;
ANALYZE public.pref_rows, public.pref_secured;
NOTIFY pgrst, 'reload schema'
"""


@pytest.fixture(scope="module", autouse=True)
async def tables(api: Served) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(api.state.settings.database.admin_dsn())
    await connection.execute(TABLES)
    await api.app.state.rest.catalogue.reload()
    yield connection
    await connection.execute(
        "DROP TABLE public.pref_rows, public.pref_keyless, public.pref_secured CASCADE; NOTIFY pgrst, 'reload schema'"
    )
    await connection.close()
    await api.app.state.rest.catalogue.reload()


@pytest.fixture(autouse=True)
async def eight_rows(tables: asyncpg.Connection) -> None:
    await tables.execute(
        "TRUNCATE public.pref_rows, public.pref_keyless;"
        " INSERT INTO public.pref_rows (id) SELECT generate_series(1, 8); INSERT INTO public.pref_keyless VALUES ('a')"
    )


async def ids(api: Served, owner: Person) -> list[int]:
    return [row["id"] for row in (await api.send("GET", "pref_rows?select=id&order=id", owner.headers)).json()]


@pytest.mark.parametrize(
    ("method", "path", "body", "prefer", "applied"),
    [
        ("GET", "pref_rows", None, "count=exact, return=minimal", "count=exact"),
        ("GET", "pref_rows", None, "tx=commit,handling=lenient,nonsense", "tx=commit, handling=lenient"),
        ("GET", "pref_rows", None, "timezone=Asia/Tokyo", "timezone=Asia/Tokyo"),
        ("GET", "pref_rows", None, "timezone=Mars/Base", None),
        ("GET", "pref_rows", None, "resolution=merge-duplicates, missing=default", None),
        ("POST", "pref_rows", {"id": 9}, "missing=default, return=minimal, count=exact",
         "missing=default, return=minimal, count=exact"),
        ("POST", "pref_rows", {"id": 9}, "resolution=merge-duplicates", "resolution=merge-duplicates"),
        ("POST", "pref_keyless", {"name": "b"}, "resolution=merge-duplicates, return=representation",
         "return=representation"),
        ("POST", "pref_rows", {"id": 9}, "handling=strict, max-affected=0", "handling=strict"),
        ("PATCH", "pref_rows?id=eq.1", {"name": "x"}, "return=headers-only, tx=rollback",
         "return=headers-only, tx=rollback"),
        ("DELETE", "pref_rows?id=eq.1", None, "handling=strict, max-affected=1, missing=default",
         "handling=strict, max-affected=1"),
        ("PUT", "pref_rows?id=eq.1", {"id": 1}, "return=representation, resolution=merge-duplicates",
         "return=representation"),
    ],
)  # fmt: skip
async def test_what_was_honoured_is_said(
    api: Served, owner: Person, *, method: str, path: str, body: Any, prefer: str, applied: str | None
) -> None:
    more = {} if body is None else {"json": body}
    answer = await api.send(method, path, owner.headers, headers={"prefer": prefer}, **more)
    assert answer.status_code < 300, answer.text
    assert answer.headers.get("preference-applied") == applied


async def test_several_headers_are_one_list(api: Served, owner: Person) -> None:
    headers = [*owner.headers.items(), ("prefer", "count=exact"), ("prefer", "tx=commit"), ("prefer", "count=planned")]
    answer = await api.http.get("/rest/v1/pref_rows", headers=headers)
    assert answer.headers["preference-applied"] == "count=exact, tx=commit"


@pytest.mark.parametrize("preference", ["nonsense=1", "timezone=Mars/Base", "max-affected=many", "return=all"])
async def test_strict_handling_refuses_what_is_unknown(api: Served, owner: Person, preference: str) -> None:
    answer = await api.send("GET", "pref_rows", owner.headers, headers={"prefer": f"handling=strict, {preference}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST122")
    assert answer.json()["details"] == f"Invalid preferences: {preference}"


async def test_rollback_does_answers_and_takes_back(api: Served, owner: Person) -> None:
    undone = {"prefer": "tx=rollback, return=representation"}
    made = await api.send("POST", "pref_rows?select=id,name", owner.headers, json={"id": 9}, headers=undone)
    assert (made.status_code, made.json()) == (201, [{"id": 9, "name": "unnamed"}])
    gone = await api.send("DELETE", "pref_rows?id=gt.2&select=id", owner.headers, headers=undone)
    assert (gone.status_code, len(gone.json())) == (200, 6)
    assert await ids(api, owner) == list(range(1, 9))


async def test_rollback_still_finds_what_the_commit_would_refuse(api: Served, owner: Person) -> None:
    rows = [{"id": 9, "place": 1}, {"id": 10, "place": 1}]
    answer = await api.send("POST", "pref_rows", owner.headers, json=rows, headers={"prefer": "tx=rollback"})
    assert (answer.status_code, answer.json()["code"]) == (409, "23505")


async def test_a_time_zone_holds_for_the_answer(api: Served, owner: Person) -> None:
    path = "pref_rows?select=at&limit=1"
    tokyo = await api.send("GET", path, owner.headers, headers={"prefer": "timezone=Asia/Tokyo"})
    assert tokyo.json() == [{"at": "2026-01-01T21:00:00+09:00"}]
    assert (await api.send("GET", path, owner.headers)).json() == [{"at": "2026-01-01T12:00:00+00:00"}]


async def test_missing_values_are_null_or_the_default(api: Served, owner: Person) -> None:
    query = "pref_rows?columns=id,name&select=id,name"
    rows = [{"id": 9, "name": "x"}, {"id": 10}, {"id": 11, "name": None}]
    names = {}
    for missing in ("missing=null", "missing=default"):
        headers = {"prefer": f"return=representation, tx=rollback, {missing}"}
        answer = await api.send("POST", query, owner.headers, json=rows, headers=headers)
        names[missing] = [row["name"] for row in answer.json()]
    assert names == {"missing=null": ["x", None, None], "missing=default": ["x", "unnamed", None]}


@pytest.mark.parametrize(
    ("who", "path", "count", "total"),
    [
        ("owner", "pref_rows", "exact", range(8, 9)),
        ("owner", "pref_rows", "planned", range(1, 100_000)),
        ("owner", "pref_rows?limit=2", "estimated", range(8, 9)),
        ("owner", "pref_rows?id=gt.3&limit=0", "estimated", range(5, 6)),
        # Where row security hides rows, nothing but the number of those that are seen.
        ("owner", "pref_secured", "planned", range(3, 4)),
        ("owner", "pref_secured", "estimated", range(3, 4)),
        ("owner", "pref_view", "planned", range(3, 4)),
        ("service", "pref_secured?limit=1", "planned", range(1900, 2100)),
        ("service", "pref_secured?limit=1", "estimated", range(1001, 2100)),
        ("service", "pref_secured?id=lt.11", "estimated", range(10, 11)),
    ],
)
async def test_counts(api: Served, owner: Person, *, who: str, path: str, count: str, total: range) -> None:
    caller = owner.headers if who == "owner" else api.service
    answer = await api.send("GET", path, caller, headers={"prefer": f"count={count}"})
    assert answer.status_code in {200, 206}, answer.text
    assert int(answer.headers["content-range"].rpartition("/")[2]) in total
    assert answer.headers["preference-applied"] == f"count={count}"


async def test_a_change_may_be_limited(api: Served, owner: Person) -> None:
    first = await api.send(
        "DELETE", "pref_rows?order=id.desc&limit=2&select=id", owner.headers, headers=SHOWN
    )  # fmt: skip
    assert {row["id"] for row in first.json()} == {7, 8}
    path = "pref_rows?id=gt.1&order=id&limit=1&offset=1"
    changed = await api.send("PATCH", path, owner.headers, json={"name": "x"}, headers={"prefer": "count=exact"})
    assert (changed.status_code, changed.headers["content-range"]) == (204, "0-0/1")
    assert (await api.send("GET", "pref_rows?name=eq.x&select=id", owner.headers)).json() == [{"id": 3}]
    keyless = await api.send("DELETE", "pref_keyless?limit=1", owner.headers)
    assert keyless.status_code == 400


async def test_a_row_is_placed(api: Served, owner: Person) -> None:
    path = "pref_rows?id=eq.20&select=id,name"
    made = await api.send("PUT", path, owner.headers, json={"id": 20, "name": "a"}, headers=SHOWN)
    assert (made.status_code, made.json()) == (201, [{"id": 20, "name": "a"}])
    again = await api.send("PUT", path, owner.headers, json=[{"id": "20", "name": "b"}], headers=SHOWN)
    assert (again.status_code, again.json()) == (200, [{"id": 20, "name": "b"}])
    silent = await api.send("PUT", path, owner.headers, json={"id": 20, "name": "c"})
    assert (silent.status_code, silent.content) == (204, b"")


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("", {"id": 1}, 405, "PGRST105"),
        ("id=gt.1", {"id": 1}, 405, "PGRST105"),
        ("id=not.eq.1", {"id": 1}, 405, "PGRST105"),
        ("id=eq.1&name=eq.x", {"id": 1}, 405, "PGRST105"),
        ("id=eq.1&id=eq.1", {"id": 1}, 405, "PGRST105"),
        ("or=(id.eq.1)", {"id": 1}, 405, "PGRST105"),
        ("id=eq.1&limit=1", {"id": 1}, 400, "PGRST114"),
        ("id=eq.1&offset=1", {"id": 1}, 400, "PGRST114"),
        ("id=eq.1", {"id": 2}, 400, "PGRST115"),
        ("id=eq.1", {"name": "x"}, 400, "PGRST115"),
        ("id=eq.1", [{"id": 1}, {"id": 2}], 400, "PGRST102"),
        ("id=eq.1", {"id": 1, "nonsense": 1}, 400, "PGRST204"),
    ],
)
async def test_a_row_that_cannot_be_placed(
    api: Served, owner: Person, *, query: str, body: Any, status: int, code: str
) -> None:
    answer = await api.send("PUT", f"pref_rows?{query}", owner.headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_conflict_may_be_told_by_other_columns(api: Served, owner: Person, tables: asyncpg.Connection) -> None:
    await tables.execute("CREATE UNIQUE INDEX pref_names ON public.pref_rows (name) WHERE false")
    merge = {"prefer": "resolution=merge-duplicates, return=representation"}
    query = "pref_rows?on_conflict=id&select=id,name"
    changed = await api.send("POST", query, owner.headers, json=[{"id": 1, "name": "x"}], headers=merge)
    assert (changed.status_code, changed.json()) == (200, [{"id": 1, "name": "x"}])
    mixed = [{"id": 1, "name": "y"}, {"id": 9, "name": "z"}]
    some = await api.send("POST", query, owner.headers, json=mixed, headers=merge)
    assert (some.status_code, len(some.json())) == (201, 2)
    none = await api.send("POST", "pref_rows?on_conflict=name", owner.headers, json={"id": 1}, headers=merge)
    assert (none.status_code, none.json()["code"]) == (400, "42P10")
    plain = await api.send("POST", "pref_rows?on_conflict=id", owner.headers, json={"id": 1})
    assert (plain.status_code, plain.json()["code"]) == (409, "23505")


async def test_a_read_cannot_write(api: Served, owner: Person, tables: asyncpg.Connection) -> None:
    await tables.execute(
        "CREATE FUNCTION public.pref_write(r public.pref_rows) RETURNS int LANGUAGE sql"
        " AS 'DELETE FROM public.pref_rows RETURNING 1'"
    )
    await api.app.state.rest.catalogue.reload()
    try:
        answer = await api.send("GET", "pref_rows?select=pref_write", owner.headers)
        assert (answer.status_code, answer.json()["code"]) == (405, "25006")
    finally:
        await tables.execute("DROP FUNCTION public.pref_write")
    assert len(await ids(api, owner)) == 8
