"""Calls of functions: which is meant, what it is given, what is answered, and what a function says of its answer."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest

from tests.api.served import Person, Served

FUNCTIONS = """
CREATE TABLE public.rpc_items (id int PRIMARY KEY, name text, size numeric);
INSERT INTO public.rpc_items SELECT n, 'item ' || n, n * 1.5 FROM generate_series(1, 5) AS n;
GRANT SELECT, INSERT, DELETE ON public.rpc_items TO authenticated, anon;
CREATE FUNCTION public.rpc_add(a int, b int DEFAULT 10) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION public.rpc_items_from(first int) RETURNS SETOF public.rpc_items LANGUAGE sql STABLE
    AS 'SELECT * FROM public.rpc_items WHERE id >= first ORDER BY id';
CREATE FUNCTION public.rpc_item(wanted int) RETURNS public.rpc_items LANGUAGE sql STABLE
    AS 'SELECT * FROM public.rpc_items WHERE id = wanted';
CREATE FUNCTION public.rpc_names() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT name FROM public.rpc_items';
CREATE FUNCTION public.rpc_pair() RETURNS TABLE (a int, b text) LANGUAGE sql STABLE AS $$ VALUES (1, 'x'), (2, 'y') $$;
CREATE FUNCTION public.rpc_nothing() RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION public.rpc_drop(wanted int) RETURNS int LANGUAGE sql
    AS 'DELETE FROM public.rpc_items WHERE id >= wanted RETURNING id';
CREATE FUNCTION public.rpc_drop_all(wanted int) RETURNS SETOF int LANGUAGE sql
    AS 'DELETE FROM public.rpc_items WHERE id >= wanted RETURNING id';
