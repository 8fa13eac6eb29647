"""Everything that the official Python client does with the files of `storage`, against the whole platform."""

import asyncio
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from storage3._async.file_api import AsyncBucketProxy
from supabase import create_client
from supabase.lib.client_options import SyncClientOptions

from tests.e2e.python_client import Person, Python, storage_refusal

TAKEN = ("409", "Duplicate", "The resource already exists")
MISSING = ("404", "not_found", "Object not found")


async def test_a_files_life(owner: Person, mine: AsyncBucketProxy) -> None:
    path = owner.path("notes/one.txt")
    made = await mine.upload(path, b"first")
    assert (made.path, made.full_path) == (path, f"documents/{path}")
    assert await mine.download(path) == b"first"
    assert await storage_refusal(mine.upload(path, b"again")) == TAKEN
    await mine.upload(path, b"second", {"upsert": "true"})
    assert await mine.download(path) == b"second"
    assert (await mine.update(path, b"third")).path == path
    assert await mine.download(path) == b"third"
    assert await mine.exists(path) is True
    assert [row["name"] for row in await mine.remove([path])] == [path]
    assert await mine.exists(path) is False
    assert await storage_refusal(mine.download(path)) == MISSING
    assert await storage_refusal(mine.info(path)) == MISSING
    await mine.update(path, b"there again")
    assert await mine.download(path) == b"there again"


async def test_files_from_everywhere(owner: Person, mine: AsyncBucketProxy, tmp_path: Path) -> None:
    on_disk = tmp_path / "file.bin"
    on_disk.write_bytes(bytes(range(256)) * 1000)
    sources: dict[str, Any] = {
        "bytes": on_disk.read_bytes(),
        "text": str(on_disk),
        "path": on_disk,
        "reader": io.BufferedReader(io.BytesIO(on_disk.read_bytes())),
        "raw": io.FileIO(on_disk),
    }
    for name, source in sources.items():
        await mine.upload(owner.path(f"sources/{name}"), source)
        assert await mine.download(owner.path(f"sources/{name}")) == on_disk.read_bytes()
    sources["raw"].close()
    await mine.upload(owner.path("sources/empty"), b"")
    assert await mine.download(owner.path("sources/empty")) == b""


async def test_a_large_file(owner: Person, mine: AsyncBucketProxy, python: Python) -> None:
    path, part = owner.path("large.bin"), bytes(range(256)) * 4096
    await mine.upload(path, b"".join(bytes([number]) + part for number in range(17)))
    assert (await mine.info(path))["size"] == 17 * (len(part) + 1)
    url = (await mine.create_signed_url(path, 60))["signedURL"]
    assert url is not None
    for number in (0, 8, 16):
        first = number * (len(part) + 1)
        read = await python.http.get(url, headers={"range": f"bytes={first}-{first + 2}"})
        assert (read.status_code, read.content) == (206, bytes([number, 0, 1]))


async def test_what_is_known_of_a_file(owner: Person, mine: AsyncBucketProxy) -> None:
    path = owner.path("known.json")
    options: Any = {"content-type": "application/json", "cache-control": "60", "metadata": {"mood": "good", "n": [1]}}
    await mine.upload(path, b"{}", options)
    info = await mine.info(path)
    assert info.keys() >= {"id", "version", "etag", "last_modified", "created_at"}
    assert info["name"] == path
    assert info["bucket_id"] == "documents"
    assert (info["size"], info["content_type"], info["cache_control"]) == (2, "application/json", "max-age=60")
    assert info["metadata"] == {"mood": "good", "n": [1]}
    await mine.update(path, b"[]", {"metadata": {"mood": "better"}, "cache-control": "30"})
    changed = await mine.info(path)
    assert (changed["id"], changed["metadata"]) == (info["id"], {"mood": "better"})
    assert (changed["content_type"], changed["cache_control"]) == ("text/plain;charset=UTF-8", "max-age=30")
    assert changed["version"] != info["version"]


async def test_headers_of_an_upload(owner: Person, mine: AsyncBucketProxy) -> None:
    path = owner.path("headers.txt")
    await mine.upload(path, b"1", {"x-upsert": "true"})
    await mine.upload(path, b"2", {"headers": {"x-upsert": "true"}})
    assert await mine.download(path) == b"2"


async def test_names_with_signs(owner: Person, mine: AsyncBucketProxy) -> None:
    for name in ("with space.txt", "a+b&c=d@e;f:g,h$.txt", "(round)!'*_-.txt", "?question"):
        path = owner.path(f"signs/{name}")
        await mine.upload(path, name.encode())
        assert await mine.download(path) == name.encode()
    listed = await mine.list(owner.path("signs"))
    assert len(listed) == 4


