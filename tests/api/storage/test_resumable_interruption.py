"""Uploads that break off: sockets that close, requests and processes that stop at the worst moment."""

import asyncio
import hashlib
import os
import random
from uuid import UUID, uuid4

import pytest

from api.storage.placing import Description, Place, fill
from api.storage.resumable.appending import Appender
from api.storage.resumable.finishing import abandon
from api.storage.resumable.holding import held
from models.queries.uploads import Progress
from tests.activities.support import Rows
from tests.api.served import Person, Served
from tests.api.storage.resumable import BYTES, MIB, VERSION, Tus
from tests.identities import account
from zilliance.errors import AppError
from zilliance.storage import object_key


@pytest.fixture
def tus(api: Served, owner: Person) -> Tus:
    return Tus(api, owner.headers)


@pytest.fixture
def name(owner: Person) -> str:
    return f"{owner.id}/{uuid4()}.bin"


async def patch_and_close(tus: Tus, path: str, offset: int, body: bytes, sent: int) -> None:
    """Announce the whole body, send a part of it, and go away."""
    headers = {
        **VERSION,
        **BYTES,
        **tus.who,
        "upload-offset": str(offset),
        "content-length": str(len(body)),
        "host": "x",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    _, writer = await asyncio.open_connection("127.0.0.1", tus.api.port)
    writer.write(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode() + body[:sent])
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def resume(tus: Tus, path: str, body: bytes) -> None:
    """Send the rest as clients do: from where the server is, again when something else was still being written."""
    for _ in range(600):
        offset = await tus.offset(path)
        answer = await tus.patch(path, offset, body[offset:])
        if answer.status_code == 204:
            return
        assert answer.status_code in {409, 423}, answer.text
        await asyncio.sleep(0.1)
    raise TimeoutError("the upload stays locked")


@pytest.mark.parametrize("seed", range(4))
async def test_what_came_before_the_connection_broke_is_kept(tus: Tus, name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  the same failure again
    body = chance.randbytes(chance.randrange(6 * MIB, 24 * MIB))
    path = await tus.begin(name, len(body))
    kept = 0
    for _ in range(4):
        offset = await tus.offset(path)
        assert offset >= kept
        await patch_and_close(tus, path, offset, body[offset:], chance.randrange(len(body) - offset))
        await asyncio.sleep(chance.random() / 2)
        kept = await tus.offset(path)
    async with asyncio.timeout(60):  # what was sent may still be on its way into the store
        while not (kept := await tus.offset(path)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert kept < len(body)
    await resume(tus, path, body)
    assert hashlib.sha256((await tus.stored(name)).content).digest() == hashlib.sha256(body).digest()


async def sealed(tus: Tus, path: str, body: bytes) -> None:
    """Bring an upload to where every byte is in the store, and stop there as a process that dies does."""
    state = tus.api.state
    async with held(state, UUID(path.rpartition("/")[2])) as holding:
        appender = Appender(state.store, holding, len(body), lambda _: None)
        await appender.add(body)
        await appender.keep()
        assert holding.upload.is_complete


@pytest.mark.parametrize("size", [100, 9 * MIB])
@pytest.mark.parametrize("is_joined", [False, True])
async def test_a_process_that_died_before_the_end_leaves_it_to_the_next(
    tus: Tus, name: str, rows: Rows, size: int, is_joined: bool
) -> None:
    body = os.urandom(size)
    path = await tus.begin(name, size)
    await sealed(tus, path, body)
    row = await rows.connection.fetchrow("SELECT version, s3_upload_id FROM storage.uploads WHERE name = $1", name)
    assert row is not None
    if is_joined and row["s3_upload_id"]:
        async with held(tus.api.state, UUID(path.rpartition("/")[2])) as holding:
            await tus.api.state.store.complete_parts(
                object_key(row["version"]), row["s3_upload_id"], holding.upload.parts
            )
    assert (await tus.stored(name)).is_error
    assert await tus.offset(path) == size
    assert (await tus.stored(name)).content == body


async def test_a_process_that_died_after_the_row_leaves_a_finished_upload(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 5, b"hello")
    await rows.connection.execute("UPDATE storage.uploads SET finished_at = NULL WHERE name = $1", name)
    assert await tus.offset(path) == 5
    assert (await tus.patch(path, 5, b"")).status_code == 204
    assert (await tus.stored(name)).content == b"hello"


async def test_a_part_that_the_row_does_not_know_is_sent_again(tus: Tus, name: str) -> None:
    body = os.urandom(13 * MIB)
    path = await tus.begin(name, len(body), body[: 6 * MIB])
    state = tus.api.state
    async with held(state, UUID(path.rpartition("/")[2])) as holding:
        upload = holding.upload
        assert upload.s3_upload_id is not None
        other = body[6 * MIB : 11 * MIB + 5]
        await state.store.put_part(object_key(upload.version), upload.s3_upload_id, 2, other)
    assert await tus.offset(path) == 6 * MIB
    assert (await tus.patch(path, 6 * MIB, body[6 * MIB :])).status_code == 204
    assert (await tus.stored(name)).content == body


async def test_who_lost_the_lease_writes_no_more(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 100)
    upload_id = UUID(path.rpartition("/")[2])
    async with held(tus.api.state, upload_id) as asleep:
        assert (await tus.patch(path, 0, b"early")).status_code == 423
        await rows.connection.execute("UPDATE storage.uploads SET leased_until = now() WHERE id = $1", upload_id)
        assert (await tus.patch(path, 0, b"next")).status_code == 204
        with pytest.raises(AppError) as refused:
            await asleep.advance(Progress(offset=50))
    assert refused.value.status == 423
    assert await tus.offset(path) == 4


async def test_bytes_that_are_not_what_the_row_says_are_never_used(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 10, b"abc")
    version = await rows.connection.fetchval("SELECT version FROM storage.uploads WHERE name = $1", name)
    await tus.api.state.store.replace(f"{object_key(version)}.tail", b"\0\0\0\0\0\0\0\1abc")
    assert (await tus.patch(path, 3, b"defghij")).status_code == 410
    assert (await tus.ask("HEAD", path)).status_code == 404
    assert (await tus.stored(name)).is_error


async def test_bytes_that_got_their_row_are_not_removed_with_the_upload(tus: Tus, owner: Person, name: str) -> None:
    path = await tus.begin(name, 5)
    await sealed(tus, path, b"hello")
    state, place = tus.api.state, Place("documents", name, account(owner.id), owner.id, upsert=False)
    async with held(state, UUID(path.rpartition("/")[2])) as slow:
        version = slow.upload.version
        await fill(state, place, version, await state.store.stat(object_key(version)), Description("text/plain", ""))
        await abandon(state, slow)
    assert (await tus.stored(name)).content == b"hello"


async def test_bytes_of_an_upload_that_was_ended_never_get_a_row(tus: Tus, owner: Person, name: str) -> None:
    path = await tus.begin(name, 5)
    await sealed(tus, path, b"hello")
    state, place = tus.api.state, Place("documents", name, account(owner.id), owner.id, upsert=False)
    async with held(state, UUID(path.rpartition("/")[2])) as slow:
        stored = await state.store.stat(object_key(slow.upload.version))
        assert await slow.drop()
        with pytest.raises(AppError) as refused:
            await fill(state, place, slow.upload.version, stored, Description("text/plain", ""))
    assert refused.value.code == "AccessDenied"