CREATE FUNCTION public.rpc_text() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'a "quoted" text' $$;
CREATE FUNCTION public.rpc_digits() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '\\xff' $$;
CREATE FUNCTION public.rpc_null() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE FUNCTION public.rpc_bytes() RETURNS bytea LANGUAGE sql STABLE AS $$ SELECT '\\x00ff10'::bytea $$;
CREATE FUNCTION public.rpc_list(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT array_to_string(parts, '|') $$;
CREATE FUNCTION public.rpc_tags(tags text[], about jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
    AS 'SELECT jsonb_build_object(''tags'', tags, ''about'', about)';
CREATE FUNCTION public.rpc_over(a int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'one' $$;
CREATE FUNCTION public.rpc_over(a int, b int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'two' $$;
CREATE FUNCTION public.rpc_unclear(a int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'int' $$;
CREATE FUNCTION public.rpc_unclear(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'text' $$;
CREATE FUNCTION public.rpc_document(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION public.rpc_raw(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
CREATE FUNCTION public.rpc_data(bytea) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
CREATE FUNCTION public.rpc_request() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('method', current_setting('request.method'), 'path', current_setting('request.path'),
        'headers', current_setting('request.headers')::jsonb) $$;
CREATE FUNCTION public.rpc_answer(status text, headers text) RETURNS int LANGUAGE sql AS $$
    SELECT set_config('response.status', status, true), set_config('response.headers', headers, true); SELECT 7 $$;
CREATE FUNCTION public.rpc_answer_always() RETURNS text LANGUAGE sql
    AS $$ SELECT set_config('response.headers', '[{"X-Left-Behind": "yes"}]', false) $$;
CREATE FUNCTION public.rpc_raise(state text, message text, detail text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = detail, HINT = 'a hint'; END $$;
CREATE FUNCTION public.rpc_secret() RETURNS int LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION public.rpc_secret() FROM PUBLIC;
NOTIFY pgrst, 'reload schema'
"""
OBJECT = {"accept": "application/vnd.pgrst.object+json"}


@pytest.fixture(scope="module", autouse=True)
async def functions(api: Served) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(api.state.settings.database.admin_dsn())
    await connection.execute(FUNCTIONS)
    await api.app.state.rest.catalogue.reload()
    yield connection
    await connection.execute(
        """
        DO $$ DECLARE f regprocedure; BEGIN
            FOR f IN SELECT oid FROM pg_proc WHERE proname LIKE 'rpc\\_%' LOOP EXECUTE 'DROP FUNCTION ' || f; END LOOP;
        END $$;
        DROP TABLE public.rpc_items; NOTIFY pgrst, 'reload schema'
        """
    )
    await connection.close()
    await api.app.state.rest.catalogue.reload()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "expected"),
    [
        ("GET", "rpc_add?a=1&b=2", None, 200, 3),
        ("GET", "rpc_add?a=1", None, 200, 11),
        ("POST", "rpc_add", {"a": 1, "b": 2}, 200, 3),
        ("POST", "rpc_add", {"a": "1"}, 200, 11),
        ("POST", "rpc_add?columns=a", {"a": 1, "b": 5}, 200, 11),
        ("GET", "rpc_items_from?first=5&select=id,name", None, 200, [{"id": 5, "name": "item 5"}]),
        ("POST", "rpc_items_from?select=id&id=neq.4&order=id.desc", {"first": 3}, 200, [{"id": 5}, {"id": 3}]),
        ("GET", "rpc_items_from?first=1&select=id&limit=2&offset=1", None, 200, [{"id": 2}, {"id": 3}]),
        ("GET", "rpc_item?wanted=2&select=name,big:size::text", None, 200, {"name": "item 2", "big": "3.0"}),
        ("GET", "rpc_item?wanted=99", None, 200, None),
        ("GET", "rpc_names?limit=1", None, 200, ["item 1"]),
        ("POST", "rpc_pair?b=eq.y", {}, 200, [{"a": 2, "b": "y"}]),
        ("POST", "rpc_pair", None, 200, [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ("GET", "rpc_text", None, 200, 'a "quoted" text'),
        ("GET", "rpc_null", None, 200, None),
        ("GET", 'rpc_list?parts=a&parts=b"c', None, 200, 'a|b"c'),
        ("POST", "rpc_list", {"parts": ["x", "y"]}, 200, "x|y"),
        ("GET", 'rpc_tags?tags={a,b}&about={"k":1}', None, 200, {"tags": ["a", "b"], "about": {"k": 1}}),
        ("POST", "rpc_tags", {"tags": ["a"], "about": [1]}, 200, {"tags": ["a"], "about": [1]}),
        ("GET", "rpc_over?a=1", None, 200, "one"),
        ("POST", "rpc_over", {"a": 1, "b": 2}, 200, "two"),
        ("POST", "rpc_document", [1, {"a": 2}], 200, [1, {"a": 2}]),
        ("POST", "rpc_document", {"b": 2}, 200, {"b": 2}),
    ],
)  # fmt: skip
async def test_a_call_answers(
    api: Served, owner: Person, *, method: str, path: str, body: Any, status: int, expected: Any
) -> None:
    answer = await api.send(method, f"rpc/{path}", owner.headers, **({} if body is None else {"json": body}))
    assert (answer.status_code, answer.json()) == (status, expected)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("content_type", "path", "body", "expected"),
    [
        ("text/plain", "rpc_raw", "héllo".encode(), 5),
        ("application/octet-stream", "rpc_data", b"\x00\xff\x10", 3),
        ("application/x-www-form-urlencoded", "rpc_add", b"a=1&b=4", 5),
    ],
)
async def test_bodies_of_other_types(
    api: Served, owner: Person, *, content_type: str, path: str, body: bytes, expected: int
) -> None:
    answer = await api.send("POST", f"rpc/{path}", owner.headers, content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()) == (200, expected)


async def test_scalars_in_other_forms(api: Served, owner: Person) -> None:
    text = await api.send("GET", "rpc/rpc_text", owner.headers, headers={"accept": "text/plain"})
    assert (text.content, text.headers["content-type"]) == (b'a "quoted" text', "text/plain; charset=utf-8")
    data = await api.send("GET", "rpc/rpc_bytes", owner.headers, headers={"accept": "application/octet-stream"})
    assert (data.content, data.headers["content-type"]) == (b"\x00\xff\x10", "application/octet-stream")
    digits = await api.send("GET", "rpc/rpc_digits", owner.headers, headers={"accept": "text/plain"})
    assert digits.content == b"\\xff"
    rows = await api.send("GET", "rpc/rpc_pair", owner.headers, headers={"accept": "text/plain"})
    assert (rows.status_code, rows.json()["code"]) == (406, "PGRST107")
    csv = await api.send("GET", "rpc/rpc_pair", owner.headers, headers={"accept": "text/csv"})
    assert csv.text == "a,b\n1,x\n2,y"


async def test_void_is_no_content(api: Served, owner: Person) -> None:
    answer = await api.send("POST", "rpc/rpc_nothing", owner.headers, json={})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (204, b"", "0-0/*")
    undone = await api.send("POST", "rpc/rpc_nothing", owner.headers, json={}, headers={"prefer": "tx=rollback"})
    assert undone.headers["preference-applied"] == "tx=rollback"


@pytest.mark.parametrize(
    ("path", "headers", "status", "content_range"),
    [
        ("rpc_items_from?first=1", {}, 200, "0-4/*"),
        ("rpc_items_from?first=1", {"range": "1-2"}, 200, "1-2/*"),
        ("rpc_items_from?first=1&limit=2", {"prefer": "count=exact"}, 206, "0-1/5"),
        ("rpc_items_from?first=1&offset=9", {"prefer": "count=exact"}, 416, None),
        ("rpc_items_from?first=9", {"prefer": "count=exact"}, 200, "*/0"),
        ("rpc_add?a=1", {}, 200, "0-0/*"),
    ],
)
async def test_ranges_of_results(
    api: Served, owner: Person, *, path: str, headers: dict[str, str], status: int, content_range: str | None
) -> None:
    answer = await api.send("GET", f"rpc/{path}", owner.headers, headers=headers)
    assert (answer.status_code, answer.headers.get("content-range")) == (status, content_range)
    head = await api.send("HEAD", f"rpc/{path}", owner.headers, headers=headers)
    assert (head.status_code, head.content, head.headers.get("content-range")) == (status, b"", content_range)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message"),
    [
        ("POST", "nonsense_at_all", {"b": 1, "a": 2}, 404, "PGRST202",
         "Could not find the function public.nonsense_at_all(a, b) in the schema cache"),
        ("GET", "nonsense_at_all", None, 404, "PGRST202",
         "Could not find the function public.nonsense_at_all without parameters in the schema cache"),
        ("POST", "rpc_add", {"a": 1, "c": 2}, 404, "PGRST202",
         "Could not find the function public.rpc_add(a, c) in the schema cache"),
        ("GET", "rpc_add?a=1&c=2", None, 404, "PGRST202",
         "Could not find the function public.rpc_add(a, c) in the schema cache"),
        ("POST", "rpc_add", {}, 404, "PGRST202",
         "Could not find the function public.rpc_add without parameters in the schema cache"),
        ("GET", "rpc_unclear?a=1", None, 300, "PGRST203",
         "Could not choose the best candidate function between: public.rpc_unclear(a => int4), "
         "public.rpc_unclear(a => text)"),
        ("GET", "rpc_add?a=x", None, 400, "22P02", 'invalid input syntax for type integer: "x"'),
        ("PUT", "rpc_add", {"a": 1}, 405, "PGRST101", "Cannot use the PUT method on RPC"),
        ("PATCH", "rpc_add?a=1", {}, 405, "PGRST101", "Cannot use the PATCH method on RPC"),
        ("DELETE", "rpc_add?a=1", None, 405, "PGRST101", "Cannot use the DELETE method on RPC"),
        ("GET", "rpc_drop?wanted=4", None, 405, "25006", "cannot execute DELETE in a read-only transaction"),
        ("POST", "rpc_secret", {}, 403, "42501", "permission denied for function rpc_secret"),
        ("GET", "a/b", None, 404, "PGRST125", "Invalid path specified in request URL"),
    ],
)  # fmt: skip
async def test_a_call_that_cannot_be(
    api: Served, owner: Person, *, method: str, path: str, body: Any, status: int, code: str, message: str
) -> None:
    answer = await api.send(method, f"rpc/{path}", owner.headers, **({} if body is None else {"json": body}))
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (status, code, message)


async def test_hints_name_what_is_near(api: Served, owner: Person) -> None:
    near = (await api.send("POST", "rpc/rpc_ad", owner.headers, json={"a": 1})).json()
    assert near["hint"] == "Perhaps you meant to call the function public.rpc_add"
    assert near["details"] == (
        "Searched for the function public.rpc_ad with parameter a or with a single unnamed json/jsonb parameter,"
        " but no matches were found in the schema cache."
    )
    other = (await api.send("GET", "rpc/rpc_add?aa=1", owner.headers)).json()
    assert other["hint"] == "Perhaps you meant to call the function public.rpc_add(a, b)"


async def test_one_object_is_enforced_and_taken_back(api: Served, owner: Person) -> None:
    one = await api.send("GET", "rpc/rpc_items_from?first=5", owner.headers, headers=OBJECT)
    assert (one.status_code, one.json()["id"]) == (200, 5)
    many = await api.send("POST", "rpc/rpc_drop_all", owner.headers, json={"wanted": 4}, headers=OBJECT)
    assert (many.status_code, many.json()["code"]) == (406, "PGRST116")
    bounded = {"prefer": "handling=strict, max-affected=1"}
    over = await api.send("POST", "rpc/rpc_drop_all", owner.headers, json={"wanted": 4}, headers=bounded)
    assert (over.status_code, over.json()["code"]) == (400, "PGRST124")
    scalar = await api.send("POST", "rpc/rpc_drop", owner.headers, json={"wanted": 4}, headers=bounded)
    assert (scalar.status_code, scalar.json()["code"]) == (400, "PGRST128")
    undone = await api.send(
        "POST", "rpc/rpc_drop_all", owner.headers, json={"wanted": 4}, headers={"prefer": "tx=rollback"}
    )
    assert (undone.json(), undone.headers["preference-applied"]) == ([4, 5], "tx=rollback")
    assert len((await api.send("GET", "rpc_items", owner.headers)).json()) == 5


async def test_a_function_knows_the_request(api: Served, owner: Person) -> None:
    answer = await api.send("GET", "rpc/rpc_request", owner.headers, headers={"X-Custom": "a'\\", "cookie": "a=b"})
    known = answer.json()
    assert (known["method"], known["path"]) == ("GET", "/rpc/rpc_request")
    assert known["headers"]["x-custom"] == "a'\\"
    assert "cookie" not in known["headers"]


async def test_a_function_says_status_and_headers(api: Served, owner: Person) -> None:
    said = {"status": "418", "headers": json.dumps([{"X-Tea": "pot"}, {"content-type": "text/tea"}])}
    answer = await api.send("POST", "rpc/rpc_answer", owner.headers, json=said)
    assert (answer.status_code, answer.headers["x-tea"], answer.headers["content-type"]) == (418, "pot", "text/tea")
    assert answer.content == b"7"


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        ("teapot", "[]", "PGRST112"),
        ("99", "[]", "PGRST112"),
        ("200", "{}", "PGRST111"),
        ("200", "nonsense", "PGRST111"),
        ("200", '[{"a":"b","c":"d"}]', "PGRST111"),
        ("200", '[{"a":1}]', "PGRST111"),
        ("200", '[{"a":"b\\r\\nset-cookie: c=d"}]', "PGRST111"),
        ("200", '[{"content-length":"1"}]', "PGRST111"),
    ],
)
async def test_a_function_says_nonsense(api: Served, owner: Person, status: str, headers: str, code: str) -> None:
    said = {"status": status, "headers": headers}
    answer = await api.send("POST", "rpc/rpc_answer", owner.headers, json=said)
    assert (answer.status_code, answer.json()["code"]) == (500, code)


@pytest.mark.parametrize(
    ("state", "message", "detail", "status", "code", "shown"),
    [
        ("P0001", "no", "because", 400, "P0001", ("no", "because")),
        ("PT402", "pay first", "it costs", 402, "PT402", ("pay first", "it costs")),
        ("PGRST", '{"code":"123","message":"mine","details":"d"}', '{"status":418,"headers":{"X-A":"b"}}', 418, "123",
         ("mine", "d")),
        ("PGRST", "nonsense", "{}", 500, "PGRST121", None),
    ],
)  # fmt: skip
async def test_a_function_refuses(
    api: Served,
    owner: Person,
    *,
    state: str,
    message: str,
    detail: str,
    status: int,
    code: str,
    shown: tuple[str, str] | None,
) -> None:
    body = {"state": state, "message": message, "detail": detail}
    answer = await api.send("POST", "rpc/rpc_raise", owner.headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if shown:
        assert (answer.json()["message"], answer.json()["details"]) == shown
    if status == 418:
        assert answer.headers["x-a"] == "b"


async def test_our_own_function(api: Served, owner: Person) -> None:
    asked = {"_user_id": str(owner.id), "_role": "admin"}
    assert (await api.send("POST", "rpc/has_role", owner.headers, json=asked)).json() is False
    assert (await api.send("POST", "rpc/rpc_secret", api.anon, json={})).status_code == 401


async def test_functions_are_described(api: Served, owner: Person) -> None:
    paths = (await api.send("GET", "", owner.headers)).json()["paths"]
    assert {"get", "post"} == paths["/rest/v1/rpc/rpc_add"].keys()
    assert {"post"} == paths["/rest/v1/rpc/rpc_drop"].keys()
    assert "/rest/v1/rpc/rpc_secret" not in paths
    assert paths["/rest/v1/rpc_items"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"] == {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "size": {"type": "number"}},
    }


async def test_what_one_call_says_of_its_answer_is_not_said_of_the_next(api: Served, owner: Person) -> None:
    first = await api.send("POST", "rpc/rpc_answer_always", owner.headers, json={})
    assert first.headers["x-left-behind"] == "yes"
    for _ in range(20):  # more than there are connections
        answer = await api.send("POST", "rpc/rpc_nothing", owner.headers, json={})
        assert "x-left-behind" not in answer.headers
