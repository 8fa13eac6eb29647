"""Requests for data as the versions of the official clients put them on the wire."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.python_client import Python

pytestmark = pytest.mark.usefixtures("library")
JSON = {"content-type": "application/json"}
OBJECT = {"accept": "application/vnd.pgrst.object+json"}
BOTH_PROFILES = {"accept-profile": "public", "content-profile": "public"}
Headers = dict[str, str] | list[tuple[str, str]]


@dataclass(frozen=True)
class Sent:
    """A request by a visitor, and what must be seen of its answer. `NEW` becomes a name of its own."""

    method: str
    path: str
    headers: Headers = field(default_factory=dict[str, str])
    body: str = ""
    status: int = 200
    answer: Any = None
    answer_headers: dict[str, str] = field(default_factory=dict[str, str])


REST = {
    "get with a type and no body": Sent("GET", "genres?select=name&id=eq.1", JSON, answer=[{"name": "utopia"}]),
    "get with both profiles": Sent("GET", "genres?select=name&id=eq.1", BOTH_PROFILES, answer=[{"name": "utopia"}]),
    "get with everything percent-encoded": Sent(
        "GET", "books?select=%2A%2Cauthors%21author_id%28%2A%29&author_id=eq.99&order=pages.desc&offset=0&limit=10",
        {**BOTH_PROFILES, "prefer": "count=exact"}, answer=[], answer_headers={"content-range": "*/0"},
    ),
    "get with a star and a plus for a space": Sent(
        "GET", "books?select=id&title=ilike.*the+la*", answer=[{"id": 2}], answer_headers={"content-range": "0-0/*"},
    ),
    "get of one object": Sent("GET", "genres?select=name&id=eq.1", OBJECT, answer={"name": "utopia"}),
    "get of one object that is not there": Sent("GET", "genres?id=eq.99", OBJECT, status=406),
    "get with logic, quotes and braces": Sent(
        "GET",
        "authors?select=id&or=%28name.ilike.%25u%25%2Cname.eq.x%29&name=in.%28Ursula%2C%22with%2Ccomma%22%29"
        "&awards=cs.%7BHugo%7D&biography=wfts%28english%29.fat+-dog&born=not.is.null&id=gte.1&limit=5",
        answer=[{"id": 1}],
    ),
    "get of a page that was counted": Sent(
        "GET", "genres?select=id&order=id&offset=1&limit=1", {"prefer": "count=exact"}, status=206,
        answer=[{"id": 2}], answer_headers={"content-range": "1-1/3"},
    ),
    "get by Range": Sent(
        "GET", "genres?select=id&order=id", {"range-unit": "items", "range": "0-1"},
        answer=[{"id": 1}, {"id": 2}], answer_headers={"content-range": "0-1/*"},
    ),
    "head with a count": Sent(
        "HEAD", "genres?select=*", {"prefer": "count=exact", "accept-profile": "public"},
        answer_headers={"content-range": "0-2/3"},
    ),
    "csv": Sent("GET", "genres?select=name&id=eq.1", {"accept": "text/csv"}, answer="name\nutopia"),
    "description": Sent("GET", "", {"accept": "application/openapi+json"}),
    "insert without Prefer": Sent("POST", "authors", JSON, '{"name": "NEW"}', 201, ""),
    "insert with both profiles": Sent(
        "POST", "authors?select=name", {**JSON, **BOTH_PROFILES, "prefer": "return=representation"},
        '{"name": "NEW"}', 201, [{"name": "NEW"}],
    ),
    "insert of one object": Sent(
        "POST", "authors?select=status", {**JSON, **OBJECT, "prefer": "return=representation"},
        '{"name": "NEW"}', 201, {"status": "ACTIVE"}, {"preference-applied": "return=representation"},
    ),
    "insert of quoted columns": Sent(
        "POST", "authors?columns=%22name%22%2C%22born%22", JSON, '[{"name": "NEW"}, {"name": "NEW 2", "born": null}]',
        201, "",
    ),
    "insert with one joined Prefer": Sent(
        "POST", "authors?select=awards&columns=%22name%22",
        {**JSON, "prefer": "return=representation,count=exact,missing=default"},
        '[{"name": "NEW"}]', 201, [{"awards": []}],
        {"preference-applied": "missing=default, return=representation, count=exact", "content-range": "*/1"},
    ),
    "insert with several Prefers": Sent(
        "POST", "authors?select=awards&columns=%22name%22",
        [("content-type", "application/json"), ("prefer", "return=representation"), ("Prefer", "missing=default")],
        '[{"name": "NEW"}]', 201, [{"awards": []}],
        {"preference-applied": "missing=default, return=representation"},
    ),
    "insert of a charset": Sent(
        "POST", "authors", {"content-type": "application/json;charset=UTF-8"}, '{"name": "NEW"}', 201, "",
    ),
    "insert of headers only": Sent(
        "POST", "genres?columns=id,name", {**JSON, "prefer": "return=headers-only"}, '{"id": 3, "name": "x"}', 409,
    ),
    "upsert that makes": Sent(
        "POST", "authors?on_conflict=name&select=name",
        {**JSON, "prefer": "resolution=merge-duplicates, return=representation"},
        '{"name": "NEW"}', 201, [{"name": "NEW"}],
    ),
    "upsert that merges": Sent(
        "POST", "genres?on_conflict=id&columns=%22id%22%2C%22name%22",
        {**JSON, "prefer": "return=representation,resolution=merge-duplicates"},
        '[{"id": 1, "name": "utopia"}]', 200, [{"id": 1, "name": "utopia"}],
    ),
    "upsert that ignores": Sent(
        "POST", "genres?on_conflict=id", {**JSON, "prefer": "resolution=ignore-duplicates"},
        '{"id": 1, "name": "x"}', 201, "",
    ),
    "update": Sent(
        "PATCH", "genres?id=eq.1", {**JSON, "content-profile": "public"}, '{"name": "utopia"}', 204,
        answer_headers={"content-range": "0-0/*"},
    ),
    "update with a representation": Sent(
        "PATCH", "genres?id=eq.1", {**JSON, **BOTH_PROFILES, "prefer": "return=representation"},
        '{"name": "utopia"}', 200, [{"id": 1, "name": "utopia"}],
    ),
    "delete with an empty object": Sent(
        "DELETE", "genres?id=eq.99", {**JSON, **BOTH_PROFILES, "prefer": "return=representation"}, "{}", 200, [],
    ),
    "delete without a body": Sent("DELETE", "genres?id=eq.99", BOTH_PROFILES, status=204),
    "call": Sent("POST", "rpc/add", {**JSON, **BOTH_PROFILES}, '{"a": 1, "b": 2}', 200, 3),
    "call without arguments": Sent(
        "POST", "rpc/pages_by_author?select=pages&author=eq.Ted", JSON, "{}", 200, [{"pages": 368}],
    ),
    "call by get with an array": Sent("GET", "rpc/total?numbers=%7B1%2C2%7D", JSON, answer=3),
    "call by head": Sent(
        "HEAD", "rpc/authors_like?part=ted", {"prefer": "count=exact"}, answer_headers={"content-range": "0-0/1"},
    ),
    "call with a selection": Sent(
        "POST", "rpc/authors_like?select=name", {**JSON, "prefer": "count=exact,return=representation"},
        '{"part": "ted"}', 200, [{"name": "Ted"}],
    ),
    "call by a form": Sent(
        "POST", "rpc/add", {"content-type": "application/x-www-form-urlencoded"}, "a=1&b=2", 200, 3,
    ),
    "call that gives nothing": Sent("POST", "rpc/retire", JSON, '{"author": "nobody"}', 204, ""),
    "put of one row": Sent(
        "PUT", "genres?id=eq.3", {**JSON, "prefer": "return=representation"}, '{"id": 3, "name": "stories"}', 200,
        [{"id": 3, "name": "stories"}],
    ),
    "insert of csv": Sent(
        "POST", "authors?select=name,born", {"content-type": "text/csv", "prefer": "return=representation"},
        "name,born\nNEW,NULL", 201, [{"name": "NEW", "born": None}],
    ),
    "accept of a browser": Sent(
        "GET", "genres?select=id&id=eq.1", {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, answer=[{"id": 1}],
    ),
    "accept of a library": Sent(
        "GET", "genres?select=id&id=eq.1", {"accept": "application/json, text/plain, */*"}, answer=[{"id": 1}],
    ),
    "accept without nulls": Sent(
        "GET", "books?select=id,price&id=eq.4", {"accept": "application/vnd.pgrst.array+json;nulls=stripped"},
        answer=[{"id": 4}],
    ),
    "unknown preference": Sent(
        "GET", "genres?select=id&id=eq.1", {"prefer": "nonsense=1, timezone=Europe/Berlin"}, answer=[{"id": 1}],
        answer_headers={"preference-applied": "timezone=Europe/Berlin"},
    ),
    "a retry": Sent("GET", "genres?select=id&id=eq.1", {"X-Retry-Count": "2"}, answer=[{"id": 1}]),
    "traces": Sent(
        "GET", "genres?select=id&id=eq.1", {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "baggage": "a=b"},
        answer=[{"id": 1}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("key_header", ["apikey", "apiKey", "APIKEY"])
@pytest.mark.parametrize("sent", REST.values(), ids=REST)
async def test_data(python: Python, sent: Sent, key_header: str) -> None:
    more = list(sent.headers.items()) if isinstance(sent.headers, dict) else sent.headers
    headers = [(key_header, python.anon_key), ("Authorization", f"Bearer {python.anon_key}"), *more]
    name = uuid4().hex
    answer = await python.http.request(
        sent.method,
        f"{python.url}/rest/v1/{sent.path}",
        headers=headers,
        content=sent.body.replace("NEW", name) or None,
    )
    assert answer.status_code == sent.status, answer.text
    if isinstance(sent.answer, str):
        assert answer.text == sent.answer
    elif sent.answer is not None:
        assert answer.json() == json.loads(json.dumps(sent.answer).replace("NEW", name))
    for header, value in sent.answer_headers.items():
        assert answer.headers[header] == value, header


async def test_the_key_may_stand_in_the_address(python: Python) -> None:
    answer = await python.http.get(f"{python.url}/rest/v1/genres?select=name&id=eq.1&apikey={python.anon_key}")
    assert (answer.status_code, answer.json()) == (200, [{"name": "utopia"}])
    assert answer.headers["content-location"] == "/genres?select=name&id=eq.1"


async def test_options_need_no_key(python: Python) -> None:
    answer = await python.http.options(f"{python.url}/rest/v1/genres")
    assert answer.status_code == 200
    allowed = {method.strip() for method in answer.headers["allow"].split(",")}
    assert allowed == {"OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


async def test_a_browser_may_send_and_see_what_clients_need(python: Python) -> None:
    asked = "authorization,apikey,x-client-info,content-type,prefer,accept-profile,content-profile,range,x-retry-count"
    headers = {"origin": "https://example.com", "access-control-request-method": "PATCH"}
    for path in ("rest/v1/genres", "storage/v1/object/documents/a.txt"):
        more = ",x-upsert,x-metadata,cache-control" if path.startswith("storage") else ""
        answer = await python.http.options(
            f"{python.url}/{path}", headers={**headers, "access-control-request-headers": asked + more}
        )
        assert answer.status_code in {200, 204}
        granted = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
        assert granted >= set((asked + more).split(","))
    seen = await python.http.get(
        f"{python.url}/rest/v1/genres", headers={"origin": "https://example.com", "apikey": python.anon_key}
    )
    exposed = {name.strip().lower() for name in seen.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {"content-range", "content-location", "location", "preference-applied", "etag", "retry-after"}