@pytest.mark.parametrize("name", ["ä.txt", "a\\b", "tab\tbed", "x" * 1100])
async def test_names_that_cannot_be(python: Python, name: str) -> None:
    files = (await python.service()).storage.from_("documents")
    status, code, message = await storage_refusal(files.upload(name, b"x"))
    assert (status, code) == ("400", "InvalidKey")
    assert message.startswith("Invalid key: ")


async def test_lists(owner: Person, mine: AsyncBucketProxy) -> None:
    for name in ("a.txt", "b.txt", "100_a.txt", "1000.txt", "deep/er/c.txt"):
        await mine.upload(owner.path(f"list/{name}"), name.encode())
    below = owner.path("list")
    listed = {entry["name"]: entry for entry in await mine.list(below)}
    assert list(listed) == ["1000.txt", "100_a.txt", "a.txt", "b.txt", "deep"]
    assert (listed["deep"]["id"], listed["deep"]["metadata"]) == (None, None)
    metadata = listed["a.txt"]["metadata"]
    assert (metadata["size"], metadata["contentLength"], metadata["httpStatusCode"]) == (5, 5, 200)
    assert (metadata["mimetype"], metadata["cacheControl"]) == ("text/plain;charset=UTF-8", "max-age=3600")
    assert listed["a.txt"].keys() >= {"id", "updated_at", "created_at", "last_accessed_at"}
    assert [entry["name"] for entry in await mine.list(below, {"search": "b.t"})] == ["b.txt"]
    assert [entry["name"] for entry in await mine.list(below, {"search": "100_"})] == ["100_a.txt"]
    page = await mine.list(below, {"limit": 2, "offset": 1, "sortBy": {"column": "name", "order": "desc"}})
    assert len(page) == 2
    newest = await mine.list(below, {"limit": 1, "sortBy": {"column": "created_at", "order": "desc"}})
    assert len(newest) == 1
    assert [entry["name"] for entry in await mine.list(owner.path("list/deep"))] == ["er"]
    assert await mine.list("nothing/here") == []


async def test_lists_by_cursor(owner: Person, mine: AsyncBucketProxy) -> None:
    for name in ("a.txt", "b.txt", "c/d.txt"):
        await mine.upload(owner.path(f"pages/{name}"), b"x")
    below = owner.path("pages/")
    first = await mine.list_v2({"prefix": below, "limit": 2, "with_delimiter": True})
    assert (first.hasNext, len(first.objects) + len(first.folders)) == (True, 2)
    assert first.nextCursor is not None
    rest = await mine.list_v2({"prefix": below, "limit": 2, "with_delimiter": True, "cursor": first.nextCursor})
    assert (rest.hasNext, len(rest.objects) + len(rest.folders)) == (False, 1)
    flat = await mine.list_v2({"prefix": below, "sortBy": {"column": "name", "order": "desc"}})
    assert [each.name for each in flat.objects] == [f"{below}{name}" for name in ("c/d.txt", "b.txt", "a.txt")]
    assert await mine.list_v2({"prefix": below.replace("a", "_")}) == await mine.list_v2({"prefix": "nothing"})


async def test_move_copy_remove(owner: Person, mine: AsyncBucketProxy) -> None:
    first, second, third = (owner.path(f"m/{name}.txt") for name in "abc")
    await mine.upload(first, b"moving", {"metadata": {"kept": True}})
    assert (await mine.move(first, second))["message"] == "Successfully moved"
    assert await storage_refusal(mine.move(first, third)) == MISSING
    assert (await mine.copy(second, third))["Key"] == f"documents/{third}"
    assert await storage_refusal(mine.copy(second, third)) == TAKEN
    assert await storage_refusal(mine.move(second, third)) == TAKEN
    assert await storage_refusal(mine.copy(first, second)) == MISSING
    assert await mine.download(third) == b"moving"
    assert (await mine.info(third))["metadata"] == {"kept": True}
    removed = await mine.remove([second, owner.path("m/missing.txt")])
    assert [row["name"] for row in removed] == [second]
    assert await mine.remove([second]) == []


async def test_a_bucket_that_is_not_there(owner: Person) -> None:
    nowhere = owner.client.storage.from_("nowhere")
    gone = ("404", "Bucket not found", "Bucket not found")
    assert await storage_refusal(nowhere.upload(owner.path("a.txt"), b"x")) == gone


async def test_the_client_that_waits(python: Python) -> None:
    name = f"{uuid4().hex}.txt"

    def live() -> list[Any]:
        with httpx.Client(timeout=60) as http:
            files = create_client(python.url, python.service_key, SyncClientOptions(httpx_client=http)).storage
            documents = files.from_("documents")
            documents.upload(name, b"sync")
            read = documents.download(name)
            return [read, documents.exists(name), len(documents.remove([name])), documents.exists(name)]

    assert await asyncio.to_thread(live) == [b"sync", True, 1, False]
