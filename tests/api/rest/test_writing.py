"""Inserts, updates, deletions: what is written, what is answered, what is taken back."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.served import Person, Served

SHOWN = {"prefer": "return=representation"}
OBJECT = {"accept": "application/vnd.pgrst.object+json"}


async def test_an_insert_answers_as_preferred(api: Served, owner: Person) -> None:
    row = {"first_name": "Ada", "tags": ["a", 'b"c'], "address": {"city": "London"}}
    silent = await api.send("POST", "contacts", owner.headers, json=row)
    assert (silent.status_code, silent.content, silent.headers["content-range"]) == (201, b"", "*/*")
    shown = await api.send(
        "POST", "contacts?select=first_name,tags,address,user_id", owner.headers, json=row, headers=SHOWN
    )
    assert (shown.status_code, shown.json()) == (201, [{**row, "user_id": str(owner.id)}])
    assert shown.headers["preference-applied"] == "return=representation"
    one = await api.send("POST", "contacts?select=first_name", owner.headers, json=row, headers={**SHOWN, **OBJECT})
    assert (one.status_code, one.json()) == (201, {"first_name": "Ada"})
    located = await api.send("POST", "contacts", owner.headers, json=row, headers={"prefer": "return=headers-only"})
    assert (located.status_code, located.content) == (201, b"")
    found = await api.send("GET", located.headers["location"].removeprefix("/"), owner.headers)
    assert found.json()[0]["first_name"] == "Ada"


async def test_many_rows_at_once(api: Served, owner: Person) -> None:
    rows = [{"first_name": f"n{number}", "last_name": None if number % 2 else "x"} for number in range(1000)]
    answer = await api.send("POST", "contacts?select=first_name,last_name", owner.headers, json=rows, headers=SHOWN)
    assert (answer.status_code, answer.json()) == (201, rows)


async def test_columns_say_what_is_taken(api: Served, owner: Person) -> None:
    rows: list[dict[str, Any]] = [{"first_name": "A", "last_name": "x", "nonsense": 1}, {"first_name": "B"}]
    query = 'contacts?columns="first_name","last_name"&select=first_name,last_name'
    answer = await api.send("POST", query, owner.headers, json=rows, headers=SHOWN)
    assert answer.json() == [{"first_name": "A", "last_name": "x"}, {"first_name": "B", "last_name": None}]
    uneven = await api.send("POST", "contacts", owner.headers, json=rows)
    assert (uneven.status_code, uneven.json()["code"]) == (400, "PGRST102")


async def test_empty_bodies(api: Served, owner: Person) -> None:
    nothing = await api.send("POST", "contacts", owner.headers, json=[], headers=SHOWN)
    assert (nothing.status_code, nothing.json()) == (201, [])
    defaults = await api.send("POST", "contacts?select=type,tags", owner.headers, json={}, headers=SHOWN)
    assert (defaults.status_code, defaults.json()) == (201, [{"type": "individual", "tags": []}])
    row = await api.insert("contacts", {"first_name": "Ada"}, owner.headers)
    unchanged = await api.send("PATCH", f"contacts?id=eq.{row['id']}", owner.headers, json={}, headers=SHOWN)
    assert (unchanged.status_code, unchanged.json()) == (200, [])


async def test_an_update_answers_as_preferred(api: Served, owner: Person) -> None:
    row = await api.insert("deals", {"title": "Engine", "amount": 12.5}, owner.headers)
    path = f"deals?id=eq.{row['id']}"
    silent = await api.send("PATCH", path, owner.headers, json={"stage": "qualified"})
    assert (silent.status_code, silent.content, silent.headers["content-range"]) == (204, b"", "0-0/*")
    counted = await api.send("PATCH", path, owner.headers, json={"amount": "99.99"}, headers={"prefer": "count=exact"})
    assert counted.headers["content-range"] == "0-0/1"
    shown = await api.send(
        "PATCH", f"{path}&select=amount,stage", owner.headers, json={"probability": 5}, headers=SHOWN
    )
    assert (shown.status_code, shown.json()) == (200, [{"amount": 99.99, "stage": "qualified"}])
    missing = await api.send("PATCH", f"deals?id=eq.{uuid4()}", owner.headers, json={"probability": 5}, headers=SHOWN)
    assert (missing.status_code, missing.json(), missing.headers["content-range"]) == (200, [], "*/*")


async def test_a_deletion_answers_as_preferred(api: Served, owner: Person) -> None:
    rows = [await api.insert("deals", {"title": f"d{number}"}, owner.headers) for number in range(3)]
    ids = [row["id"] for row in rows]
    silent = await api.send("DELETE", f"deals?id=eq.{ids[0]}", owner.headers)
    assert (silent.status_code, silent.content, silent.headers["content-range"]) == (204, b"", "*/*")
    # The Python client sends a body with it.
    shown = await api.send(
        "DELETE", f"deals?id=in.({ids[1]},{ids[2]})&select=title&order=title.desc", owner.headers, json={},
        headers={"prefer": "return=representation, count=exact"},
    )  # fmt: skip
    assert (shown.status_code, shown.json()) == (200, [{"title": "d2"}, {"title": "d1"}])
    assert shown.headers["content-range"] == "*/2"
    assert shown.headers["preference-applied"] == "return=representation, count=exact"
    left = await api.send("GET", f"deals?id=in.({','.join(ids)})", owner.headers)
    assert left.json() == []


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_change_of_all_rows_must_be_said(api: Served, owner: Person, method: str) -> None:
    answer = await api.send(method, "contacts", owner.headers, json={"first_name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "21000")


@pytest.mark.parametrize("shown", [SHOWN, {}], ids=["shown", "not shown"])
async def test_what_is_not_one_object_is_taken_back(shown: dict[str, str], api: Served) -> None:
    person = await api.person()
    for name in ("a", "b"):
        await api.insert("contacts", {"first_name": name}, person.headers)
    headers = {**shown, **OBJECT}
    for method, path, body in (
        ("PATCH", "contacts?id=not.is.null", {"first_name": "changed"}),
        ("DELETE", "contacts?id=not.is.null", None),
        ("POST", "contacts", [{"first_name": "changed"}, {"first_name": "changed"}]),
    ):
        answer = await api.send(method, path, person.headers, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST116")
    left = await api.send("GET", "contacts?select=first_name&order=first_name", person.headers)
    assert left.json() == [{"first_name": "a"}, {"first_name": "b"}]


async def test_a_bound_on_the_affected_rows(api: Served) -> None:
    person = await api.person()
    for name in ("a", "b"):
        await api.insert("contacts", {"first_name": name}, person.headers)
    path = "contacts?id=not.is.null"
    strict = {"prefer": "handling=strict, max-affected=1"}
    refused = await api.send("DELETE", path, person.headers, headers=strict)
    assert (refused.status_code, refused.json()["code"]) == (400, "PGRST124")
    zero = await api.send("DELETE", path, person.headers, headers={"prefer": "handling=strict, max-affected=0"})
    assert zero.status_code == 400
    allowed = await api.send("DELETE", path, person.headers, headers={"prefer": "handling=strict, max-affected=2"})
    assert allowed.status_code == 204
    unknown = await api.send("GET", "contacts", person.headers, headers={"prefer": "handling=strict, nonsense=1"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "PGRST122")


async def test_an_upsert_inserts_or_changes(api: Served) -> None:
    person = await api.person()
    merge = {"prefer": "resolution=merge-duplicates, return=representation"}
    row = {"name": "A", "path": "/a", "method": "GET", "target_url": "https://example.com"}
    query = "api_endpoints?on_conflict=user_id,path,method&select=name,rate_limit"
    made = await api.send("POST", query, api.service, json={**row, "user_id": str(person.id)}, headers=merge)
    assert made.status_code == 201, made.text
    again = {**row, "name": "B", "user_id": str(person.id)}
    changed = await api.send("POST", query, api.service, json=again, headers=merge)
    assert (changed.status_code, changed.json()[0]["name"]) == (200, "B")
    ignore = {"prefer": "resolution=ignore-duplicates, return=representation"}
    ignored = await api.send("POST", query, api.service, json={**again, "name": "C"}, headers=ignore)
    assert (ignored.status_code, ignored.json()) == (201, [])


async def test_refusals_by_the_database(api: Served, owner: Person, stranger: Person) -> None:
    contact = await api.insert("contacts", {"first_name": "Ada"}, owner.headers)
    cases = [
        (owner, "POST", "deals", {"title": "x", "stage": "nonsense"}, 400, "23514"),
        (owner, "POST", "deals", {"amount": 1}, 400, "23502"),
        (owner, "POST", "deals", {"title": "x", "amount": "abc"}, 400, "22P02"),
        (owner, "POST", "deals", {"title": "x", "contact_id": str(uuid4())}, 409, "23503"),
        (stranger, "POST", "deals", {"title": "x", "contact_id": contact["id"]}, 409, "23503"),
        (stranger, "POST", "deals", {"title": "x", "user_id": str(owner.id)}, 403, "42501"),
        (owner, "POST", "contacts", {"first_name": "x", "nonsense": 1}, 400, "PGRST204"),
        (owner, "PATCH", f"contacts?id=eq.{contact['id']}", {"nonsense": 1}, 400, "PGRST204"),
        (owner, "PATCH", f"contacts?id=eq.{contact['id']}", {"user_id": str(stranger.id)}, 403, "42501"),
        (owner, "POST", "nonsense", {"a": 1}, 404, "PGRST205"),
    ]
    for who, method, path, body, status, code in cases:
        answer = await api.send(method, path, who.headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json()["error"] == answer.json()["message"]
        assert answer.headers["proxy-status"] == f"PostgREST; error={code}"


async def test_a_definition_is_validated_before_it_is_stored(api: Served, owner: Person) -> None:
    good = {"do": [{"greet": {"set": {"hello": "world"}}}]}
    stored = await api.insert("workflows", {"name": "Say Hello", "config": good}, owner.headers)
    assert stored["config"]["do"] == good["do"]
    assert stored["config"]["document"]["name"] == "say-hello"
    bad = {"do": [{"greet": {"sett": {}}}]}
    refused = await api.send("POST", "workflows", owner.headers, json={"name": "x", "config": bad})
    assert (refused.status_code, refused.json()["code"]) == (400, "WORKFLOW_INVALID")
    issues = refused.json()["details"]["issues"]
    assert any(issue["pointer"].startswith("/do/0/greet") for issue in issues)
    update = await api.send("PATCH", f"workflows?id=eq.{stored['id']}", owner.headers, json={"config": bad})
    assert (update.status_code, update.json()["code"]) == (400, "WORKFLOW_INVALID")
    renamed = await api.send("PATCH", f"workflows?id=eq.{stored['id']}", owner.headers, json={"name": "y"})
    assert renamed.status_code == 204
    draft = await api.send("POST", "workflows", owner.headers, json=[{"name": "no document yet"}])
    assert draft.status_code == 201


async def test_columns_decide_what_is_taken_of_a_checked_row(api: Served, owner: Person) -> None:
    """A workflow's document is completed before it is stored, which must not let other keys of the row in."""
    row = {
        "user_id": str(owner.id),
        "name": "Named",
        "description": "not named",
        "config": {"do": [{"one": {"set": {"x": 1}}}]},
    }
    asked = {"prefer": "return=representation"}
    answer = await api.send(
        "POST", "workflows?columns=user_id,name,config", owner.headers, json={**row, "run_count": 5}, headers=asked
    )
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()
    assert (made["description"], "document" in made["config"]) == (None, True)
