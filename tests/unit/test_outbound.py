"""Outbound calls that are allowed: what is sent, what comes back, and every way in which an answer can be bad."""

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.certificates import self_signed
from tests.unit.http_stand_in import StandIn, message
from zilliance.outbound import (
    HOP_HEADER,
    OutboundClient,
    OutboundFailedError,
    OutboundFailure,
    OutboundRefusedError,
    OutboundRequest,
    OutboundResponse,
)

ORIGIN = "https://service.example"
OTHER = "https://other.example"


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with StandIn.listening() as server:
        yield server


@pytest.fixture
async def client(server: StandIn) -> AsyncIterator[OutboundClient]:
    stand_ins = {ORIGIN: server.url, OTHER: server.url, "http://plain.example": server.url}
    async with OutboundClient(allow_http=True, egress_map=stand_ins) as client:
        yield client


async def call(client: OutboundClient, path: str = "/", **changes: Any) -> OutboundResponse:
    plain: dict[str, Any] = {"method": "GET", "headers": {}, "body": None, "timeout": 5.0, "max_bytes": 1_000_000}
    return await client.request(OutboundRequest(**{"url": ORIGIN + path, **plain, **changes}))


async def test_a_mapped_host_is_served_by_its_stand_in_under_its_own_name(
    server: StandIn, client: OutboundClient
) -> None:
    server.answers["/a%2Fb?q=1%2B2"] = message(b"hello", "201 Made", "X-Kind: one", "X-Kind: two")

    response = await call(client, "/a%2Fb?q=1%2B2", headers={"X-Mine": "yes"})

    assert (response.status, response.reason, response.body) == (201, "Made", b"hello")
    assert response.headers["x-kind"] == "one, two"
    assert response.url == f"{ORIGIN}/a%2Fb?q=1%2B2"
    (request,) = server.requests
    assert request.headers["host"] == "service.example"
    assert request.headers["x-mine"] == "yes"
    assert request.headers["user-agent"] == "Zilliance"


async def test_a_body_is_sent_as_it_is(server: StandIn, client: OutboundClient) -> None:
    await call(client, method="POST", body=b'{"a": 1}', headers={"Content-Type": "application/json"})
    (request,) = server.requests
    assert (request.method, request.body) == ("POST", b'{"a": 1}')
    assert request.headers["content-type"] == "application/json"


async def test_each_call_says_how_many_hops_led_to_it_and_the_ninth_is_refused(
    server: StandIn, client: OutboundClient
) -> None:
    await call(client)
    await call(client, hop=7)
    with pytest.raises(OutboundRefusedError, match="loop"):
        await call(client, hop=8)
    assert [request.headers[HOP_HEADER] for request in server.requests] == ["1", "8"]


