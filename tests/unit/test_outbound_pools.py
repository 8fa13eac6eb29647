"""Kept connections: each new one is checked, an idle one is used again, and one out of step is not."""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest

from tests.unit.certificates import self_signed
from tests.unit.upstream import Received, Upstream, raw, text
from zilliance.outbound import OutboundFailedError, OutboundFailure, OutboundRefusedError
from zilliance.outbound_pools import Body, OutboundPools, Pool

HOST = "https://shop.example"


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream.listening() as upstream:
        yield upstream


@pytest.fixture
async def pool(upstream: Upstream) -> AsyncIterator[Pool]:
    async with OutboundPools(allow_http=True, egress_map={HOST: upstream.url}) as pools:
        pool = pools.pool(f"{HOST}/anything", owner="o", connections=4)
        yield pool
        await pool.close()


async def call(pool: Pool, path: str = "/", method: str = "GET", body: Body = None, query: str = "") -> bytes:
    answer = await pool.send(method, path, query, [], body)
    try:
        return b"".join([piece async for piece in iter_of(answer.read)])
    finally:
        answer.close()


async def iter_of(read: object) -> AsyncIterator[bytes]:
    while piece := await read():  # type: ignore[operator]
        yield piece


async def test_a_connection_serves_one_request_after_the_other(upstream: Upstream, pool: Pool) -> None:
    for _ in range(5):
        await call(pool)
    assert (upstream.connections, len(upstream.received)) == (1, 5)


async def test_path_and_query_go_out_as_they_are_and_the_host_is_the_one_that_was_named(
    upstream: Upstream, pool: Pool
) -> None:
    await call(pool, "/a%2Fb/%C3%A9", query="q=%20+&q=2")
    (received,) = upstream.received
    assert (received.target, received.header("host")) == ("/a%2Fb/%C3%A9?q=%20+&q=2", "shop.example")


async def test_nothing_is_added_that_was_not_asked_for(upstream: Upstream, pool: Pool) -> None:
    await call(pool)
    await call(pool, method="POST")
    assert [name for name, _ in upstream.received[0].headers] == ["Host"]
    assert {name for name, _ in upstream.received[1].headers} <= {"Host", "Content-Length"}


async def test_a_compressed_body_is_not_touched(upstream: Upstream, pool: Pool) -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    upstream.answers["/"] = raw(head + packed)
    assert await call(pool) == packed


async def test_redirects_are_answers(upstream: Upstream, pool: Pool) -> None:
    upstream.answers["/"] = text("", "302 Found", "Location: http://127.0.0.1/")
    answer = await pool.send("GET", "/", "", [])
    assert (answer.status, (b"Location", b"http://127.0.0.1/") in answer.headers) == (302, True)
    answer.close()
    assert len(upstream.received) == 1


