"""Bytes are one row's or doomed, at every moment, and a row takes only bytes that its own owner has brought."""

from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from tests.policies.files import UPLOAD, doomed, store
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login

CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"  # what the commit would do
INSERT = "INSERT INTO storage.objects (bucket_id, name, version) VALUES ('documents', $1, $2)"


@pytest.fixture
async def committing(policies_database: DatabaseSettings) -> AsyncGenerator[Connection]:
    """What the API uses for requests, in transactions that the test ends."""
    connection = await asyncpg.connect(policies_database.dsn(Login.REQUESTS))
    yield connection
    await connection.close()


@pytest.fixture
def owner(people: dict[str, Identity]) -> UUID:
    assert people["owner"].user_id
    return people["owner"].user_id


@pytest.fixture
def name(owner: UUID) -> str:
    """Of an object of the owner that no other test has."""
    return f"{owner}/{uuid4()}"


async def test_life_of_a_version(
    committing: Connection, admin: Connection, people: dict[str, Identity], owner: UUID, name: str
) -> None:
    first, second = uuid4(), uuid4()
    for version in (first, second):
        await admin.execute("SELECT private.doom_version($1, $2)", version, owner)
    assert await doomed(admin, first) is True

    async with committing.transaction():
        await become(committing, people["owner"])
        await committing.execute(INSERT, name, first)
    assert await doomed(admin, first) is None

    async with committing.transaction():
        await become(committing, people["owner"])
        await committing.execute("UPDATE storage.objects SET version = $2 WHERE name = $1", name, second)
    assert (await doomed(admin, first), await doomed(admin, second)) == (False, None)

    async with committing.transaction():
        await become(committing, people["owner"])
        await committing.execute("UPDATE storage.objects SET name = name || '.moved' WHERE name = $1", name)
    assert await doomed(admin, second) is None

    async with committing.transaction():
        await become(committing, people["owner"])
        await committing.execute("DELETE FROM storage.objects WHERE name = $1", f"{name}.moved")
    assert await doomed(admin, second) is False


async def test_rolled_back_change_dooms_nothing(
    requests: Connection, admin: Connection, people: dict[str, Identity], owner: UUID, name: str
) -> None:
    version = await store(admin, "documents", name, owner)
    await become(requests, people["owner"])
    async with requests.transaction():
        await requests.execute("DELETE FROM storage.objects WHERE name = $1", name)
        await requests.execute(CHECK_NOW)
    await requests.execute("ROLLBACK")
    await requests.execute("BEGIN")
    assert await doomed(admin, version) is None


async def test_trial_needs_no_bytes_and_a_commit_does(
    committing: Connection, admin: Connection, people: dict[str, Identity], name: str
) -> None:
    trial = committing.transaction()
    await trial.start()
    await become(committing, people["owner"])
    await committing.execute(INSERT, name, uuid4())
    await trial.rollback()

    kept = committing.transaction()
    await kept.start()
    await become(committing, people["owner"])
    await committing.execute(INSERT, name, uuid4())
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="cannot take version"):
        await kept.commit()
    assert await admin.fetch("SELECT 1 FROM storage.objects WHERE name = $1", name) == []


TAKING = {
    "insert": INSERT,
    "update": "UPDATE storage.objects SET version = $2 WHERE name = $1 || '.own'",
}


@pytest.fixture(
    params=["live", "uploaded by another", "of the platform", "left behind", "condemned", "unheard of"],
    ids=lambda how: how.replace(" ", "_"),
)
async def foreign_version(
    request: pytest.FixtureRequest, admin: Connection, people: dict[str, Identity], owner: UUID
) -> UUID:
    """Bytes that no row of the owner may take."""
    return await _version(admin, request.param, owner, people["other"].user_id)


@pytest.mark.parametrize("verb", TAKING)
async def test_bytes_of_somebody_else_are_not_taken(
    verb: str, foreign_version: UUID, requests: Connection, people: dict[str, Identity], mine: str
) -> None:
    await become(requests, people["owner"])
    await requests.execute(CHECK_NOW)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UniqueViolationError)):
        await requests.execute(TAKING[verb], mine, foreign_version)


@pytest.fixture
async def mine(admin: Connection, owner: UUID, name: str) -> str:
    """A name next to which the owner has an object that ends with `.own`."""
    await store(admin, "documents", f"{name}.own", owner)
    return name


async def _version(admin: Connection, how: str, owner: UUID, other: UUID | None) -> UUID:
    version = uuid4()
    if how == "live":
        return await store(admin, "documents", f"{other}/{version}", other)
    if how == "left behind":
        version = await store(admin, "documents", f"{owner}/{version}", owner)
        await admin.execute("DELETE FROM storage.objects WHERE version = $1", version)
    elif how != "unheard of":
        uploader = {"uploaded by another": other, "of the platform": None}.get(how, owner)
        lifetime = "-1 second" if how == "condemned" else "1 hour"
        await admin.execute(f"SELECT private.doom_version($1, $2, '{lifetime}')", version, uploader)
        await admin.fetch("SELECT private.condemn_due_versions(1000)")
    return version


