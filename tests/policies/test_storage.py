"""Who may do what to an object of the owner's own folder, in each bucket of the seed and in one that nobody opened."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from tests.policies.files import PRIVATE_BUCKETS, PUBLIC_BUCKETS, UPLOAD, store
from zilliance.identity import Identity

CALLERS = ("anon", "owner", "other", "moderator", "admin", "service")
STRANGERS = ("anon", "other", "moderator", "admin")
CLOSED = "ledger"
BUCKETS = (*PUBLIC_BUCKETS, *PRIVATE_BUCKETS, CLOSED)
STATEMENTS = {
    "select": "SELECT id FROM storage.objects WHERE bucket_id = $1 AND name = $2",
    "insert": "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2 || '.new')",
    "update": "UPDATE storage.objects SET user_metadata = '{}' WHERE bucket_id = $1 AND name = $2",
    "delete": "DELETE FROM storage.objects WHERE bucket_id = $1 AND name = $2",
}


def expected(bucket: str, verb: str, caller: str) -> str:
    if caller == "service" or (caller == "owner" and bucket != CLOSED):
        return "allowed"
    if verb == "select" and bucket in PUBLIC_BUCKETS:
        return "allowed"
    return "denied" if verb == "insert" else "hidden"


@pytest.fixture(scope="session")
async def folder(admin: Connection, people: dict[str, Identity]) -> str:
    """The owner's folder, with a picture in each bucket."""
    await admin.execute("INSERT INTO storage.buckets (id, name) VALUES ($1, $1)", CLOSED)
    owner = people["owner"].user_id
    for bucket in BUCKETS:
        await store(admin, bucket, f"{owner}/in/me.png", owner)
    return str(owner)


@pytest.fixture
def doors(requests: Connection, service: Connection, folder: str) -> dict[str, Connection]:
    """The connection of each caller."""
    assert folder
    return dict.fromkeys(CALLERS, requests) | {"service": service}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("verb", STATEMENTS)
@pytest.mark.parametrize("bucket", BUCKETS)
async def test_object(
    bucket: str, verb: str, caller: str, doors: dict[str, Connection], people: dict[str, Identity]
) -> None:
    connection = doors[caller]
    if caller != "service":
        await become(connection, people[caller])
    try:
        done = await connection.execute(STATEMENTS[verb], bucket, f"{people['owner'].user_id}/in/me.png")
        outcome = "hidden" if done.endswith(" 0") else "allowed"
    except asyncpg.InsufficientPrivilegeError:
        outcome = "denied"
    assert outcome == expected(bucket, verb, caller)


