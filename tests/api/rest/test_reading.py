"""Lists: what `select`, filters, `order` and ranges answer, in status, headers and body."""

from typing import Any

import pytest

from tests.api.served import Person, Served

ARRAY = "application/vnd.pgrst.array+json"
ONE = "application/vnd.pgrst.object+json"
ADAS = {"age": 36, "a": [1, {"b": "x"}]}
PEOPLE: list[dict[str, Any]] = [
    {"first_name": "Ada", "last_name": "Lovelace", "tags": ["math", "poetry"], "custom_fields": ADAS},
    {"first_name": "Bob", "last_name": None, "tags": [], "custom_fields": {"age": 7}},
    {"first_name": "Cy", "last_name": 'Quo"te, (x)', "tags": ["math"], "custom_fields": {}},
    {"first_name": "Dora", "last_name": "100%", "tags": ["ships"], "custom_fields": {"age": 50}},
]  # fmt: skip


@pytest.fixture(scope="module")
async def reader(api: Served) -> Person:
    person = await api.person()
    answer = await api.send("POST", "contacts", person.headers, json=PEOPLE)
    assert answer.status_code == 201, answer.text
    return person


async def names(api: Served, reader: Person, query: str, **more: Any) -> list[str]:
    answer = await api.send("GET", f"contacts?select=first_name&order=first_name&{query}", reader.headers, **more)
    assert answer.status_code == 200, answer.text
    return [row["first_name"] for row in answer.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("first_name=eq.Ada", "Ada"),
        ("first_name=neq.Ada", "Bob Cy Dora"),
        ("first_name=not.eq.Ada", "Bob Cy Dora"),
        ("first_name=gt.Bob", "Cy Dora"),
        ("first_name=gte.Bob&first_name=lt.Dora", "Bob Cy"),
        ("first_name=lte.Ada", "Ada"),
        ("first_name=like.*o*", "Bob Dora"),
        ("first_name=like.%25o%25", "Bob Dora"),
        ("first_name=ilike.a*", "Ada"),
        ("first_name=not.ilike.a*", "Bob Cy Dora"),
        ("first_name=match.^[AB]", "Ada Bob"),
        ("first_name=imatch.^d", "Dora"),
        ("first_name=in.(Ada,Cy)", "Ada Cy"),
        ("first_name=not.in.(Ada,Cy)", "Bob Dora"),
        ("first_name=in.()", ""),
        ('last_name=in.("Quo\\"te, (x)",Lovelace)', "Ada Cy"),
        ("last_name=eq.Quo%22te,+(x)", "Cy"),
        ("last_name=eq.100%25", "Dora"),
        ("last_name=is.null", "Bob"),
        ("last_name=not.is.null", "Ada Cy Dora"),
        ("last_name=is.not_null", "Ada Cy Dora"),
        ("last_name=isdistinct.Lovelace", "Bob Cy Dora"),
        ("tags=cs.{math}", "Ada Cy"),
        ("tags=cd.{math,ships}", "Bob Cy Dora"),
        ("tags=ov.{poetry,ships}", "Ada Dora"),
        ("tags=eq.{}", "Bob"),
        ('custom_fields=cs.{"age":7}', "Bob"),
        ("custom_fields->>age=eq.36", "Ada"),
        ("custom_fields->age=gt.30", "Ada Dora"),
        ("custom_fields->a->1->>b=eq.x", "Ada"),
        ("custom_fields->a->-1->>b=eq.x", "Ada"),
        ("first_name=like(any).{A*,B*}", "Ada Bob"),
        ("first_name=like(all).{*o*,*a}", "Dora"),
        ("first_name=eq(any).{Ada,Bob}", "Ada Bob"),
        ("first_name=fts.ada", "Ada"),
        ("first_name=plfts(english).dora", "Dora"),
        ("or=(first_name.eq.Ada,last_name.is.null)", "Ada Bob"),
        ("or=(first_name.in.(Ada,Cy),and(last_name.like.1*,not.or(type.eq.company,first_name.eq.Bob)))", "Ada Cy Dora"),
        ("and=(first_name.neq.Ada,first_name.not.eq.Bob)", "Cy Dora"),
        ("not.or=(first_name.eq.Ada,first_name.eq.Bob)", "Cy Dora"),
        ('or=(last_name.eq."Quo\\"te, (x)",tags.cs.{poetry,math})', "Ada Cy"),
        ("type=eq.individual&first_name=eq.Ada", "Ada"),
        ("created_at=lt.2100-01-01&first_name=eq.Ada", "Ada"),
        ("limit=2", "Ada Bob"),
        ("limit=2&offset=1", "Bob Cy"),
        ("limit=0", ""),
        ("offset=10", ""),
    ],
)  # fmt: skip
async def test_a_filter_finds_its_rows(api: Served, reader: Person, query: str, expected: str) -> None:
    assert await names(api, reader, query) == expected.split()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("first_name.desc", "Dora Cy Bob Ada"),
        ("last_name", "Dora Ada Cy Bob"),
        ("last_name.asc.nullsfirst", "Bob Dora Ada Cy"),
        ("last_name.desc.nullslast", "Cy Ada Dora Bob"),
        ("last_name.nullsfirst,first_name", "Bob Dora Ada Cy"),
        ("custom_fields->age.desc.nullslast,first_name.asc", "Dora Ada Bob Cy"),
    ],
)
async def test_order(api: Served, reader: Person, order: str, expected: str) -> None:
    answer = await api.send("GET", f"contacts?select=first_name&order={order}", reader.headers)
    assert [row["first_name"] for row in answer.json()] == expected.split()


