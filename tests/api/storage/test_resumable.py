"""Resumable uploads over HTTP: the protocol, who may do what, and what is left of each."""

import asyncio
import hashlib
import os
from email.utils import parsedate_to_datetime
from uuid import uuid4

import pytest

from api.storage.placing import Place
from api.storage.signing import sign_upload
from tests.activities.support import Rows
from tests.api.served import Person, Served
from tests.api.storage.resumable import BYTES, MIB, ROOT, VERSION, Tus, described, metadata
from tests.identities import account

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)


@pytest.fixture
def tus(api: Served, owner: Person) -> Tus:
    return Tus(api, owner.headers)


@pytest.fixture
def name(owner: Person) -> str:
    return f"{owner.id}/{uuid4()}.bin"


async def test_a_server_tells_what_it_can(api: Served) -> None:
    for path in (ROOT, f"{ROOT}/sign", f"{ROOT}/{uuid4()}"):
        answer = await api.http.options(path)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-extension"].startswith("creation,creation-with-upload")
        assert int(answer.headers["tus-max-size"]) > 10 * 1024**3


async def test_browsers_get_their_preflight(api: Served) -> None:
    answer = await api.http.options(ROOT, headers={"access-control-request-method": "POST", "origin": "http://x"})
    assert answer.status_code == 200
    assert "upload-offset" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("version", [{}, {"tus-resumable": "0.2.2"}])
async def test_another_version_is_refused_before_anything_else(api: Served, version: dict[str, str]) -> None:
    answer = await api.http.post(ROOT, headers={**version, "upload-length": "1"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_an_upload_in_chunks_becomes_one_object(tus: Tus, name: str, rows: Rows) -> None:
    body = os.urandom(14 * MIB + 321)
    path = await tus.begin(name, len(body))
    assert await tus.offset(path) == 0
    assert (await tus.stored(name)).is_error
    for start in range(0, len(body), 6 * MIB):
        answer = await tus.patch(path, start, body[start : start + 6 * MIB])
        assert answer.status_code == 204, answer.text
        assert answer.headers["tus-resumable"] == "1.0.0"
        assert int(answer.headers["upload-offset"]) == min(start + 6 * MIB, len(body))

    stored = await tus.stored(name)
    assert hashlib.sha256(stored.content).digest() == hashlib.sha256(body).digest()
    assert stored.headers["content-type"].startswith("text/plain")
    assert "max-age=60" in stored.headers["cache-control"]
    row = await rows.connection.fetchrow("SELECT * FROM storage.objects WHERE name = $1", name)
    assert row is not None
    assert row["user_metadata"] == '{"of": "a test"}'
    assert row["owner"] is not None
    assert not await rows.connection.fetchval(
        "SELECT EXISTS (SELECT FROM private.doomed_versions WHERE version = $1)", row["version"]
    )


async def test_head_tells_all_about_an_upload(tus: Tus, name: str) -> None:
    path = await tus.begin(name, 10, b"abc")
    answer = await tus.ask("HEAD", path)
    assert answer.status_code == 200
    assert answer.headers["upload-offset"] == "3"
    assert answer.headers["upload-length"] == "10"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["upload-metadata"] == described(name)["upload-metadata"]
    assert parsedate_to_datetime(answer.headers["upload-expires"]).tzinfo is not None


@pytest.mark.parametrize("body", [b"", b"all at once", os.urandom(9 * MIB)])
async def test_an_upload_can_come_with_its_creation(tus: Tus, name: str, body: bytes) -> None:
    answer = await tus.create(name, len(body), body or None)
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == str(len(body))
    assert (await tus.stored(name)).content == body


async def test_the_length_may_be_told_later(tus: Tus, name: str) -> None:
    path = await tus.begin(name, None, b"one ")
    assert (await tus.ask("HEAD", path)).headers["upload-defer-length"] == "1"
    assert (await tus.patch(path, 4, b"two ")).status_code == 204
    assert (await tus.patch(path, 8, b"three", **{"upload-length": "13"})).headers["upload-offset"] == "13"
    assert (await tus.stored(name)).content == b"one two three"


async def test_a_length_that_is_told_last_ends_the_upload(tus: Tus, name: str) -> None:
    path = await tus.begin(name, None, b"everything")
    assert (await tus.patch(path, 10, b"", **{"upload-length": "10"})).status_code == 204
    assert (await tus.stored(name)).content == b"everything"


async def test_small_pieces_are_joined(tus: Tus, name: str) -> None:
    body = os.urandom(6 * MIB + 40)
    path = await tus.begin(name, len(body))
    at = 0
    for size in (1, 1, 7, 3 * MIB, 3 * MIB, 30, 1):
        assert (await tus.patch(path, at, body[at : at + size])).headers["upload-offset"] == str(at + size)
        at += size
    assert (await tus.stored(name)).content == body


async def test_an_answer_that_got_lost_can_be_asked_for_again(tus: Tus, name: str) -> None:
    path = await tus.begin(name, 5, b"hello")
    assert await tus.offset(path) == 5
    assert (await tus.patch(path, 5, b"")).status_code == 204
    assert (await tus.patch(path, 0, b"hello")).status_code == 409


async def test_post_stands_for_other_methods(tus: Tus, name: str) -> None:
    path = await tus.begin(name, 10)
    patch = {**BYTES, "upload-offset": "0", "x-http-method-override": "PATCH"}
    answer = await tus.ask("POST", path, headers=patch, content=b"abc")
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "3")
    assert (await tus.ask("POST", path, headers={"x-http-method-override": "DELETE"})).status_code == 204
    assert (await tus.ask("HEAD", path)).status_code == 404
    assert (await tus.ask("POST", path)).status_code in {400, 405}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upload-offset": "1", **BYTES}, 409),
        ({"upload-offset": "0", "content-type": "text/plain"}, 415),
        ({"upload-offset": "0"}, 415),
        ({"upload-offset": "-1", **BYTES}, 400),
        ({"upload-offset": "1e1", **BYTES}, 400),
        (BYTES, 400),
        ({"upload-offset": "0", "upload-length": "11", **BYTES}, 400),
    ],
)
async def test_what_does_not_follow_is_refused(tus: Tus, name: str, headers: dict[str, str], status: int) -> None:
    path = await tus.begin(name, 10)
    answer = await tus.ask("PATCH", path, headers=headers, content=b"abc")
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert await tus.offset(path) == 0


