"""What owners tell others of their endpoints, and how they try them, over HTTP."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from tests.api.gateway.owners import Owner
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, raw
from zilliance.settings import Settings

SECRET = "Bearer 0123456789abcdef"


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def attempt(way: Way, body: Any, *, owner: Owner | None = None, headers: Any = None) -> httpx.Response:
    sent = headers or (owner or way.owner).person.headers
    return await way.api.http.post("/functions/v1/gateway-test", json=body, headers=sent)


async def test_a_test_call_tells_what_a_caller_would_get(way: Way) -> None:
    endpoint = await way.endpoint("/tools/{id}", "POST", "/inside/{id}", headers={"Authorization": SECRET})
    body = {
        "endpointId": str(endpoint),
        "path": "/tools/a b",
        "query": {"q": "x&y"},
        "headers": {"X-A": "1"},
        "body": {"n": 1},
    }
    answer = await attempt(way, body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["encoding"], told["truncated"]) == (200, "json", False)
    assert told["body"]["target"] == "/inside/a%20b?q=x%26y"
    assert told["size"] > 0
    assert told["duration_ms"] >= 0
    assert told["headers"]["content-type"] == "application/json"
    received = way.received
    assert (received.header("authorization"), received.header("x-a")) == (SECRET, "1")
    assert (received.header("content-type"), received.sha256) == ("application/json", digest(b'{"n":1}'))


async def test_path_and_method_are_the_endpoints_own_where_they_are_left_out(way: Way) -> None:
    endpoint = await way.endpoint("/plain/own", "DELETE")
    told = (await attempt(way, {"endpointId": str(endpoint)})).json()
    assert (told["body"]["method"], told["body"]["target"]) == ("DELETE", "/plain/own")
    pattern = await way.endpoint("/needs/{it}")
    refused = await attempt(way, {"endpointId": str(pattern)})
    assert (refused.status_code, "/needs/{it}" in refused.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("head", "body", "told"),
    [
        ("Content-Type: application/json", b"{broken", ("{broken", "text")),
        ("Content-Type: application/json", b"[1]", ([1], "json")),
        ("Content-Type: application/problem+json", b'{"a":1}', ({"a": 1}, "json")),
        ("Content-Type: text/plain", "ü".encode(), ("ü", "text")),
        ("Content-Type: image/png", b"\xff\x00", (base64.b64encode(b"\xff\x00").decode(), "base64")),
        ("Content-Encoding: gzip", b"abc", (base64.b64encode(b"abc").decode(), "base64")),
        ("X-Empty: 1", b"", (None, "json")),
    ],
)
async def test_the_body_of_an_answer_is_told_as_what_it_is(
    way: Way, head: str, body: bytes, told: tuple[Any, str]
) -> None:
    endpoint = await way.endpoint(f"/told/{uuid4()}", target="/told")
    way.upstream.answers["/told"] = raw(
        f"HTTP/1.1 418 Teapot\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    answer = (await attempt(way, {"endpointId": str(endpoint)})).json()
    assert (answer["status"], (answer["body"], answer["encoding"])) == (418, told)


async def test_bytes_are_sent_as_base64(way: Way) -> None:
    endpoint = await way.endpoint("/bytes", "PUT")
    sent = {"endpointId": str(endpoint), "body": base64.b64encode(b"\x00\xff").decode(), "encoding": "base64"}
    assert (await attempt(way, sent)).json()["status"] == 200
    assert way.received.sha256 == digest(b"\x00\xff")
    for body in ("not base64!", 7, "ü"):
        refused = await attempt(way, sent | {"body": body})
        assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "change",
    [
        {"endpointId": "no id"},
        {"path": "orders"},
        {"method": "TRACE"},
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X-A": 1}},
        {"query": ["a"]},
        {"encoding": "gzip"},
        {"unknown": 1},
        {"query": {"a": "x" * 20_000}},
        {"headers": {f"X-{n}": "x" * 4000 for n in range(5)}},
        {"path": "/plain/../x"},
        {"path": "/plain//x"},
    ],
)
async def test_bad_input_is_refused(way: Way, change: dict[str, Any]) -> None:
    endpoint, before = await way.endpoint(f"/bad/{uuid4()}/*"), list(way.upstream.received)
    refused = await attempt(way, {"endpointId": str(endpoint), "path": "/plain/x", **change})
    assert refused.status_code in (400, 404), refused.text
    assert refused.json()["code"] != "INTERNAL_ERROR"
    assert way.upstream.received == before


async def test_endpoints_of_others_are_as_ones_that_are_not_there(way: Way) -> None:
    endpoint = str(await way.endpoint("/others"))
    rival = Owner(way.api, await way.api.person())
    answers = [
        await attempt(way, {"endpointId": each}, owner=rival)
        for each in (endpoint, "01900000-0000-7000-8000-000000000000")
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].json()["code"] == answers[1].json()["code"] == "ENDPOINT_NOT_FOUND"
    owned = await attempt(way, {"endpointId": endpoint, "ownerId": str(way.owner.person.id)}, owner=rival)
    assert owned.status_code == 403


async def test_visitors_and_ended_sessions_call_nothing(way: Way) -> None:
    endpoint = str(await way.endpoint("/closed"))
    assert (await attempt(way, {"endpointId": endpoint}, headers=way.api.anon)).status_code == 401
    gone = Owner(way.api, await way.api.person())
    async with way.api.state.accounts.service(reason="the test ends a session") as connection:
        await connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", gone.person.id)
    assert (await attempt(way, {"endpointId": endpoint}, owner=gone)).status_code in (401, 403)
    described = await way.api.http.get("/functions/v1/gateway-openapi", headers=gone.person.headers)
    assert described.status_code in (401, 403)


async def test_the_service_calls_in_the_name_of_an_owner(way: Way) -> None:
    endpoint = str(await way.endpoint("/for/the/service"))
    service = {**way.api.service}
    assert (await attempt(way, {"endpointId": endpoint}, headers=service)).status_code == 400
    named = {"endpointId": endpoint, "ownerId": str(way.owner.person.id)}
    assert (await attempt(way, named, headers=service)).json()["status"] == 200


async def test_a_call_without_an_endpoint_is_refused_in_words(way: Way) -> None:
    assert (await attempt(way, {})).json()["error"] == "endpointId: Field required"


async def test_an_owners_active_endpoints_are_described_and_nobody_elses(way: Way) -> None:
    owner = Owner(way.api, await way.api.person())
    await owner.endpoint("/mine/{id}", headers={"Authorization": SECRET})
    await owner.endpoint("/mine/off", is_active=False)
    answer = await way.api.http.get("/functions/v1/gateway-openapi", headers=owner.person.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    document = answer.json()
    assert list(document["paths"]) == ["/mine/{id}"]
    assert document["servers"][0]["url"].endswith("/gateway/v1")
    assert b"0123456789" not in answer.content
    assert b"shop.example.com" not in orjson.dumps(document)  # where an endpoint leads is nobody's business
    assert (await way.api.http.get("/functions/v1/gateway-openapi", headers=way.api.anon)).status_code == 401


async def test_a_test_call_ends_when_nobody_waits_for_it_any_more(way: Way) -> None:
    endpoint = await way.endpoint("/left")
    way.upstream.answers["/left"] = silent
    asking = asyncio.create_task(attempt(way, {"endpointId": str(endpoint)}))
    await way.upstream.until(lambda upstream: any(each.target == "/left" for each in upstream.received))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await way.upstream.until(lambda upstream: upstream.open == 0)


async def silent(received: Received, writer: asyncio.StreamWriter) -> None:
    """Answers nothing until the other side leaves."""
    del received
    await writer.wait_closed()
