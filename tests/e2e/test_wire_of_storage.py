"""Requests to storage as the versions of the official clients put them on the wire."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.python_client import Person, Python

JSON = {"content-type": "application/json"}
EDGE = "----formdata-0123456789"
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Wire:
    """What a signed-in person's client sends."""

    python: Python
    person: Person
    token: str

    async def send(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        keys = {"apikey": self.python.anon_key, "Authorization": f"Bearer {self.token}"}
        return await self.bare(method, path, {**keys, **(headers or {})}, **more)

    async def bare(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        """Without the keys."""
        return await self.python.http.request(method, f"{self.python.url}/storage/v1/{path}", headers=headers, **more)

    async def file(self, bucket: str = "documents") -> str:
        """The path of a new file that holds `bytes`."""
        path = f"{bucket}/{self.person.path(uuid4().hex)}"
        answer = await self.send("POST", f"object/{path}", {"content-type": "text/plain"}, content=b"bytes")
        assert answer.status_code == 200, answer.text
        return path

    async def info(self, path: str) -> dict[str, Any]:
        return (await self.send("GET", f"object/info/{path}")).json()


@pytest.fixture(scope="module")
async def wire(python: Python) -> Wire:
    person = await python.person()
    session = await person.client.auth.get_session()
    assert session is not None
    return Wire(python, person, session.access_token)


def form(name: str, content: bytes, *, file_type: str = "image/png", fields: Fields | None = None) -> dict[str, Any]:
    """A form whose file part has this name, as browsers, Node and Python write it."""
    disposition = f"--{EDGE}\r\nContent-Disposition: form-data"
    parts = [f'{disposition}; name="{field}"\r\n\r\n{value}\r\n' for field, value in fields or []]
    head = f'{disposition}; name="{name}"; filename="blob"\r\nContent-Type: {file_type}\r\n\r\n'
    body = f"{''.join(parts)}{head}".encode() + content + f"\r\n--{EDGE}--\r\n".encode()
    return {"headers": {"content-type": f"multipart/form-data; boundary={EDGE}"}, "content": body}


@pytest.mark.parametrize("name", ["", "file", "anything"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_form(wire: Wire, method: str, name: str) -> None:
    path = f"documents/{wire.person.path(uuid4().hex)}"
    content = b"\x00\r\n--" + EDGE.encode() + b"?\r\nbytes"
    sent = form(name, content, fields=[("cacheControl", "60"), ("metadata", '{"k": "v"}')])
    answer = await wire.send(method, f"object/{path}", **sent)
    assert (answer.status_code, answer.json().keys(), answer.json()["Key"]) == (200, {"Id", "Key"}, path)
    read = await wire.send("GET", f"object/{path}")
    assert (read.content, read.headers["content-type"]) == (content, "image/png")
    info = await wire.info(path)
    assert (info["cache_control"], info["metadata"]) == ("max-age=60", {"k": "v"})


async def test_a_form_without_anything_but_the_file(wire: Wire) -> None:
    path = f"documents/{wire.person.path(uuid4().hex)}"
    assert (await wire.send("POST", f"object/{path}", **form("", b"alone"))).status_code == 200
    assert (await wire.send("GET", f"object/{path}")).content == b"alone"


async def test_a_raw_body(wire: Wire) -> None:
    path = f"documents/{wire.person.path(uuid4().hex)}"
    metadata = base64.b64encode(json.dumps({"k": "vö"}).encode()).decode()
    headers = {"content-type": "text/csv", "cache-control": "max-age=7200", "x-metadata": metadata, "x-upsert": "false"}
    answer = await wire.send("POST", f"object/{path}", headers, content=b"a,b")
    assert (answer.status_code, answer.json()["Key"]) == (200, path)
    info = await wire.info(path)
    assert (info["size"], info["content_type"], info["cache_control"]) == (3, "text/csv", "max-age=7200")
    assert info["metadata"] == {"k": "vö"}
    again = await wire.send("POST", f"object/{path}", headers, content=b"a,b")
    assert (again.status_code, again.json()["statusCode"], again.json()["error"]) == (400, "409", "Duplicate")
    replaced = await wire.send("POST", f"object/{path}", {**headers, "x-upsert": "true"}, content=b"c")
    assert replaced.json() == {"Id": answer.json()["Id"], "Key": path}


@pytest.mark.parametrize(
    "body_type", ["application/json", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"]
)
async def test_raw_bodies_that_look_like_something_else(wire: Wire, body_type: str) -> None:
    path = f"documents/{wire.person.path(uuid4().hex)}"
    answer = await wire.send("POST", f"object/{path}", {"content-type": body_type}, content=b'{"not": json')
    assert answer.status_code == 200, answer.text
    assert (await wire.send("GET", f"object/{path}")).content == b'{"not": json'


async def test_who_asks_is_told_by_authorization_or_else_by_the_key(wire: Wire) -> None:
    path = await wire.file()
    bearer, service = {"authorization": f"Bearer {wire.token}"}, wire.python.service_key
    for headers in (bearer, {**bearer, "apiKey": wire.python.anon_key}, {**bearer, "apikey": service},
                    {"apiKey": service}, {"authorization": f"Bearer {service}"}):  # fmt: skip
        assert (await wire.bare("GET", f"object/{path}", headers)).content == b"bytes"
    anonymous = await wire.bare("GET", f"object/{path}", {"apikey": wire.python.anon_key})
    assert anonymous.json()["message"] == "Object not found"
    nobody = await wire.bare("GET", f"object/{path}", {})
    assert nobody.status_code == 400
    assert nobody.json()["message"] == "headers must have required property 'authorization'"
    liar = await wire.bare("GET", f"object/{path}", {"authorization": "Bearer a.b.c"})
    assert (liar.status_code, liar.json()["statusCode"], liar.json()["error"]) == (400, "403", "Unauthorized")


async def test_reads(wire: Wire) -> None:
    path = await wire.file()
    for asked in (f"object/{path}", f"object/authenticated/{path}"):
        answer = await wire.send("GET", asked, JSON)
        assert (answer.content, answer.headers["accept-ranges"]) == (b"bytes", "bytes")
        head = await wire.send("HEAD", asked)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "5", b"")
        part = await wire.send("GET", asked, {"range": "bytes=-2"})
        assert (part.status_code, part.content) == (206, b"es")
        same = await wire.send("GET", asked, {"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
    assert (await wire.send("HEAD", f"object/{path}-missing")).status_code in {400, 404}
    for asked in (f"object/info/{path}", f"object/info/authenticated/{path}"):
        assert (await wire.send("GET", asked, JSON)).json()["size"] == 5


@pytest.mark.parametrize("seconds", ["60", 60])
async def test_signing(wire: Wire, seconds: str | int) -> None:
    path = await wire.file()
    bucket, _, name = path.partition("/")
    one = await wire.send("POST", f"object/sign/{path}", JSON, json={"expiresIn": seconds, "download": "a.txt"})
    assert one.json()["signedURL"].startswith(f"/object/sign/{path}?token=")
    assert (await wire.bare("GET", one.json()["signedURL"][1:], {})).content == b"bytes"
    many = await wire.send("POST", f"object/sign/{bucket}", JSON, json={"paths": [name, "no"], "expiresIn": seconds})
    good, bad = many.json()
    assert (good["error"], good["path"], bad["signedURL"]) == (None, name, None)
    assert (await wire.bare("GET", good["signedURL"][1:], {})).content == b"bytes"


@pytest.mark.parametrize("seconds", ["", "soon", 0, -1, "-1", 1.5, None])
async def test_times_that_cannot_be(wire: Wire, seconds: object) -> None:
    path = await wire.file()
    answer = await wire.send("POST", f"object/sign/{path}", JSON, json={"expiresIn": seconds})
    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")
    assert "expiresIn" in answer.json()["message"]


@pytest.mark.parametrize("body", [{}, {"headers": JSON, "content": "{}"}], ids=["no body", "empty object"])
async def test_signed_uploads(wire: Wire, body: dict[str, Any]) -> None:
    path = f"documents/{wire.person.path(uuid4().hex)}"
    signed = (await wire.send("POST", f"object/upload/sign/{path}", **body)).json()
    assert signed["url"] == f"/object/upload/sign/{path}?token={signed['token']}"
    sent = form("", b"given", fields=[("cacheControl", "3600")])
    given = await wire.bare("PUT", signed["url"][1:], {**sent["headers"], "x-upsert": "false"}, content=sent["content"])
    assert (given.status_code, given.json()["Key"]) == (200, path)
    assert (await wire.send("GET", f"object/{path}")).content == b"given"
    twice = await wire.bare("PUT", signed["url"][1:], {"content-type": "text/plain"}, content=b"twice")
    assert (twice.status_code, twice.json()["statusCode"]) == (400, "409")


async def test_lists(wire: Wire) -> None:
    bucket, folder, name = (await wire.file()).split("/")
    wish = {
        "limit": 10,
        "offset": 0,
        "sortBy": {"column": "name", "order": "asc"},
        "search": name[:8],
        "prefix": folder,
    }
    assert [row["name"] for row in (await wire.send("POST", f"object/list/{bucket}", JSON, json=wish)).json()] == [name]
    least = await wire.send("POST", f"object/list/{bucket}", JSON, json={"prefix": ""})
    assert [row["name"] for row in least.json()] == [folder]
    wish = {"prefix": f"{folder}/", "with_delimiter": True}
    page = (await wire.send("POST", f"object/list-v2/{bucket}", JSON, json=wish)).json()
    assert f"{folder}/{name}" in {row["name"] for row in page["objects"]}
    assert (page["hasNext"], page["folders"]) == (False, [])


async def test_moves_copies_and_removals(wire: Wire) -> None:
    bucket, _, name = (await wire.file()).partition("/")
    asked = {"bucketId": bucket, "sourceKey": name, "destinationKey": f"{name}-copy"}
    copied = await wire.send("POST", "object/copy", JSON, json=asked)
    assert (copied.status_code, copied.json()["Key"]) == (200, f"{bucket}/{name}-copy")
    asked = {"bucketId": bucket, "sourceKey": name, "destinationKey": f"{name}-moved", "destinationBucket": "tutorials"}
    moved = await wire.send("POST", "object/move", JSON, json=asked)
    assert (moved.status_code, moved.json()["message"]) == (200, "Successfully moved")
    several = await wire.send("DELETE", f"object/{bucket}", JSON, json={"prefixes": [f"{name}-copy", name]})
    assert [row["name"] for row in several.json()] == [f"{name}-copy"]
    one = await wire.send("DELETE", f"object/tutorials/{name}-moved", JSON, content="{}")
    assert (one.status_code, one.json()) == (200, {"message": "Successfully deleted"})
    gone = await wire.send("DELETE", f"object/tutorials/{name}-moved")
    assert (gone.status_code, gone.json()["code"]) == (400, "NoSuchKey")


async def test_buckets(wire: Wire) -> None:
    key, name = wire.python.service_key, f"wire-{uuid4().hex}"
    headers = {"apikey": key, "authorization": f"Bearer {key}", **JSON}
    wish = {"id": name, "name": name, "public": False, "file_size_limit": "10MB", "allowed_mime_types": ["image/*"]}
    made = await wire.bare("POST", "bucket", headers, json=wish)
    assert (made.status_code, made.json()) == (200, {"name": name})
    changed = await wire.bare("PUT", f"bucket/{name}", headers, json={"id": name, "name": name, "public": True})
    assert changed.json() == {"message": "Successfully updated"}
    bucket = (await wire.bare("GET", f"bucket/{name}", headers)).json()
    assert (bucket["public"], bucket["allowed_mime_types"], bucket["owner"]) == (True, ["image/*"], "")
    assert bucket["file_size_limit"] in {10_000_000, 10 * 1024 * 1024}
    searched = await wire.bare("GET", f"bucket?limit=1&offset=0&sortColumn=name&sortOrder=desc&search={name}", headers)
    assert [each["id"] for each in searched.json()] == [name]
    assert (await wire.bare("POST", f"bucket/{name}/empty", headers, content="{}")).status_code == 200
    gone = await wire.bare("DELETE", f"bucket/{name}", headers, content="{}")
    assert gone.json() == {"message": "Successfully deleted"}
    missing = await wire.bare("GET", f"bucket/{name}", headers)
    told = {"statusCode": "404", "error": "Bucket not found", "message": "Bucket not found", "code": "NoSuchBucket"}
    assert missing.status_code == 400
    assert missing.json().items() >= told.items()
