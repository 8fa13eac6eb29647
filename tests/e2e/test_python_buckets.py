"""Buckets, which the service manages with the official Python client, against the whole platform."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from storage3 import AsyncStorageClient

from tests.e2e.python_client import Python, storage_refusal

SEED = {"avatars": True, "videos": False, "thumbnails": True, "tutorials": False, "documents": False}


@pytest.fixture
async def storage(python: Python) -> AsyncStorageClient:
    return (await python.service()).storage


@pytest.fixture
async def bucket(storage: AsyncStorageClient) -> AsyncGenerator[str]:
    """A new bucket that takes ten bytes of plain text."""
    name = f"bucket-{uuid4().hex}"
    made = await storage.create_bucket(name, options={"file_size_limit": 10, "allowed_mime_types": ["text/plain"]})
    assert made == {"name": name}
    yield name
    await storage.empty_bucket(name)
    await storage.delete_bucket(name)


async def test_what_is_known_of_a_bucket(storage: AsyncStorageClient, bucket: str) -> None:
    found = await storage.get_bucket(bucket)
    assert (found.id, found.name, found.public) == (bucket, bucket, False)
    assert (found.file_size_limit, found.allowed_mime_types) == (10, ["text/plain"])
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=1)
    listed = {each.id: each for each in await storage.list_buckets()}
    assert {name: each.public for name, each in listed.items() if name in SEED} == SEED
    assert listed[bucket].type == "STANDARD"


async def test_the_rules_of_a_bucket(storage: AsyncStorageClient, bucket: str) -> None:
    files = storage.from_(bucket)
    too_long = files.upload("a.txt", b"eleven bytes", {"content-type": "text/plain"})
    assert await storage_refusal(too_long) == (
        "413", "Payload too large", "The object exceeded the maximum allowed size",
    )  # fmt: skip
    picture = files.upload("a.png", b"x", {"content-type": "image/png"})
    assert await storage_refusal(picture) == ("415", "invalid_mime_type", "mime type image/png is not supported")
    await files.upload("a.txt", b"ten bytes!", {"content-type": "text/plain;charset=UTF-8"})
    await storage.update_bucket(bucket, {"public": True, "file_size_limit": 1000, "allowed_mime_types": ["image/*"]})
    changed = await storage.get_bucket(bucket)
    assert (changed.public, changed.file_size_limit, changed.allowed_mime_types) == (True, 1000, ["image/*"])
    await files.upload("a.png", b"x", {"content-type": "image/png"})


async def test_a_change_leaves_the_rest_of_a_bucket(storage: AsyncStorageClient, bucket: str) -> None:
    assert await storage.update_bucket(bucket, {"public": True}) == {"message": "Successfully updated"}
    changed = await storage.get_bucket(bucket)
    assert (changed.public, changed.file_size_limit, changed.allowed_mime_types) == (True, 10, ["text/plain"])


async def test_a_bucket_that_is_not_empty_stays(storage: AsyncStorageClient, bucket: str) -> None:
    files = storage.from_(bucket)
    await files.upload("deep/a.txt", b"x", {"content-type": "text/plain"})
    assert await storage_refusal(storage.delete_bucket(bucket)) == (
        "409", "ResourceNotEmpty", "The bucket you tried to delete is not empty",
    )  # fmt: skip
    assert "message" in await storage.empty_bucket(bucket)
    assert await files.list() == []


async def test_refusals(storage: AsyncStorageClient, bucket: str) -> None:
    taken = ("409", "Duplicate", "The resource already exists")
    assert await storage_refusal(storage.create_bucket(bucket)) == taken
    gone = ("404", "Bucket not found", "Bucket not found")
    for asked in (
        storage.get_bucket("nowhere"),
        storage.update_bucket("nowhere", {"public": True}),
        storage.empty_bucket("nowhere"),
        storage.delete_bucket("nowhere"),
    ):
        assert await storage_refusal(asked) == gone
    status, _, message = await storage_refusal(storage.create_bucket("no/slash"))
    assert (status, message) == ("400", "Bucket name invalid")


async def test_buckets_are_the_services(python: Python, bucket: str) -> None:
    client = (await python.person()).client.storage
    assert await client.list_buckets() == []
    forbidden = ("403", "Unauthorized", "new row violates row-level security policy")
    assert await storage_refusal(client.create_bucket("mine")) == forbidden
    for asked in (client.get_bucket(bucket), client.update_bucket(bucket, {"public": True})):
        assert (await storage_refusal(asked))[0] == "404"
    await storage_refusal(client.empty_bucket(bucket))
    await storage_refusal(client.delete_bucket(bucket))


async def test_a_bucket_named_otherwise_than_its_id(storage: AsyncStorageClient) -> None:
    bucket_id = f"named-{uuid4().hex}"
    await storage.create_bucket(bucket_id, name=f"{bucket_id} of pictures", options={"public": True})
    try:
        assert (await storage.get_bucket(bucket_id)).name == f"{bucket_id} of pictures"
    finally:
        await storage.delete_bucket(bucket_id)
