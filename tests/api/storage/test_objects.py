"""Uploads: what is taken, what is refused, and what is then there."""

import asyncio
import json
from typing import Any

import pytest

from tests.api.served import Person, Served, served
from tests.api.storage.conftest import Admin
from tests.api.storage.files import (
    MIB,
    PNG,
    ask,
    bucket,
    form,
    has_bytes,
    metadata_header,
    put,
    put_form,
    read,
    refused,
    stored,
    versions,
)
from zilliance.settings import Settings

ODD_NAMES = ("a b.txt", "it's (1)!*.txt", "a&b$c=d@e;f:g+h,i.txt", "...", ".hidden", "deep/" * 20 + "x", "x" * 900)
BAD_NAMES = {
    "a//b": b"a//b",
    "trailing slash": b"a/",
    "dots": b"a/../b",
    "encoded dots": b"a/%2e%2e/b",
    "one dot": b"./b",
    "twice encoded dots": b"a/%252e%252e/b",
    "backslash": b"a%5Cb",
    "NUL": b"a%00b",
    "line break": b"a%0A",
    "only a line break": b"%0A",
    "not UTF-8": b"a%FFb",
    "not ASCII": "é".encode(),
    "too long": b"x" * 1025,
}


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_file_comes_back_as_it_went_in(api: Served, owner: Person, name: str) -> None:
    path = f"documents/{owner.id}/{name}"
    answer = await put(api, owner.headers, path, name.encode())
    assert answer.status_code == 200, answer.text
    assert answer.json()["Key"] == path
    assert (await read(api, owner.headers, path)).content == name.encode()
    info = (await ask(api, "GET", f"object/info/{path}", owner.headers)).json()
    assert (info["name"], info["id"]) == (f"{owner.id}/{name}", answer.json()["Id"])


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE"])
async def test_a_bad_name_is_refused(api: Served, owner: Person, name: str, method: str) -> None:
    head = "".join(f"{header}: {value}\r\n" for header, value in owner.headers.items())
    line = f"{method} /storage/v1/object/documents/{owner.id}/".encode() + BAD_NAMES[name] + b" HTTP/1.1\r\n"
    answer = await api.raw(line + f"host: x\r\nconnection: close\r\ncontent-length: 1\r\n{head}\r\nx".encode())
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (body["statusCode"], body["code"]) == ("400", "InvalidKey")
    assert body["details"]["rule"]
    assert await versions(api, f"documents/{owner.id}/a/") == []


async def test_what_is_told_in_headers_is_kept(api: Served, owner: Person) -> None:
    path = f"documents/{owner.id}/told.bin"
    told = metadata_header({"k": ["é"]})
    await stored(api, owner.headers, path, kind="application/x-thing", cache_control="max-age=60", x_metadata=told)
    info = (await ask(api, "GET", f"object/info/{path}", owner.headers)).json()
    assert info["metadata"] == {"k": ["é"]}
    assert (info["content_type"], info["cache_control"], info["size"]) == ("application/x-thing", "max-age=60", 5)


@pytest.mark.parametrize("name", ["", "file", "anything"])
async def test_a_form_is_taken(api: Served, owner: Person, name: str) -> None:
    path = f"documents/{owner.id}/form-{name}.png"
    data = PNG + b"\r\n--b0undar\r\n-" * 1000
    body = form("b0undary", {"cacheControl": "60", "metadata": '{"k": "v"}'}, data, name=name)
    answer = await put_form(api, owner.headers, path, body)
    assert answer.status_code == 200, answer.text
    answer = await read(api, owner.headers, path)
    assert answer.content == data
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/png", "private, max-age=60")
    info = (await ask(api, "GET", f"object/info/{path}", owner.headers)).json()
    assert info["metadata"] == {"k": "v"}


