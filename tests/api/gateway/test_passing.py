"""What goes through the gateway, in which form, and what does not."""

import asyncio
import gzip
import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from tests.activities.support import Rows
from tests.api.gateway.owners import TARGET
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, raw, text
from tests.waiting import until
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


async def test_a_request_reaches_the_target_and_its_answer_comes_back(way: Way) -> None:
    await way.endpoint("/orders", "POST", "/v2/orders?fixed=1", rate_limit=100_000)
    answer = await way.call("/orders?a=1&b=%20%2F", "POST", json={"x": 1}, headers={"accept-language": "de"})
    assert answer.status_code == 200
    echoed = answer.json()
    assert (echoed["method"], echoed["target"]) == ("POST", "/v2/orders?fixed=1&a=1&b=%20%2F")
    assert echoed["sha256"] == hashlib.sha256(b'{"x":1}').hexdigest()
    assert way.received.header("accept-language") == "de"
    assert way.received.header("host") == "shop.example.com"
    assert way.received.header("content-length") == "7"


async def test_the_function_of_the_original_takes_path_and_method_from_the_query(way: Way) -> None:
    await way.endpoint("/by-name/{id}", "DELETE")
    answer = await way.api.http.post(
        "/functions/v1/proxy-api-request?path=/by-name/a%2520b&method=DELETE&q=1&q=2", headers={"x-api-key": way.key}
    )
    assert (answer.status_code, way.received.method) == (200, "DELETE")
    assert way.received.target == "/by-name/a%20b?q=1&q=2"
    for query in (
        "",
        "?path=",
        "?path=/a&path=/b",
        "?path=/a&method=TRACE",
        "?path=a",
        "?path=/a&method=GET&method=PUT",
    ):
        answer = await way.api.http.get(f"/functions/v1/proxy-api-request{query}", headers={"x-api-key": way.key})
        assert answer.status_code == 400, query


async def test_bytes_of_a_query_stay_what_they_were(way: Way) -> None:
    await way.endpoint("/bytes")
    await way.raw("GET /gateway/v1/bytes?a=\xc3\xa9&b=%ff&c=[1] HTTP/1.1\r\nConnection: close")
    assert way.received.target == "/bytes?a=%C3%A9&b=%ff&c=%5B1%5D"
    await way.raw("GET /functions/v1/proxy-api-request?path=/bytes&a=\xc3\xa9&b=%ff HTTP/1.1\r\nConnection: close")
    assert way.received.target == "/bytes?a=%C3%A9&b=%FF"
    answer = await way.raw("GET /functions/v1/proxy-api-request?path=/%ff HTTP/1.1\r\nConnection: close")
    assert b"INVALID_PATH" in answer


async def test_values_of_the_path_take_the_places_of_parameters_and_a_wildcard_is_joined_behind(way: Way) -> None:
    await way.endpoint("/users/{id}/files/{name}", target="/u/{id}?file={name}")
    await way.endpoint("/static/*", target="/bucket/")
    await way.call("/users/a%3Fb&c@d/files/x%26y=z?q=1")
    assert way.received.target == "/u/a%3Fb&c%40d?file=x%26y%3Dz&q=1"
    await way.call("/static/a/b%20c/%C3%A9.txt")
    assert way.received.target == "/bucket/a/b%20c/%C3%A9.txt"


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../admin", "/static/a/../../admin", "/static/%2e%2e/admin", "/static/.%2e/x", "/static/./a"),
        *(
            "/static//admin",
            "/static/a%2Fb",
            "/static/a%5cb",
            "/static/a%252e%252e/b",
            "/static/a%252Fb",
            "/static/a@b",
        ),
        *("/static/%00", "/static/%0d%0aHost:%20evil", "/static/%", "/static/%zz", "/static/%ff", "/static/..;/admin"),
        "/static/" + "a" * 2048,
    ],
)
async def test_a_path_that_two_servers_might_read_differently_goes_nowhere(way: Way, path: str) -> None:
    before = len(way.upstream.received)
    answer = await way.raw(f"GET /gateway/v1{path} HTTP/1.1")
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b'"INVALID_PATH"' in answer
    assert len(way.upstream.received) == before


