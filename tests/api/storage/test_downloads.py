"""Reading objects: ranges, conditions, and the headers that keep a browser from running what users store."""

import pytest

from tests.api.served import Person, Served
from tests.api.storage.files import PNG, ask, bucket, form, put_form, read, refused, stored

DATA = bytes(range(100))


@pytest.fixture(scope="module")
async def path(api: Served, owner: Person) -> str:
    return await stored(api, owner.headers, f"documents/{owner.id}/data.bin", DATA, kind="application/octet-stream")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-9", "0-9"),
        ("bytes=90-", "90-99"),
        ("bytes=-5", "95-99"),
        ("bytes=-500", "0-99"),
        ("bytes=95-500", "95-99"),
        ("BYTES=1-1", "1-1"),
    ],
)
async def test_a_range(api: Served, owner: Person, path: str, asked: str, expected: str) -> None:
    answer = await read(api, owner.headers, path, range=asked)
    first, last = map(int, expected.split("-"))
    assert (answer.status_code, answer.content) == (206, DATA[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {expected}/100"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0"])
async def test_a_range_that_is_not_there(api: Served, owner: Person, path: str, asked: str) -> None:
    answer = await read(api, owner.headers, path, range=asked)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */100")
    assert answer.json()["code"] == "InvalidRange"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-1", "lines=0-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2-3", "bytes=+1-2"]
)
async def test_what_is_no_single_range_is_not_heeded(api: Served, owner: Person, path: str, asked: str) -> None:
    answer = await read(api, owner.headers, path, range=asked)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_part_of_something_else_is_not_sent(api: Served, owner: Person, path: str) -> None:
    whole = await read(api, owner.headers, path)
    for condition in (whole.headers["etag"], whole.headers["last-modified"]):
        assert (await read(api, owner.headers, path, range="bytes=0-1", **{"if-range": condition})).status_code == 206
    for condition in ('"other"', f"W/{whole.headers['etag']}", "Mon, 01 Jan 2024 00:00:00 GMT", "nonsense"):
        assert (await read(api, owner.headers, path, range="bytes=0-1", **{"if-range": condition})).status_code == 200


async def test_what_the_asker_has_already(api: Served, owner: Person, path: str) -> None:
    whole = await read(api, owner.headers, path)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    known = (
        {"if-none-match": etag},
        {"if-none-match": f'"a", W/{etag}'},
        {"if-none-match": "*"},
        {"if-modified-since": modified},
    )
    for headers in known:
        answer = await read(api, owner.headers, path, **headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert (answer.headers["etag"], answer.headers["cache-control"]) == (etag, whole.headers["cache-control"])
    new = (
        {"if-none-match": '"a"'},
        {"if-none-match": '"a"', "if-modified-since": modified},
        {"if-modified-since": "Mon, 01 Jan 2024 00:00:00 GMT"},
        {"if-modified-since": "nonsense"},
    )
    for headers in new:
        assert (await read(api, owner.headers, path, **headers)).status_code == 200


async def test_head_has_the_same_headers_and_no_bytes(api: Served, owner: Person, path: str) -> None:
    whole = await read(api, owner.headers, path)
    head = await ask(api, "HEAD", f"object/{path}", owner.headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "last-modified", "content-type", "content-length", "cache-control", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]
    assert (await ask(api, "HEAD", f"object/info/{path}", owner.headers)).status_code == 200
    missing = await ask(api, "HEAD", f"object/{path}-not", owner.headers)
    assert (missing.status_code, missing.content) == (400, b"")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", "attachment;"),
        ("a.txt", "attachment; filename=a.txt; filename*=UTF-8''a.txt"),
        ('a b;é".txt', "attachment; filename=a%20b%3B%C3%A9%22.txt; filename*=UTF-8''a%20b%3B%C3%A9%22.txt"),
        (
            "a\r\nset-cookie: x",
            "attachment; filename=a%0D%0Aset-cookie%3A%20x; filename*=UTF-8''a%0D%0Aset-cookie%3A%20x",
        ),
    ],
)
async def test_to_be_saved(api: Served, owner: Person, path: str, asked: str, expected: str) -> None:
    answer = await ask(api, "GET", f"object/{path}", owner.headers, params={"download": asked})
    assert answer.headers["content-disposition"] == expected
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("kind", "shown", "is_attachment"),
    [
        ("text/html", "text/plain", False),
        ("TEXT/HTML; charset=utf-8", "text/plain", False),
        ("application/xhtml+xml", "text/plain", True),
        ("image/svg+xml", "image/svg+xml", True),
        ("text/xml", "text/xml", True),
        ("text/xsl", "text/xsl", True),
        ("multipart/x-mixed-replace; boundary=b", "multipart/x-mixed-replace; boundary=b", True),
        ("image/png", "image/png", False),
    ],
)
async def test_a_browser_runs_nothing(api: Served, owner: Person, kind: str, shown: str, is_attachment: bool) -> None:
    path = await stored(
        api, owner.headers, f"documents/{owner.id}/{kind.replace('; ', '-')}", b"<script>", kind=kind, x_upsert="true"
    )
    answer = await read(api, owner.headers, path)
    assert answer.headers["content-type"] == shown
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("content-disposition" in answer.headers) is is_attachment


