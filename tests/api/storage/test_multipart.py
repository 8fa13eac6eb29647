"""Large files go to the store itself, in parts: permitted as every upload, checked, resumed, and over in the end."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.served import Headers, Person, Served
from tests.api.storage.conftest import Admin
from zilliance.storage import object_key

ROOT = "/storage/v1/upload/multipart"
PART = 8 * 1024 * 1024
CONTENT = bytes(range(256)) * 32768 + b"the rest of it"  # 8 MiB and a little


@dataclass
class Direct:
    """The uploads of one caller, and a client of the store without any key."""

    api: Served
    who: Headers
    s3: httpx.AsyncClient

    async def ask(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        return await self.api.http.request(method, f"{ROOT}{path}", headers=self.who, **more)

    async def begin(self, name: str, size: int = len(CONTENT), **more: Any) -> dict[str, Any]:
        answer = await self.ask("POST", json={"bucket": "videos", "name": name, "size": size, **self.mp4, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    mp4 = {"contentType": "video/mp4"}  # noqa: RUF012

    async def put(self, part: dict[str, Any], body: bytes | None = None) -> httpx.Response:
        start = (part["number"] - 1) * PART
        return await self.s3.put(part["url"], content=CONTENT[start : start + PART] if body is None else body)


@pytest.fixture
async def direct(api: Served, owner: Person):
    async with httpx.AsyncClient(trust_env=False, timeout=60) as s3:
        yield Direct(api, owner.headers, s3)


def named(who: Person) -> str:
    return f"{who.id}/{uuid4()}.mp4"


async def test_a_file_goes_to_the_store_in_parts_and_is_read_as_any_other(
    direct: Direct, owner: Person, admin: Admin
) -> None:
    name = named(owner)
    begun = await direct.begin(name, cacheControl=60, metadata={"of": "a test"})
    assert (begun["part_size"], begun["part_count"], begun["status"]) == (PART, 2, "uploading")
    assert [part["size"] for part in begun["urls"]] == [PART, len(CONTENT) - PART]
    tags = [{"number": part["number"], "etag": (await direct.put(part)).headers["etag"]} for part in begun["urls"]]
    assert (await direct.api.http.get(f"/storage/v1/object/videos/{name}", headers=direct.who)).status_code == 400
    done = await direct.ask("POST", f"/{begun['id']}/complete", json={"parts": tags})
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    again = await direct.ask("POST", f"/{begun['id']}/complete")
    assert again.json() == done.json()
    read = await direct.api.http.get(f"/storage/v1/object/videos/{name}", headers=direct.who)
    assert (read.content, read.headers["content-type"]) == (CONTENT, "video/mp4")
    assert read.headers["cache-control"] == "private, max-age=60"
    row = await admin.connection.fetchrow("SELECT * FROM storage.objects WHERE name = $1", name)
    assert row is not None
    assert (row["owner"], json.loads(row["metadata"])["size"]) == (owner.id, len(CONTENT))
    assert json.loads(row["user_metadata"]) == {"of": "a test"}
    assert (await direct.ask("DELETE", f"/{begun['id']}")).json()["code"] == "UploadFinished"
    assert (await direct.put(begun["urls"][0])).status_code == 404


async def test_an_upload_is_taken_up_where_it_broke(direct: Direct, owner: Person) -> None:
    begun = await direct.begin(named(owner))
    await direct.put(begun["urls"][1])
    state = (await direct.ask("GET", f"/{begun['id']}")).json()
    assert [(part["number"], part["size"]) for part in state["parts"]] == [(2, len(CONTENT) - PART)]
    early = await direct.ask("POST", f"/{begun['id']}/complete")
    assert (early.status_code, early.json()["code"], early.json()["details"]) == (400, "InvalidPart", {"missing": [1]})
    more = (await direct.ask("GET", f"/{begun['id']}/urls", params={"first": 1, "limit": 1})).json()
    assert [part["number"] for part in more["urls"]] == [1]
    await direct.put(more["urls"][0])
    assert (await direct.ask("POST", f"/{begun['id']}/complete")).status_code == 200


async def test_a_url_takes_one_part_of_one_size(direct: Direct, owner: Person) -> None:
    begun = await direct.begin(named(owner))
    first, second = begun["urls"]
    assert (await direct.put(second, b"short")).status_code == 403
    assert (await direct.put(second, b"x" * (second["size"] + 1))).status_code == 403
    other = {**second, "url": second["url"].replace("partNumber=2", "partNumber=3")}
    assert (await direct.put(other)).status_code == 403
    assert (await direct.s3.get(first["url"])).status_code == 403


async def test_what_was_put_must_be_what_was_meant(direct: Direct, owner: Person) -> None:
    begun = await direct.begin(named(owner))
    for part in begun["urls"]:
        await direct.put(part)
    for told in ([{"number": 1, "etag": "other"}], [{"number": 1, "etag": "x"}, {"number": 2, "etag": "y"}]):
        answer = await direct.ask("POST", f"/{begun['id']}/complete", json={"parts": told})
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidPart")
        assert answer.json()["details"]["wrong"] == [1, 2]
    assert (await direct.ask("POST", f"/{begun['id']}/complete")).status_code == 200


async def test_anothers_upload_is_as_missing(direct: Direct, api: Served, owner: Person, stranger: Person) -> None:
    begun = await direct.begin(named(owner))
    theirs = Direct(api, stranger.headers, direct.s3)
    for method, path in (("GET", ""), ("GET", "/urls"), ("POST", "/complete"), ("DELETE", "")):
        for upload in (begun["id"], uuid4()):
            answer = await theirs.ask(method, f"/{upload}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchUpload"), (method, path)
    resumable = await api.http.head(
        f"/storage/v1/upload/resumable/{begun['id']}", headers={**owner.headers, "tus-resumable": "1.0.0"}
    )
    assert resumable.status_code == 404  # it is not one of those
    assert (await direct.ask("DELETE", f"/{begun['id']}")).status_code == 204


async def test_what_may_not_be_written_is_refused_before_a_byte_is_put(
    direct: Direct, owner: Person, stranger: Person, api: Served
) -> None:
    wanted = {"bucket": "videos", "name": named(owner), "size": 10, "contentType": "video/mp4"}
    name = named(owner)
    await api.http.post(
        f"/storage/v1/object/videos/{name}", content=b"x", headers={**owner.headers, "content-type": "video/mp4"}
    )
    refused = [
        ({"name": named(stranger)}, 403, "AccessDenied"),
        ({"bucket": "none"}, 404, "NoSuchBucket"),
        ({"name": name}, 409, "KeyAlreadyExists"),
        ({"name": f"{owner.id}/../x"}, 400, "InvalidKey"),
        ({"contentType": "text/html"}, 415, "InvalidMimeType"),
        ({"size": 11 * 1024**3}, 413, "EntityTooLarge"),
        ({"size": 0}, 400, "VALIDATION_FAILED"),
        ({"size": "many"}, 400, "VALIDATION_FAILED"),
        ({"parts": 3}, 400, "VALIDATION_FAILED"),
        ({"metadata": {"x": "y" * 9000}}, 400, "InvalidHeader"),
    ]
    for change, status, code in refused:
        answer = await direct.ask("POST", json=wanted | change)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (change, answer.text)
    for headers in ({}, api.anon):
        answer = await api.http.post(ROOT, json=wanted, headers=headers)
        assert answer.status_code in {400, 403}
    replaced = await direct.ask("POST", json=wanted | {"name": name, "upsert": True})
    assert replaced.status_code == 201
    await direct.ask("DELETE", f"/{replaced.json()['id']}")


async def test_a_bucket_that_looks_at_first_bytes_does_so_here_too(direct: Direct, owner: Person, admin: Admin) -> None:
    verified = "SELECT id FROM storage.buckets WHERE verify_content_type AND 'image/png' = ANY (allowed_mime_types)"
    bucket = await admin.connection.fetchval(verified) or "avatars"
    name = f"{owner.id}/{uuid4()}.png"
    begun = await direct.begin(name, 20, bucket=bucket, contentType="image/png")
    assert (await direct.put(begun["urls"][0], b"<html>no picture</html"[:20])).status_code == 200
    answer = await direct.ask("POST", f"/{begun['id']}/complete")
    assert (answer.status_code, answer.json()["code"]) == (415, "InvalidMimeType")
    assert (await direct.ask("GET", f"/{begun['id']}")).status_code == 404
    assert await admin.connection.fetchval("SELECT count(*) FROM storage.objects WHERE name = $1", name) == 0


async def test_what_is_given_up_leaves_nothing(direct: Direct, owner: Person, rows: Rows, admin: Admin) -> None:
    begun = await direct.begin(named(owner))
    await direct.put(begun["urls"][1])
    version = await rows.connection.fetchval("SELECT version FROM storage.uploads WHERE id = $1::uuid", begun["id"])
    assert (await direct.ask("DELETE", f"/{begun['id']}")).status_code == 204
    assert (await direct.ask("GET", f"/{begun['id']}")).status_code == 404
    assert (await direct.put(begun["urls"][0])).status_code == 404
    assert await admin.is_due(version)


async def test_an_upload_expires_unless_more_of_it_is_asked_for(direct: Direct, owner: Person, rows: Rows) -> None:
    begun = await direct.begin(named(owner))
    set_expiry = "UPDATE storage.uploads SET expires_at = now() + $2::text::interval WHERE id = $1::uuid"
    await rows.connection.execute(set_expiry, begun["id"], "1 hour")
    await direct.ask("GET", f"/{begun['id']}/urls")
    left = "SELECT expires_at > now() + interval '23 hours' FROM storage.uploads WHERE id = $1::uuid"
    assert await rows.connection.fetchval(left, begun["id"])
    await rows.connection.execute(set_expiry, begun["id"], "-1 second")
    for method, path in (("GET", ""), ("GET", "/urls"), ("POST", "/complete")):
        answer = await direct.ask(method, f"/{begun['id']}{path}")
        assert (answer.status_code, answer.json()["code"]) == (410, "UploadExpired")
    version = await rows.connection.fetchval("SELECT version FROM storage.uploads WHERE id = $1::uuid", begun["id"])
    due = await rows.connection.fetch("SELECT private.condemn_due_versions(1000) AS version")
    assert version in [row["version"] for row in due]


async def test_a_completion_that_died_after_the_parts_were_joined_goes_on(
    direct: Direct, api: Served, owner: Person, rows: Rows
) -> None:
    begun = await direct.begin(named(owner))
    for part in begun["urls"]:
        await direct.put(part)
    row = await rows.connection.fetchrow(
        "SELECT version, s3_upload_id FROM storage.uploads WHERE id = $1::uuid", begun["id"]
    )
    assert row is not None
    key, upload = object_key(row["version"]), row["s3_upload_id"]
    await api.state.store.complete_parts(key, upload, await api.state.store.list_parts(key, upload))
    done = await direct.ask("POST", f"/{begun['id']}/complete")
    assert (done.status_code, done.json()["status"]) == (200, "completed")


async def test_an_account_has_so_many_uploads_open(api: Served, direct: Direct, rows: Rows) -> None:
    who = await api.person()
    its = Direct(api, who.headers, direct.s3)
    for _ in range(2):
        await its.begin(named(who))
    await rows.connection.execute(
        "INSERT INTO storage.uploads (bucket_id, name, owner, role, is_signed, metadata, expires_at)"
        " SELECT 'videos', 'x' || n, $1, 'authenticated', false, '', now() + interval '1 day'"
        " FROM generate_series(1, 98) AS n",
        who.id,
    )
    answer = await its.ask("POST", json={"bucket": "videos", "name": named(who), "size": 1, **direct.mp4})
    assert (answer.status_code, answer.json()["code"]) == (429, "TooManyUploads")


NOBODYS = UUID(int=7)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("no", None),
        (f"{NOBODYS}/urls?first=0", None),
        (f"{NOBODYS}/urls?limit=5000", None),
        (f"{NOBODYS}/complete", b"["),
    ],
)
async def test_what_cannot_be_is_refused(direct: Direct, path: str, body: bytes | None) -> None:
    answer = await direct.ask("GET" if body is None else "POST", f"/{path}", content=body)
    assert answer.status_code in {400, 404}


async def test_what_is_told_of_an_upload_is_bounded_as_it_comes_in_also_without_a_key(
    direct: Direct, owner: Person
) -> None:
    """Files do not come this way, and a body is read before anybody asks who sends it."""
    begun = await direct.begin(named(owner))

    async def chunks():
        for _ in range(6):
            yield b" " * 1024 * 1024

    for headers, path in ((direct.who, ""), ({}, ""), (direct.who, f"/{begun['id']}/complete")):
        answer = await direct.api.http.post(f"{ROOT}{path}", headers=headers, content=chunks())
        assert answer.status_code == 413, answer.text
