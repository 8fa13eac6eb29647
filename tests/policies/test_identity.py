"""Who the database takes a caller for, what a login may do before it says who it is, and when a session ends."""

import json
from uuid import UUID, uuid4

import asyncpg
import pytest

from models.registry import TABLES
from tests.identities import ANONYMOUS
from tests.policies.conftest import Connection, become, insert
from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login


@pytest.mark.parametrize("table", [*TABLES, "auth.users", "auth.sessions", "private.effects", "private.sql_files"])
async def test_login_of_requests_reads_nothing_without_an_identity(table: str, requests: Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("statement", ["CREATE TABLE t (id int)", "CREATE TEMP TABLE t (id int)", "CREATE SCHEMA s"])
async def test_login_of_requests_makes_nothing(statement: str, requests: Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(statement)


@pytest.mark.parametrize("role", ["service_role", "zowner", "zplatform", "zauth", "zworker", "postgres"])
async def test_requests_never_become_more(role: str, requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["admin"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"SET ROLE {role}")


@pytest.mark.parametrize("table", ["auth.users", "auth.sessions", "private.effects", "private.idempotency_keys"])
@pytest.mark.parametrize("caller", ["anon", "owner", "admin"])
async def test_accounts_and_bookkeeping_are_closed(
    table: str, caller: str, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people[caller])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(f"SELECT 1 FROM {table}")


async def test_identity_ends_with_the_transaction(
    policies_database: DatabaseSettings, people: dict[str, Identity], rows: dict[str, UUID]
) -> None:
    connection = await asyncpg.connect(policies_database.dsn(Login.REQUESTS))
    try:
        async with connection.transaction():
            await become(connection, people["owner"])
            assert await connection.fetchval("SELECT id FROM contacts") == rows["contacts"]
        # A used connection knows the setting as '', which must not be read as JSON.
        async with connection.transaction():
            await become(connection, ANONYMOUS)
            assert await connection.fetchval("SELECT auth.uid()") is None
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT id FROM contacts")
    finally:
        await connection.close()


@pytest.mark.parametrize("claims", ["", "{}"])
async def test_no_claims_see_no_rows(claims: str, requests: Connection, rows: dict[str, UUID]) -> None:
    assert rows
    await become(requests, Identity(role=Role.AUTHENTICATED, claims=claims))
    assert await requests.fetch("SELECT id FROM contacts") == []


async def test_functions_of_the_caller(requests: Connection) -> None:
    user_id = uuid4()
    claims = {"sub": str(user_id), "role": "authenticated", "email": "ada@example.com"}
    await become(requests, Identity.of_claims(claims))
    row = await requests.fetchrow("SELECT auth.uid(), auth.role(), auth.email(), auth.jwt()::text AS jwt")
    assert row is not None
    assert (row["uid"], row["role"], row["email"]) == (user_id, "authenticated", "ada@example.com")
    assert json.loads(row["jwt"]) == claims


async def test_functions_of_others_are_not_misled_by_temporary_types(
    requests: Connection, people: dict[str, Identity]
) -> None:
    """PostgreSQL looks for types among the temporary ones first, even where the search path is empty."""
    await become(requests, people["owner"])
    await requests.execute(
        "CREATE FUNCTION pg_temp.only_me() RETURNS boolean LANGUAGE plpgsql AS"
        " $$ BEGIN ASSERT current_user = 'authenticated', current_user; RETURN false; END $$"
    )
    for name in ("jsonb", "uuid", "text", "timestamptz"):
        await requests.execute(f"CREATE DOMAIN pg_temp.{name} AS pg_catalog.{name} CHECK (pg_temp.only_me())")
    own, nobody = people["owner"].user_id, "pg_catalog.gen_random_uuid()"
    assert await requests.fetchval("SELECT auth.uid()") == own
    assert await requests.fetchval("SELECT auth.role()") == "authenticated"
    assert await requests.fetchval(f"SELECT public.has_role({nobody}, 'admin')") is False
    assert await requests.fetchval(f"SELECT private.cancel_queued({nobody})") is False


async def test_older_way_to_set_the_caller_works(requests: Connection, people: dict[str, Identity]) -> None:
    owner = people["owner"].user_id
    await requests.execute("SET LOCAL ROLE authenticated")
    await requests.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(owner))
    assert await requests.fetchval("SELECT auth.uid()") == owner


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ("UPDATE auth.sessions SET not_after = now() + interval '1 hour' WHERE id = $1", True),
        ("UPDATE auth.sessions SET not_after = now() - interval '1 second' WHERE id = $1", False),
        ("DELETE FROM auth.sessions WHERE id = $1", False),
        ("UPDATE auth.users SET banned_until = now() + interval '1 hour' WHERE id = $2", False),
        ("UPDATE auth.users SET banned_until = now() - interval '1 hour' WHERE id = $2", True),
        ("UPDATE auth.users SET deleted_at = now() WHERE id = $2", False),
    ],
)
async def test_session_lives_until_it_is_ended(
    change: str, live: bool, requests: Connection, accounts: Connection
) -> None:
    user_id = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    session_id = await accounts.fetchval("INSERT INTO auth.sessions (user_id) VALUES ($1) RETURNING id", user_id)
    identity = Identity.of_claims({"sub": str(user_id), "role": "authenticated", "session_id": str(session_id)})
    async with requests.transaction():
        assert await become(requests, identity) is True
    await accounts.execute(change.replace("$1", f"'{session_id}'").replace("$2", f"'{user_id}'"))
    await requests.execute("RESET ROLE")
    assert await become(requests, identity) is live


