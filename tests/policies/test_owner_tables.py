"""Tables, views and functions that the platform's owner adds by SQL, as migrations of Supabase projects write them."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from models.migrate import migrate
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
GRANT SELECT, INSERT, UPDATE, DELETE ON public.notes TO anon, authenticated;
CREATE VIEW public.note_bodies WITH (security_invoker = true) AS SELECT body FROM public.notes;
GRANT SELECT ON public.note_bodies TO authenticated;
CREATE FUNCTION public.count_notes() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.notes';
"""
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


async def test_added_table_is_closed_until_it_is_granted(
    requests: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    await admin.execute("REVOKE ALL ON notes FROM anon, authenticated")
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch("SELECT * FROM notes")
