"""What clients may not write even into rows of their own, and which rows theirs may refer to."""

import asyncpg
import pytest

from models.registry import TABLES
from tests.policies.conftest import Connection, become, insert
from zilliance.identity import Identity

PLATFORM_COLUMNS = [
    ("tutorials", "views", 1_000_000),
    ("tutorials", "likes", 1_000_000),
    ("videos", "status", "ready"),
    ("videos", "hls_url", "https://example.com/x.m3u8"),
    ("videos", "views", 9),
    ("workflows", "version", 7),
    ("workflow_executions", "status", "completed"),
    ("api_keys", "key_hash", "\\x00"),
    ("api_keys", "prefix", "zk"),
    ("api_keys", "previous_key_hash", "\\x00"),
    ("api_keys", "previous_expires_at", "2099-01-01"),
    ("api_keys", "last_used_at", "2099-01-01"),
    ("app_projects", "published_url", "https://example.com"),
]
REQUIRED = {
    "workflows": {"name": "n"},
    "workflow_executions": {},
    "api_keys": {"name": "n"},
    "app_projects": {"name": "n"},
}


@pytest.mark.parametrize(("table", "column", "value"), PLATFORM_COLUMNS)
async def test_platform_column_is_refused_on_insert(
    table: str, column: str, value: object, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await insert(requests, table, {**REQUIRED.get(table, {"title": "t"}), column: value})


@pytest.mark.parametrize(("table", "column"), [case[:2] for case in PLATFORM_COLUMNS])
async def test_platform_column_is_refused_on_update(
    table: str, column: str, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"UPDATE {table} SET {column} = DEFAULT")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table, row in TABLES.items()
        for column in ("id", "user_id", "created_at", "updated_at")
        if column in row.model_fields
    ],
)
async def test_identity_and_times_are_never_updated(
    table: str, column: str, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people["admin"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"UPDATE {table} SET {column} = DEFAULT")


async def test_own_id_is_not_chosen(requests: Connection, people: dict[str, Identity]) -> None:
    """A chosen id would tell, by its conflict, which ids others have."""
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await insert(requests, "contacts", {"id": str(people["other"].user_id), "first_name": "Ada"})


async def test_owner_is_filled_in(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["owner"])
    row = await insert(requests, "contacts", {"first_name": "Ada"})
    assert row is not None
    owner = await requests.fetchval("SELECT user_id FROM contacts WHERE id = $1", row["id"])
    assert owner == people["owner"].user_id


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("api_keys", "key_hash"),
        ("api_keys", "previous_key_hash"),
        ("api_endpoints", "sealed_headers"),
    ],
)
async def test_secret_column_is_not_read_back(
    table: str, column: str, requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(f"SELECT {column} FROM {table}")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("caller", ["anon", "owner"])
async def test_truncate_is_refused(table: str, caller: str, requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people[caller])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"TRUNCATE {table} CASCADE")


async def test_reference_to_a_row_of_another_is_as_one_to_no_row(
    requests: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    foreign = await insert(admin, "contacts", {"user_id": str(people["other"].user_id), "first_name": "Eve"})
    assert foreign is not None
    await become(requests, people["owner"])
    messages: list[str] = []
    for contact in (foreign["id"], people["owner"].user_id):
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            async with requests.transaction():
                await insert(requests, "deals", {"title": "Engine", "contact_id": str(contact)})
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


async def test_deleting_a_contact_leaves_its_deal(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["owner"])
    contact = await insert(requests, "contacts", {"first_name": "Ada"})
    assert contact is not None
    deal = await insert(requests, "deals", {"title": "Engine", "contact_id": str(contact["id"])})
    assert deal is not None
    await requests.execute("DELETE FROM contacts WHERE id = $1", contact["id"])
    left = await requests.fetchrow("SELECT user_id, contact_id FROM deals WHERE id = $1", deal["id"])
    assert left is not None
    assert (left["user_id"], left["contact_id"]) == (people["owner"].user_id, None)


@pytest.mark.parametrize("caller", ["moderator", "admin"])
async def test_moderator_changes_nothing_but_the_status_of_anothers_tutorial(
    caller: str, requests: Connection, people: dict[str, Identity], rows: dict[str, object]
) -> None:
    await become(requests, people[caller])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="status of another's tutorial"):
        await requests.execute(
            "UPDATE tutorials SET status = 'archived', title = 'Mine now' WHERE id = $1", rows["draft tutorials"]
        )


async def test_moderator_writes_tutorials_of_their_own(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["moderator"])
    row = await insert(requests, "tutorials", {"title": "Rules"})
    assert row is not None
    assert await requests.execute("UPDATE tutorials SET title = 'House rules' WHERE id = $1", row["id"]) == "UPDATE 1"


async def test_video_path_stays_in_the_owners_folder(requests: Connection, people: dict[str, Identity]) -> None:
    owner, other = people["owner"], people["other"]
    await become(requests, owner)
    assert await insert(requests, "videos", {"title": "t", "storage_path": f"{owner.user_id}/a/b..c.mp4"})
    for path in (f"{other.user_id}/a.mp4", f"{owner.user_id}/../{other.user_id}/a.mp4", f"{owner.user_id}//a.mp4"):
        with pytest.raises(asyncpg.CheckViolationError, match="storage_path"):
            async with requests.transaction():
                await insert(requests, "videos", {"title": "t", "storage_path": path})


async def test_version_rises_when_the_document_changes(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["owner"])
    row = await insert(requests, "workflows", {"name": "Nightly", "status": "idle", "config": {"do": []}})
    assert row is not None
    versions = [
        await requests.fetchval(f"UPDATE workflows SET {change} WHERE id = $1 RETURNING version", row["id"])
        for change in ("name = 'Daily'", "config = '{\"do\": []}'", "config = '{\"do\": [{}]}'")
    ]
    assert versions == [1, 1, 2]


async def test_new_workflow_is_idle(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await insert(requests, "workflows", {"name": "Nightly", "status": "completed"})