async def test_what_is_between_neighbours_and_what_is_secret_stays_here(way: Way) -> None:
    await way.endpoint("/quiet")
    await way.raw(
        "GET /gateway/v1/quiet HTTP/1.1\r\n"
        "Authorization: Bearer secret\r\nApikey: secret\r\nCookie: a=secret\r\nProxy-Authorization: secret\r\n"
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
        "X-Real-Ip: 6.6.6.6\r\nX-Original-Url: /admin\r\nX-Http-Method-Override: DELETE\r\nVia: 1.1 evil\r\n"
        "TE: trailers\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nX-Mine: gone\r\nX-Kept: yes\r\n"
        "Connection: keep-alive, X-Mine, Upgrade\r\nExpect: nothing"
    )
    names = {name.lower(): value for name, value in way.received.headers}
    assert names.pop("x-kept") == "yes"
    assert len(names.pop("x-request-id")) == 32
    assert names == {
        "host": "shop.example.com",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "via": "1.1 zilliance",
        "x-zilliance-hop": "1",
    }


async def test_headers_that_the_owner_configured_are_sent_in_place_of_the_callers(way: Way) -> None:
    await way.endpoint("/configured", headers={"Authorization": "Bearer of the owner", "X-Tenant": "7"})
    await way.call("/configured", headers={"authorization": "Bearer of the caller", "x-tenant": "8"})
    assert [value for name, value in way.received.headers if name.lower() == "authorization"] == ["Bearer of the owner"]
    assert [value for name, value in way.received.headers if name.lower() == "x-tenant"] == ["7"]
    # They are those of the endpoint as it is now: nothing is kept of how it was.
    who = way.owner.person.headers
    answer = await way.api.send("PATCH", "api_endpoints?path=eq./configured", who, json={"headers": {}})
    assert answer.status_code == 204, answer.text
    await way.call("/configured")
    assert way.received.header("authorization") is None


@pytest.mark.parametrize("name", ["X_Tenant", "x.tenant", "X_Forwarded.For", "x_api_key"])
async def test_a_header_that_a_target_may_read_as_the_owners_is_not_passed_on(way: Way, name: str) -> None:
    await way.endpoint(f"/{name}", headers={"X-Tenant": "7"})
    await way.call(f"/{name}", headers={name: "spoofed"})
    assert "spoofed" not in [value for _, value in way.received.headers]
    assert way.received.header("x-tenant") == "7"


async def test_no_cache_on_the_way_may_give_the_answer_to_one_key_to_another(way: Way) -> None:
    await way.endpoint("/public", cache_seconds=60)
    way.upstream.answers["/public"] = text("x", "200 OK", "Cache-Control: public, max-age=60", "Vary: Accept")
    # From the target, and from our own cache, which asks for the key each time.
    answers = [await way.call("/public") for _ in range(2)]
    assert [set(answer.headers.get_list("vary")) for answer in answers] == [{"x-api-key", "Accept"}] * 2
    assert answers[-1].headers["cache-status"].startswith("zilliance; hit")