async def test_public_objects_need_no_key(api: Served, owner: Person) -> None:
    path = await stored(
        api, owner.headers, f"avatars/{owner.id}/p.png", PNG, kind="image/png", cache_control="max-age=9"
    )
    answer = await ask(api, "GET", f"object/public/{path}")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["cache-control"] == "public, max-age=9"
    assert "vary" not in answer.headers
    assert (await ask(api, "HEAD", f"object/public/{path}")).status_code == 200
    assert (await ask(api, "GET", f"object/info/public/{path}")).json()["size"] == len(PNG)
    refused(await ask(api, "GET", f"object/public/{path}-not"), "NoSuchKey", 404)
    for private in (await stored(api, owner.headers, f"documents/{owner.id}/private"), "documents/x", "no-such/x"):
        body = refused(await ask(api, "GET", f"object/public/{private}", owner.headers), "NoSuchBucket", 404)
        assert body["message"] == "Bucket not found"


async def test_a_private_answer_is_for_one_reader(api: Served, owner: Person) -> None:
    path = await stored(api, owner.headers, f"documents/{owner.id}/mine", cache_control="public, max-age=9")
    answer = await ask(api, "GET", f"object/authenticated/{path}", owner.headers)
    assert answer.headers["cache-control"] == "private, max-age=9"
    assert "Authorization" in answer.headers["vary"]


async def test_compressed_files_say_so(api: Served, owner: Person) -> None:
    path = f"documents/{owner.id}/packed"
    answer = await put_form(api, owner.headers, path, form("b0undary", {"contentEncoding": "gzip"}, b"x" * 20))
    assert answer.status_code == 200, answer.text
    head = await ask(api, "HEAD", f"object/{path}", owner.headers)
    assert head.headers["content-encoding"] == "gzip"
    body = form("b0undary", {"contentEncoding": "a\x01"}, b"x")
    refused(await put_form(api, owner.headers, f"{path}-2", body), "InvalidRequest", 400)


async def test_without_a_key(api: Served, path: str) -> None:
    body = refused(await ask(api, "GET", f"object/{path}"), "MissingAuthorization", 400)
    assert (body["error"], body["message"]) == ("Error", "headers must have required property 'authorization'")
    body = refused(await read(api, {"authorization": "Bearer nonsense"}, path), "AccessDenied", 403)
    assert body["error"] == "Unauthorized"


async def test_the_apikey_alone_is_a_caller(api: Served) -> None:
    name = await bucket(api)
    key = {"apikey": api.state.tokens.service_role_key}
    await stored(api, key, f"{name}/x")
    assert (await read(api, key, f"{name}/x")).status_code == 200
    refused(await read(api, {"apikey": api.state.tokens.anon_key}, f"{name}/x"), "NoSuchKey", 404)
