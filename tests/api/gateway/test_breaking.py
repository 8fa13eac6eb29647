"""Targets and callers that stall, never end, break off or speak no HTTP: each is cut, and costs nobody else a thing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.gateway.owners import TARGET
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Answer, Received, Upstream, raw
from tests.waiting import until
from zilliance.settings import Settings

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MOST = 1_000_000


BOUNDS: dict[str, Any] = {"max_request_bytes": MOST, "max_response_bytes": MOST, "most_open_by_endpoint": 3}


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings, **BOUNDS) as way:
        yield way


@pytest.fixture(scope="module")
async def hurried(settings: Settings) -> AsyncIterator[Way]:
    """For those who stall: others would be cut, too, where the machine stands still."""
    async with way_through(settings, idle_seconds=5.0, max_seconds=8.0, **BOUNDS) as way:
        yield way


async def logged(way: Way, path: str) -> list[int]:
    """The statuses in the log of the way's owner, as soon as there is one."""
    query = f"api_requests?path=eq.{path}&order=id&select=status_code"

    async def found() -> list[int]:
        answer = await way.api.send("GET", query, way.owner.person.headers)
        return [each["status_code"] for each in answer.json()]

    return await until(found)


async def none_is_left(way: Way) -> None:
    """The target sees the connections end on which something was under way."""
    await way.upstream.until(lambda upstream: upstream.open == 0)