async def test_an_answer_cannot_speak_for_the_platforms_origin(way: Way) -> None:
    await way.endpoint("/loud")
    way.upstream.answers["/loud"] = text(
        "<script>",
        "200 Fine",
        *("Content-Type: text/html", "Set-Cookie: a=b", "Set-Cookie: c=d", "Strict-Transport-Security: max-age=1"),
        *("Access-Control-Allow-Origin: https://evil", "Clear-Site-Data: *", "X-Accel-Redirect: /internal"),
        *(
            "Content-Security-Policy: script-src *",
            "X-Content-Type-Options: none",
            "RateLimit: x",
            "X-RateLimit-Limit: 1",
        ),
        *(
            "Connection: close, X-Mine",
            "X-Mine: gone",
            "Keep-Alive: timeout=5",
            "X-Request-Id: theirs",
            "Server: theirs",
        ),
        *("X-Two: 1", "X-Two: 2", "ETag: kept", "Cache-Control: max-age=5", "Alt-Svc: x", "Refresh: 0"),
    )
    answer = await way.call("/loud")
    assert (answer.status_code, answer.text, answer.headers["etag"]) == (200, "<script>", "kept")
    assert answer.headers.get_list("x-two") == ["1", "2"]
    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers.get_list("cache-control") == ["max-age=5"]
    assert '"key";' in answer.headers["ratelimit"]
    assert answer.headers["x-ratelimit-limit"] != "1"
    assert answer.headers["x-request-id"] != "theirs"
    gone = {"set-cookie", "strict-transport-security", "clear-site-data", "x-accel-redirect", "x-mine", "keep-alive"}
    assert not {"alt-svc", *gone} & set(answer.headers)


async def test_redirects_are_passed_on_and_not_followed(way: Way) -> None:
    await way.endpoint("/moved")
    way.upstream.answers["/moved"] = text("", "302 Found", "Location: http://169.254.169.254/latest/meta-data")
    answer = await way.call("/moved")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data")


@pytest.mark.parametrize("status", ["201 Made", "204 No Content", "304 Not Modified", "404 Not Found", "500 Oh"])
async def test_statuses_are_the_targets(way: Way, status: str) -> None:
    path = f"/status-{status[:3]}"
    await way.endpoint(path)
    body = "" if status[:3] in {"204", "304"} else "body"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    way.upstream.answers[path] = raw(f"HTTP/1.1 {status}\r\n{length}\r\n{body}".encode())
    answer = await way.call(path)
    assert (answer.status_code, answer.text) == (int(status[:3]), body)


@pytest.mark.parametrize("head", ["204 No Content\r\nContent-Length: 0", "304 Not Modified\r\nContent-Length: 5"])
async def test_a_status_without_a_body_may_have_a_length(way: Way, head: str) -> None:
    path = f"/length-{head[:3]}"
    await way.endpoint(path)
    way.upstream.answers[path] = raw(f"HTTP/1.1 {head}\r\nETag: x\r\n\r\n".encode())
    for _ in range(2):
        answer = await way.call(path)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (int(head[:3]), b"", "x")


async def test_head_is_answered_as_get_without_the_body(way: Way) -> None:
    await way.endpoint("/headed")
    answer = await way.call("/headed", "HEAD")
    assert (answer.status_code, answer.content, way.received.method) == (200, b"", "HEAD")
    assert int(answer.headers["content-length"]) > 0


async def test_compressed_bodies_pass_as_they_are(way: Way) -> None:
    await way.endpoint("/packed")
    packed = gzip.compress(b"hello" * 100)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    way.upstream.answers["/packed"] = raw(head.encode() + packed)
    async with way.api.http.stream("GET", "/gateway/v1/packed", headers={"x-api-key": way.key}) as answer:
        assert b"".join([piece async for piece in answer.aiter_raw()]) == packed
    assert way.received.header("accept-encoding") == way.api.http.headers["accept-encoding"]


