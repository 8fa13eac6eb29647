"""Signed URLs: each is good for one thing with one object, until it is not."""

import time
from uuid import uuid4

import pytest

from api.storage.signing import NOT_SIGNED
from tests.api.served import Person, Served
from tests.api.storage.files import PNG, ask, form, put, read, refused, stored


async def _sign(api: Served, who: Person, path: str, seconds: object = 60) -> str:
    answer = await ask(api, "POST", f"object/sign/{path}", who.headers, json={"expiresIn": seconds})
    assert answer.status_code == 200, answer.text
    return answer.json()["signedURL"].removeprefix("/")


@pytest.fixture(scope="module")
async def path(api: Served, owner: Person) -> str:
    return await stored(api, owner.headers, f"documents/{owner.id}/signed.txt", b"signed")


@pytest.mark.parametrize("seconds", [60, "60"])
async def test_whoever_holds_the_url_reads(api: Served, owner: Person, path: str, seconds: object) -> None:
    url = await _sign(api, owner, path, seconds)
    answer = await ask(api, "GET", url)
    assert (answer.status_code, answer.content) == (200, b"signed")
    assert answer.headers["cache-control"].startswith("private")
    assert (await ask(api, "HEAD", url)).status_code == 200
    assert (await ask(api, "GET", url, headers={"range": "bytes=0-1"})).content == b"si"
    answer = await ask(api, "GET", f"{url}&download=x.txt")
    assert "x.txt" in answer.headers["content-disposition"]


@pytest.mark.parametrize("seconds", [0, -1, "x", 10**9, None, 1.5, "²", True, [60]])
async def test_a_lifetime_is_a_number_of_seconds(api: Served, owner: Person, path: str, seconds: object) -> None:
    answer = await ask(api, "POST", f"object/sign/{path}", owner.headers, json={"expiresIn": seconds})
    if seconds is not True:
        refused(answer, "InvalidRequest", 400)


async def test_a_token_is_for_one_object_and_one_thing(api: Served, owner: Person, path: str) -> None:
    token = (await _sign(api, owner, path)).partition("token=")[2]
    other = await stored(api, owner.headers, f"documents/{owner.id}/other.txt", x_upsert="true")
    refused(await ask(api, "GET", f"object/sign/{other}?token={token}"), "InvalidSignature", 400)
    refused(await ask(api, "PUT", f"object/upload/sign/{path}?token={token}", content=b"x"), "InvalidSignature", 400)
    upload = (await ask(api, "POST", f"object/upload/sign/documents/{owner.id}/new.txt", owner.headers)).json()["token"]
    refused(await ask(api, "GET", f"object/sign/documents/{owner.id}/new.txt?token={upload}"), "InvalidSignature", 400)
    assert (await read(api, owner.headers, path)).content == b"signed"


async def test_tokens_of_other_kinds(api: Served, owner: Person, path: str) -> None:
    urls = api.state.tokens.urls
    expired = urls.issue({"url": path, "scope": "download"}, seconds=-1)
    body = refused(await ask(api, "GET", f"object/sign/{path}?token={expired}"), "InvalidJWT", 400)
    assert body["message"] == "jwt expired"
    forged = api.state.tokens.issue({"url": path, "scope": "download", "exp": int(time.time()) + 60})
    for token in (owner.token, api.state.tokens.service_role_key, forged, "", "a.b.c", f"{expired}x"):
        answer = await ask(api, "GET", f"object/sign/{path}", params={"token": token})
        refused(answer, "InvalidJWT", 400)
    refused(await ask(api, "GET", f"object/sign/{path}"), "VALIDATION_FAILED", 400)
    good = (await _sign(api, owner, path)).partition("token=")[2]
    refused(await read(api, {"authorization": f"Bearer {good}"}, path), "AccessDenied", 403)