BAD_FORMS: dict[str, tuple[bytes, str]] = {
    "no file": (
        b'--b0undary\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b0undary--\r\n',
        "InvalidRequest",
    ),
    "cut off": (form("b0undary", {}, PNG)[:-20], "IncompleteBody"),
    "cut off before the file": (b'--b0undary\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "IncompleteBody"),
    "another boundary": (form("another", {}, PNG), "InvalidRequest"),
    "empty": (b"", "IncompleteBody"),
    "metadata is no JSON": (form("b0undary", {"metadata": "{"}, PNG), "InvalidRequest"),
    "metadata is a list": (form("b0undary", {"metadata": "[]"}, PNG), "InvalidRequest"),
    "a header in cacheControl": (form("b0undary", {"cacheControl": "1\r\nx: y"}, PNG), "InvalidRequest"),
    "many fields": (form("b0undary", {f"f{number}": "1" for number in range(20)}, PNG), "InvalidRequest"),
    "a long field": (form("b0undary", {"metadata": '"' + "x" * 70_000 + '"'}, PNG), "InvalidRequest"),
    "no media type": (form("b0undary", {}, PNG, kind="nonsense"), "InvalidMimeType"),
    "two files": (form("b0undary", {}, PNG).removesuffix(b"--\r\n") + form("b0undary", {}, PNG)[10:], "InvalidRequest"),
}


@pytest.mark.parametrize("name", BAD_FORMS)
async def test_a_bad_form_leaves_nothing(api: Served, owner: Person, name: str) -> None:
    body, code = BAD_FORMS[name]
    path = f"documents/{owner.id}/bad-form"
    refused(await put_form(api, owner.headers, path, body), code, 415 if code == "InvalidMimeType" else 400)
    assert await versions(api, path) == []


async def test_an_empty_file(api: Served, owner: Person) -> None:
    raw = await stored(api, owner.headers, f"documents/{owner.id}/empty", b"")
    in_form = f"documents/{owner.id}/empty-form"
    assert (await put_form(api, owner.headers, in_form, form("b0undary", {}, b""))).status_code == 200
    for path in (raw, in_form):
        answer = await read(api, owner.headers, path)
        assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_a_large_file(api: Served, owner: Person) -> None:
    data = bytes(range(256)) * (20 * MIB // 256) + b"end"
    path = await stored(api, owner.headers, f"documents/{owner.id}/large", data)
    assert (await read(api, owner.headers, path)).content == data
    in_form = f"documents/{owner.id}/large-form"
    answer = await put_form(api, owner.headers, in_form, form("b0undary", {}, data))
    assert answer.status_code == 200, answer.text
    assert (await read(api, owner.headers, in_form)).content == data


async def test_a_name_is_taken_once_unless_told(api: Served, owner: Person) -> None:
    path = await stored(api, owner.headers, f"documents/{owner.id}/once", b"first")
    first = await versions(api, path)
    body = refused(await put(api, owner.headers, path, b"second"), "KeyAlreadyExists", 409)
    assert (body["error"], body["message"]) == ("Duplicate", "The resource already exists")
    answer = await put(api, owner.headers, path, b"third", x_upsert="true")
    assert answer.status_code == 200, answer.text
    assert (await read(api, owner.headers, path)).content == b"third"
    answer = await ask(api, "PUT", f"object/{path}", owner.headers, content=b"fourth")
    assert answer.status_code == 200, answer.text
    assert (await read(api, owner.headers, path)).content == b"fourth"
    assert await versions(api, path) != first


@pytest.mark.parametrize("upsert", ["false", "true"])
async def test_many_at_once(api: Served, owner: Person, admin: Admin, upsert: str) -> None:
    path = f"documents/{owner.id}/race-{upsert}"
    bodies = [bytes([number]) * (9 * MIB) for number in range(4)]
    answers = await asyncio.gather(*(put(api, owner.headers, path, body, x_upsert=upsert) for body in bodies))
    won = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert len(won) == (4 if upsert == "true" else 1)
    for number, answer in enumerate(answers):
        if number not in won:
            refused(answer, "KeyAlreadyExists", 409)
    content = (await read(api, owner.headers, path)).content
    assert content in [bodies[number] for number in won]
    assert len(await versions(api, path)) == 1
    assert not [version for version in await admin.pending(owner.id) if await has_bytes(api, version)]


async def test_the_limit_of_a_bucket(api: Served) -> None:
    name = await bucket(api, file_size_limit=1000)
    assert (await put(api, api.service, f"{name}/fits", bytes(1000))).status_code == 200
    body = refused(await put(api, api.service, f"{name}/large", bytes(1001)), "EntityTooLarge", 413)
    assert body["error"] == "Payload too large"

    async def endless() -> Any:
        for _ in range(3):
            yield bytes(600)

    answer = await ask(api, "POST", f"object/{name}/chunked", api.service, content=endless())
    refused(answer, "EntityTooLarge", 413)
    refused(await put_form(api, api.service, f"{name}/form", form("b0undary", {}, bytes(1001))), "EntityTooLarge", 413)
    assert len(await versions(api, f"{name}/")) == 1


async def test_who_is_refused_early_still_hears_why(api: Served, owner: Person, stranger: Person) -> None:
    path, body = f"avatars/{owner.id}/early.png", PNG + bytes(20 * MIB)
    refused(await put(api, owner.headers, path, body, "image/png"), "EntityTooLarge", 413)
    refused(await put_form(api, owner.headers, path, form("b0undary", {}, body)), "EntityTooLarge", 413)
    refused(await put(api, stranger.headers, f"documents/{owner.id}/x", body), "AccessDenied", 403)
    refused(await put(api, {}, path, body), "MissingAuthorization", 400)


async def test_gigabytes_are_not_read(api: Served, owner: Person) -> None:
    """The answer comes though the body that was announced never does."""
    head = "".join(f"{name}: {value}\r\n" for name, value in owner.headers.items())
    line = f"POST /storage/v1/object/avatars/{owner.id}/x HTTP/1.1\r\nhost: x\r\ncontent-length: {50 * 1024**3}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"{line}{head}\r\n".encode())
    sent = 0
    try:
        while sent < 400 * MIB and not reader.at_eof():
            writer.write(bytes(MIB))
            await asyncio.wait_for(writer.drain(), 15)
            sent += MIB
    except (ConnectionError, TimeoutError):
        pass
    assert sent < 100 * MIB
    writer.close()


async def test_the_types_of_a_bucket(api: Served) -> None:
    name = await bucket(api, allowed_mime_types=["image/*", "text/plain"])
    assert (await put(api, api.service, f"{name}/a", kind="text/plain; charset=utf-8")).status_code == 200
    assert (await put(api, api.service, f"{name}/b", kind="IMAGE/x-anything")).status_code == 200
    body = refused(await put(api, api.service, f"{name}/c", kind="text/html"), "InvalidMimeType", 415)
    assert (body["error"], body["message"]) == ("invalid_mime_type", "mime type text/html is not supported")
    answer = await put_form(api, api.service, f"{name}/d", form("b0undary", {}, PNG, kind="video/mp4"))
    refused(answer, "InvalidMimeType", 415)


async def test_an_avatar_is_what_it_says(api: Served, owner: Person) -> None:
    path = f"avatars/{owner.id}/checked.png"
    for body, kind in ((b"<script>", "image/png"), (PNG, "image/jpeg"), (b"", "image/png"), (PNG[:7], "image/png")):
        refused(await put(api, owner.headers, path, body, kind), "InvalidMimeType", 415)
        refused(await put_form(api, owner.headers, path, form("b0undary", {}, body, kind=kind)), "InvalidMimeType", 415)
    refused(await put(api, owner.headers, path, b"<svg/>", "image/svg+xml"), "InvalidMimeType", 415)
    assert await versions(api, path) == []
    assert (await put(api, owner.headers, path, PNG, "image/png")).status_code == 200
    assert (await put(api, owner.headers, path, b"RIFF0000WEBPVP8 ", "image/webp", x_upsert="true")).status_code == 200
    assert (
        await put(api, owner.headers, path, b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg", x_upsert="true")
    ).status_code == 200


async def test_while_the_store_is_away(api: Served, stored_settings: Settings, owner: Person) -> None:
    """An upload is put off, and leaves no row."""
    nowhere = stored_settings.storage.model_copy(update={"endpoint": "http://127.0.0.1:1"})
    path = f"documents/{owner.id}/away"
    async with served(stored_settings.model_copy(update={"storage": nowhere})) as away:
        answer = await put(away, owner.headers, path)
        assert (answer.status_code, answer.json()["statusCode"]) == (503, "503")
        assert answer.headers["retry-after"]
        there = await stored(api, owner.headers, f"{path}-there")
        answer = await read(away, owner.headers, there)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert await versions(api, path) == await versions(api, f"{path}-there")