async def test_pretended_owner_is_not_believed(
    requests: Connection, admin: Connection, people: dict[str, Identity], owner: UUID, name: str
) -> None:
    other, version = people["other"].user_id, uuid4()
    await admin.execute("SELECT private.doom_version($1, $2)", version, other)
    await become(requests, people["owner"])
    statement = "INSERT INTO storage.objects (bucket_id, name, version, owner, owner_id)"
    await requests.execute(f"{statement} VALUES ('documents', $1, $2, $3, $3::uuid::text)", name, version, other)
    await requests.execute("UPDATE storage.objects SET owner = $1, owner_id = 'x' WHERE name = $2", other, name)
    row = await requests.fetchrow("SELECT owner, owner_id FROM storage.objects WHERE name = $1", name)
    assert row == (owner, str(owner))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(CHECK_NOW)


async def test_version_is_registered_once_and_by_one(
    admin: Connection, people: dict[str, Identity], owner: UUID, name: str
) -> None:
    live, coming = await store(admin, "documents", name, owner), uuid4()
    doom = "SELECT private.doom_version($1, $2, interval '2 days')"
    await admin.execute("SELECT private.doom_version($1, $2)", coming, owner)
    await admin.execute(doom, coming, owner)
    due = await admin.fetchval(
        "SELECT due_at > now() + '1 day' FROM private.doomed_versions WHERE version = $1", coming
    )
    assert due
    for version, uploader in ((live, owner), (coming, people["other"].user_id)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is taken"):
            await admin.execute(doom, version, uploader)


async def test_sweep_answers_what_is_due_until_it_is_forgotten(admin: Connection, owner: UUID, name: str) -> None:
    live, due, later = await store(admin, "documents", name, owner), uuid4(), uuid4()
    await admin.execute("SELECT private.doom_version($1, $2, '-1 second')", due, owner)
    await admin.execute("SELECT private.doom_version($1, $2)", later, owner)
    # What should never be: a live version with an entry.
    await admin.execute("INSERT INTO private.doomed_versions VALUES ($1, now(), $2, true)", live, owner)
    for _ in range(2):
        condemned = {row[0] for row in await admin.fetch("SELECT private.condemn_due_versions(1000)")}
        assert condemned & {live, due, later} == {due}
    assert await doomed(admin, live) is None
    await admin.execute("SELECT private.forget_versions($1)", [due])
    assert await doomed(admin, due) is None


async def test_sweep_leaves_what_a_row_is_just_taking(
    requests: Connection, admin: Connection, people: dict[str, Identity], owner: UUID, name: str
) -> None:
    version = uuid4()
    await admin.execute("SELECT private.doom_version($1, $2, '-1 second')", version, owner)
    await become(requests, people["owner"])
    await requests.execute(INSERT, name, version)
    await requests.execute(CHECK_NOW)
    condemned = {row[0] for row in await admin.fetch("SELECT private.condemn_due_versions(1000)")}
    assert version not in condemned


async def test_resumable_upload_dooms_its_version_while_it_lasts(admin: Connection, owner: UUID, name: str) -> None:
    dropped, finished, expired = uuid4(), uuid4(), uuid4()
    for version in (dropped, finished, expired):
        await admin.execute(UPLOAD, version, "documents", owner)
        assert await doomed(admin, version) is True
    await admin.execute("DELETE FROM storage.uploads WHERE version = $1", dropped)
    await admin.execute(
        "INSERT INTO storage.objects (bucket_id, name, owner, version) VALUES ('documents', $1, $2, $3)",
        name,
        owner,
        finished,
    )
    await admin.execute(
        "UPDATE storage.uploads SET expires_at = now(), finished_at = now() WHERE version = $1", finished
    )
    await admin.execute("UPDATE storage.uploads SET expires_at = now() WHERE version = $1", expired)
    condemned = {row[0] for row in await admin.fetch("SELECT private.condemn_due_versions(1000)")}
    assert condemned & {dropped, finished, expired} == {dropped, expired}
    assert await admin.fetch("SELECT 1 FROM storage.uploads") == []


async def test_files_of_a_deleted_account_are_doomed(accounts: Connection, admin: Connection) -> None:
    user_id: UUID = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    live, coming = await store(admin, "documents", f"{user_id}/plan.pdf", user_id), uuid4()
    await admin.execute(UPLOAD, coming, "documents", user_id)
    await accounts.execute("DELETE FROM auth.users WHERE id = $1", user_id)
    assert await doomed(admin, live) is False
    assert coming in {row[0] for row in await admin.fetch("SELECT private.condemn_due_versions(1000)")}
