"""What a caller is told of a bucket's content: odd names, folders and files, pages, orders, and nothing of others."""

from datetime import datetime

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from tests.policies.files import store
from zilliance.identity import Identity

NAMES = (
    "100%.txt",
    "100x.txt",
    "_private",
    "a b.txt",
    "a'quote\".txt",
    "album",
    "album!.txt",
    "album/1.png",
    "album/2.png",
    "album/deep/er/still.png",
    "album_x/1.png",
    "Zebra.txt",
    "ä/ö.txt",
)
# In the order of bytes. The folder `album/` comes after `album!.txt`, since '/' comes after '!'.
TOP = ["100%.txt", "100x.txt", "Zebra.txt", "_private", "a b.txt", "a'quote\".txt", "album", "album!.txt", "album/"]
TOP += ["album_x/", "ä/"]
BUCKET = "listed"
BY_NAME = "SELECT key FROM storage.list_by_name($1, $2, $3, $4, $5, $6, $7, $8)"
BY_TIME = "SELECT key FROM storage.list_by_time($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

ROWS_READ = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_all_tables WHERE relid = 'storage.objects'::regclass"


@pytest.fixture(scope="session")
async def home(admin: Connection, people: dict[str, Identity]) -> str:
    """The owner's folder in `documents`, and neighbours that only others see."""
    owner, other = people["owner"].user_id, people["other"].user_id
    # One day each, in the order of NAMES.
    for day, name in enumerate(NAMES):
        version = await store(admin, "documents", f"{owner}/{BUCKET}/{name}", owner)
        changed = "UPDATE storage.objects SET created_at = $1 WHERE version = $2"
        await admin.execute(changed, datetime.fromisoformat(f"2026-01-{day + 1:02}T00:00:00Z"), version)
    await store(admin, "documents", f"{other}/{BUCKET}/secret.txt", other)
    return f"{owner}/{BUCKET}/"


async def listed(connection: Connection, prefix: str, home: str, **options: object) -> list[str]:
    chosen = {
        "delimited": True,
        "descending": False,
        "limit": 100,
        "offset": 0,
        "search": None,
        "after": None,
    } | options
    after = chosen["after"] and f"{home}{chosen['after']}"
    values = [*list(chosen.values())[:5], after, *list(chosen.values())[6:]]
    rows = await connection.fetch(BY_TIME if "column" in chosen else BY_NAME, "documents", f"{home}{prefix}", *values)
    return [row["key"].removeprefix(home) for row in rows]


@pytest.fixture
async def mine(requests: Connection, people: dict[str, Identity]) -> Connection:
    await become(requests, people["owner"])
    return requests


async def test_one_level_in_the_order_of_names(mine: Connection, home: str) -> None:
    assert await listed(mine, "", home) == TOP
    assert await listed(mine, "", home, descending=True) == TOP[::-1]


async def test_a_folder_has_no_id_and_a_file_of_the_same_name_has(mine: Connection, home: str) -> None:
    rows = await mine.fetch(
        "SELECT key, id IS NULL, created_at IS NULL FROM storage.list_by_name('documents', $1, true, false, 9)",
        f"{home}album",
    )
    assert rows == [
        (f"{home}album", False, False),
        (f"{home}album!.txt", False, False),
        (f"{home}album/", True, True),
        (f"{home}album_x/", True, True),
    ]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("album/", ["album/1.png", "album/2.png", "album/deep/"]),
        ("album/deep/", ["album/deep/er/"]),
        ("100%", ["100%.txt"]),
        ("_", ["_private"]),
        ("ä/", ["ä/ö.txt"]),
        ("nothing/", []),
    ],
)
@pytest.mark.parametrize("order", [{}, {"column": "created_at", "after_time": None}])
async def test_prefix_is_meant_to_the_letter(
    prefix: str, found: list[str], order: dict[str, object], mine: Connection, home: str
) -> None:
    assert sorted(await listed(mine, prefix, home, **order)) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("zeb", ["Zebra.txt"]),
        ("100%", ["100%.txt"]),
        ("_", ["_private"]),
        ("ALBUM_", ["album_x/"]),
        ("Ä", ["ä/"]),
        ("lbum", []),
        ("%", []),
    ],
)
@pytest.mark.parametrize("order", [{}, {"column": "created_at", "after_time": None}])
async def test_search_is_the_beginning_of_a_name_in_any_case(
    search: str, found: list[str], order: dict[str, object], mine: Connection, home: str
) -> None:
    assert await listed(mine, "", home, search=search, **order) == found