@pytest.mark.parametrize(
    ("bucket", "name"),
    [
        ("documents", "plan.pdf"),
        ("documents", "{own}"),
        ("documents", "{other}/plan.pdf"),
        ("documents", "{own}x/plan.pdf"),
        ("avatars", "{other}/me.png"),
        (CLOSED, "{own}/plan.pdf"),
        ("nowhere", "{own}/plan.pdf"),
    ],
)
async def test_nothing_is_put_or_moved_outside_of_the_own_folder(
    bucket: str, name: str, requests: Connection, people: dict[str, Identity], folder: str
) -> None:
    await become(requests, people["owner"])
    where = name.format(own=folder, other=people["other"].user_id)
    for statement in (
        "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2)",
        "UPDATE storage.objects SET bucket_id = $1, name = $2"
        f" WHERE bucket_id = 'videos' AND name = '{folder}/in/me.png'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with requests.transaction():
                await requests.execute(statement, bucket, where)


async def test_an_object_moves_within_the_own_folders(
    requests: Connection, people: dict[str, Identity], folder: str
) -> None:
    await become(requests, people["owner"])
    moved = await requests.execute(
        "UPDATE storage.objects SET bucket_id = 'documents', name = $1 WHERE bucket_id = 'videos' AND name = $2",
        f"{folder}/moved.png",
        f"{folder}/in/me.png",
    )
    assert moved == "UPDATE 1"


async def test_objects_of_another_are_not_taken_into_the_own_folder(
    requests: Connection, people: dict[str, Identity], folder: str
) -> None:
    """Not even those that everybody reads."""
    await become(requests, people["other"])
    moved = await requests.execute(
        "UPDATE storage.objects SET name = $1 WHERE name = $2", f"{people['other'].user_id}/x", f"{folder}/in/me.png"
    )
    assert moved == "UPDATE 0"


@pytest.mark.parametrize("caller", ["anon", "owner", "admin"])
async def test_buckets_are_the_platforms(caller: str, requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people[caller])
    assert await requests.fetch("SELECT id FROM storage.buckets") == []
    assert await requests.execute("UPDATE storage.buckets SET public = true") == "UPDATE 0"
    assert await requests.execute("DELETE FROM storage.buckets") == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute("INSERT INTO storage.buckets (id, name) VALUES ('mine', 'mine')")


@pytest.mark.parametrize("caller", ["anon", "owner", "admin"])
@pytest.mark.parametrize("table", ["storage.uploads", "private.doomed_versions"])
async def test_bookkeeping_is_closed(
    table: str, caller: str, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people[caller])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(f"SELECT 1 FROM {table}")


async def test_policies_of_the_installations_owner_open_a_bucket(
    requests: Connection, admin: Connection, people: dict[str, Identity], folder: str
) -> None:
    await admin.execute(
        f"CREATE POLICY shared ON storage.objects FOR SELECT TO authenticated USING (bucket_id = '{CLOSED}')"
    )
    try:
        await become(requests, people["other"])
        found = await requests.fetchval("SELECT name FROM storage.objects WHERE bucket_id = $1", CLOSED)
    finally:
        await requests.execute("ROLLBACK")
        await admin.execute("DROP POLICY shared ON storage.objects")
        await requests.execute("BEGIN")
    assert found == f"{folder}/in/me.png"


async def test_a_bucket_with_objects_stays_and_an_empty_one_goes_with_its_uploads(
    service: Connection, folder: str
) -> None:
    assert folder
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with service.transaction():
            await service.execute("DELETE FROM storage.buckets WHERE id = $1", CLOSED)
    await service.execute("INSERT INTO storage.buckets (id, name) VALUES ('brief', 'brief')")
    await service.execute(UPLOAD, uuid4(), "brief", None)
    assert await service.execute("DELETE FROM storage.buckets WHERE id = 'brief'") == "DELETE 1"
    assert await service.fetch("SELECT 1 FROM storage.uploads") == []


async def test_buckets_of_the_seed(admin: Connection) -> None:
    rows = await admin.fetch(
        "SELECT id, public, file_size_limit >> 20, allowed_mime_types, verify_content_type"
        " FROM storage.buckets WHERE id = ANY ($1) ORDER BY id",
        [*PUBLIC_BUCKETS, *PRIVATE_BUCKETS],
    )
    pictures = ["image/png", "image/jpeg", "image/webp"]
    assert rows == [
        ("avatars", True, 5, pictures, True),
        ("documents", False, 100, None, False),
        ("thumbnails", True, 5, pictures, False),
        ("tutorials", False, 50, None, False),
        ("videos", False, 10240, ["video/*"], False),
    ]


@pytest.mark.parametrize("bucket", [*PUBLIC_BUCKETS, *PRIVATE_BUCKETS])
async def test_deleting_an_account_takes_its_folders_and_leaves_the_rest(
    bucket: str, accounts: Connection, admin: Connection, folder: str
) -> None:
    user_id: UUID = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    await store(admin, bucket, f"{user_id}/mine", user_id)
    await store(admin, bucket, f"{user_id}/made/by/the/platform", None)
    shared = f"{uuid4()}"
    await store(admin, CLOSED, shared, user_id)
    await accounts.execute("DELETE FROM auth.users WHERE id = $1", user_id)
    left = await admin.fetch(
        "SELECT name FROM storage.objects WHERE owner = $1 OR name LIKE $2", user_id, f"{user_id}%"
    )
    assert left == [(shared,)]
    assert await admin.fetchval("SELECT true FROM storage.objects WHERE bucket_id = $1 AND name ^@ $2", bucket, folder)


async def test_soft_deletion_takes_the_picture_and_no_more(accounts: Connection, admin: Connection) -> None:
    user_id: UUID = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    for bucket in ("avatars", "documents"):
        await store(admin, bucket, f"{user_id}/mine", user_id)
    await accounts.execute("UPDATE auth.users SET deleted_at = now() WHERE id = $1", user_id)
    left = await admin.fetch("SELECT bucket_id FROM storage.objects WHERE owner = $1", user_id)
    assert left == [("documents",)]
