"""What no client should send: every answer is a refusal in the envelope, none is a fault of ours."""

import asyncio
import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest

from tests.api.served import Person, Served

BODIES: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"first_name": "a',
    "trailing comma": b'{"first_name": "a",}',
    "not an object": b"1",
    "null": b"null",
    "array of scalars": b"[1, 2]",
    "array of arrays": b'[[{"first_name": "a"}]]',
    "NUL": b'{"first_name": "a\\u0000b"}',
    "NUL in a key": b'{"first\\u0000name": "a"}',
    "NUL in a document": b'{"custom_fields": {"a": ["\\u0000"]}}',
    "raw NUL": b'{"first_name": "a\x00b"}',
    "lone surrogate": b'{"first_name": "\\ud800"}',
    "reversed surrogates": b'{"first_name": "\\udc00\\ud800"}',
    "NaN": b'{"custom_fields": NaN}',
    "NaN in a document": b'{"custom_fields": {"a": [NaN]}}',
    "Infinity": b'{"custom_fields": -Infinity}',
    "beyond a double": b'{"custom_fields": 1e400}',
    "20 digits": b'{"custom_fields": {"a": 12345678901234567890}}',
    "5,000 digits": b'{"custom_fields": ' + b"9" * 5000 + b"}",
    "100,000 deep": b'{"custom_fields": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 open": b"[" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "long integer, deep": b'{"custom_fields": ' + b"[" * 1020 + b"1" * 19 + b"]" * 1020 + b"}",
    "latin-1": '{"first_name": "é"}'.encode("latin-1"),
    "UTF-16": '{"first_name": "a"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"first_name": "a"}'.encode("utf-16-le"),
    "byte order mark": b'\xef\xbb\xbf{"first_name": "a"}',
    "unknown column": b'{"nonsense": 1}',
    "quote in a column": b'{"first_name\\"; drop table contacts; --": 1}',
    "wrong shape for a list": b'{"tags": "x"}',
    "too long": b'{"first_name": "' + b"x" * 201 + b'"}',
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_bad_body_is_refused(api: Served, owner: Person, method: str, name: str) -> None:
    await api.insert("contacts", {"first_name": "to be changed"}, owner.headers)
    path = "contacts" if method == "POST" else "contacts?id=not.is.null"
    answer = await api.send(
        method, path, owner.headers, content=BODIES[name], headers={"content-type": "application/json"}
    )
    _refused(answer)


async def test_a_number_too_large_for_its_column(api: Served, owner: Person) -> None:
    for body in ({"title": "x", "amount": 10**15}, {"title": "x", "probability": 2**40}):
        _refused(await api.send("POST", "deals", owner.headers, json=body))


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=utf-16", "x"],
)
async def test_another_type_of_body_is_refused(api: Served, owner: Person, content_type: str) -> None:
    answer = await api.send("POST", "contacts", owner.headers, content=b"{}", headers={"content-type": content_type})
    _refused(answer)


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=eq.1",
        "select=nonsense",
        "select=id,",
        "select=,id",
        "select=id:",
        "select=id->",
        "select=contact(id",
        "select=id::regclass",
        "select=id::text;drop",
        'select="unclosed',
        "order=nonsense",
        "order=id.sideways",
        "order=id.desc.nullsmiddle",
        "id=1",
        "id=eq",
        "id=nonsense.1",
        "id=eq.not-a-uuid",
        "id=in.(1,2)",
        "id=in.1",
        "id=in.(",
        "id=is.maybe",
        "id=fts(x;y).a",
        "created_at=gt.yesterdayish",
        "created_at=eq.99999999999-01-01",
        "tags=cs.{unclosed",
        "custom_fields=cs.{not json",
        "custom_fields->a=eq.{not json",
        "first_name=match.(",
        "first_name=fts(klingon).x",
        "limit=many",
        "limit=1e3",
        "limit=99999999999999999999",
        "offset=x",
        "offset=%D9%A1",
        "or=id.eq.1",
        "or=(id.eq.1",
        "or=()",
        "or=(id.nonsense.1)",
        "or=(nonsense.eq.1)",
        "or=" + "(and" * 100,
        "and=(or(" * 30,
        "first_name=eq.%00",
        "%00=eq.1",
        "first_name=eq.%zz",
        "first_name=eq.%",
        "first_name=eq.%ff",
        "first_name=eq.%ed%a0%80",
        "=eq.1",
        "&".join(["first_name=eq.a"] * 300),
        "id=eq." + "9" * 20_000,
        "select=" + ",".join(["*"] * 400),  # more columns than PostgreSQL can answer
    ],
)
async def test_a_bad_query_is_refused(api: Served, owner: Person, query: str) -> None:
    answer = await api.http.get(httpx.URL(f"{api.url}/rest/v1/contacts", query=query.encode()), headers=owner.headers)
    _refused(answer, {400, 404, 414})


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ("first_name=match.(", "2201B", None),
        ("created_at=eq.2026-13-01", "22008", None),
        ("tags=cs.unopened", "22P02", 'Array value must start with "{" or dimension information.'),
    ],
)
async def test_a_bad_value_has_postgresqls_own_code(
    api: Served, owner: Person, query: str, code: str, details: str | None
) -> None:
    body = (await api.send("GET", f"contacts?{query}", owner.headers)).json()
    assert (body["code"], body["details"]) == (code, details)
    assert "DETAIL" not in body["message"]