async def test_more_bytes_than_were_announced_are_refused(tus: Tus, name: str) -> None:
    path = await tus.begin(name, 4)
    assert (await tus.patch(path, 0, b"12345")).status_code == 413
    assert (await tus.patch(path, 0, b"1234")).status_code == 204
    assert (await tus.stored(name)).content == b"1234"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"upload-length": "1"}, 400),
        ({"upload-length": "1", "upload-metadata": metadata(bucketName="documents")}, 400),
        ({"upload-length": "1", "upload-metadata": metadata(objectName="x")}, 400),
        ({"upload-length": "1", "upload-metadata": "bucketName %%%"}, 400),
        ({"upload-length": "1", "upload-metadata": "bucketName /w=="}, 400),
        ({"upload-length": "1", "upload-metadata": f"a YQ==,a YQ==,{metadata(bucketName='documents')}"}, 400),
        ({"upload-length": "1", "upload-metadata": "a " + "YWFh" * 2500}, 400),
        ({}, 400),
        ({"upload-length": "1", "upload-defer-length": "1"}, 400),
        ({"upload-defer-length": "2"}, 400),
        ({"upload-length": "x"}, 400),
        ({"upload-length": "9" * 30}, 400),
    ],
)
async def test_a_creation_that_says_too_little_or_too_much_is_refused(
    tus: Tus, name: str, headers: dict[str, str], status: int
) -> None:
    told = {} if "upload-metadata" in headers or headers == {"upload-length": "1"} else described(name)
    answer = await tus.ask("POST", ROOT, headers={**told, **headers})
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_the_rules_of_the_bucket_hold_from_the_beginning(tus: Tus, owner: Person, name: str) -> None:
    assert (await tus.create(name, 101 * MIB)).status_code == 413
    assert (await tus.create(name, 1, bucket="avatars")).status_code == 415
    assert (await tus.create(name, 1, bucket="no-such-bucket")).status_code == 404
    assert (await tus.create(f"{owner.id}/../x", 1)).status_code == 400
    assert (await tus.create(f"{uuid4()}/x", 1)).status_code == 403


