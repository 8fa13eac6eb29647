"""What the settings of the data API switch on and off, and how long callers may make the database work."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from tests.api.served import Person, Served, served
from zilliance.settings import Settings

TABLES = """
CREATE SCHEMA set_other;
GRANT USAGE ON SCHEMA set_other TO anon, authenticated;
CREATE TABLE set_other.things (id int PRIMARY KEY);
GRANT ALL ON set_other.things TO authenticated;
CREATE FUNCTION set_other.snooze(seconds float) RETURNS int LANGUAGE sql AS 'SELECT pg_sleep(seconds); SELECT 1';
CREATE FUNCTION set_other.here() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'here' $$;
"""
PLAN = "application/vnd.pgrst.plan"
OTHER = {"accept-profile": "set_other", "content-profile": "set_other"}


@pytest.fixture(scope="module")
async def strict(settings: Settings) -> AsyncGenerator[Served]:
    """A data API that is set otherwise."""
    connection = await asyncpg.connect(settings.database.admin_dsn())
    await connection.execute(TABLES)
    rest = {
        "schemas": ["public", "set_other"],
        "plan_enabled": True,
        "aggregates_enabled": False,
        "tx_enabled": False,
        "max_rows": 3,
    }
    changed = settings.model_copy(
        update={
            "rest": settings.rest.model_copy(update=rest),
            "database": settings.database.model_copy(update={"anon_statement_timeout_ms": 200}),
        }
    )
    async with served(changed) as running:
        yield running
    await connection.execute("DROP SCHEMA set_other CASCADE")
    await connection.close()


@pytest.fixture(scope="module")
async def person(strict: Served) -> Person:
    return await strict.person()


async def test_aggregates_may_be_forbidden(strict: Served, api: Served, person: Person) -> None:
    for select in ("amount.sum()", "count()", "id,contacts(count())"):
        refused = await strict.send("GET", f"deals?select={select}", person.headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "PGRST123")
    assert (await api.send("GET", "deals?select=amount.sum()", person.headers)).json() == [{"sum": None}]


async def test_a_rollback_may_be_forbidden(strict: Served, person: Person) -> None:
    lenient = await strict.send("GET", "contacts", person.headers, headers={"prefer": "tx=rollback"})
    assert (lenient.status_code, lenient.headers.get("preference-applied")) == (200, None)
    refused = await strict.send("GET", "contacts", person.headers, headers={"prefer": "handling=strict, tx=rollback"})
    assert (refused.status_code, refused.json()["code"]) == (400, "PGRST122")


async def test_the_row_limit(strict: Served, person: Person) -> None:
    rows = [{"id": number} for number in range(5)]
    assert (await strict.send("POST", "things", person.headers, json=rows, headers=OTHER)).status_code == 201
    page = await strict.send("GET", "things", person.headers, headers=OTHER)
    assert (page.json(), page.headers["content-range"]) == (rows[:3], "0-2/*")
    estimated = await strict.send("GET", "things", person.headers, headers={**OTHER, "prefer": "count=estimated"})
    assert estimated.status_code == 206


async def test_every_exposed_schema_is_served(strict: Served, person: Person) -> None:
    there = await strict.send("GET", "things?id=eq.99", person.headers, headers=OTHER)
    assert (there.status_code, there.headers["content-profile"]) == (200, "set_other")
    first = await strict.send("GET", "contacts?limit=1", person.headers)
    assert first.headers["content-profile"] == "public"
    assert (await strict.send("GET", "things", person.headers)).json()["code"] == "PGRST205"
    assert (await strict.send("POST", "rpc/here", person.headers, json={}, headers=OTHER)).json() == "here"
    paths = (await strict.send("GET", "", person.headers, headers=OTHER)).json()["paths"]
    assert "/rest/v1/things" in paths


async def test_the_plan_of_a_statement(strict: Served, person: Person) -> None:
    asked = {"accept": f'{PLAN}+json; for="application/json"; options=verbose|settings'}
    for method, path, body in (
        ("GET", "contacts?id=is.null", None),
        ("POST", "contacts", {"first_name": "planned only"}),
        ("PATCH", "contacts?id=is.null", {"first_name": "x"}),
        ("DELETE", "contacts?id=is.null", None),
        ("POST", "rpc/has_role", {"_user_id": str(person.id), "_role": "admin"}),
    ):
        answer = await strict.send(method, path, person.headers, json=body, headers=asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == (
            f'{PLAN}+json; for="application/json"; options=verbose|settings; charset=utf-8'
        )
        assert "Plan" in answer.json()[0]
    text = await strict.send("GET", "contacts", person.headers, headers={"accept": PLAN})
    assert text.text.startswith("Aggregate")
    found = await strict.send("GET", "contacts?first_name=eq.planned only", person.headers)
    assert found.json() == []


async def test_callers_without_an_account_wait_less(strict: Served, person: Person) -> None:
    late = await strict.send("POST", "rpc/snooze", strict.anon, json={"seconds": 2}, headers=OTHER)
    assert (late.status_code, late.json()["code"]) == (504, "57014")
    patient = await strict.send("POST", "rpc/snooze", person.headers, json={"seconds": 0.5}, headers=OTHER)
    assert (patient.status_code, patient.json()) == (200, 1)