async def test_more_words_than_can_be_searched(api: Served, owner: Person) -> None:
    words = " ".join(f"word{number}" for number in range(150_000))
    made = await api.insert("contacts", {"first_name": "A", "custom_fields": {"words": words}}, owner.headers)
    place = f"contacts?id=eq.{made['id']}"
    try:
        answer = await api.send("GET", f"{place}&custom_fields->>words=fts.a", owner.headers)
        _refused(answer)
        assert answer.json()["code"] == "54000"
    finally:
        await api.send("DELETE", place, owner.headers)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 9\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n"]
)
async def test_a_body_that_breaks_off_is_refused(api: Served, framing: bytes) -> None:
    head = f"POST /rest/v1/contacts HTTP/1.1\r\nHost: a\r\napikey: {api.anon['apikey']}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(head.encode() + framing)
    writer.write_eof()
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:300]
    assert b"INCOMPLETE_BODY" in answer


async def test_a_syntax_error_says_where(api: Served, owner: Person) -> None:
    answer = await api.send("GET", "contacts?order=id.sideways", owner.headers)
    assert answer.json()["code"] == "PGRST100"
    assert answer.json()["message"] == '"failed to parse order (id.sideways)" (line 1, column 3)'
    assert answer.json()["details"].startswith('unexpected "." expecting')


async def test_long_lists_and_urls_are_bounded(api: Served, owner: Person) -> None:
    listed = ",".join(["a"] * 5001)
    _refused(await api.send("GET", f"contacts?first_name=in.({listed})", owner.headers))
    allowed = ",".join(["a"] * 4000)
    assert (await api.send("GET", f"contacts?first_name=in.({allowed})", owner.headers)).status_code == 200
    long = await api.send("GET", f"contacts?first_name=eq.{'a' * 33_000}", owner.headers)
    _refused(long, {414})


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "text/html"},
        {"accept": "application/xml"},
        {"accept-profile": "auth"},
        {"accept-profile": "pg_catalog"},
    ],
)
async def test_a_form_or_schema_that_is_not_served(api: Served, owner: Person, headers: dict[str, str]) -> None:
    _refused(await api.send("GET", "contacts", owner.headers, headers=headers), {406})


@pytest.mark.parametrize(
    "path", ["nonsense", "pg_class", "users", "auth.users", "a" * 500, "%22", "contacts%00", "%ff", "'"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_an_unknown_table_is_missing(api: Served, owner: Person, method: str, path: str) -> None:
    answer = await api.send(method, f"{path}?id=eq.1", owner.headers, json={"a": 1})
    _refused(answer, {404})
    assert answer.json()["code"] == "PGRST205"


@pytest.mark.parametrize("method", ["TRACE", "NONSENSE"])
async def test_other_methods(api: Served, owner: Person, method: str) -> None:
    answer = await api.send(method, "contacts", owner.headers)
    _refused(answer, {405})
    assert "PATCH" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "NO_API_KEY"),
        ({"apikey": "nonsense"}, "INVALID_API_KEY"),
        ({"apikey": "a.b.c"}, "INVALID_API_KEY"),
        ({"apikey": "x" * 9000}, "INVALID_API_KEY"),
    ],
)
async def test_a_bad_key_is_refused(api: Served, headers: dict[str, str], code: str) -> None:
    answer = await api.send("GET", "contacts", headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_a_bad_token_is_refused(api: Served) -> None:
    answer = await api.send("GET", "contacts", api.as_bearer("a.b.c"))
    assert (answer.status_code, answer.json()["code"]) == (401, "PGRST301")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("extension", ["x\r\nSet-Cookie: a=b", "\u8868", '"'])
async def test_a_token_cannot_write_headers(api: Served, extension: str) -> None:
    """Its own words come back in the challenge that refuses it."""
    token = ".".join(
        urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "crit": [extension]}, {"role": "anon"}, "")
    )
    answer = await api.send("GET", "contacts", api.as_bearer(token))
    _refused(answer, {401})
    assert answer.headers["www-authenticate"].startswith("Bearer error=")
    assert "set-cookie" not in answer.headers


def _refused(answer: httpx.Response, statuses: set[int] | None = None) -> None:
    assert answer.status_code in (statuses or {400}), (answer.status_code, answer.text)
    body: dict[str, Any] = answer.json()
    assert {"error", "message", "code", "details"} <= set(body)
    assert body["code"] != "INTERNAL_ERROR"
