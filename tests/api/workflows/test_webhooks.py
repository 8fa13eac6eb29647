"""Webhooks over HTTP: made by a definition's owner, called by anybody who knows the address and can sign."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served
from worker.embedded import run_worker
from worker.resources import open_resources
from zilliance.settings import Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

ECHO = {"do": [{"say": {"set": "${ {hello: .body.name} }"}}]}


@pytest.fixture
async def working(settings: Settings) -> AsyncGenerator[None]:
    store = ObjectStore.of(settings.storage)
    client = await connect(settings.temporal, store)
    async with open_resources(settings, client, store) as resources, run_worker(resources):
        yield
    await store.close()


async def define(api: Served, owner: Person, config: Any = ECHO, **columns: Any) -> str:
    return (await api.insert("workflows", {"name": "hooked", "config": config, **columns}, owner.headers))["id"]


async def manage(api: Served, method: str, workflow: str, path: str, who: Person, **more: Any) -> httpx.Response:
    url = f"/workflows/v1/definitions/{workflow}/hooks{path}"
    return await api.http.request(method, url, headers=who.headers, **more)


async def hook(api: Served, owner: Person, workflow: str, **wanted: Any) -> dict[str, Any]:
    answer = await manage(api, "POST", workflow, "", owner, json=wanted)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    made["path"] = "/hooks/v1/" + made["url"].rpartition("/")[2]
    return made


def signed(secret: str, body: bytes, *, identity: str | None = None, age: float = 0) -> dict[str, str]:
    """Headers as Standard Webhooks has them."""
    identity, sent = identity or f"msg_{uuid4().hex}", str(int(time.time() - age))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{sent}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {
        "webhook-id": identity,
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,AAAA {signature}",
        "content-type": "application/json",
    }


async def execution(rows: Rows, identity: str) -> dict[str, Any]:
    row = await rows.one("workflow_executions", identity)
    assert row is not None
    return dict(row)


async def test_a_signed_call_is_recorded_before_it_is_answered(api: Served, owner: Person, rows: Rows) -> None:
    made = await hook(api, owner, await define(api, owner))
    body = json.dumps({"name": "Ada"}).encode()
    headers = {**signed(made["secret"], body), "cookie": "a=b", "authorization": "Bearer x", "x-mine": "1"}
    answer = await api.http.post(made["path"] + "?a=1&a=2&b=", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    row = await execution(rows, answer.json()["executionId"])
    data = row["trigger_data"]
    assert (row["trigger"], row["user_id"]) == ("webhook", str(owner.id))
    assert (data["method"], data["query"], data["body"]) == ("POST", {"a": ["1", "2"], "b": ""}, {"name": "Ada"})
    assert data["headers"]["x-mine"] == "1"
    assert not {"cookie", "authorization", "webhook-signature"} & set(data["headers"])


async def test_a_repeat_of_a_delivery_is_the_same_execution(api: Served, owner: Person) -> None:
    made = await hook(api, owner, await define(api, owner))
    calls = [api.http.post(made["path"], content=b"{}", headers=signed(made["secret"], b"{}", identity="m1"))] * 1
    calls += [api.http.post(made["path"], content=b"{}", headers=signed(made["secret"], b"{}", identity="m1"))]
    calls += [api.http.post(made["path"], content=b"[1]", headers=signed(made["secret"], b"[1]", identity="m1"))]
    answers = await asyncio.gather(*calls)
    assert len({answer.json()["executionId"] for answer in answers}) == 1
    other = await api.http.post(made["path"], content=b"{}", headers=signed(made["secret"], b"{}", identity="m2"))
    assert other.json()["executionId"] != answers[0].json()["executionId"]


async def test_whatever_is_wrong_with_a_signature_has_one_answer(api: Served, owner: Person) -> None:
    made = await hook(api, owner, await define(api, owner))
    good = signed(made["secret"], b"{}")
    other_secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    wrong = [
        {},
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-signature": "\u00e9"},
        {**good, "webhook-id": "other"},
        {**good, "webhook-timestamp": "soon"},
        signed(made["secret"], b"{}", age=360),
        signed(made["secret"], b"{}", age=-360),  # to the second: tests/unit/test_signatures.py
        signed(made["secret"], b"[]"),
        signed(other_secret, b"{}"),
    ]
    bodies = set[str]()
    for headers in wrong:
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await api.http.post(made["path"], content=b"{}", headers=encoded)
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID"), answer.text
        bodies.add(answer.json()["error"])
    assert len(bodies) == 1


async def test_an_unknown_token_is_nothing(api: Served) -> None:
    for token in ("x", "a" * 43, "%00", "a" * 3000):
        answer = await api.http.post(f"/hooks/v1/{token}", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (404, "HOOK_NOT_FOUND")


async def test_a_rotated_secret_is_taken_beside_the_old_one_for_a_while(api: Served, owner: Person, rows: Rows) -> None:
    workflow = await define(api, owner)
    made = await hook(api, owner, workflow)

    async def status(secret: str) -> int:
        return (await api.http.post(made["path"], content=b"{}", headers=signed(secret, b"{}"))).status_code

    assert await status(made["secret"]) == 202
    rotated = (await manage(api, "POST", workflow, f"/{made['id']}/rotate", owner, json={"overlap_seconds": 60})).json()
    assert rotated["secret"] != made["secret"]
    await asyncio.sleep(1.1)  # what was known of it is a second old
    assert [await status(rotated["secret"]), await status(made["secret"])] == [202, 202]
    await rows.connection.execute(
        "UPDATE private.workflow_hooks SET previous_until = now(), revision = revision + 1 WHERE id = $1",
        UUID(made["id"]),
    )
    assert [await status(rotated["secret"]), await status(made["secret"])] == [202, 401]


@pytest.mark.parametrize("scheme", ["github", "stripe"])
async def test_other_schemes_sign_in_their_own_way(scheme: str, api: Served, owner: Person) -> None:
    made = await hook(
        api, owner, await define(api, owner), scheme=scheme, secret="a secret of the sender's".replace(" ", "-")
    )
    body = json.dumps({"id": "evt_1", "name": "Ada"}).encode()

    def headers(secret: str) -> dict[str, str]:
        if scheme == "github":
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return {"x-hub-signature-256": f"sha256={digest}", "x-github-delivery": "d1"}
        sent = int(time.time())
        digest = hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
        return {"stripe-signature": f"t={sent},v0=ab,v1={digest}"}

    answers = [await api.http.post(made["path"], content=body, headers=headers(made["secret"])) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202], answers[0].text
    assert len({answer.json()["executionId"] for answer in answers}) == 1
    assert (await api.http.post(made["path"], content=body, headers=headers("x" * 20))).status_code == 401


async def test_a_webhook_may_wait_for_the_result(
    api: Served,
    owner: Person,
    working: None,  # noqa: ARG001
) -> None:
    made = await hook(api, owner, await define(api, owner), scheme="none", respond="result", methods=["GET", "POST"])
    assert made["secret"] is None
    answer = await api.http.post(made["path"], json={"name": "Ada"})
    assert (answer.status_code, answer.json()["status"], answer.json()["result"]) == (
        200,
        "completed",
        {"hello": "Ada"},
    )
    assert (await api.http.get(made["path"])).json()["result"] == {"hello": None}


@pytest.mark.parametrize(
    ("content_type", "body", "seen"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=x%20y&a=2", {"a": ["1", "2"], "b": "x y"}),
        ("application/x-www-form-urlencoded", b"a=%00", {"a": "\ufffd"}),
        ("text/plain", "gr\u00fc\u00dfe".encode(), "gr\u00fc\u00dfe"),
        ("application/cloudevents+json", b'{"a": 1}', {"a": 1}),
        ("", b"", None),
    ],
)
async def test_bodies_are_read_by_their_type(  # noqa: PLR0917
    content_type: str, body: bytes, seen: Any, api: Served, owner: Person, rows: Rows
) -> None:
    made = await hook(api, owner, await define(api, owner), scheme="none")
    answer = await api.http.post(made["path"], content=body, headers={"content-type": content_type})
    assert answer.status_code == 202, answer.text
    assert (await execution(rows, answer.json()["executionId"]))["trigger_data"]["body"] == seen


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b'{"a": "\\u0000"}', 400),
        ("application/json", b"[" * 2000 + b"]" * 2000, 400),
        ("application/octet-stream", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"a=1&" * 2000, 400),
        ("text/plain", b"x" * (1024 * 1024 + 1), 413),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused(
    content_type: str, body: bytes, status: int, api: Served, owner: Person
) -> None:
    made = await hook(api, owner, await define(api, owner), scheme="none")
    answer = await api.http.post(made["path"], content=body, headers={"content-type": content_type})
    assert answer.status_code == status, answer.text


async def test_calls_above_the_rate_are_told_when_to_come_again(api: Served, owner: Person) -> None:
    made = await hook(api, owner, await define(api, owner), scheme="none", rate_limit=3)
    answers = [await api.http.post(made["path"], content=b"") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 20


async def test_a_method_that_is_not_the_webhooks_is_refused(api: Served, owner: Person) -> None:
    made = await hook(api, owner, await define(api, owner), scheme="none", methods=["PUT", "POST"])
    answer = await api.http.get(made["path"])
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT")


async def test_a_definition_that_is_off_or_cannot_run_begins_nothing(api: Served, owner: Person, rows: Rows) -> None:
    off = await hook(api, owner, await define(api, owner, is_active=False), scheme="none")
    answer = await api.http.post(off["path"])
    assert (answer.status_code, answer.json()["code"]) == (409, "WORKFLOW_INACTIVE")
    broken = await rows.definition(owner.id, {"do": [{"one": {"sett": 1}}]})
    made = await hook(api, owner, str(broken), scheme="none")
    answer = await api.http.post(made["path"])
    assert (answer.status_code, answer.json()["code"]) == (409, "WORKFLOW_INVALID")
    assert "sett" not in answer.text


async def test_webhooks_are_their_owners_to_manage(api: Served, owner: Person, stranger: Person) -> None:
    workflow = await define(api, owner)
    made = [await hook(api, owner, workflow, scheme="none") for _ in range(3)]
    page = (await manage(api, "GET", workflow, "", owner, params={"limit": 2})).json()
    rest = (await manage(api, "GET", workflow, "", owner, params={"after": page["next"]})).json()
    listed = page["items"] + rest["items"]
    assert {each["id"] for each in listed} == {each["id"] for each in made}
    assert rest["next"] is None
    assert not {"url", "secret", "token_hash"} & set(listed[0])
    one = made[0]["id"]
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{one}"), ("POST", f"/{one}/rotate")):
        answer = await manage(api, method, workflow, path, stranger)
        assert answer.status_code == 404, answer.text
    assert (await manage(api, "POST", workflow, f"/{one}/rotate", owner)).json()["code"] == "HOOK_UNSIGNED"
    assert (await api.http.post(made[0]["path"])).status_code == 202
    assert (await manage(api, "DELETE", workflow, f"/{one}", owner)).status_code == 204
    assert (await api.http.post(made[0]["path"])).status_code == 404
    assert (await manage(api, "DELETE", workflow, f"/{one}", owner)).status_code == 404


async def test_a_definition_has_so_many_webhooks(api: Served, owner: Person) -> None:
    workflow = await define(api, owner)
    for _ in range(20):
        await hook(api, owner, workflow, scheme="none")
    answer = await manage(api, "POST", workflow, "", owner)
    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_HOOKS")


@pytest.mark.parametrize(
    "wanted",
    [
        {"scheme": "trust-me"},
        {"methods": []},
        {"methods": ["BREW"]},
        {"rate_limit": 0},
        {"respond": "later"},
        {"secret": "short"},
        {"secret": "not a standard one, but long enough"},
        {"secret": "whsec_" + "A" * 12},
        {"more": 1},
        [],
    ],
)
async def test_what_is_no_webhook_is_refused(wanted: Any, api: Served, owner: Person) -> None:
    answer = await manage(api, "POST", await define(api, owner), "", owner, json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED"), answer.text


async def test_secrets_and_tokens_are_not_readable_in_the_database(api: Served, owner: Person, rows: Rows) -> None:
    made = await hook(api, owner, await define(api, owner))
    row = await rows.connection.fetchrow("SELECT * FROM private.workflow_hooks WHERE id = $1", UUID(made["id"]))
    assert row is not None
    token = made["url"].rpartition("/")[2]
    assert row["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert made["secret"].encode() not in row["secret"]
    assert base64.b64decode(made["secret"].removeprefix("whsec_")) not in row["secret"]
