"""Status, code and headers with which data and storage refuse: what the clients in Python do not all show."""

from dataclasses import dataclass, field

import pytest

from tests.e2e.python_client import Python

pytestmark = pytest.mark.usefixtures("library")
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Refused:
    """A request by a visitor, and how it is refused."""

    request: str
    status: int
    code: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str = ""


DATA = {
    "operator": Refused("GET books?id=xx.1", 400, "PGRST100"),
    "body": Refused("POST authors", 400, "PGRST102", JSON, "{"),
    "no body": Refused("PATCH authors?id=eq.1", 400, "PGRST102", JSON),
    "range": Refused("GET books?offset=50", 416, "PGRST103", {"prefer": "count=exact"}),
    "limit": Refused("GET books?limit=-1", 416, "PGRST103"),
    "schema to read": Refused("GET books", 406, "PGRST106", {"accept-profile": "private"}),
    "schema to write": Refused("POST books", 406, "PGRST106", {**JSON, "content-profile": "private"}, "{}"),
    "media type": Refused("GET books", 406, "PGRST107", {"accept": "application/geo+json"}),
    "plan": Refused("GET books", 406, "PGRST107", {"accept": "application/vnd.pgrst.plan+text; options=analyze;"}),
    "not in select": Refused("GET books?genres.name=eq.x", 400, "PGRST108"),
    "two rows": Refused("GET books", 406, "PGRST116", {"accept": "application/vnd.pgrst.object+json"}),
    "order by a list": Refused("GET authors?select=*,books!author_id(*)&order=books(title)", 400, "PGRST118"),
    "strict preferences": Refused("GET books", 400, "PGRST122", {"prefer": "handling=strict, nonsense=1"}),
    "affected": Refused(
        "DELETE books?id=lt.3", 400, "PGRST124", {"prefer": "handling=strict, max-affected=1"}, "{}",
    ),
    "no relation": Refused("GET books?select=*,author_pages(*)", 400, "PGRST200"),
    "two relations": Refused("GET books?select=*,authors(*)", 300, "PGRST201"),
    "no function": Refused("POST rpc/ad", 404, "PGRST202", JSON, "{}"),
    "no column": Refused("POST books", 400, "PGRST204", JSON, '{"nope": 1}'),
    "no table": Refused("GET nothing", 404, "PGRST205"),
    "unheard head": Refused("HEAD nothing", 404, "PGRST205"),
    "malformed token": Refused("GET books", 401, "PGRST301", {"authorization": "Bearer a.b.c"}),
    "parent": Refused("POST books", 409, "23503", JSON, '{"title": "x", "author_id": -1}'),
    "duplicate": Refused("POST authors", 409, "23505", JSON, '{"name": "Ted"}'),
    "missing": Refused("POST books", 400, "23502", JSON, '{"title": null, "author_id": 1}'),
    "check": Refused("POST books", 400, "23514", JSON, '{"title": "x", "author_id": 1, "pages": 0}'),
    "text": Refused("GET books?id=eq.x", 400, "22P02"),
    "column": Refused("GET books?nope=eq.1", 400, "42703"),
    "forbidden": Refused("GET contacts", 401, "42501"),
    "written by get": Refused("GET rpc/retire?author=x", 405, "25006"),
    "its own status": Refused("POST rpc/teapot", 418, "PT418", JSON, "{}"),
}  # fmt: skip


@pytest.mark.parametrize("refused", DATA.values(), ids=DATA)
async def test_data(python: Python, refused: Refused) -> None:
    method, path = refused.request.split(" ")
    headers = {"apikey": python.anon_key, **refused.headers}
    url = f"{python.url}/rest/v1/{path}"
    answer = await python.http.request(method, url, headers=headers, content=refused.body or None)
    assert (answer.status_code, answer.headers["proxy-status"]) == (refused.status, f"PostgREST; error={refused.code}")
    if method != "HEAD":
        told = answer.json()
        assert told.keys() >= {"code", "message", "details", "hint"}
        assert told["code"] == refused.code


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "No API key found in request"), ({"apikey": "nonsense"}, "Invalid API key")],
    ids=["no key", "wrong key"],
)
async def test_keys(python: Python, headers: dict[str, str], message: str) -> None:
    answer = await python.http.get(f"{python.url}/rest/v1/books", headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (401, message)
    assert answer.json()["hint"]


STORAGE = {
    "no bucket": Refused("GET bucket/nowhere", 404, "NoSuchBucket"),
    "no object": Refused("GET object/documents/nothing", 404, "NoSuchKey"),
    "no public bucket": Refused("GET object/public/nowhere/a", 404, "NoSuchBucket"),
    "no public object": Refused("GET object/public/avatars/nothing", 404, "NoSuchKey"),
    "private in public": Refused("GET object/public/documents/nothing", 404, "NoSuchBucket"),
    "bucket's name": Refused("POST bucket", 400, "InvalidBucketName", JSON, '{"id": "a/b", "name": "a/b"}'),
    "object's name": Refused("POST object/documents/%C3%A4.txt", 400, "InvalidKey", {}, "x"),
    "bucket there": Refused("POST bucket", 409, "BucketAlreadyExists", JSON, '{"id": "avatars", "name": "avatars"}'),
    "type": Refused("POST object/avatars/a.html", 415, "InvalidMimeType", {"content-type": "text/html"}, "x"),
    "body": Refused("POST object/move", 400, "InvalidRequest", JSON, "{}"),
    "no JSON": Refused("POST object/list/documents", 400, "InvalidRequest", JSON, "{"),
    "form": Refused("POST object/documents/a", 400, "InvalidRequest", {"content-type": "multipart/form-data"}, "x"),
    "token": Refused("GET object/sign/documents/a?token=abc", 400, "InvalidJWT"),
    "upload token": Refused("PUT object/upload/sign/documents/a?token=abc", 400, "InvalidJWT", {}, "x"),
}


@pytest.mark.parametrize("refused", STORAGE.values(), ids=STORAGE)
async def test_storage(python: Python, refused: Refused) -> None:
    method, path = refused.request.split(" ")
    key = {"authorization": f"Bearer {python.service_key}"}
    url = f"{python.url}/storage/v1/{path}"
    answer = await python.http.request(method, url, headers={**key, **refused.headers}, content=refused.body or None)
    told = answer.json()
    assert (answer.status_code, told["statusCode"], told["code"]) == (400, str(refused.status), refused.code)
    assert told["error"]
    assert told["message"]
