"""Signing up: the account, its profile, and what a taken or bad address is told."""

import asyncio
import base64
import json
from typing import Any

import pytest

from tests.api.auth.people import PASSWORD, Accounts, accounts_of, new_email, with_auth
from zilliance.settings import Settings


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_sign_up_answers_with_a_session(accounts: Accounts):
    email = new_email()
    session = await accounts.sign_up(email.upper(), first_name="Ada", nested={"a": None})
    user = session["user"]
    assert session["token_type"] == "bearer"
    assert session["expires_in"] == 3600
    assert user["email"] == email
    assert user["phone"] == ""
    assert user["role"] == user["aud"] == "authenticated"
    assert user["is_anonymous"] is False
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert user["user_metadata"] == {
        "first_name": "Ada",
        "nested": {"a": None},
        "sub": user["id"],
        "email": email,
        "email_verified": True,
        "phone_verified": False,
    }
    assert "banned_until" not in user, "fields without a value are left out"
    assert user["email_confirmed_at"] == user["confirmed_at"]
    assert user["last_sign_in_at"].endswith("Z")


async def test_identity_is_that_of_the_address(accounts: Accounts):
    user = (await accounts.sign_up())["user"]
    (identity,) = user["identities"]
    assert identity["id"] == identity["user_id"] == identity["identity_data"]["sub"] == user["id"]
    assert identity["provider"] == "email"
    assert identity["email"] == identity["identity_data"]["email"] == user["email"]
    assert identity["identity_id"] != user["id"]
    assert identity["created_at"].endswith("Z")


async def test_access_token_says_who_and_which_session(accounts: Accounts):
    session = await accounts.sign_up(theme="dark")
    claims, user = claims_of(session["access_token"]), session["user"]
    assert claims["iss"].endswith("/auth/v1")
    assert claims["sub"] == user["id"]
    assert claims["aud"] == claims["role"] == "authenticated"
    assert claims["exp"] == session["expires_at"] == claims["iat"] + 3600
    assert (claims["email"], claims["phone"], claims["aal"]) == (user["email"], "", "aal1")
    assert claims["amr"][0]["method"] == "password"
    assert claims["user_metadata"]["theme"] == "dark"
    assert claims["app_metadata"]["provider"] == "email"
    assert claims["is_anonymous"] is False
    assert claims["session_id"]


async def test_sign_up_makes_profile_and_role(accounts: Accounts):
    user = (await accounts.sign_up(first_name="Ada", last_name="Lovelace"))["user"]
    identity = accounts.state.tokens.identify(accounts.state.tokens.service_role_key)
    async with accounts.state.transaction(identity) as connection:
        profile = await connection.fetchrow("SELECT * FROM public.profiles WHERE id = $1::text::uuid", user["id"])
        role = await connection.fetchval(
            "SELECT role FROM public.user_roles WHERE user_id = $1::text::uuid", user["id"]
        )
    assert profile is not None
    assert (profile["first_name"], profile["last_name"]) == ("Ada", "Lovelace")
    assert role == "user"


async def test_taken_address_is_refused_where_accounts_need_no_mail(accounts: Accounts):
    email = new_email()
    await accounts.sign_up(email)
    answer = await accounts.post("/signup", {"email": email.title(), "password": PASSWORD})
    assert answer.status_code == 422
    assert answer.json()["code"] == answer.json()["error_code"] == "user_already_exists"
    assert answer.json()["message"] == answer.json()["msg"] == "User already registered"
    assert answer.headers["x-sb-error-code"] == "user_already_exists"
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"


