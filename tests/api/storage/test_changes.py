"""Moving, copying and deleting."""

import asyncio
from uuid import uuid4

import pytest

from tests.api.served import Person, Served
from tests.api.storage.conftest import Admin
from tests.api.storage.files import MIB, PNG, ask, bucket, metadata_header, read, refused, stored, versions
from tests.waiting import until


async def test_a_move_keeps_the_object(api: Served, owner: Person) -> None:
    path = await stored(api, owner.headers, f"documents/{owner.id}/{uuid4()}", x_metadata=metadata_header({"k": 1}))
    before = (await ask(api, "GET", f"object/info/{path}", owner.headers)).json()
    name = path.partition("/")[2]
    wish = {"bucketId": "documents", "sourceKey": name, "destinationKey": f"{name}-2", "destinationBucket": "tutorials"}
    answer = await ask(api, "POST", "object/move", owner.headers, json=wish)
    assert answer.json() == {"message": "Successfully moved", "Id": before["id"], "Key": f"tutorials/{name}-2"}
    after = (await ask(api, "GET", f"object/info/tutorials/{name}-2", owner.headers)).json()
    for field in ("id", "version", "metadata", "etag", "created_at"):
        assert after[field] == before[field]
    refused(await read(api, owner.headers, path), "NoSuchKey", 404)
    refused(await ask(api, "POST", "object/move", owner.headers, json=wish), "NoSuchKey", 404)


async def test_a_copy_is_another_object(api: Served, owner: Person) -> None:
    data = bytes(range(256)) * (9 * MIB // 256)
    told = {"cache_control": "max-age=7", "x_metadata": metadata_header({"k": 1})}
    path = await stored(api, owner.headers, f"documents/{owner.id}/{uuid4()}", data, kind="image/png", **told)
    name = path.partition("/")[2]
    wish = {"bucketId": "documents", "sourceKey": name, "destinationKey": f"{name}-2"}
    answer = await ask(api, "POST", "object/copy", owner.headers, json=wish)
    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert (row["Key"], row["Id"], row["name"]) == (f"{path}-2", row["id"], f"{name}-2")
    assert (row["owner"], row["user_metadata"]) == (str(owner.id), {"k": 1})
    info = (await ask(api, "GET", f"object/info/{path}-2", owner.headers)).json()
    assert (info["content_type"], info["cache_control"], info["size"]) == ("image/png", "max-age=7", len(data))
    await ask(api, "DELETE", f"object/{path}", owner.headers)
    assert (await read(api, owner.headers, f"{path}-2")).content == data

    refused(await ask(api, "POST", "object/copy", owner.headers, json=wish), "NoSuchKey", 404)
    wish = {"bucketId": "documents", "sourceKey": f"{name}-2", "destinationKey": f"{name}-3"}
    changed = {"copyMetadata": False, "metadata": {"cacheControl": "5", "mimetype": "text/plain"}}
    assert (await ask(api, "POST", "object/copy", owner.headers, json=wish | changed)).status_code == 200
    info = (await ask(api, "GET", f"object/info/{path}-3", owner.headers)).json()
    assert (info["content_type"], info["cache_control"], info["metadata"]) == ("text/plain", "max-age=5", None)
    refused(await ask(api, "POST", "object/copy", owner.headers, json=wish), "KeyAlreadyExists", 409)
    upsert = {"x-upsert": "true"}
    assert (await ask(api, "POST", "object/copy", owner.headers, json=wish, headers=upsert)).status_code == 200


async def test_a_bucket_takes_by_move_and_copy_what_it_takes_by_upload(api: Served, owner: Person) -> None:
    small = await bucket(api, file_size_limit=10)
    for what in ("move", "copy"):
        for kind, body, target, code in (
            ("text/plain", b"text", "avatars", "InvalidMimeType"),
            ("image/png", b"no png", "avatars", "InvalidMimeType"),
            ("image/png", b"", "avatars", "InvalidMimeType"),
            ("image/png", PNG, small, "EntityTooLarge"),
            ("image/png", PNG, "no-such", "NoSuchBucket"),
        ):
            path = await stored(api, api.service, f"documents/{owner.id}/{uuid4()}", body, kind=kind)
            name = path.partition("/")[2]
            wish = {"bucketId": "documents", "sourceKey": name, "destinationKey": name, "destinationBucket": target}
            answer = await ask(api, "POST", f"object/{what}", api.service, json=wish)
            assert answer.json()["code"] == code, (what, kind, target)
            assert await versions(api, f"{target}/{name}") == []


@pytest.mark.parametrize("what", ["move", "copy"])
@pytest.mark.parametrize(
    "wish",
    [
        {"sourceKey": "a/../b", "destinationKey": "x"},
        {"sourceKey": "a", "destinationKey": "x//y"},
        {"sourceKey": "a\x00", "destinationKey": "x"},
        {"sourceKey": "a"},
        {"sourceKey": "a", "destinationKey": "b", "destinationBucket": "x/y"},
    ],
)
async def test_a_bad_wish(api: Served, owner: Person, what: str, wish: dict[str, str]) -> None:
    answer = await ask(api, "POST", f"object/{what}", owner.headers, json={"bucketId": "documents", **wish})
    assert answer.json()["code"] in {"InvalidKey", "InvalidRequest", "InvalidBucketName"}


async def test_bytes_that_were_not_checked_do_not_move(api: Served, owner: Person, admin: Admin) -> None:
    """The object is overwritten between the look at it and its move into a bucket with rules."""
    path = await stored(api, owner.headers, f"documents/{owner.id}/{uuid4()}", PNG, kind="image/png")
    name, other = path.partition("/")[2], uuid4()
    await admin.connection.execute("SELECT private.doom_version($1, $2)", other, owner.id)
    wish = {"bucketId": "documents", "sourceKey": name, "destinationKey": name, "destinationBucket": "avatars"}
    async with admin.connection.transaction():
        await admin.connection.execute("UPDATE storage.objects SET version = $2 WHERE name = $1", name, other)
        moving = asyncio.create_task(ask(api, "POST", "object/move", owner.headers, json=wish))
        await until(lambda: admin.connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))
    refused(await moving, "NoSuchKey", 404)