async def test_a_length_that_is_told_late_is_held_against_the_bucket(tus: Tus, name: str) -> None:
    path = await tus.begin(name, None, b"a")
    assert (await tus.patch(path, 1, b"b", **{"upload-length": str(101 * MIB)})).status_code == 413
    assert await tus.offset(path) == 1


async def test_what_is_no_image_does_not_become_an_avatar(tus: Tus, owner: Person) -> None:
    name, kind = f"{owner.id}/{uuid4()}.png", {"bucket": "avatars", "content_type": "image/png"}
    page = b"<html><script>alert(1)</script></html>"
    assert (await tus.create(name, len(page), page, **kind)).status_code == 415
    path = await tus.begin(name, len(PNG), PNG[:3], **kind)
    assert (await tus.patch(path, 3, PNG[3:])).status_code == 204
    assert (await tus.stored(name, "avatars")).content == PNG

    path = await tus.begin(f"{owner.id}/{uuid4()}.png", len(page), page[:3], **kind)
    assert (await tus.patch(path, 3, page[3:])).status_code == 415
    assert (await tus.ask("HEAD", path)).status_code == 404


async def test_uploads_of_others_are_as_if_they_were_not(tus: Tus, stranger: Person, name: str) -> None:
    path = await tus.begin(name, 10, b"abc")
    api = tus.api
    for other in (stranger.headers, api.anon, api.service):
        for method, more in (("HEAD", {}), ("DELETE", {}), ("PATCH", {**BYTES, "upload-offset": "3"})):
            answers = [
                await Tus(api, other).ask(method, where, headers=more, content=b"x" if more else None)
                for where in (path, f"{ROOT}/{uuid4()}", f"{ROOT}/no-id")
            ]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
            assert len({answer.content for answer in answers}) == 1
    assert (await api.http.head(path, headers=VERSION)).status_code == 400
    assert await tus.offset(path) == 3


async def test_an_upload_that_was_ended_is_gone(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 10 * MIB, os.urandom(9 * MIB))
    version = await rows.connection.fetchval("SELECT version FROM storage.uploads WHERE name = $1", name)
    assert (await tus.ask("DELETE", path)).status_code == 204
    assert (await tus.ask("HEAD", path)).status_code == 404
    assert (await tus.ask("DELETE", path)).status_code == 404
    due = await rows.connection.fetchval(
        "SELECT due_at <= now() FROM private.doomed_versions WHERE version = $1", version
    )
    assert due in {True, None}
    assert (await tus.stored(name)).is_error


async def test_an_object_is_not_ended_through_its_upload(tus: Tus, name: str) -> None:
    path = await tus.begin(name, 3, b"abc")
    assert (await tus.ask("DELETE", path)).status_code == 400
    assert (await tus.stored(name)).content == b"abc"


async def test_an_upload_that_waited_too_long_is_over(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 10, b"abc")
    await rows.connection.execute("UPDATE storage.uploads SET expires_at = now() WHERE name = $1", name)
    assert (await tus.ask("HEAD", path)).status_code == 410
    assert (await tus.patch(path, 3, b"d")).status_code == 410


async def test_each_piece_gives_more_time(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 10, b"abc")
    await rows.connection.execute(
        "UPDATE storage.uploads SET expires_at = now() + interval '5 minutes' WHERE name = $1", name
    )
    before = (await tus.ask("HEAD", path)).headers["upload-expires"]
    after = (await tus.patch(path, 3, b"d")).headers["upload-expires"]
    assert parsedate_to_datetime(after) > parsedate_to_datetime(before)