async def test_session_that_never_was_is_dead(requests: Connection) -> None:
    claims = {"sub": str(uuid4()), "role": "authenticated", "session_id": str(uuid4())}
    assert await become(requests, Identity.of_claims(claims)) is False


async def test_sign_up_makes_profile_and_role(accounts: Connection, admin: Connection) -> None:
    told = {"first_name": "Ada", "last_name": "Lovelace", "avatar_url": "https://example.com/a.png"}
    user_id = await accounts.fetchval(
        "INSERT INTO auth.users (raw_user_meta_data) VALUES ($1) RETURNING id", json.dumps(told)
    )
    profile = await admin.fetchrow("SELECT * FROM profiles WHERE id = $1", user_id)
    assert profile is not None
    assert {name: profile[name] for name in told} == told
    assert profile["display_name"] == "Ada Lovelace"
    assert await admin.fetch("SELECT role FROM user_roles WHERE user_id = $1", user_id) == [("user",)]


async def test_name_that_is_too_long_does_not_cost_a_sign_up(accounts: Connection, admin: Connection) -> None:
    told = json.dumps({"first_name": "x" * 5000})
    user_id = await accounts.fetchval("INSERT INTO auth.users (raw_user_meta_data) VALUES ($1) RETURNING id", told)
    assert await admin.fetchval("SELECT length(first_name) FROM profiles WHERE id = $1", user_id) == 200


async def test_soft_deletion_takes_the_profile_that_everybody_reads(accounts: Connection, admin: Connection) -> None:
    user_id = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    await accounts.execute("UPDATE auth.users SET deleted_at = now() WHERE id = $1", user_id)
    assert await admin.fetch("SELECT 1 FROM profiles WHERE id = $1", user_id) == []


async def test_deleting_an_account_takes_all_its_rows(accounts: Connection, admin: Connection) -> None:
    user_id = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    contact = await insert(admin, "contacts", {"user_id": str(user_id)})
    assert contact is not None
    deal = {"user_id": str(user_id), "title": "Engine", "contact_id": str(contact["id"])}
    await insert(admin, "deals", deal)
    await accounts.execute("DELETE FROM auth.users WHERE id = $1", user_id)
    for table in ("profiles", "contacts", "deals", "user_roles"):
        column = "id" if table == "profiles" else "user_id"
        assert await admin.fetch(f"SELECT 1 FROM {table} WHERE {column} = $1", user_id) == []


@pytest.mark.parametrize(
    ("caller", "role", "told"),
    [
        ("moderator", "moderator", True),
        ("moderator", "admin", False),
        ("admin", "moderator", True),
        ("other", "moderator", False),
        ("anon", "moderator", False),
    ],
)
async def test_has_role_tells_of_ones_own_roles_and_administrators_of_all(
    caller: str, role: str, told: bool, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people[caller])
    assert await requests.fetchval("SELECT has_role($1, $2)", people["moderator"].user_id, role) is told