async def test_select_shapes_each_row(api: Served, reader: Person) -> None:
    query = "select=name:first_name,custom_fields->>age,years:custom_fields->age::int,tags::text,n:custom_fields->a->0"
    answer = await api.send("GET", f"contacts?{query}&first_name=eq.Ada", reader.headers)
    assert answer.json() == [{"name": "Ada", "age": "36", "years": 36, "tags": "{math,poetry}", "n": 1}]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_star_is_what_the_caller_may_read(api: Served, owner: Person) -> None:
    key = await api.insert("api_keys", {"name": "Mobile"}, owner.headers)
    assert "key_hash" not in key
    answer = await api.send("GET", f"api_keys?id=eq.{key['id']}", owner.headers)
    assert answer.json() == [key]
    asked = await api.send("GET", "api_keys?select=key_hash", owner.headers)
    assert (asked.status_code, asked.json()["code"]) == (403, "42501")
    as_service = await api.send("GET", f"api_keys?id=eq.{key['id']}", api.service)
    assert as_service.json()[0]["key_hash"] is None


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {}, (200, "0-3/*")),
        ("limit=2", {}, (200, "0-1/*")),
        ("", {"prefer": "count=exact"}, (200, "0-3/4")),
        ("limit=2", {"prefer": "count=exact"}, (206, "0-1/4")),
        ("limit=2&offset=2", {"prefer": "count=exact"}, (206, "2-3/4")),
        ("limit=2", {"prefer": "count=planned"}, (206, "0-1/4")),
        ("first_name=eq.Nobody", {"prefer": "count=exact"}, (200, "*/0")),
        ("first_name=eq.Nobody", {}, (200, "*/*")),
        ("offset=20", {"prefer": "count=exact"}, (416, None)),
        ("", {"range": "1-2"}, (200, "1-2/*")),
        ("", {"range": "1-", "range-unit": "items"}, (200, "1-3/*")),
        ("limit=1", {"range": "1-2", "prefer": "count=exact"}, (206, "1-1/4")),
        ("", {"range": "bytes=0-5"}, (200, "0-3/*")),
        ("", {"range": "5-2"}, (416, None)),
        ("limit=-1", {}, (416, None)),
    ],
)
async def test_ranges(
    api: Served, reader: Person, query: str, headers: dict[str, str], expected: tuple[int, str | None]
) -> None:
    answer = await api.send("GET", f"contacts?{query}", reader.headers, headers=headers)
    assert (answer.status_code, answer.headers.get("content-range")) == expected
    if answer.status_code == 416:
        assert answer.json()["code"] == "PGRST103"
    if "prefer" in headers and answer.status_code < 400:
        assert answer.headers["preference-applied"] == headers["prefer"]