async def test_without_folders_everything_below_comes(mine: Connection, home: str) -> None:
    assert await listed(mine, "", home, delimited=False) == sorted(NAMES, key=str.encode)
    assert await listed(mine, "album/", home, delimited=False, descending=True, limit=2) == [
        "album/deep/er/still.png",
        "album/2.png",
    ]


@pytest.mark.parametrize("descending", [False, True])
async def test_pages_by_offset_and_by_the_last_key_are_the_whole(descending: bool, mine: Connection, home: str) -> None:
    whole = await listed(mine, "", home, descending=descending)
    for size in (1, 2, 5):
        by_offset: list[str] = []
        by_key: list[str] = []
        for start in range(0, len(whole), size):
            by_offset += await listed(mine, "", home, descending=descending, limit=size, offset=start)
            after = by_key[-1] if by_key else None
            by_key += await listed(mine, "", home, descending=descending, limit=size, after=after)
        assert by_offset == by_key == whole


@pytest.mark.parametrize("descending", [False, True])
async def test_by_time_folders_come_first_and_files_in_their_order(
    descending: bool, mine: Connection, home: str
) -> None:
    files = [name for name in NAMES if "/" not in name]
    folders = [name for name in TOP if "/" in name]
    wanted = folders[::-1] + files[::-1] if descending else folders + files
    options = {"descending": descending, "column": "created_at", "after_time": None}
    assert await listed(mine, "", home, **options) == wanted
    assert await listed(mine, "", home, **options | {"limit": 3, "offset": 2}) == wanted[2:5]
    found: list[str] = []
    while len(found) < len(wanted):
        after = found[-1] if found else None
        time = None
        if after and not after.endswith("/"):
            time = await mine.fetchval("SELECT created_at FROM storage.objects WHERE name = $1", f"{home}{after}")
        found += await listed(mine, "", home, **options | {"limit": 2, "after": after, "after_time": time})
    assert found == wanted


async def test_other_column_is_refused(mine: Connection, home: str) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError, match='not by "owner"'):
        await listed(mine, "", home, column="owner", after_time=None)


@pytest.mark.parametrize("caller", ["anon", "other", "moderator", "admin"])
@pytest.mark.parametrize("order", [{}, {"column": "created_at", "after_time": None}])
async def test_others_are_told_of_nothing(
    caller: str, order: dict[str, object], requests: Connection, people: dict[str, Identity], home: str
) -> None:
    await become(requests, people[caller])
    assert await listed(requests, "", home, **order) == []


async def test_root_shows_the_own_folder_alone(mine: Connection, people: dict[str, Identity], home: str) -> None:
    assert home
    rows = await mine.fetch("SELECT key FROM storage.list_by_name('documents', '', true, false, 100)")
    assert rows == [(f"{people['owner'].user_id}/",)]


@pytest.mark.parametrize("command", ["SELECT", "ALL"])
async def test_root_shows_what_a_policy_of_the_installations_owner_opens(
    command: str, requests: Connection, admin: Connection, people: dict[str, Identity], home: str
) -> None:
    assert home
    await admin.execute(f"CREATE POLICY opened ON storage.objects FOR {command} USING (bucket_id = 'documents')")
    try:
        await become(requests, people["other"])
        rows = await requests.fetch("SELECT key FROM storage.list_by_name('documents', '', true, false, 100)")
    finally:
        await requests.execute("ROLLBACK")
        await admin.execute("DROP POLICY opened ON storage.objects")
        await requests.execute("BEGIN")
    assert f"{people['owner'].user_id}/" in {row["key"] for row in rows}


async def test_a_folder_costs_a_few_rows_however_much_it_holds(
    mine: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    full = f"{people['owner'].user_id}/full"
    async with admin.transaction():
        await admin.execute("SET LOCAL session_replication_role = replica")  # none has bytes
        await admin.execute(
            "INSERT INTO storage.objects (bucket_id, name)"
            " SELECT 'documents', format('%s/%s/%s', $1::text, folder, number)"
            " FROM unnest('{p,q,r}'::text[]) AS folder, generate_series(1, 2000) AS number",
            full,
        )
    for descending in (False, True):
        before = await mine.fetchval(ROWS_READ)
        rows = await mine.fetch(
            "SELECT key FROM storage.list_by_name('documents', $1, true, $2, 100)", f"{full}/", descending
        )
        assert sorted(row["key"] for row in rows) == [f"{full}/{folder}/" for folder in "pqr"]
        assert await mine.fetchval(ROWS_READ) - before < 100