async def test_cookies_are_not_kept_between_calls(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(b"", "200 OK", "Set-Cookie: session=1")
    await call(client)
    await call(client)
    assert all("cookie" not in request.headers for request in server.requests)


async def test_the_machines_proxy_settings_are_ignored(
    server: StandIn, client: OutboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with StandIn.listening() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        await call(client)
        assert (len(server.requests), len(proxy.requests)) == (1, 0)


async def test_a_head_request_has_no_body_whatever_its_length_says(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    response = await call(client, method="HEAD")
    assert (response.status, response.body) == (200, b"")


async def test_a_compressed_body_is_handed_over_plain(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(gzip.compress(b"plain"), "200 OK", "Content-Encoding: gzip", "ETag: x")
    response = await call(client)
    assert response.body == b"plain"
    assert response.headers == {"etag": "x"}


async def test_a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_not(
    server: StandIn, client: OutboundClient
) -> None:
    server.answers["/"] = message(b"x" * 1000)
    assert len((await call(client, max_bytes=1000)).body) == 1000
    assert await failure_of(client, max_bytes=999) is OutboundFailure.TOO_LARGE


async def test_a_body_without_an_end_is_cut_off_at_the_limit(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\n\r\n"
    server.endless = b"x" * 65_536
    assert await failure_of(client, max_bytes=300_000) is OutboundFailure.TOO_LARGE
    assert server.sent < 20_000_000


async def test_a_gzip_bomb_is_cut_off_before_it_unfolds(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(gzip.compress(bytes(100_000_000)), "200 OK", "Content-Encoding: gzip")
    tracemalloc.start()
    kind = await failure_of(client, max_bytes=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kind is OutboundFailure.TOO_LARGE
    assert peak < 10_000_000


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nX: ", message(b"x" * 1000)[:-1000]], ids=["head", "body"])
async def test_an_answer_that_drips_ends_at_the_total_time(
    server: StandIn, client: OutboundClient, sent: bytes
) -> None:
    server.answers["/"] = sent
    server.endless, server.pause = b"x", 0.05
    # Each piece comes in time, and there is no last one.
    assert await failure_of(client, timeout=0.4) is OutboundFailure.TIMEOUT


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        message(b"not gzip", "200 OK", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["closed", "not HTTP", "cut short", "wrongly compressed", "endless header"],
)
async def test_what_is_not_an_answer_is_a_protocol_failure(
    server: StandIn, client: OutboundClient, answer: bytes
) -> None:
    server.answers["/"] = answer
    assert await failure_of(client) is OutboundFailure.PROTOCOL


async def test_a_host_that_does_not_listen_is_a_connect_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with OutboundClient(allow_http=False, egress_map={ORIGIN: f"http://127.0.0.1:{port}"}) as client:
        with pytest.raises(OutboundFailedError, match=r"service\.example could not be reached") as failed:
            await call(client)
    assert failed.value.kind is OutboundFailure.CONNECT
    assert str(port) not in failed.value.message


async def test_a_name_without_an_address_is_a_connect_failure() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")

    async with OutboundClient(allow_http=False, lookup=nowhere) as client:
        with pytest.raises(OutboundFailedError, match=r"^service\.example has no address$") as failed:
            await call(client)
    assert failed.value.kind is OutboundFailure.CONNECT


async def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(tmp_path: Path) -> None:
    async with StandIn.listening(tls=self_signed(tmp_path)) as server:
        target = server.url.replace("http:", "https:")
        async with OutboundClient(allow_http=False, egress_map={ORIGIN: target}) as client:
            assert await failure_of(client) is OutboundFailure.TLS
        assert server.requests == []


async def test_a_cancelled_call_stays_cancelled(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\n\r\n"
    server.endless, server.pause = b"x", 0.05
    task = asyncio.create_task(call(client))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_redirect_is_returned_as_it_is_unless_asked_for(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(b"", "302 Found", "Location: /next")
    response = await call(client)
    assert (response.status, response.headers["location"]) == (302, "/next")
    assert len(server.requests) == 1


async def test_a_redirect_is_followed_as_often_as_asked_for(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(b"", "302 Found", "Location: next?a=1")
    server.answers["/next?a=1"] = message(b"", "301 Moved", f"Location: {OTHER}/last")
    server.answers["/last"] = message(b"end")
    assert (await call(client, redirects=2)).url == f"{OTHER}/last"
    assert await failure_of(client, redirects=1) is OutboundFailure.PROTOCOL


async def test_a_redirect_of_a_websocket_is_not_followed(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(b"", "302 Found", f"Location: {server.url}/inside")
    opening = OutboundRequest(
        method="GET", url=f"{ORIGIN}/", headers={"X-Token": "secret"}, body=None, timeout=5, max_bytes=1000
    )
    with pytest.raises(OutboundFailedError, match="redirected"):
        async with client.websocket(opening):
            pass
    assert [received.target for received in server.requests] == ["/"]


async def test_credentials_stay_on_their_own_origin(server: StandIn, client: OutboundClient) -> None:
    server.answers["/"] = message(b"", "302 Found", "Location: /same")
    server.answers["/same"] = message(b"", "302 Found", f"Location: {OTHER}/last")
    secrets = {"Authorization": "Bearer x", "cookie": "a=b", "ApiKey": "k", "X-Api-Key": "k"}
    await call(client, headers={**secrets, "X-Mine": "yes"}, redirects=2)
    _, same, last = server.requests
    assert {name.lower() for name in secrets} <= same.headers.keys()
    assert not {name.lower() for name in secrets} & last.headers.keys()
    assert last.headers["x-mine"] == "yes"


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (302, "PUT", "PUT"),
    ],
)
async def test_a_redirect_keeps_the_method_and_body_that_its_status_allows(
    server: StandIn, client: OutboundClient, status: int, method: str, becomes: str
) -> None:
    server.answers["/"] = message(b"", f"{status} There", "Location: /last")
    await call(client, method=method, body=b"body", headers={"Content-Type": "text/plain"}, redirects=1)
    last, kept = server.requests[1], method == becomes
    assert (last.method, last.body) == (becomes, b"body" if kept else b"")
    assert ("content-type" in last.headers) is kept


async def failure_of(client: OutboundClient, **changes: Any) -> OutboundFailure:
    with pytest.raises(OutboundFailedError) as failed:
        await call(client, **changes)
    return failed.value.kind
