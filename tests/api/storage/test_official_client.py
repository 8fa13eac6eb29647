"""The official Python client against storage."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

from tests.api.served import Headers, Person, Served
from tests.api.storage.files import PNG


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


def _client(api: Served, who: Headers, http: httpx.AsyncClient) -> AsyncStorageClient:
    return AsyncStorageClient(f"{api.url}/storage/v1/", dict(who), http_client=http)


async def test_the_life_of_a_file(api: Served, owner: Person, http: httpx.AsyncClient) -> None:
    files = _client(api, owner.headers, http).from_("documents")
    folder = f"{owner.id}/official"
    made = await files.upload(f"{folder}/a.png", PNG, {"content-type": "image/png", "metadata": {"k": "v"}})
    assert made.full_path == f"documents/{folder}/a.png"
    assert await files.download(f"{folder}/a.png") == PNG
    await files.update(f"{folder}/a.png", PNG * 2, {"content-type": "image/png", "cache-control": "60"})
    assert await files.download(f"{folder}/a.png") == PNG * 2
    with pytest.raises(StorageApiError, match="already exists"):
        await files.upload(f"{folder}/a.png", PNG)
    await files.upload(f"{folder}/a.png", PNG, {"x-upsert": "true"})
    info = await files.info(f"{folder}/a.png")
    assert info["size"] == len(PNG)
    assert await files.exists(f"{folder}/a.png")
    assert not await files.exists(f"{folder}/b.png")

    await files.copy(f"{folder}/a.png", f"{folder}/b.png")
    await files.move(f"{folder}/b.png", f"{folder}/c.png")
    assert [each["name"] for each in await files.list(folder)] == ["a.png", "c.png"]
    page = await files.list_v2({"prefix": f"{owner.id}/off", "with_delimiter": True, "limit": 1})
    assert [each.name for each in page.folders] == [f"{folder}/"]
    page = await files.list_v2({"prefix": f"{folder}/", "limit": 1})
    assert (page.hasNext, [each.name for each in page.objects]) == (True, [f"{folder}/a.png"])
    assert page.nextCursor
    page = await files.list_v2({"prefix": f"{folder}/", "limit": 1, "cursor": page.nextCursor})
    assert [each.name for each in page.objects] == [f"{folder}/c.png"]

    removed = await files.remove([f"{folder}/a.png", f"{folder}/c.png", f"{folder}/d.png"])
    assert sorted(each["name"] for each in removed) == [f"{folder}/a.png", f"{folder}/c.png"]
    with pytest.raises(StorageApiError) as caught:
        await files.download(f"{folder}/a.png")
    assert (caught.value.code, caught.value.message) == ("not_found", "Object not found")


async def test_urls(api: Served, owner: Person, http: httpx.AsyncClient) -> None:
    storage = _client(api, owner.headers, http)
    files, name = storage.from_("documents"), f"{owner.id}/urls/a b.txt"
    upload = await files.create_signed_upload_url(name)
    await files.upload_to_signed_url(name, upload["token"], b"by url", {"content-type": "text/plain"})
    signed = await files.create_signed_url(name, 60, {"download": "x.txt"})
    answer = await http.get(signed["signedURL"] or "")
    assert (answer.content, "x.txt" in answer.headers["content-disposition"]) == (b"by url", True)
    many = await files.create_signed_urls([name, "absent"], 60)
    assert [each["error"] is None for each in many] == [True, False]
    assert (await http.get(many[0]["signedURL"] or "")).content == b"by url"

    avatars = storage.from_("avatars")
    await avatars.upload(f"{owner.id}/face.png", PNG, {"content-type": "image/png"})
    assert (await http.get(await avatars.get_public_url(f"{owner.id}/face.png"))).content == PNG


async def test_buckets(api: Served, http: httpx.AsyncClient) -> None:
    storage = _client(api, api.service, http)
    await storage.create_bucket("official", options={"public": True, "file_size_limit": 100})
    found = await storage.get_bucket("official")
    assert (found.public, found.file_size_limit) == (True, 100)
    assert "official" in [each.id for each in await storage.list_buckets()]
    await storage.update_bucket("official", {"public": False})
    assert not (await storage.get_bucket("official")).public
    with pytest.raises(StorageApiError, match="already exists"):
        await storage.create_bucket("official")
    with pytest.raises(StorageApiError, match="exceeded the maximum allowed size"):
        await storage.from_("official").upload("x", bytes(101))
    await storage.empty_bucket("official")
    await storage.delete_bucket("official")
    with pytest.raises(StorageApiError, match="Bucket not found"):
        await storage.get_bucket("official")
