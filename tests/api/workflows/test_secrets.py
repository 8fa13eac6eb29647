"""Secrets over HTTP: written, listed and deleted by their owner, and never read."""

import json

import pytest

from api.services import secrets
from tests.activities.support import Rows
from tests.api.served import Person, Served
from zilliance.sealing import Sealed

PATH = "/workflows/v1/secrets"


@pytest.fixture
async def owner(api: Served) -> Person:
    return await api.person()


async def put(api: Served, who: Person, name: str, value: object) -> tuple[int, dict[str, object]]:
    answer = await api.http.put(f"{PATH}/{name}", headers=who.headers, json={"value": value})
    return answer.status_code, answer.json()


async def names(api: Served, who: Person, query: str = "") -> tuple[list[str], str | None]:
    page = (await api.http.get(f"{PATH}{query}", headers=who.headers)).json()
    return [item["name"] for item in page["items"]], page["next"]


async def test_a_secret_is_written_listed_and_deleted_and_its_value_is_never_answered(
    api: Served, owner: Person
) -> None:
    status, written = await put(api, owner, "api-key.1", {"token": "sk-very-secret"})
    assert (status, set(written)) == (200, {"name", "created_at", "updated_at"})
    _, again = await put(api, owner, "api-key.1", "sk-other-secret")
    assert again["created_at"] == written["created_at"]
    assert again["updated_at"] != written["updated_at"]
    answer = await api.http.get(PATH, headers=owner.headers)
    assert answer.json() == {"items": [again], "next": None}
    assert 'secret"' not in answer.text
    for expected in (204, 404):
        assert (await api.http.delete(f"{PATH}/api-key.1", headers=owner.headers)).status_code == expected
    assert await names(api, owner) == ([], None)


async def test_a_stranger_sees_and_deletes_nothing(api: Served, owner: Person) -> None:
    stranger = await api.person()
    await put(api, owner, "mine", "value")
    assert await names(api, stranger) == ([], None)
    assert (await api.http.delete(f"{PATH}/mine", headers=stranger.headers)).status_code == 404
    await put(api, stranger, "mine", "another")
    assert (await api.http.delete(f"{PATH}/mine", headers=stranger.headers)).status_code == 204
    assert await names(api, owner) == (["mine"], None)


async def test_names_come_in_pages(api: Served, owner: Person) -> None:
    for name in ("b", "a", "c"):
        await put(api, owner, name, "value")
    assert await names(api, owner, "?limit=2") == (["a", "b"], "b")
    assert await names(api, owner, "?limit=2&after=b") == (["c"], None)


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("1a", "x", (400, "SECRET_NAME_INVALID")),
        ("a b", "x", (400, "SECRET_NAME_INVALID")),
        ("a" * 129, "x", (400, "SECRET_NAME_INVALID")),
        ("a%00", "x", (400, "SECRET_NAME_INVALID")),
        ("a", None, (400, "SECRET_VALUE_INVALID")),
        ("a", "x" * 33_000, (413, "SECRET_TOO_LARGE")),
    ],
)
async def test_what_cannot_be_a_secret_is_refused(
    api: Served, owner: Person, name: str, value: object, refusal: tuple[int, str]
) -> None:
    answered, problem = await put(api, owner, name, value)
    assert (answered, problem["code"]) == refusal
    assert await names(api, owner) == ([], None)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"value": 1, "more": 2}', b'"x"', b'{"value": "\xff"}'])
async def test_a_body_of_another_shape_is_refused(api: Served, owner: Person, body: bytes) -> None:
    headers = owner.headers | {"content-type": "application/json"}
    answer = await api.http.put(f"{PATH}/a", headers=headers, content=body)
    assert answer.status_code == 400, answer.text


async def test_nobody_writes_a_secret_without_an_account(api: Served) -> None:
    assert (await api.http.put(f"{PATH}/a", headers=api.anon, json={"value": 1})).status_code == 401
    assert (await api.http.get(PATH)).status_code == 401


async def test_an_account_has_so_many_and_no_more(api: Served, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "MOST_SECRETS", 2)
    assert [(await put(api, owner, name, 1))[0] for name in ("a", "b", "c", "b")] == [200, 200, 409, 200]


async def test_the_database_holds_no_value_in_the_clear(api: Served, owner: Person, rows: Rows) -> None:
    await put(api, owner, "a", "sk-very-secret")
    row = await rows.connection.fetchrow("SELECT * FROM private.secrets WHERE user_id = $1", owner.id)
    assert row is not None
    assert b"sk-very-secret" not in row["ciphertext"]
    assert json.loads(api.state.sealer.open(Sealed(row["key_id"], row["ciphertext"]), f"{owner.id}/a")) == (
        "sk-very-secret"
    )