async def test_deleting_many(api: Served, owner: Person, stranger: Person) -> None:
    folder = f"{owner.id}/{uuid4()}"
    for name in ("a", "b", "c"):
        await stored(api, owner.headers, f"documents/{folder}/{name}")
    theirs = (await stored(api, stranger.headers, f"documents/{stranger.id}/{uuid4()}")).partition("/")[2]
    names = [f"{folder}/a", f"{folder}/b", f"{folder}/absent", theirs, "../x", ""]
    rows = (await ask(api, "DELETE", "object/documents", owner.headers, json={"prefixes": names})).json()
    assert sorted(row["name"] for row in rows) == names[:2]
    assert {"id", "bucket_id", "owner", "owner_id", "version", "metadata", "created_at"} <= set(rows[0])
    assert len(await versions(api, f"documents/{folder}/")) == 1
    assert len(await versions(api, f"documents/{theirs}")) == 1
    answer = await ask(api, "DELETE", f"object/documents/{folder}/c", owner.headers)
    assert answer.json() == {"message": "Successfully deleted"}
    refused(await ask(api, "DELETE", f"object/documents/{folder}/c", owner.headers), "NoSuchKey", 404)


@pytest.mark.parametrize("names", [[], ["x"] * 1001, [5], "x", None])
async def test_a_bad_list_of_names(api: Served, owner: Person, names: object) -> None:
    answer = await ask(api, "DELETE", "object/documents", owner.headers, json={"prefixes": names})
    refused(answer, "InvalidRequest", 400)


async def test_a_body_of_json_is_bounded(api: Served, owner: Person) -> None:
    body = b'{"prefixes": ["' + b"x" * 3 * MIB + b'"]}'
    answer = await ask(api, "DELETE", "object/documents", owner.headers, content=body)
    assert answer.json()["statusCode"] == "413"