async def test_bodies_pass_in_chunks_and_with_a_length(way: Way) -> None:
    await way.endpoint("/upload", "PUT")
    data = os.urandom(3_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    for content in (data, pieces()):
        answer = await way.call("/upload", "PUT", content=content)
        assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()
    assert way.received.header("transfer-encoding") == "chunked"
    assert way.upstream.received[-2].header("content-length") == str(len(data))


async def test_events_are_passed_on_one_by_one_as_they_come(way: Way) -> None:
    await way.endpoint("/events")
    may_go_on = asyncio.Event()

    async def events(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        await writer.drain()
        for number in range(3):
            await may_go_on.wait()
            may_go_on.clear()
            event = f"data: {number}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    way.upstream.answers["/events"] = events
    got: list[bytes] = []
    async with way.api.http.stream("GET", "/gateway/v1/events", headers={"x-api-key": way.key}) as answer:
        # The head is here before any event was sent, and each event before the next one may be.
        assert answer.headers["content-type"] == "text/event-stream"
        may_go_on.set()
        async for piece in answer.aiter_raw():
            got.append(piece)
            may_go_on.set()
    assert got == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


async def test_a_websocket_is_not_opened_and_the_target_hears_of_no_change_of_protocol(way: Way) -> None:
    await way.endpoint("/socket")
    before = list(way.upstream.received)
    upgrade = "GET /gateway/v1/socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: "
    secret = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    answer = await way.raw(f"{upgrade}websocket\r\n{secret}")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert way.upstream.received == before
    other = await way.raw(f"{upgrade}h2c")
    assert other.startswith(b"HTTP/1.1 200 ")
    assert (way.received.header("upgrade"), way.received.header("connection")) == (None, None)


async def test_refusals_of_the_admission_reach_the_caller_with_their_headers(way: Way) -> None:
    await way.endpoint("/only-get", rate_limit=1)
    assert (await way.call("/nothing-here")).json()["code"] == "ENDPOINT_NOT_FOUND"
    wrong = await way.call("/only-get", "POST", json={})
    assert (wrong.status_code, wrong.json()["code"], "GET" in wrong.headers["allow"]) == (
        405,
        "METHOD_NOT_ALLOWED",
        True,
    )
    bad = await way.call("/only-get", headers={"x-api-key": "zk_live_no"})
    assert (bad.status_code, bad.json()["code"]) == (401, "INVALID_API_KEY")
    assert (await way.call("/only-get")).status_code == 200
    over = await way.call("/only-get")
    assert (over.status_code, over.json()["code"], int(over.headers["retry-after"]) > 0) == (429, "RATE_LIMITED", True)
    assert '"endpoint";r=0' in over.headers["ratelimit"]


async def test_every_request_is_logged_with_what_became_of_it(way: Way, rows: Rows) -> None:
    endpoint = await way.endpoint("/logged/{id}", "POST", "/logged")
    await way.call("/logged/5?secret=1", "POST", content=b"12345", headers={"user-agent": "tester"})
    await way.call("/logged/6", "POST", headers={"x-api-key": "no key", "user-agent": "tester"})
    await way.call("/logged//7", "POST", headers={"user-agent": "tester"})

    async def logged() -> list[tuple[object, ...]] | None:
        found = await rows.connection.fetch(
            "SELECT path, status_code, endpoint_id, request_size, response_size > 0 AS answered, host(ip_address) AS ip"
            " FROM api_requests WHERE user_agent = 'tester' AND path LIKE '/%logged%' ORDER BY created_at"
        )
        return [tuple(each) for each in found] if len(found) == 3 else None

    assert await until(logged) == [
        ("/logged/5", 200, endpoint, 5, True, "127.0.0.1"),
        ("/logged/6", 401, None, 0, False, "127.0.0.1"),
        ("/gateway/v1/logged//7", 400, None, 0, False, "127.0.0.1"),
    ]


async def test_a_get_has_no_body(way: Way) -> None:
    await way.endpoint("/bodiless")
    answer = await way.call("/bodiless", "GET", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (400, "BODY_NOT_ALLOWED")


async def test_the_target_is_named_to_nobody_but_its_owner(way: Way) -> None:
    await way.owner.endpoint("/away", target_url="https://away.example.com/secret-place")
    answer = await way.call("/away")
    assert (answer.status_code, answer.json()["code"]) == (502, "UPSTREAM_FAILED")
    assert "away.example.com" not in answer.text


async def test_a_chain_of_calls_to_ourselves_ends(way: Way) -> None:
    await way.endpoint("/loop")
    before = len(way.upstream.received)
    for hop in ("8", "99999999999999999999", "x"):
        answer = await way.call("/loop", headers={"x-zilliance-hop": hop})
        assert (answer.status_code, answer.json()["code"]) == (502, "TARGET_REFUSED")
    assert len(way.upstream.received) == before
    assert TARGET  # the stand-in was the only way out