async def test_one_of_several_at_once_gets_the_address(accounts: Accounts):
    body = {"email": new_email(), "password": PASSWORD}
    answers = await asyncio.gather(*(accounts.post("/signup", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]


async def test_known_and_unknown_address_get_the_same_answer_where_mail_confirms(strict_accounts: Accounts):
    email = new_email()
    body = {"email": email, "password": PASSWORD, "data": {"first_name": "Ada"}}
    fresh = await strict_accounts.post("/signup", body)
    taken = await strict_accounts.post("/signup", body)
    assert fresh.status_code == taken.status_code == 200
    assert "access_token" not in fresh.json()
    assert fresh.json()["confirmation_sent_at"]
    assert _shape(fresh.json()) == _shape(taken.json())
    assert fresh.json()["id"] != taken.json()["id"]
    signed_in = await strict_accounts.sign_in(email)
    assert (signed_in.status_code, signed_in.json()["code"]) == (400, "email_not_confirmed")


def _shape(value: object) -> object:
    """The value with what differs from one account to the next taken out."""
    if isinstance(value, dict):
        volatile = ("id", "sub", "user_id", "identity_id")
        return {key: ... if key in volatile or key.endswith("_at") else _shape(each) for key, each in value.items()}
    return [_shape(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"email": "ada@example.com"}, 400, "validation_failed", "Signup requires a valid password"),
        ({"email": "ada@example.com", "password": ""}, 400, "validation_failed", "Signup requires a valid password"),
        ({"email": "not an address", "password": PASSWORD}, 400, "email_address_invalid", 'Email address "not an'),
        ({"email": "a\0@example.com", "password": PASSWORD}, 400, "email_address_invalid", "Email address"),
        ({"email": "ada@example.com", "password": "x" * 129}, 400, "validation_failed", "Password cannot be longer"),
        ({"phone": "+4912345", "password": PASSWORD}, 400, "phone_provider_disabled", "Phone"),
        (
            {"email": "ada@example.com", "password": PASSWORD, "data": {"a": "x" * 5000}},
            400,
            "validation_failed",
            "data",
        ),
    ],
)
async def test_what_cannot_be_an_account_is_refused(
    accounts: Accounts, body: dict[str, Any], status: int, code: str, message: str
):
    answer = await accounts.post("/signup", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"].startswith(message)


async def test_short_password_is_weak(accounts: Accounts):
    answer = await accounts.post("/signup", {"email": new_email(), "password": "seven77"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "weak_password"
    assert answer.json()["message"] == "Password should be at least 8 characters."
    assert answer.json()["weak_password"] == {"reasons": ["length"]}


async def test_long_password_is_taken_whole(accounts: Accounts):
    email, password = new_email(), "x" * 127 + "y"
    (await accounts.post("/signup", {"email": email, "password": password})).raise_for_status()
    assert (await accounts.sign_in(email, password)).status_code == 200
    assert (await accounts.sign_in(email, password[:-1] + "z")).status_code == 400


async def test_anonymous_account_has_no_identity(accounts: Accounts):
    session = (await accounts.post("/signup", {"data": {"theme": "dark"}})).raise_for_status().json()
    user = session["user"]
    assert user["is_anonymous"] is True
    assert user["email"] == ""
    assert user["identities"] == []
    assert user["user_metadata"] == {"theme": "dark"}
    claims = claims_of(session["access_token"])
    assert claims["is_anonymous"] is True
    assert claims["amr"][0]["method"] == "anonymous"


async def test_anonymous_account_becomes_one_with_an_address(accounts: Accounts):
    session = (await accounts.post("/signup", {})).raise_for_status().json()
    email, token = new_email(), session["access_token"]
    alone = await accounts.put("/user", {"password": PASSWORD}, token=token)
    assert (alone.status_code, alone.json()["code"]) == (422, "validation_failed")
    user = (await accounts.put("/user", {"email": email, "password": PASSWORD}, token=token)).raise_for_status().json()
    assert user["is_anonymous"] is False
    assert user["app_metadata"]["provider"] == "email"
    assert len(user["identities"]) == 1
    assert (await accounts.sign_in(email)).json()["user"]["id"] == user["id"]


async def test_anonymous_accounts_are_refused_where_they_are_off(strict_accounts: Accounts):
    answer = await strict_accounts.post("/signup", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "anonymous_provider_disabled")


async def test_sign_up_can_be_closed(settings: Settings):
    async with accounts_of(with_auth(settings, disable_signup=True)) as closed:
        answer = await closed.post("/signup", {"email": new_email(), "password": PASSWORD})
        assert (await closed.get("/settings")).json()["disable_signup"] is True
    assert (answer.status_code, answer.json()["code"]) == (422, "signup_disabled")
    assert answer.json()["message"] == "Signups not allowed for this instance"
