"""Buckets: the service administers them; a caller sees those that policies open, and by default none."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.served import Person, Served, served
from tests.api.storage.files import ask, bucket, put, refused, stored, versions
from zilliance.settings import Settings

SEEDED = ["avatars", "documents", "thumbnails", "tutorials", "videos"]


async def _create(api: Served, **body: Any) -> httpx.Response:
    return await ask(api, "POST", "bucket", api.service, json=body)


async def test_a_life(api: Served) -> None:
    name = f"Docs {uuid4().hex}"
    answer = await _create(
        api, id=name, name=name, public=False, file_size_limit="10MB", allowed_mime_types=["image/*"]
    )
    assert (answer.status_code, answer.json()) == (200, {"name": name})
    found = (await ask(api, "GET", f"bucket/{name}", api.service)).json()
    assert (found["file_size_limit"], found["allowed_mime_types"], found["public"]) == (10_000_000, ["image/*"], False)
    assert (found["owner"], "type" in found) == ("", False)
    assert found["created_at"].endswith("Z")
    body = refused(await _create(api, name=name), "BucketAlreadyExists", 409)
    assert (body["error"], body["message"]) == ("Duplicate", "The resource already exists")

    answer = await ask(api, "PUT", f"bucket/{name}", api.service, json={"id": name, "name": name, "public": True})
    assert answer.json() == {"message": "Successfully updated"}
    found = (await ask(api, "GET", f"bucket/{name}", api.service)).json()
    assert (found["public"], found["file_size_limit"], found["allowed_mime_types"]) == (True, 10_000_000, ["image/*"])
    rules = {"file_size_limit": None, "allowed_mime_types": None}
    await ask(api, "PUT", f"bucket/{name}", api.service, json=rules)
    found = (await ask(api, "GET", f"bucket/{name}", api.service)).json()
    assert (found["public"], found["file_size_limit"], found["allowed_mime_types"]) == (True, None, None)

    paths = [await stored(api, api.service, f"{name}/{number}") for number in range(3)]
    assert (await ask(api, "GET", f"object/public/{paths[0]}")).content == b"bytes"
    body = refused(await ask(api, "DELETE", f"bucket/{name}", api.service, json={}), "ResourceNotEmpty", 409)
    assert body["message"] == "The bucket you tried to delete is not empty"
    answer = await ask(api, "POST", f"bucket/{name}/empty", api.service, json={})
    assert answer.json()["message"].startswith("Empty bucket has been queued")
    assert await versions(api, f"{name}/") == []
    answer = await ask(api, "DELETE", f"bucket/{name}", api.service, json={})
    assert answer.json() == {"message": "Successfully deleted"}
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/empty")):
        body = refused(await ask(api, method, f"bucket/{name}{path}", api.service, json={}), "NoSuchBucket", 404)
        assert (body["error"], body["message"]) == ("Bucket not found", "Bucket not found")
    refused(await put(api, api.service, f"{name}/x"), "NoSuchBucket", 404)


async def test_the_list(api: Served) -> None:
    async def names(**params: Any) -> list[str]:
        answer = await ask(api, "GET", "bucket", api.service, params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json() if each["id"] in SEEDED]

    assert await names() == SEEDED
    assert await names(sortColumn="name", sortOrder="desc") == SEEDED[::-1]
    assert await names(search="VATA") == ["avatars"]
    assert await names(search="%") == []
    assert await names(search="avatars", limit=1, offset=1) == []
    answer = await ask(api, "GET", "bucket", api.service)
    assert answer.json()[0]["type"] == "STANDARD"
    for params in ({"limit": 0}, {"limit": "x"}, {"sortColumn": "owner"}, {"sortOrder": "x"}, {"offset": -1}):
        assert (await ask(api, "GET", "bucket", api.service, params=params)).json()["statusCode"] == "400"


async def test_a_caller_sees_and_changes_none(api: Served, owner: Person) -> None:
    mine = await bucket(api)
    for who in (owner.headers, api.anon):
        assert (await ask(api, "GET", "bucket", who)).json() == []
        refused(await ask(api, "GET", "bucket/documents", who), "NoSuchBucket", 404)
        refused(await ask(api, "PUT", f"bucket/{mine}", who, json={"public": True}), "NoSuchBucket", 404)
        refused(await ask(api, "DELETE", f"bucket/{mine}", who), "NoSuchBucket", 404)
        refused(await ask(api, "POST", f"bucket/{mine}/empty", who), "AccessDenied", 403)
        refused(await ask(api, "POST", "bucket", who, json={"name": "new"}), "AccessDenied", 403)
    refused(await ask(api, "GET", "bucket"), "MissingAuthorization", 400)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "é", "x" * 101, " x", "a\nb", "a\x00b", "a%b", "a\\b"])
async def test_a_bad_name(api: Served, name: str) -> None:
    refused(await _create(api, name=name), "InvalidBucketName", 400)
    refused(await _create(api, name="good", id=name or ".."), "InvalidBucketName", 400)


@pytest.mark.parametrize(
    ("rules", "code", "status"),
    [
        ({"file_size_limit": "10 parsecs"}, "InvalidRequest", 400),
        ({"file_size_limit": -1}, "InvalidRequest", 400),
        ({"file_size_limit": "900TB"}, "EntityTooLarge", 413),
        ({"file_size_limit": [1]}, "InvalidRequest", 400),
        ({"allowed_mime_types": ["image"]}, "InvalidMimeType", 415),
        ({"allowed_mime_types": ["image/png\n"]}, "InvalidMimeType", 415),
        ({"allowed_mime_types": "image/png"}, "InvalidRequest", 400),
        ({"public": "perhaps"}, "InvalidRequest", 400),
    ],
)
async def test_bad_rules(api: Served, rules: dict[str, object], code: str, status: int) -> None:
    refused(await _create(api, name=f"b-{uuid4().hex}", **rules), code, status)
    refused(await ask(api, "PUT", "bucket/documents", api.service, json=rules), code, status)


async def test_storage_is_there(api: Served) -> None:
    assert (await ask(api, "GET", "status")).status_code == 200
    assert (await ask(api, "GET", "version")).headers["content-type"].startswith("text/plain")
    assert (await ask(api, "GET", "health")).json() == {"healthy": True}


async def test_true_statuses(stored_settings: Settings) -> None:
    """A setting answers errors with their own status; clients take both."""
    storage = stored_settings.storage.model_copy(update={"true_status": True})
    async with served(stored_settings.model_copy(update={"storage": storage})) as api:
        for name, status in (("absent", 404), ("x" * 101, 400)):
            answer = await ask(api, "GET", f"bucket/{name}", api.service)
            assert (answer.status_code, answer.json()["statusCode"]) == (status, str(status))
        answer = await ask(api, "POST", "bucket", api.service, json={"name": "documents"})
        assert answer.status_code == 409
