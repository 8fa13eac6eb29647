"""Accounts as the service administers them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.auth.people import PASSWORD, Accounts, bearer, new_email


@pytest.fixture
def key(accounts: Accounts) -> str:
    return accounts.state.tokens.service_role_key


async def test_only_the_service_administers(accounts: Accounts):
    session = await accounts.sign_up()
    path = f"/admin/users/{session['user']['id']}"
    for token in (session["access_token"], accounts.state.tokens.anon_key, None):
        answer = await accounts.get(path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_admin")
        assert answer.json()["message"] == "User not allowed"


async def test_key_alone_is_enough(accounts: Accounts, key: str):
    answer = await accounts.http.get("/admin/users", headers={"apikey": key})
    assert answer.status_code == 200


async def test_account_is_made_as_told(accounts: Accounts, key: str):
    wanted, email = str(uuid4()), new_email()
    body = {
        "id": wanted,
        "email": email,
        "password": PASSWORD,
        "email_confirm": True,
        "user_metadata": {"first_name": "Ada"},
        "app_metadata": {"plan": "pro"},
    }
    user = (await accounts.post("/admin/users", body, token=key)).raise_for_status().json()
    assert user["id"] == wanted
    assert user["email_confirmed_at"]
    assert user["user_metadata"] == {"first_name": "Ada", "email_verified": True}
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "pro"}
    assert user == (await accounts.get(f"/admin/users/{wanted}", token=key)).json()
    assert (await accounts.sign_in(email)).status_code == 200


async def test_unconfirmed_account_is_confirmed_by_the_service(accounts: Accounts, key: str):
    email = new_email()
    user = (await accounts.post("/admin/users", {"email": email, "password": PASSWORD}, token=key)).json()
    assert "email_confirmed_at" not in user
    assert (await accounts.sign_in(email)).json()["code"] == "email_not_confirmed"
    path = f"/admin/users/{user['id']}"
    changed = (await accounts.put(path, {"email_confirm": True}, token=key)).raise_for_status().json()
    assert changed["email_confirmed_at"]
    assert changed["identities"][0]["identity_data"]["email_verified"] is True
    assert (await accounts.sign_in(email)).status_code == 200


async def test_change_merges_and_ends_sessions_with_a_new_password(accounts: Accounts, key: str):
    session = await accounts.sign_up(first_name="Ada")
    path, email = f"/admin/users/{session['user']['id']}", new_email()
    body = {"email": email, "password": "set by the service", "user_metadata": {"a": 1}, "app_metadata": {"plan": "x"}}
    user = (await accounts.put(path, body, token=key)).raise_for_status().json()
    assert user["email"] == user["identities"][0]["email"] == email
    assert (user["user_metadata"]["first_name"], user["user_metadata"]["a"]) == ("Ada", 1)
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "x"}
    assert (await accounts.get("/user", token=session["access_token"])).json()["code"] == "session_not_found"
    assert (await accounts.sign_in(email, "set by the service")).status_code == 200


async def test_deleted_account_is_gone_with_its_sessions(accounts: Accounts, key: str):
    session = await accounts.sign_up()
    path = f"/admin/users/{session['user']['id']}"
    answer = await accounts.http.request("DELETE", path, headers=bearer(key))
    assert answer.json()["id"] == session["user"]["id"]
    assert (await accounts.get("/user", token=session["access_token"])).json()["code"] == "user_not_found"
    assert (await accounts.refresh(session["refresh_token"])).json()["code"] == "refresh_token_not_found"
    gone = await accounts.get(path, token=key)
    assert (gone.status_code, gone.json()["code"], gone.json()["message"]) == (404, "user_not_found", "User not found")
    assert (await accounts.http.request("DELETE", path, headers=bearer(key))).status_code == 404


async def test_soft_deletion_keeps_the_row_and_frees_the_address(accounts: Accounts, key: str):
    session = await accounts.sign_up(email := new_email())
    path = f"/admin/users/{session['user']['id']}"
    body = {"should_soft_delete": True}
    (await accounts.http.request("DELETE", path, json=body, headers=bearer(key))).raise_for_status()
    assert (await accounts.sign_in(email)).json()["code"] == "invalid_credentials"
    assert (await accounts.get("/user", token=session["access_token"])).status_code == 403
    async with accounts.state.accounts.service(reason="a deleted account is answered to nobody") as connection:
        row = await connection.fetchrow("SELECT * FROM auth.users WHERE id = $1::text::uuid", session["user"]["id"])
    assert row is not None
    assert row["deleted_at"] is not None
    assert email not in str(dict(row.items()))
    assert row["email"] is None, "a digest of it could be guessed"
    assert (await accounts.sign_up(email))["user"]["id"] != session["user"]["id"]


async def test_list_is_paged_with_links_that_the_clients_read(accounts: Accounts, key: str):
    for _ in range(3):
        await accounts.sign_up()
    first = await accounts.get("/admin/users?page=1&per_page=2", token=key)
    total = int(first.headers["x-total-count"])
    last = -(-total // 2)
    assert len(first.json()["users"]) == 2
    assert first.json()["aud"] == "authenticated"
    assert first.headers["link"] == (
        f'</admin/users?page=2&per_page=2>; rel="next", </admin/users?page={last}&per_page=2>; rel="last"'
    )
    end = await accounts.get(f"/admin/users?page={last}&per_page=2", token=key)
    assert "next" not in end.headers["link"]
    assert (await accounts.get("/admin/users?page=&per_page=", token=key)).status_code == 200


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=1e3", "page=99999999999999999999"])
async def test_bad_paging_is_refused(accounts: Accounts, key: str, query: str):
    answer = await accounts.get(f"/admin/users?{query}", token=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"phone": "+4912345"}, 400, "phone_provider_disabled"),
        ({"email": "ada@example.com", "password_hash": "$2a$10$x"}, 400, "validation_failed"),
        ({"email": "ada@example.com", "role": "service_role"}, 400, "validation_failed"),
        ({"email": "ada@example.com", "ban_duration": "a while"}, 400, "validation_failed"),
        ({"email": "ada@example.com", "ban_duration": "999999h" * 30_000}, 400, "validation_failed"),
        ({"email": "ada@example.com", "id": "7"}, 400, "validation_failed"),
        ({"email": "ada@example.com", "password": "short"}, 422, "weak_password"),
    ],
)
async def test_what_cannot_be_made_is_refused(
    accounts: Accounts, key: str, body: dict[str, Any], status: int, code: str
):
    answer = await accounts.post("/admin/users", body, token=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_taken_address_is_refused(accounts: Accounts, key: str):
    taken = (await accounts.sign_up())["user"]["email"]
    made = await accounts.post("/admin/users", {"email": taken}, token=key)
    assert (made.status_code, made.json()["code"]) == (422, "email_exists")
    other = (await accounts.sign_up())["user"]["id"]
    changed = await accounts.put(f"/admin/users/{other}", {"email": taken}, token=key)
    assert (changed.status_code, changed.json()["code"]) == (422, "email_exists")


async def test_id_that_is_none_leads_nowhere(accounts: Accounts, key: str):
    answer = await accounts.get("/admin/users/seven", token=key)
    assert (answer.status_code, answer.json()["code"]) == (404, "validation_failed")
    assert answer.json()["message"] == "user_id must be an UUID"
