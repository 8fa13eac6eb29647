"""A canary: nothing that one tenant does shows, changes or even proves that there is something of another's."""

from typing import Any

import httpx
import pytest

from tests.api.served import Headers, Person, Served
from tests.api.storage.files import PNG, ask, put, read, refused, stored

CANARY = b"canary"


@pytest.fixture(scope="module")
async def canary(api: Served, owner: Person) -> str:
    return await stored(api, owner.headers, f"documents/{owner.id}/canary.txt", CANARY)


def _requests(bucket: str, name: str, own: str) -> dict[str, tuple[str, str, Any]]:
    """Everything that can be asked about an object."""
    elsewhere = {"bucketId": bucket, "sourceKey": name, "destinationKey": own}
    return {
        "read": ("GET", f"object/{bucket}/{name}", None),
        "read a part": ("GET", f"object/{bucket}/{name}", {"range": "bytes=0-1"}),
        "read the long way": ("GET", f"object/authenticated/{bucket}/{name}", None),
        "headers": ("HEAD", f"object/{bucket}/{name}", None),
        "info": ("GET", f"object/info/{bucket}/{name}", None),
        "public": ("GET", f"object/public/{bucket}/{name}", None),
        "sign": ("POST", f"object/sign/{bucket}/{name}", {"expiresIn": 60}),
        "delete": ("DELETE", f"object/{bucket}/{name}", None),
        "move": ("POST", "object/move", elsewhere),
        "copy": ("POST", "object/copy", elsewhere),
        "remove": ("DELETE", f"object/{bucket}", {"prefixes": [name]}),
        "list": ("POST", f"object/list/{bucket}", {"prefix": name.rpartition("/")[0]}),
        "list pages": ("POST", f"object/list-v2/{bucket}", {"prefix": name}),
        "overwrite": ("POST", f"object/{bucket}/{name}", {"x-upsert": "true"}),
        "write": ("POST", f"object/{bucket}/{name}", {}),
        "replace": ("PUT", f"object/{bucket}/{name}", {}),
        "sign an upload": ("POST", f"object/upload/sign/{bucket}/{name}", {}),
    }


async def _ask(api: Served, who: Headers, request: tuple[str, str, Any]) -> httpx.Response:
    method, path, more = request
    if method in {"GET", "HEAD"}:
        return await ask(api, method, path, who, headers=more or {})
    if path.startswith(("object/documents/", "object/avatars/")) and method != "DELETE":
        return await ask(api, method, path, who, headers=more, content=b"x")
    return await ask(api, method, path, who, json=more)


def _said(answer: httpx.Response, *names: str) -> tuple[int, str]:
    text = answer.text
    for name in names:
        text = text.replace(name, "NAME")
    return answer.status_code, text


@pytest.mark.parametrize("what", _requests("", "", ""))
async def test_what_is_anothers_is_answered_as_what_is_not_there(
    api: Served, owner: Person, stranger: Person, canary: str, what: str
) -> None:
    bucket, _, name = canary.partition("/")
    missing = f"{owner.id}/absent.txt"
    for headers in (stranger.headers, api.anon):
        there = await _ask(api, headers, _requests(bucket, name, f"{stranger.id}/mine")[what])
        absent = await _ask(api, headers, _requests(bucket, missing, f"{stranger.id}/mine")[what])
        assert _said(there, name, missing) == _said(absent, name, missing)
        assert CANARY not in there.content
    answer = await read(api, owner.headers, canary)
    assert (answer.status_code, answer.content) == (200, CANARY)


async def test_the_owner_and_the_service_see_it(api: Served, owner: Person, canary: str) -> None:
    for headers in (owner.headers, api.service):
        assert (await read(api, headers, canary)).content == CANARY
        assert (await ask(api, "GET", f"object/authenticated/{canary}", headers)).content == CANARY
        for kind in ("info", "info/authenticated"):
            assert (await ask(api, "GET", f"object/{kind}/{canary}", headers)).json()["size"] == len(CANARY)
        name = canary.partition("/")[2]
        page = await ask(api, "POST", "object/list-v2/documents", headers, json={"prefix": name})
        assert [each["name"] for each in page.json()["objects"]] == [name]


async def test_nobody_writes_into_anothers_folder(api: Served, owner: Person, stranger: Person) -> None:
    mine = await stored(api, stranger.headers, f"documents/{stranger.id}/mine.txt")
    name = mine.partition("/")[2]
    there = {"bucketId": "documents", "sourceKey": name, "destinationKey": f"{owner.id}/gift.txt"}
    for what in ("move", "copy"):
        body = refused(await ask(api, "POST", f"object/{what}", stranger.headers, json=there), "AccessDenied", 403)
        assert body["message"] == "new row violates row-level security policy"
    refused(await put(api, stranger.headers, f"avatars/{owner.id}/a.png", PNG, "image/png"), "AccessDenied", 403)
    refused(await put(api, api.anon, f"avatars/{owner.id}/a.png", PNG, "image/png"), "AccessDenied", 403)
    refused(await put(api, stranger.headers, "avatars/a.png", PNG, "image/png"), "AccessDenied", 403)


async def test_a_session_that_has_ended_reads_nothing(api: Served) -> None:
    person = await api.person()
    path = await stored(api, person.headers, f"documents/{person.id}/x")
    async with api.state.accounts.service(reason="the test signs the person out") as connection:
        await connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", person.id)
    for method, target in (("GET", f"object/{path}"), ("POST", f"object/{path}-2"), ("GET", "bucket")):
        answer = await ask(api, method, target, person.headers)
        assert answer.json()["code"] == "session_not_found"
