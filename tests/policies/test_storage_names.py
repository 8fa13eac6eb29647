"""What an object and a bucket may be called, and the parts of a name that policies speak of."""

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from zilliance.identity import Identity


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/.", "a/./b", "../a", "a/../b", "/a", "a/", "a//b"),
        *("a\\b", "a\nb", "a\x7fb", "a\u0085b", "\U0010ffff"),
        "e\u0301",
        *("x" * 1025, "é" * 513),
    ],
)
async def test_name_that_is_no_path_is_refused(name: str, service: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await service.execute("INSERT INTO storage.objects (bucket_id, name) VALUES ('documents', $1)", name)


@pytest.mark.parametrize("name", ["a", "a b/c'd", ".hidden", "..a", "a/...", '100%_"quoted"', "é/日本", "é" * 512])
async def test_odd_names_that_are_paths_are_taken(name: str, service: Connection) -> None:
    await service.execute("INSERT INTO storage.objects (bucket_id, name) VALUES ('documents', $1)", name)


@pytest.mark.parametrize("bucket", ["", "a/b", "a\\b", "..", "ä", "a\nb", "x" * 101])
async def test_bucket_id_that_is_no_segment_of_a_url_is_refused(bucket: str, service: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await service.execute("INSERT INTO storage.buckets (id, name) VALUES ($1, 'named')", bucket)


async def test_limit_of_a_bucket_is_positive(service: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await service.execute("INSERT INTO storage.buckets (id, name, file_size_limit) VALUES ('b', 'b', 0)")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b/c.tar.gz", (["a", "b"], "c.tar.gz", "gz")),
        ("c.png", ([], "c.png", "png")),
        ("a/README", (["a"], "README", "README")),
        ("a.d/.env", (["a.d"], ".env", "env")),
    ],
)
async def test_parts_of_a_name(
    name: str, parts: tuple[list[str], str, str], requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people["anon"])
    row = await requests.fetchrow("SELECT storage.foldername($1), storage.filename($1), storage.extension($1)", name)
    assert row == parts