async def test_many_at_once(api: Served, owner: Person, stranger: Person, path: str) -> None:
    name = path.partition("/")[2]
    body = {"expiresIn": "60", "paths": ["absent", name, f"{stranger.id}/x"]}
    answers = (await ask(api, "POST", "object/sign/documents", owner.headers, json=body)).json()
    assert [each["path"] for each in answers] == body["paths"]
    assert [each["error"] for each in answers] == [NOT_SIGNED, None, NOT_SIGNED]
    assert (await ask(api, "GET", answers[1]["signedURL"].removeprefix("/"))).content == b"signed"


async def test_an_object_that_is_gone(api: Served, owner: Person) -> None:
    path = await stored(api, owner.headers, f"documents/{owner.id}/gone.txt")
    url = await _sign(api, owner, path)
    await ask(api, "DELETE", f"object/{path}", owner.headers)
    refused(await ask(api, "GET", url), "NoSuchKey", 404)
    refused(await ask(api, "POST", f"object/sign/{path}", owner.headers, json={"expiresIn": 6}), "NoSuchKey", 404)


@pytest.mark.parametrize("upsert", ["false", "true"])
async def test_an_upload_by_url(api: Served, owner: Person, upsert: str) -> None:
    path = f"avatars/{owner.id}/{uuid4()}.png"
    answer = await ask(api, "POST", f"object/upload/sign/{path}", owner.headers, headers={"x-upsert": upsert})
    url = answer.json()["url"].removeprefix("/")
    refused(await ask(api, "PUT", url, content=b"text", headers={"content-type": "image/png"}), "InvalidMimeType", 415)
    body = form("b0undary", {}, PNG)
    headers = {"content-type": "multipart/form-data; boundary=b0undary", "x-upsert": "true"}
    answer = await ask(api, "PUT", url, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"Key": path})
    info = await ask(api, "POST", "object/list-v2/avatars", owner.headers, json={"prefix": path.partition("/")[2]})
    assert len(info.json()["objects"]) == 1
    again = await ask(api, "PUT", url, content=body, headers=headers)
    assert again.status_code == (200 if upsert == "true" else 400)
    # It is the account's own: who holds the URL uploaded in its name.
    deleted = await ask(api, "DELETE", "object/avatars", owner.headers, json={"prefixes": [path.partition("/")[2]]})
    assert [row["owner"] for row in deleted.json()] == [str(owner.id)]


async def test_an_upload_that_is_not_permitted_is_not_signed(api: Served, owner: Person, stranger: Person) -> None:
    path = f"documents/{owner.id}/to-sign"
    refused(await ask(api, "POST", f"object/upload/sign/{path}", stranger.headers), "AccessDenied", 403)
    await put(api, owner.headers, path)
    refused(await ask(api, "POST", f"object/upload/sign/{path}", owner.headers), "KeyAlreadyExists", 409)


async def test_a_deleted_account_gets_nothing_more(api: Served) -> None:
    person = await api.person()
    path = f"documents/{person.id}/late"
    url = (await ask(api, "POST", f"object/upload/sign/{path}", person.headers)).json()["url"].removeprefix("/")
    async with api.state.accounts.service(reason="the test deletes the account") as connection:
        await connection.execute("DELETE FROM auth.users WHERE id = $1", person.id)
    refused(await ask(api, "PUT", url, content=b"late"), "AccessDenied", 403)
    refused(await read(api, api.service, path), "NoSuchKey", 404)


async def test_a_name_with_a_question_mark(api: Served, owner: Person) -> None:
    path = await stored(api, owner.headers, f"documents/{owner.id}/what%3F.txt", b"why")
    assert (await ask(api, "GET", await _sign(api, owner, path))).content == b"why"


async def test_images_are_not_transformed(api: Served, owner: Person, path: str) -> None:
    wish = {"expiresIn": 60, "transform": {"width": 10}}
    refused(await ask(api, "POST", f"object/sign/{path}", owner.headers, json=wish), "InvalidRequest", 400)
    body = refused(await ask(api, "GET", f"render/image/public/{path}?width=10"), "InvalidRequest", 400)
    assert "not transformed" in body["message"]
