"""Tables, views and functions that the platform's owner adds by SQL, as migrations of Supabase projects write them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from models.migrate import migrate
from models.registry import TABLES
from tests.policies.conftest import Connection, become
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings

ADDED = """
CREATE TABLE public.notes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL DEFAULT auth.uid() REFERENCES auth.users (id) ON DELETE CASCADE,
    body text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own notes" ON public.notes FOR ALL USING (auth.uid() = user_id);
CREATE POLICY "admins see all" ON public.notes FOR SELECT USING (public.has_role(auth.uid(), 'admin'));
CREATE TRIGGER touch BEFORE UPDATE ON public.notes
    FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column();
CREATE VIEW public.note_bodies WITH (security_invoker = true) AS SELECT body FROM public.notes;
GRANT SELECT ON public.note_bodies TO authenticated;
CREATE FUNCTION public.count_notes() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.notes';
"""
EVERY = {"SELECT", "INSERT", "UPDATE", "DELETE"}
REMOVED = "DROP FUNCTION public.count_notes(); DROP VIEW public.note_bodies; DROP TABLE public.notes"


@pytest.fixture(autouse=True)
async def _notes(admin: Connection) -> AsyncGenerator[None]:
    await admin.execute(ADDED)
    yield
    await admin.execute(REMOVED)


async def test_added_table_view_and_function_work(requests: Connection, people: dict[str, Identity]) -> None:
    async with requests.transaction():
        await become(requests, people["owner"])
        await requests.execute("INSERT INTO notes (body) VALUES ('mine')")
        await requests.execute("UPDATE notes SET body = 'still mine'")
        assert await requests.fetch("SELECT body FROM note_bodies") == [("still mine",)]
        assert await requests.fetchval("SELECT count_notes()") == 1
        await requests.execute("RESET ROLE")
    for caller, seen in (("other", 0), ("admin", 1), ("anon", 0)):
        async with requests.transaction():
            await become(requests, people[caller])
            assert await requests.fetchval("SELECT count(*) FROM notes") == seen, caller
            await requests.execute("RESET ROLE")


async def test_added_table_survives_the_next_migration(
    policies_database: DatabaseSettings, requests: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    await admin.execute("UPDATE private.sql_files SET sha256 = 'another'")
    applied: list[str] = []
    await migrate(policies_database, applied.append)
    assert "sql grants.sql" in applied
    await become(requests, people["owner"])
    await requests.execute("INSERT INTO notes (body) VALUES ('mine')")


async def test_added_table_is_closed_until_it_has_row_security(
    requests: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    await admin.execute("ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
    assert await rights(admin, "anon", "notes") == await rights(admin, "authenticated", "notes") == set()
    assert "INSERT" in await rights(admin, "service_role", "notes")
    async with requests.transaction():
        await become(requests, people["owner"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with requests.transaction():
                await requests.fetch("SELECT * FROM notes")
    await admin.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    assert await rights(admin, "anon", "notes") == await rights(admin, "authenticated", "notes") == EVERY


async def test_a_grant_on_a_table_without_row_security_is_the_owners_word(admin: Connection) -> None:
    async with undone(admin):
        await admin.execute("CREATE TABLE public.colours (name text); GRANT SELECT ON public.colours TO anon")
        await admin.execute("ALTER TABLE public.colours ADD COLUMN red int")
        assert await rights(admin, "anon", "colours") == {"SELECT"}
        assert await rights(admin, "authenticated", "colours") == set()


async def test_what_the_owner_revokes_stays_revoked(policies_database: DatabaseSettings, admin: Connection) -> None:
    await admin.execute("REVOKE ALL ON notes FROM anon; REVOKE DELETE ON notes FROM authenticated")
    await admin.execute("ALTER TABLE notes ADD COLUMN more text")
    await admin.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    await admin.execute("UPDATE private.sql_files SET sha256 = 'another'")
    await migrate(policies_database, lambda _: None)
    await admin.execute("ALTER TABLE notes ADD COLUMN most text")
    assert await rights(admin, "anon", "notes") == set()
    assert await rights(admin, "authenticated", "notes") == EVERY - {"DELETE"}


async def test_rights_from_before_stay_as_they_are(policies_database: DatabaseSettings, admin: Connection) -> None:
    """A table that had row security before there was anything to follow it."""
    await admin.execute("REVOKE ALL ON notes FROM anon, authenticated; REVOKE MAINTAIN ON notes FROM zplatform")
    await admin.execute("UPDATE private.sql_files SET sha256 = 'another'")
    await migrate(policies_database, lambda _: None)
    await admin.execute("ALTER TABLE notes ADD COLUMN more text")
    assert await rights(admin, "authenticated", "notes") == set()


async def test_rows_of_an_added_table_can_be_numbered(admin: Connection) -> None:
    async with undone(admin):
        await admin.execute(
            """
            CREATE TABLE public.numbered (id serial PRIMARY KEY, other int GENERATED BY DEFAULT AS IDENTITY);
            ALTER TABLE public.numbered ENABLE ROW LEVEL SECURITY;
            CREATE POLICY everybody ON public.numbered USING (true);
            REVOKE INSERT ON public.numbered FROM anon;
            ALTER TABLE public.numbered ADD COLUMN later bigserial;
            SET LOCAL ROLE authenticated;
            """
        )
        row = await admin.fetchrow("INSERT INTO numbered DEFAULT VALUES RETURNING *")
        assert tuple(row or ()) == (1, 1, 1)
        for sequence in ("numbered_id_seq", "numbered_other_seq", "numbered_later_seq"):
            assert await admin.fetchval("SELECT has_sequence_privilege('authenticated', $1, 'USAGE, SELECT')", sequence)
        assert not await admin.fetchval("SELECT has_sequence_privilege('anon', 'numbered_later_seq', 'USAGE')")


async def test_tables_of_another_owner_are_followed_too(admin: Connection) -> None:
    async with undone(admin):
        await admin.execute(
            """
            CREATE ROLE somebody; GRANT CREATE, USAGE ON SCHEMA public TO somebody; SET LOCAL ROLE somebody;
            CREATE TABLE public.theirs (id int);
            ALTER TABLE public.theirs ENABLE ROW LEVEL SECURITY;
            """
        )
        assert await rights(admin, "authenticated", "theirs") == EVERY


@pytest.mark.parametrize("schema", ["private", "storage", "elsewhere"])
async def test_other_schemas_are_not_opened(admin: Connection, schema: str) -> None:
    async with undone(admin):
        await admin.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        await admin.execute(f"CREATE TABLE {schema}.notes (); ALTER TABLE {schema}.notes ENABLE ROW LEVEL SECURITY")
        assert await rights(admin, "anon", f"{schema}.notes") == set()


@pytest.mark.parametrize("table", TABLES)
async def test_the_platforms_own_tables_keep_their_grants(admin: Connection, table: str) -> None:
    statement = """
        SELECT grantee, column_name, privilege_type FROM information_schema.column_privileges
        WHERE table_schema = 'public' AND table_name = $1 ORDER BY 1, 2, 3
    """
    async with undone(admin):
        before = await admin.fetch(statement, table)
        await admin.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        await admin.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        assert await admin.fetch(statement, table) == before


async def rights(admin: Connection, role: str, table: str) -> set[str]:
    return set(
        await admin.fetchval(
            "SELECT coalesce(array_agg(r), '{}') FROM unnest($3::text[]) AS r WHERE has_table_privilege($1, $2, r)",
            role,
            table,
            ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
        )
    )


@asynccontextmanager
async def undone(admin: Connection) -> AsyncGenerator[None]:
    """What happens inside leaves nothing behind."""
    transaction = admin.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()