async def test_a_taken_name_needs_leave_to_overwrite(tus: Tus, name: str) -> None:
    await tus.begin(name, 3, b"old")
    assert (await tus.create(name, 3, b"new")).status_code == 409
    tus.who = {**tus.who, "x-upsert": "true"}
    assert (await tus.create(name, 3, b"new")).status_code == 201
    assert (await tus.stored(name)).content == b"new"


async def test_a_name_that_was_taken_meanwhile_ends_the_upload(tus: Tus, name: str, rows: Rows) -> None:
    path = await tus.begin(name, 6, b"lat")
    version = await rows.connection.fetchval("SELECT version FROM storage.uploads WHERE name = $1", name)
    await tus.begin(name, 5, b"early")
    assert (await tus.patch(path, 3, b"ter")).status_code == 409
    assert (await tus.ask("HEAD", path)).status_code == 404
    assert (await tus.stored(name)).content == b"early"
    assert not await rows.connection.fetchval(
        "SELECT EXISTS (SELECT FROM private.doomed_versions WHERE version = $1 AND due_at > now())", version
    )


async def test_two_at_once_take_turns(tus: Tus, name: str) -> None:
    body = os.urandom(10 * MIB)
    path = await tus.begin(name, len(body))
    answers = await asyncio.gather(*(tus.patch(path, 0, body) for _ in range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    assert (await tus.stored(name)).content == body


async def test_open_uploads_of_an_account_are_bounded(api: Served, rows: Rows) -> None:
    person = await api.person()
    tus = Tus(api, person.headers)
    path = await tus.begin(f"{person.id}/first", 10)
    await rows.connection.execute(
        """INSERT INTO storage.uploads (bucket_id, name, owner, role, is_signed, metadata, length, expires_at)
           SELECT bucket_id, name, owner, role, is_signed, metadata, length, expires_at
           FROM storage.uploads, generate_series(1, 99) WHERE owner = $1""",
        person.id,
    )
    answer = await tus.create(f"{person.id}/one-more", 10)
    assert answer.status_code == 429
    assert (await tus.ask("DELETE", path)).status_code == 204
    assert (await tus.create(f"{person.id}/one-more", 10)).status_code == 201


async def test_open_uploads_by_signed_urls_are_bounded(api: Served, rows: Rows) -> None:
    person = await api.person()
    place = Place("documents", f"{person.id}/again", account(person.id), person.id, upsert=False)
    tus = Tus(api, {"x-signature": (await sign_upload(api.state, place)).token}, f"{ROOT}/sign")
    await tus.begin(place.name, 10)
    await rows.connection.execute(
        """INSERT INTO storage.uploads (bucket_id, name, owner, role, is_signed, metadata, length, expires_at)
           SELECT bucket_id, name, owner, role, is_signed, metadata, length, expires_at
           FROM storage.uploads, generate_series(1, 99) WHERE owner = $1""",
        person.id,
    )
    assert (await tus.create(place.name, 10)).status_code == 429


async def test_a_signed_url_permits_one_name(api: Served, owner: Person, stranger: Person, name: str) -> None:
    place = Place("documents", name, account(owner.id), owner.id, upsert=False)
    token = (await sign_upload(api.state, place)).token
    tus = Tus(api, {"x-signature": token}, f"{ROOT}/sign")
    assert (await tus.create(f"{owner.id}/another", 5)).status_code == 400
    path = await tus.begin(name, 5, b"he")
    assert path.startswith(f"{ROOT}/sign/")
    assert (await Tus(api, owner.headers).ask("HEAD", path.replace("/sign/", "/"))).status_code == 404
    other = Place("documents", f"{stranger.id}/x", account(stranger.id), stranger.id, upsert=False)
    foreign = {"x-signature": (await sign_upload(api.state, other)).token}
    assert (await Tus(api, foreign).ask("HEAD", path)).status_code == 404
    assert (await Tus(api, {"x-signature": "x"}).ask("HEAD", path)).status_code == 400
    assert (await tus.patch(path, 2, b"llo")).status_code == 204
    assert (await Tus(api, owner.headers).stored(name)).content == b"hello"
    assert (await tus.create(name, 5)).status_code == 409
