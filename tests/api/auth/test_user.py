"""The signed-in account: who may read it, and what it may change."""

import time
from typing import Any

import jwt
import pytest

from tests.api.auth.people import PASSWORD, Accounts, new_email


async def test_user_reads_itself(accounts: Accounts):
    session = await accounts.sign_up(first_name="Ada")
    answer = await accounts.get("/user", token=session["access_token"])
    assert answer.json() == session["user"]


async def test_without_a_token_nobody_is_there(accounts: Accounts):
    answer = await accounts.get("/user")
    assert (answer.status_code, answer.json()["code"]) == (401, "no_authorization")
    assert answer.json()["message"] == "This endpoint requires a valid Bearer token"


async def test_key_of_the_project_is_no_account(accounts: Accounts):
    for key in (accounts.state.tokens.anon_key, accounts.state.tokens.service_role_key):
        answer = await accounts.get("/user", token=key)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "x" * 9000])
async def test_token_that_is_none_is_refused(accounts: Accounts, token: str):
    answer = await accounts.get("/user", token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")
    assert answer.json()["message"].startswith("invalid JWT: unable to parse or verify signature, ")


async def test_forged_token_is_refused(accounts: Accounts):
    session = await accounts.sign_up()
    header, payload, _ = session["access_token"].split(".")
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    guessed = jwt.encode(claims, "a guess at the secret of this project", algorithm="HS256")
    for token in (f"{header}.{payload}.", f"{header}.{payload}.{'A' * 86}", unsigned, guessed):
        assert (await accounts.get("/user", token=token)).json()["code"] == "bad_jwt"


async def test_expired_token_is_refused(accounts: Accounts):
    session = await accounts.sign_up()
    now = int(time.time())
    claims = {"sub": session["user"]["id"], "role": "authenticated", "iat": now - 20, "exp": now - 10}
    answer = await accounts.get("/user", token=accounts.state.tokens.issue(claims))
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_jwt")


async def test_session_of_another_account_is_not_the_callers(accounts: Accounts):
    mine, other = await accounts.sign_up(), await accounts.sign_up()
    claims = jwt.decode(other["access_token"], options={"verify_signature": False})
    token = accounts.state.tokens.issue({**claims, "sub": mine["user"]["id"]})
    assert (await accounts.get("/user", token=token)).json()["code"] == "session_not_found"


async def test_data_is_merged_and_null_deletes(accounts: Accounts):
    token = (await accounts.sign_up(theme="dark", first_name="Ada"))["access_token"]
    body = {"data": {"theme": None, "tags": ["a"], "nested": {"kept": None}}}
    metadata = (await accounts.put("/user", body, token=token)).raise_for_status().json()["user_metadata"]
    assert "theme" not in metadata
    assert metadata["first_name"] == "Ada"
    assert metadata["tags"] == ["a"]
    assert metadata["nested"] == {"kept": None}


async def test_empty_change_changes_nothing(accounts: Accounts):
    session = await accounts.sign_up()
    changed = (await accounts.put("/user", {}, token=session["access_token"])).raise_for_status().json()
    assert changed | {"updated_at": ""} == session["user"] | {"updated_at": ""}


async def test_address_changes_at_once_without_mail(accounts: Accounts):
    old, new = new_email(), new_email()
    token = (await accounts.sign_up(old))["access_token"]
    user = (await accounts.put("/user", {"email": new.upper()}, token=token)).raise_for_status().json()
    assert user["email"] == user["user_metadata"]["email"] == user["identities"][0]["email"] == new
    assert (await accounts.sign_in(new)).status_code == 200
    assert (await accounts.sign_in(old)).status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"password": PASSWORD}, 422, "same_password"),
        ({"password": "short"}, 422, "weak_password"),
        ({"password": ""}, 422, "weak_password"),
        ({"password": "another password", "current_password": "a guess"}, 400, "current_password_mismatch"),
        ({"email": "no address"}, 400, "email_address_invalid"),
        ({"app_metadata": {"role": "admin"}}, 403, "not_admin"),
        ({"phone": "+4912345"}, 400, "phone_provider_disabled"),
        ({"data": {"a": "x" * 5000}}, 400, "validation_failed"),
    ],
)
async def test_what_may_not_be_changed_is_refused(accounts: Accounts, body: dict[str, Any], status: int, code: str):
    session = await accounts.sign_up()
    answer = await accounts.put("/user", body, token=session["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await accounts.get("/user", token=session["access_token"])).json() == session["user"]


async def test_taken_address_is_refused(accounts: Accounts):
    taken = (await accounts.sign_up())["user"]["email"]
    session = await accounts.sign_up()
    answer = await accounts.put("/user", {"email": taken}, token=session["access_token"])
    assert (answer.status_code, answer.json()["code"]) == (422, "email_exists")
    assert answer.json()["message"] == "A user with this email address has already been registered"


async def test_address_does_not_change_where_mail_confirms(strict_accounts: Accounts):
    key = strict_accounts.state.tokens.service_role_key
    body = {"email": new_email(), "password": PASSWORD, "email_confirm": True}
    (await strict_accounts.post("/admin/users", body, token=key)).raise_for_status()
    token = (await strict_accounts.sign_in(str(body["email"]))).json()["access_token"]
    answer = await strict_accounts.put("/user", {"email": new_email()}, token=token)
    assert (answer.status_code, answer.json()["code"]) == (422, "email_provider_disabled")


async def test_app_metadata_cannot_be_set_at_sign_up(accounts: Accounts):
    body = {"email": new_email(), "password": PASSWORD, "app_metadata": {"admin": True}, "role": "service_role"}
    user = (await accounts.post("/signup", body)).raise_for_status().json()["user"]
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert user["role"] == "authenticated"