async def for_ever(_received: Received, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def then_nothing(*pieces: bytes) -> Answer:
    async def answer(_received: Received, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        await asyncio.Event().wait()

    return answer


async def endless(_received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


async def dripping(_received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)


async def bad_chunk(_received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"5\r\nhello\r\n")
    await writer.drain()
    await asyncio.sleep(0.2)  # so that the head is out by then
    writer.write(b"ZZ\r\n")


async def test_a_target_that_is_silent_is_given_up_after_the_endpoints_time(way: Way) -> None:
    await way.endpoint("/silent", "POST", timeout_ms=200)
    way.upstream.answers["/silent"] = for_ever
    answer = await way.call("/silent", "POST", json={})
    assert (answer.status_code, answer.json()["code"]) == (504, "UPSTREAM_TIMEOUT")
    assert await logged(way, "/silent") == [504]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/endless", endless),
        ("/cut", raw(HEAD + b"5\r\nhello\r\n", close=True)),
        ("/short", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", close=True)),
        ("/bad-chunk", bad_chunk),
    ],
)
async def test_an_answer_that_breaks_off_is_cut_so_that_it_does_not_pass_for_whole(
    way: Way, path: str, answer: Answer
) -> None:
    await way.endpoint(path)
    way.upstream.answers[path] = answer
    with pytest.raises(httpx.RemoteProtocolError):
        await way.call(path)
    assert await logged(way, path) == [502]


@pytest.mark.parametrize(
    ("path", "answer"), [("/stalls", then_nothing(HEAD + b"5\r\nhello\r\n")), ("/drips", dripping)]
)
async def test_an_answer_that_stalls_or_takes_too_long_is_cut_so_that_it_does_not_pass_for_whole(
    hurried: Way, path: str, answer: Answer
) -> None:
    await hurried.endpoint(path)
    hurried.upstream.answers[path] = answer

    async def call() -> None:
        for _ in range(5):
            given_up = await hurried.call(path)
            assert given_up.status_code == 504  # it had not begun, for the machine stood still: once more

    with pytest.raises(httpx.RemoteProtocolError):
        await call()
    assert set(await logged(hurried, path)) == {504}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("nothing", raw(close=True)),
        ("nonsense", raw(b"nonsense\r\n\r\n", close=True)),
        ("switch", raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", close=True)),
        ("status", raw(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", close=True)),
        ("nul", raw(b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n", close=True)),
        ("cr", raw(b"HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n", close=True)),
        ("name", raw(b"HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 0\r\n\r\n", close=True)),
        ("two-lengths", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", close=True)),
        ("coding", raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", close=True)),
        ("large", raw(f"HTTP/1.1 200 OK\r\nContent-Length: {MOST + 1}\r\n\r\n".encode(), close=True)),
    ],
)
async def test_an_answer_that_is_no_http_or_is_too_large_is_not_passed_on(way: Way, name: str, answer: Answer) -> None:
    path = f"/broken-{name}"
    await way.endpoint(path, "POST")
    way.upstream.answers[path] = answer
    before = len(way.upstream.received)
    got = await way.call(path, "POST", json={})
    assert (got.status_code, got.json()["code"]) == (502, "UPSTREAM_FAILED")
    assert len(way.upstream.received) == before + 1  # a POST is never sent again


@pytest.mark.parametrize("answer", [for_ever, then_nothing(HEAD), then_nothing(HEAD + b"5\r\nhello\r\n")])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_caller_who_goes_away_takes_the_call_to_the_target_along(
    way: Way, answer: Answer, method: str, request: pytest.FixtureRequest
) -> None:
    path = f"/left-{abs(hash(request.node.name))}"
    await none_is_left(way)
    await way.endpoint(path, method, timeout_ms=60_000)
    way.upstream.answers[path] = answer
    reader, writer = await asyncio.open_connection("127.0.0.1", way.api.port)
    body = "Content-Length: 5\r\n\r\nhello" if method == "POST" else "\r\n"
    writer.write(f"{method} /gateway/v1{path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {way.key}\r\n{body}".encode())
    await way.upstream.until(lambda upstream: path in [each.target for each in upstream.received])
    writer.close()
    await none_is_left(way)
    assert await logged(way, path) == [499]
    assert reader


async def test_a_caller_who_goes_away_amid_his_body_leaves_no_half_of_it_with_the_target(way: Way) -> None:
    await way.endpoint("/half", "POST", timeout_ms=60_000)
    await none_is_left(way)
    before = len(way.upstream.received)
    _, writer = await asyncio.open_connection("127.0.0.1", way.api.port)
    head = f"POST /gateway/v1/half HTTP/1.1\r\nHost: x\r\nX-Api-Key: {way.key}\r\nContent-Length: 500000\r\n\r\n"
    writer.write(head.encode() + b"x" * 100_000)
    await way.upstream.until(lambda upstream: upstream.open == 1)
    writer.close()
    await none_is_left(way)
    assert len(way.upstream.received) == before  # it was never whole
    assert await logged(way, "/half") == [400]


async def test_an_answer_that_comes_before_the_body_was_sent_is_passed_on_at_once(settings: Settings) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large")
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with way_through(settings, stand_in=f"http://127.0.0.1:{port}") as other:
        await other.endpoint("/early", "POST")
        reader, writer = await asyncio.open_connection("127.0.0.1", other.api.port)
        head = f"POST /gateway/v1/early HTTP/1.1\r\nHost: x\r\nX-Api-Key: {other.key}\r\nContent-Length: 900000\r\n\r\n"
        writer.write(head.encode() + b"x" * 100_000)
        async with asyncio.timeout(20):
            answer = await reader.readuntil(b"too large")
        assert answer.startswith(b"HTTP/1.1 413")
        writer.close()
    server.close()


async def test_a_caller_who_stops_sending_is_told_so(hurried: Way) -> None:
    await hurried.endpoint("/slow-sender", "POST")
    lines = f"Host: x\r\nX-Api-Key: {hurried.key}\r\nContent-Length: 100000\r\n\r\n"
    answer = await hurried.api.raw(f"POST /gateway/v1/slow-sender HTTP/1.1\r\n{lines}".encode() + b"x" * 50_000)
    assert answer.startswith(b"HTTP/1.1 408"), answer
    assert b"REQUEST_TIMEOUT" in answer


async def test_a_caller_who_takes_no_more_of_an_answer_is_cut_off(settings: Settings) -> None:
    async with way_through(settings, idle_seconds=5.0) as way:
        await way.endpoint("/unread")
        way.upstream.answers["/unread"] = endless
        with socket.socket() as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.connect(("127.0.0.1", way.api.port))
            caller.sendall(f"GET /gateway/v1/unread HTTP/1.1\r\nHost: x\r\nX-Api-Key: {way.key}\r\n\r\n".encode())
            await way.upstream.until(lambda upstream: upstream.open == 1)
            await none_is_left(way)
        assert await logged(way, "/unread") == [499]


async def test_bodies_that_are_too_large_are_refused_whether_they_say_so_or_not(way: Way) -> None:
    await way.endpoint("/bounded", "POST")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 100_000

    before = len(way.upstream.received)
    # Both are read on while they come, so that the answer is seen: these are more than the system takes in advance.
    for content in (b"x" * (8 * MOST), pieces()):
        answer = await way.call("/bounded", "POST", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert len(way.upstream.received) == before


@pytest.fixture(scope="module")
async def front(way: Way) -> Way:
    await way.endpoint("/front", "POST")
    return way


CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (f"Content-Length: 5\r\n{CHUNKED}", b"0\r\n\r\n" + SMUGGLED),
        (f"{CHUNKED}\r\nContent-Length: 5", b"0\r\n\r\n" + SMUGGLED),
        ("Content-Length: 0\r\nContent-Length: 36", SMUGGLED),
        ("Content-Length: 0, 36", SMUGGLED),
        ("Content-Length: +0", SMUGGLED),
        ("Content-Length : 0", SMUGGLED),
        (f"{CHUNKED}, identity", b"0\r\n\r\n" + SMUGGLED),
        ("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n" + SMUGGLED),
        ("Transfer-Encoding: xchunked", SMUGGLED),
        ("Transfer-Encoding : chunked", b"0\r\n\r\n" + SMUGGLED),
        ("Transfer-Encoding:\x0bchunked", b"0\r\n\r\n" + SMUGGLED),
        (f"{CHUNKED}\r\n{CHUNKED}", b"0\r\n\r\n" + SMUGGLED),
        (CHUNKED, b"zz\r\n" + SMUGGLED),
        (CHUNKED, b"-1\r\n" + SMUGGLED),
        (CHUNKED, b"ffffffffffffffffff\r\n" + SMUGGLED),
        (CHUNKED, b"0\nX: y\n\n" + SMUGGLED),
        (CHUNKED, b"1;a=b\r\nxx\r\n0\r\n\r\n" + SMUGGLED),
        ("X-A: b\r\n Transfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED),
        ("X-A: b\rTransfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED),
    ],
)
async def test_no_request_can_be_smuggled_to_a_target(front: Way, lines: str, body: bytes) -> None:
    way = front
    before = len(way.upstream.received)
    await way.raw(f"POST /gateway/v1/front HTTP/1.1\r\n{lines}\r\nConnection: close", body)
    got = way.upstream.received[before:]
    assert [each.target for each in got if each.target != "/front"] == []
    assert len(got) <= 1
    # The connection that was used is in step: the next request gets its own answer.
    answer = await way.call("/front", "POST", content=b"next")
    assert (answer.status_code, answer.json()["size"]) == (200, 4)


@pytest.mark.parametrize("chunks", [b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\nzz\r\n", b"5\r\nhello!\r\n0\r\n\r\n"])
async def test_chunks_that_are_out_of_order_are_the_callers_fault(front: Way, chunks: bytes) -> None:
    before = len(front.upstream.received)
    answer = await front.raw(f"POST /gateway/v1/front HTTP/1.1\r\n{CHUNKED}\r\nConnection: close", chunks)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"BODY_BROKEN_OFF" in answer
    assert len(front.upstream.received) == before


async def test_more_than_may_be_under_way_at_an_endpoint_are_refused_and_others_are_served(way: Way) -> None:
    await way.endpoint("/crowded", timeout_ms=60_000)
    await way.endpoint("/empty")
    may_end = asyncio.Event()

    async def waiting(_received: Received, writer: asyncio.StreamWriter) -> None:
        await may_end.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    way.upstream.answers["/crowded"] = waiting
    before = len(way.upstream.received)
    calls = [asyncio.create_task(way.call("/crowded")) for _ in range(3)]
    await way.upstream.until(lambda upstream: len(upstream.received) == before + 3)
    refused = await way.call("/crowded")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "GATEWAY_BUSY", "1")
    assert (await way.call("/empty")).status_code == 200
    may_end.set()
    assert [answer.status_code for answer in await asyncio.gather(*calls)] == [204] * 3
    assert (await way.call("/crowded")).status_code == 204


async def test_an_inside_address_is_never_called_however_it_got_into_the_row(way: Way, rows: Rows) -> None:
    async with Upstream.listening() as inside:
        port = inside.url.rpartition(":")[2]
        endpoint = await way.endpoint("/inside")
        for target in (inside.url, f"http://localhost:{port}", f"http://0x7f000001:{port}", "http://169.254.169.254/"):
            await rows.connection.execute("UPDATE api_endpoints SET target_url = $2 WHERE id = $1", endpoint, target)
            answer = await way.call("/inside")
            assert (answer.status_code, answer.json()["code"]) == (502, "TARGET_REFUSED"), target
            assert "127.0.0.1" not in answer.text
        assert inside.connections == 0


async def test_an_endpoint_that_is_changed_is_called_as_it_is_now(way: Way) -> None:
    await way.endpoint("/changing", target="/old")
    assert (await way.call("/changing")).json()["target"] == "/old"
    changed = {"target_url": f"{TARGET}/new"}
    await way.api.send("PATCH", "api_endpoints?path=eq./changing", way.owner.person.headers, json=changed)
    assert (await way.call("/changing")).json()["target"] == "/new"
