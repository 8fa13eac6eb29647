"""Senders and readers that go away in the middle, and bytes that lose their row."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from api import object_responses
from tests.api.served import Headers, Person, Served
from tests.api.storage.conftest import Admin
from tests.api.storage.files import MIB, PNG, ask, form, has_bytes, put, read, stored, versions
from tests.waiting import until
from zilliance.storage import object_key


def _lines(headers: Headers) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


async def _send_part(  # noqa: PLR0917  what is sent, and who sees it come
    api: Served, path: str, headers: Headers, body: bytes, length: int | None, begun: Callable[[], Awaitable[object]]
) -> None:
    """Begin an upload, send less than was promised, and go away when it has begun."""
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    writer.write(f"POST /storage/v1/object/{path} HTTP/1.1\r\nhost: x\r\n{size}\r\n{_lines(headers)}\r\n".encode())
    writer.write(body if length else f"{len(body):x}\r\n".encode() + body + b"\r\n")
    await writer.drain()
    await until(begun)
    await asyncio.sleep(0.3)
    writer.transport.abort()


@pytest.mark.parametrize("kind", ["raw", "chunked", "form"])
@pytest.mark.parametrize("size", [1000, 20 * MIB])
async def test_an_upload_that_breaks_off_leaves_nothing(api: Served, admin: Admin, kind: str, size: int) -> None:
    person = await api.person()
    path = f"documents/{person.id}/broken"
    body, headers = bytes(size), {**person.headers, "content-type": "application/octet-stream"}
    if kind == "form":
        body = form("b0undary", {}, body)[:-30]
        headers["content-type"] = "multipart/form-data; boundary=b0undary"
    length = None if kind == "chunked" else size + 5000
    await _send_part(api, path, headers, body, length, lambda: admin.pending(person.id))
    begun = await admin.pending(person.id)
    async with asyncio.timeout(60):
        await asyncio.sleep(1)
        while await _any_bytes(api, begun):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert await versions(api, path) == []
    assert (await put(api, person.headers, path)).status_code == 200


async def _any_bytes(api: Served, begun: list[UUID]) -> bool:
    """Whether the store has the object, or parts of it."""
    for version in begun:
        parts = await asyncio.to_thread(api.state.store._bucket.uploads, object_key(version))
        if parts or await has_bytes(api, version):
            return True
    return False


async def test_a_body_shorter_than_it_said(api: Served, owner: Person) -> None:
    """A sender that closes its side early still hears why."""
    path = f"documents/{owner.id}/short"
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    lines = f"POST /storage/v1/object/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n{_lines(owner.headers)}\r\n"
    writer.write(lines.encode() + b"abc")
    writer.write_eof()
    await asyncio.wait_for(reader.read(65_536), 20)
    writer.close()
    assert await versions(api, path) == []


async def test_a_reader_that_goes_away_gives_the_store_back(api: Served, owner: Person) -> None:
    """More readers go away than there are connections to the store; reading goes on."""
    data = bytes(range(256)) * (32 * MIB // 256)
    path = await stored(api, owner.headers, f"documents/{owner.id}/long", data)
    request = f"GET /storage/v1/object/{path} HTTP/1.1\r\nhost: x\r\n{_lines(owner.headers)}\r\n".encode()

    async def glance() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(request)
        await reader.readexactly(1000)
        writer.transport.abort()

    for _ in range(8):
        await asyncio.gather(*(glance() for _ in range(10)))
    assert (await read(api, owner.headers, path)).content == data


async def test_no_connection_to_the_database_is_held_while_bytes_flow(api: Served, owner: Person) -> None:
    """More slow transfers at once than the pool has connections; another caller is answered meanwhile."""
    count = api.state.settings.database.pool_size + 2
    path = await stored(api, owner.headers, f"documents/{owner.id}/slow", bytes(16 * MIB))
    writers = []
    for number in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        up = f"POST /storage/v1/object/documents/{owner.id}/slow-{number} HTTP/1.1\r\nhost: x\r\n"
        writer.write(f"{up}content-length: 1000\r\n{_lines(owner.headers)}\r\nabc".encode())
        writers.append(writer)
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(f"GET /storage/v1/object/{path} HTTP/1.1\r\nhost: x\r\n{_lines(owner.headers)}\r\n".encode())
        writers.append(writer)
    await asyncio.sleep(1)
    async with asyncio.timeout(25):
        info = await ask(api, "GET", f"object/info/{path}", owner.headers)
    assert info.status_code == 200
    for writer in writers:
        writer.transport.abort()


async def test_bytes_that_lose_their_row_are_due(api: Served, owner: Person, admin: Admin) -> None:
    """Overwritten, deleted: the sweep will find them. Moved: they stay."""
    path = await stored(api, owner.headers, f"documents/{owner.id}/{uuid4()}", b"one")
    (first,) = await versions(api, path)
    await stored(api, owner.headers, path, b"two", x_upsert="true")
    (second,) = await versions(api, path)
    assert (await admin.is_due(first), await admin.is_due(second)) == (True, False)
    name = path.partition("/")[2]
    move = {"bucketId": "documents", "sourceKey": name, "destinationKey": f"{name}-moved"}
    answer = await ask(api, "POST", "object/move", owner.headers, json=move)
    assert answer.status_code == 200, answer.text
    assert not await admin.is_due(second)
    await ask(api, "DELETE", f"object/{path}-moved", owner.headers)
    assert await admin.is_due(second)


async def test_a_refused_upload_never_reaches_the_store(
    api: Served, owner: Person, stranger: Person, admin: Admin
) -> None:
    before = await admin.pending(stranger.id)
    answer = await put(api, stranger.headers, f"documents/{owner.id}/x", PNG)
    assert answer.json()["code"] == "AccessDenied"
    assert await admin.pending(stranger.id) == before


async def test_a_reader_that_takes_nothing_is_cut_off(
    api: Served, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_cut_off = asyncio.Event()

    class StalledError(object_responses._StalledError):
        def __init__(self) -> None:
            was_cut_off.set()

    monkeypatch.setattr(object_responses, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(object_responses, "_StalledError", StalledError)
    size = 30 * MIB  # more than the buffers between us hold
    path = await stored(api, owner.headers, f"documents/{owner.id}/stalled", bytes(size))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port, limit=4096)
    writer.write(f"GET /storage/v1/object/{path} HTTP/1.1\r\nHost: test\r\n{_lines(owner.headers)}\r\n".encode())
    await asyncio.wait_for(was_cut_off.wait(), 60)
    taken = 0
    async with asyncio.timeout(60):
        while data := await reader.read(MIB):
            taken += len(data)
    assert 0 < taken < size
    writer.close()