async def test_what_came_on_an_idle_connection_is_never_taken_for_an_answer(upstream: Upstream, pool: Pool) -> None:
    late = asyncio.Event()

    async def poisoned(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned")
        await writer.drain()
        late.set()

    upstream.answers["/first"] = poisoned
    for method in ("GET", "POST"):
        late.clear()
        assert await call(pool, "/first") == b"ok"
        await late.wait()
        await asyncio.sleep(0.05)
        assert orjson.loads(await call(pool, "/second", method))["target"] == "/second"


async def test_a_post_is_sent_once_and_a_get_again_on_a_connection_that_broke(upstream: Upstream, pool: Pool) -> None:
    async def hang_up(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.close()

    await call(pool)
    upstream.answers["/"] = hang_up
    with pytest.raises(OutboundFailedError, match="closed the connection"):
        await call(pool, method="POST", body=b"once")
    assert [each.method for each in upstream.received] == ["GET", "POST"]
    with pytest.raises(OutboundFailedError):
        await call(pool, method="GET")
    assert len(upstream.received) == 4


async def test_a_streamed_body_that_was_read_is_not_sent_again(upstream: Upstream, pool: Pool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    upstream.answers["/"] = raw(close=True)
    with pytest.raises(OutboundFailedError):
        await call(pool, method="PUT", body=pieces())
    assert [(each.size, each.header("transfer-encoding")) for each in upstream.received] == [(2, "chunked")]


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"Content-Length: 0\r\n\r\n",
    ],
)
async def test_bad_http_is_an_error_of_its_own(upstream: Upstream, pool: Pool, answer: bytes) -> None:
    upstream.answers["/"] = raw(answer, close=True)
    with pytest.raises(OutboundFailedError) as caught:
        await call(pool)
    assert caught.value.kind is OutboundFailure.PROTOCOL


async def test_more_than_the_pool_has_connections_wait(upstream: Upstream, pool: Pool) -> None:
    await asyncio.gather(*(call(pool) for _ in range(40)))
    assert (upstream.connections, len(upstream.received)) == (4, 40)


@pytest.mark.parametrize(
    "target",
    [
        *("http://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"),
        *("https://169.254.169.254/latest", "https://0/", "https://10.0.0.1/", "https://shop.example:5432/"),
        *("https://user:pass@shop.example/", "https://shop.example\\@127.0.0.1/", "ftp://shop.example/", "/x"),
        *("https://api.mine.example/", "https://a\r\nb/", "http://plain.example/"),
    ],
)
async def test_a_pool_is_made_for_public_places_alone(target: str) -> None:
    async with OutboundPools(allow_http=False, own_hosts=["api.mine.example"]) as pools:
        with pytest.raises(OutboundRefusedError):
            pools.pool(target, owner="o", connections=1)


async def test_each_new_connection_asks_for_the_address_again_and_a_name_that_turned_inwards_gets_nowhere() -> None:
    answers = [["192.0.43.8", "10.0.0.1"], ["127.0.0.1"], ["::1"], ["169.254.169.254"]]
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    async with OutboundPools(allow_http=False, lookup=rebinding) as pools:
        pool = pools.pool("https://shop.example/", owner="o", connections=1)
        for _ in answers:
            with pytest.raises(OutboundRefusedError, match="not public"):
                await call(pool)
        await pool.close()
    assert len(asked) == len(answers)


@pytest.mark.parametrize("owners", [1, 20])
async def test_slow_name_servers_of_some_owners_hold_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch, owners: int
) -> None:
    """The system's look-up is replaced: no name server answers slowly on demand."""
    may_end = threading.Event()
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "slow.example":
            may_end.wait(30)
        return [(0, 0, 0, "", ("10.0.0.1", 443))]

    monkeypatch.setattr("zilliance.outbound_pools.socket.getaddrinfo", look_up)
    async with OutboundPools(allow_http=False) as pools:
        slow = [
            pools.pool("https://slow.example/", owner=f"a{owner}", connections=50)
            for owner in range(owners)
            for _ in range(5)
        ]
        calls = [asyncio.create_task(call(pool)) for pool in slow for _ in range(10)]
        while len(asked) < 2 * owners:  # noqa: ASYNC110  threads ask
            await asyncio.sleep(0.01)
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        again = [asyncio.create_task(call(pool)) for pool in slow]
        quick = pools.pool("https://quick.example/", owner="b", connections=1)
        with pytest.raises(OutboundRefusedError):
            await call(quick)
        assert asked == ["slow.example"] * 2 * owners + ["quick.example"]
        may_end.set()
        await asyncio.gather(*again, return_exceptions=True)
        for pool in (*slow, quick):
            await pool.close()


@pytest.mark.parametrize(
    ("method", "body", "tries"),
    [
        ("GET", None, 2),
        ("HEAD", None, 2),
        ("PUT", b"whole", 2),
        ("DELETE", None, 2),
        ("POST", b"x", 1),
        ("PATCH", None, 1),
    ],
)
async def test_a_place_that_takes_no_connection_is_asked_once_more_if_that_does_no_harm(
    method: str, body: bytes | None, tries: int
) -> None:
    asked: list[str] = []

    async def nowhere(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        raise OSError

    async with OutboundPools(allow_http=False, lookup=nowhere) as pools:
        pool = pools.pool("https://shop.example/", owner="o", connections=1)
        with pytest.raises(OutboundFailedError) as caught:
            await call(pool, method=method, body=body)
        await pool.close()
    assert caught.value.kind is OutboundFailure.CONNECT
    assert len(asked) == tries


async def test_a_body_that_goes_wrong_amid_its_chunks_is_not_waited_for(upstream: Upstream, pool: Pool) -> None:
    async def bad_chunk(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"ZZ\r\n")
        await writer.drain()
        await asyncio.Event().wait()

    upstream.answers["/"] = bad_chunk
    async with asyncio.timeout(20):
        with pytest.raises(OutboundFailedError):
            await call(pool)


async def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_a_word_of_it(tmp_path: Path) -> None:
    async with Upstream.listening(tls=self_signed(tmp_path)) as server:
        target = server.url.replace("http:", "https:")
        async with OutboundPools(allow_http=False, egress_map={HOST: target}) as pools:
            pool = pools.pool(HOST, owner="o", connections=1)
            with pytest.raises(OutboundFailedError) as caught:
                await call(pool)
            await pool.close()
    assert (caught.value.kind, server.received) == (OutboundFailure.TLS, [])
