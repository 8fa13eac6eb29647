"""Every table through the API: its owner's row as the owner, a stranger, nobody and the service meet it."""

from typing import Any
from uuid import uuid4

import pytest

from models.registry import SHAPES, TABLES
from tests.api.served import Person, Served

# What an owner writes, and a change of it. `$table` stands for the id of the row made for that table.
OWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tutorials": ({"title": "How to fly", "steps": [{"a": 1}], "tags": ["x"]}, {"title": "How to swim"}),
    "videos": ({"title": "Holidays", "filename": "h.mp4"}, {"title": "Sea"}),
    "workflows": ({"name": "Nightly"}, {"is_active": False}),
    "contacts": ({"first_name": "Ada", "tags": ["friend"]}, {"last_name": "Lovelace"}),
    "deals": ({"title": "Engine", "contact_id": "$contacts", "amount": 1500.5}, {"stage": "closed_won"}),
    "activities": ({"title": "Call", "type": "call", "deal_id": "$deals"}, {"type": "note"}),
    "api_endpoints": ({"name": "Tides", "path": "/t", "target_url": "https://example.com"}, {"rate_limit": 5}),
    "api_keys": ({"name": "Mobile"}, {"is_active": False}),
    "app_projects": ({"name": "Shop"}, {"is_published": True}),
}
PLATFORM: dict[str, dict[str, Any]] = {
    "workflow_executions": {"workflow_id": "$workflows"},
    "api_requests": {"endpoint_id": "$api_endpoints", "method": "GET", "path": "/t", "status_code": 200},
}


@pytest.fixture(scope="module")
async def someone(api: Served) -> Person:
    return await api.person()


@pytest.fixture(scope="module")
async def rows(api: Served, someone: Person) -> dict[str, dict[str, Any]]:
    """A row of `someone` in every table."""
    made: dict[str, dict[str, Any]] = {}

    def resolved(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: made[value[1:]]["id"] if isinstance(value, str) and value.startswith("$") else value
            for name, value in row.items()
        }

    for table, (row, _) in OWN.items():
        made[table] = await api.insert(table, resolved(row), someone.headers)
        assert resolved(row).items() <= made[table].items()
    for table, row in PLATFORM.items():
        made[table] = await api.insert(table, {**resolved(row), "user_id": str(someone.id)}, api.service)
    for table, column in (("profiles", "id"), ("user_roles", "user_id")):
        made[table] = (await api.send("GET", f"{table}?{column}=eq.{someone.id}", someone.headers)).json()[0]
    return made


def test_no_table_is_left_out() -> None:
    assert {*OWN, *PLATFORM, "profiles", "user_roles"} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
async def test_the_owner_reads_what_is_documented(
    api: Served, someone: Person, rows: dict[str, dict[str, Any]], table: str
) -> None:
    answer = await api.send("GET", f"{table}?id=eq.{rows[table]['id']}", someone.headers)
    assert answer.status_code == 200
    (row,) = answer.json()
    assert set(row) == set(SHAPES[table].public.model_fields)


@pytest.mark.parametrize("table", [table for table in TABLES if table != "profiles"])
async def test_a_stranger_finds_nothing(
    api: Served, stranger: Person, rows: dict[str, dict[str, Any]], table: str
) -> None:
    path = f"{table}?id=eq.{rows[table]['id']}"
    answer = await api.send("GET", path, stranger.headers, headers={"prefer": "count=exact"})
    assert (answer.status_code, answer.json(), answer.headers["content-range"]) == (200, [], "*/0")
    if table in OWN:
        shown = {"prefer": "return=representation"}
        changed = await api.send("PATCH", path, stranger.headers, json=OWN[table][1], headers=shown)
        assert (changed.status_code, changed.json()) == (200, [])
        deleted = await api.send("DELETE", path, stranger.headers, headers=shown)
        assert (deleted.status_code, deleted.json()) == (200, [])


@pytest.mark.parametrize("table", TABLES)
async def test_nobody_must_sign_in(api: Served, rows: dict[str, dict[str, Any]], table: str) -> None:
    answer = await api.send("GET", f"{table}?id=eq.{rows[table]['id']}", api.anon)
    if table == "tutorials":  # published ones are everybody's
        assert (answer.status_code, answer.json()) == (200, [])
    else:
        assert (answer.status_code, answer.json()["code"]) == (401, "42501")
    written = await api.send("POST", table, api.anon, json={"id": rows[table]["id"]})
    assert (written.status_code, written.json()["code"]) == (401, "42501")


@pytest.mark.parametrize("table", OWN)
async def test_the_owner_changes_and_deletes(api: Served, someone: Person, table: str) -> None:
    row, change = OWN[table]
    own = {name: value for name, value in row.items() if not str(value).startswith("$")}
    if table == "api_endpoints":
        own["path"] = "/another"
    made = await api.insert(table, own, someone.headers)
    path = f"{table}?id=eq.{made['id']}"
    shown = {"prefer": "return=representation"}
    changed = await api.send("PATCH", path, someone.headers, json=change, headers=shown)
    assert changed.status_code == 200, changed.text
    assert change.items() <= changed.json()[0].items()
    deleted = await api.send("DELETE", path, someone.headers, headers=shown)
    assert (deleted.status_code, [row["id"] for row in deleted.json()]) == (200, [made["id"]])
    assert (await api.send("GET", path, someone.headers)).json() == []


@pytest.mark.parametrize("table", PLATFORM)
async def test_the_platform_alone_writes_its_records(
    api: Served, someone: Person, rows: dict[str, dict[str, Any]], table: str
) -> None:
    path = f"{table}?id=eq.{rows[table]['id']}"
    for method, target in (("POST", table), ("PATCH", path), ("DELETE", path)):
        answer = await api.send(method, target, someone.headers, json={"user_id": str(someone.id)})
        assert (answer.status_code, answer.json()["code"]) == (403, "42501")


async def test_a_profile_is_saved_by_an_upsert(api: Served, stranger: Person) -> None:
    someone = await api.person()
    merge = {"prefer": "resolution=merge-duplicates,return=representation"}
    row = {"id": str(someone.id), "bio": "Likes engines"}
    answer = await api.send("POST", "profiles?on_conflict=id&select=id,bio", someone.headers, json=row, headers=merge)
    assert (answer.status_code, answer.json()) == (200, [row])
    for foreign in (str(stranger.id), str(uuid4())):
        row = {"id": foreign, "bio": "Mine"}
        answer = await api.send("POST", "profiles?on_conflict=id", someone.headers, json=row, headers=merge)
        assert (answer.status_code, answer.json()["code"]) == (403, "42501")


async def test_profiles_are_read_by_all_and_written_by_their_own(
    api: Served, someone: Person, stranger: Person, rows: dict[str, dict[str, Any]]
) -> None:
    path = f"profiles?id=eq.{someone.id}"
    seen = await api.send("GET", path, stranger.headers)
    assert seen.json() == [rows["profiles"]]
    await api.send("PATCH", path, stranger.headers, json={"bio": "stolen"})
    own = await api.send(
        "PATCH", path, someone.headers, json={"bio": "mine"}, headers={"prefer": "return=representation"}
    )
    assert own.json()[0]["bio"] == "mine"


async def test_a_session_that_ended_is_refused(api: Served) -> None:
    person = await api.person()
    assert (await api.send("GET", "contacts", person.headers)).status_code == 200
    async with api.state.accounts.service(reason="a test ends a session") as connection:
        await connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", person.id)
    answer = await api.send("GET", "contacts", person.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_not_found")
