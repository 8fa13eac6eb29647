"""Our signer of URLs, beside the client's own and at the door of a real store."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.config import Config

from zilliance.devstack import Stack
from zilliance.settings import StorageSettings
from zilliance.signed_objects import ObjectUrls
from zilliance.storage import ObjectStore


async def one(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.fixture
async def key(store: ObjectStore) -> str:
    key = f"signed/{uuid4()}/a file ü+.mp4"
    await store.put(key, one(b"0123456789"))
    return key


@pytest.mark.parametrize("name", ["video/a/360p/00001.mp4", "a b/ü+&=?#%.mp4", "x" * 900])
def test_a_signed_url_is_the_one_that_boto3_signs(s3: Stack, name: str) -> None:
    storage = s3.settings.storage
    now = datetime.now(UTC)
    client = boto3.client(
        "s3",
        endpoint_url=storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key.get_secret_value(),
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    wanted = {"Bucket": storage.bucket, "Key": name, "ResponseContentType": "video/mp4"}
    while True:  # until both were signed within the same second
        theirs = client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=600)
        ours = ObjectUrls(storage).sign(name, seconds=600, query={"response-content-type": "video/mp4"}, at=now)
        if f"X-Amz-Date={now:%Y%m%dT%H%M%SZ}" in theirs:
            break
        now = datetime.now(UTC)
    assert ours.partition("?")[0] == theirs.partition("?")[0]
    assert sorted(ours.partition("?")[2].split("&")) == sorted(theirs.partition("?")[2].split("&"))


async def test_the_store_gives_what_is_signed_by_ranges_and_with_the_headers_that_were_signed(
    s3: Stack, key: str
) -> None:
    said = {"response-content-type": "video/mp4", "response-cache-control": "private, max-age=60"}
    url = ObjectUrls(s3.settings.storage).sign(key, seconds=600, query=said)
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.get(url, headers={"range": "bytes=2-4", "origin": "https://shop.example.com"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.headers["access-control-allow-origin"] in {"*", "https://shop.example.com"}
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert exposed == "*" or {"etag", "content-range"} <= {name.strip() for name in exposed.split(",")}


async def test_a_browser_that_asks_first_may_read_ranges(s3: Stack, key: str) -> None:
    url = ObjectUrls(s3.settings.storage).sign(key, seconds=600)
    asked = {"origin": "https://shop.example.com", "access-control-request-method": "GET"}
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.options(url, headers={**asked, "access-control-request-headers": "range"})
    assert answer.status_code == 200
    assert "range" in answer.headers["access-control-allow-headers"].lower() or (
        answer.headers["access-control-allow-headers"] == "*"
    )


async def test_what_was_signed_holds_for_one_object_one_method_and_its_time(s3: Stack, key: str) -> None:
    urls = ObjectUrls(s3.settings.storage)
    good = urls.sign(key, seconds=600)
    long_ago = urls.sign(key, seconds=600, at=datetime.now(UTC) - timedelta(hours=1))
    async with httpx.AsyncClient(timeout=60) as http:
        assert (await http.get(good)).status_code == 200
        assert (await http.get(long_ago)).status_code == 403
        assert (await http.get(good.replace("signed/", "signed%2Fother/", 1))).status_code == 403
        assert (await http.get(good[:-1] + ("0" if good[-1] != "0" else "1"))).status_code == 403
        assert (await http.put(good, content=b"mine")).status_code == 403
        written = await http.put(urls.sign(f"{key}.2", seconds=600, method="PUT"), content=b"mine")
        assert written.status_code == 200


def test_urls_of_one_moment_are_equal_and_begin_with_the_public_address() -> None:
    settings = StorageSettings(endpoint="http://s3:8333", public_endpoint="https://media.example.com/", access_key="a")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    first, again = (ObjectUrls(settings).sign("k", seconds=60, at=at) for _ in range(2))
    assert first == again
    assert first.startswith("https://media.example.com/zilliance/k?")
    inside = ObjectUrls(settings, settings.endpoint).sign("k", seconds=60, at=at)
    assert inside.startswith("http://s3:8333/zilliance/k?")


async def test_a_part_is_put_in_its_own_place_alone(s3: Stack, store: ObjectStore) -> None:
    key = "objects/aa/parts"
    upload = await store.begin_parts(key)
    part = {"partNumber": "1", "uploadId": upload}
    url = ObjectUrls(s3.settings.storage).sign(key, method="PUT", seconds=600, query=part)
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.put(url.replace("partNumber=1", "partNumber=2"), content=b"x")).status_code == 403
        assert (await client.put(url.replace(key, "objects/aa/others"), content=b"x")).status_code == 403
        longer = url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000")
        assert (await client.put(longer, content=b"x")).status_code == 403
        put = await client.put(url, content=b"content")
    assert (put.status_code, put.headers["ETag"].strip('"')) == (
        200,
        (await store.put_part(key, upload, 1, b"content")).etag,
    )
    await store.abort_parts(key, upload)


async def test_a_browser_that_asks_first_may_put_a_part_and_read_its_tag(s3: Stack, store: ObjectStore) -> None:
    key = f"objects/aa/{uuid4()}"
    upload = await store.begin_parts(key)
    part = {"partNumber": "1", "uploadId": upload}
    url = ObjectUrls(s3.settings.storage).sign(key, method="PUT", seconds=600, query=part)
    page = {"origin": "https://shop.example.com"}
    asked = {"access-control-request-method": "PUT", "access-control-request-headers": "content-type"}
    async with httpx.AsyncClient(timeout=60) as http:
        before = await http.options(url, headers={**page, **asked})
        put = await http.put(url, content=b"content", headers={**page, "content-type": "video/mp4"})
    assert before.status_code == 200
    assert "PUT" in before.headers["access-control-allow-methods"]
    assert before.headers["access-control-allow-headers"] in {"*", "content-type"}
    assert before.headers["access-control-allow-origin"] in {"*", "https://shop.example.com"}
    assert put.status_code == 200
    assert put.headers["access-control-allow-origin"] in {"*", "https://shop.example.com"}
    exposed = {name.strip() for name in put.headers["access-control-expose-headers"].lower().split(",")}
    assert exposed & {"etag", "*"}
    assert put.headers["etag"]
    await store.abort_parts(key, upload)