async def test_head_answers_headers_alone(api: Served, reader: Person) -> None:
    answer = await api.send("HEAD", "contacts?select=*", reader.headers, headers={"prefer": "count=exact"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (200, b"", "0-3/4")


async def test_one_object(api: Served, reader: Person) -> None:
    accept = {"accept": "application/vnd.pgrst.object+json"}
    one = await api.send("GET", "contacts?select=first_name&first_name=eq.Ada", reader.headers, headers=accept)
    assert (one.status_code, one.json()) == (200, {"first_name": "Ada"})
    assert one.headers["content-type"].startswith("application/vnd.pgrst.object+json")
    none = await api.send("GET", "contacts?first_name=eq.Nobody", reader.headers, headers=accept)
    assert (none.status_code, none.json()) == (
        406,
        {
            "error": "Cannot coerce the result to a single JSON object",
            "message": "Cannot coerce the result to a single JSON object",
            "code": "PGRST116",
            "details": "The result contains 0 rows",
            "hint": None,
        },
    )
    assert none.headers["proxy-status"] == "PostgREST; error=PGRST116"
    many = await api.send("GET", "contacts", reader.headers, headers=accept)
    assert (many.status_code, many.json()["details"]) == (406, "The result contains 4 rows")


async def test_the_settings_bound_every_list(api: Served) -> None:
    limit = api.state.settings.rest.max_rows
    rows = [{"first_name": f"n{number}"} for number in range(limit + 5)]
    crowd = await api.person()
    await api.send("POST", "contacts", crowd.headers, json=rows)
    answer = await api.send("GET", "contacts?select=id&limit=100000", crowd.headers, headers={"prefer": "count=exact"})
    assert (answer.status_code, len(answer.json())) == (206, limit)
    assert answer.headers["content-range"] == f"0-{limit - 1}/{limit + 5}"


async def test_content_location_says_what_was_read(api: Served, reader: Person) -> None:
    answer = await api.send("GET", "contacts?select=id&limit=1", reader.headers)
    assert answer.headers["content-location"] == "/contacts?select=id&limit=1"


async def test_head_has_the_headers_of_get(api: Served, reader: Person) -> None:
    for path, headers in (
        ("contacts?select=first_name&limit=1", {}),
        ("contacts?select=*", {"prefer": "count=exact", "accept": "text/csv"}),
        ("contacts?first_name=eq.Ada", {"accept": "application/vnd.pgrst.object+json"}),
    ):
        get = await api.send("GET", path, reader.headers, headers=headers)
        head = await api.send("HEAD", path, reader.headers, headers=headers)
        assert (head.status_code, head.content) == (get.status_code, b"")
        for name in ("content-type", "content-range", "content-location", "preference-applied"):
            assert head.headers.get(name) == get.headers.get(name), name
    many = await api.send(
        "HEAD", "contacts", reader.headers, headers={"accept": "application/vnd.pgrst.object+json"}
    )  # fmt: skip
    assert (many.status_code, many.content) == (406, b"")


async def test_nulls_may_be_left_out(api: Served, reader: Person) -> None:
    query = "contacts?select=first_name,last_name&first_name=in.(Ada,Bob)&order=first_name"
    array = await api.send("GET", query, reader.headers, headers={"accept": f"{ARRAY};nulls=stripped"})
    assert array.json() == [{"first_name": "Ada", "last_name": "Lovelace"}, {"first_name": "Bob"}]
    assert array.headers["content-type"] == f"{ARRAY};nulls=stripped; charset=utf-8"
    one = await api.send(
        "GET", f"{query}&limit=1&offset=1", reader.headers, headers={"accept": f"{ONE};nulls=stripped"}
    )
    assert one.json() == {"first_name": "Bob"}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("text/html, application/json;q=0.9", "application/json; charset=utf-8"),
        (ARRAY, "application/json; charset=utf-8"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv, application/json", "text/csv; charset=utf-8"),
        ("text/csv;q=0.1, application/json", "application/json; charset=utf-8"),
        (f"{ONE}, application/json", f"{ONE}; charset=utf-8"),
    ],
)
async def test_the_form_that_is_liked_best(api: Served, reader: Person, accept: str, content_type: str) -> None:
    answer = await api.send("GET", "contacts?limit=1", reader.headers, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


async def test_forms_that_are_not_made(api: Served, reader: Person) -> None:
    for accept in ("text/html", "application/geo+json", "text/plain", "application/vnd.pgrst.plan+json"):
        answer = await api.send("GET", "contacts", reader.headers, headers={"accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST107")
        assert answer.json()["message"] == f"None of these media types are available: {accept}"


async def test_the_exposed_schemas_alone_are_served(api: Served, reader: Person) -> None:
    named = await api.send("GET", "contacts?limit=1", reader.headers, headers={"accept-profile": "public"})
    assert named.status_code == 200
    for method, header in (("GET", "accept-profile"), ("POST", "content-profile"), ("DELETE", "content-profile")):
        answer = await api.send(method, "contacts?id=is.null", reader.headers, json={}, headers={header: "auth"})
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106")
        assert answer.json()["message"] == "Invalid schema: auth"
        assert answer.json()["hint"] == "Only the following schemas are exposed: public"
