"""Signing in by password: uniform refusals, the counter against guessing, bans, rehashing."""

import asyncio
from time import monotonic

import pytest
from argon2 import PasswordHasher
from httpx import Response

from api.accounts.sign_in_guard import network_of
from tests.api.auth.people import PASSWORD, Accounts, new_email


async def test_sign_in_answers_with_a_session_of_its_own(accounts: Accounts):
    email = new_email()
    first = await accounts.sign_up(email)
    second = (await accounts.sign_in(f" {email} ".strip().upper())).raise_for_status().json()
    assert second["user"]["id"] == first["user"]["id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"]["last_sign_in_at"] > first["user"]["last_sign_in_at"]


async def test_unknown_account_and_wrong_password_read_the_same(accounts: Accounts):
    email = new_email()
    await accounts.sign_up(email)
    wrong, unknown = await accounts.sign_in(email, "not the password"), await accounts.sign_in(new_email())
    no_address = await accounts.sign_in("nobody\0at all")
    assert wrong.status_code == unknown.status_code == no_address.status_code == 400
    assert wrong.json() == unknown.json() == no_address.json()
    assert wrong.json()["code"] == "invalid_credentials"
    assert wrong.json()["message"] == "Invalid login credentials"


async def test_account_without_a_password_cannot_be_entered_by_one(accounts: Accounts):
    email, key = new_email(), accounts.state.tokens.service_role_key
    (await accounts.post("/admin/users", {"email": email, "email_confirm": True}, token=key)).raise_for_status()
    assert (await accounts.sign_in(email, "")).json()["code"] == "invalid_credentials"
    assert (await accounts.sign_in(email, PASSWORD)).json()["code"] == "invalid_credentials"


async def refused_after_a_guess(accounts: Accounts, email: str, *, failures: int, seconds: int) -> Response:
    """The answer to the guess after the failure with that number, which has to wait so many seconds.

    A minute is added to them, so that it comes in time on any machine.
    """
    began = monotonic()
    assert (await accounts.sign_in(email, "a guess")).status_code == 400
    await accounts.execute(
        "UPDATE auth.login_failures SET blocked_until = blocked_until + interval '1 minute' WHERE failures = $1",
        failures,
    )
    refused = await accounts.sign_in(email, "a guess")
    assert refused.status_code == 429
    assert seconds - (monotonic() - began) <= int(refused.headers["retry-after"]) - 60 <= seconds
    return refused


@pytest.mark.parametrize("known", [True, False])
async def test_guessing_is_slowed_for_known_and_unknown_alike(accounts: Accounts, known: bool):
    email = new_email()
    if known:
        await accounts.sign_up(email)
    for _ in range(4):
        assert (await accounts.sign_in(email, "a guess")).status_code == 400
    refused = await refused_after_a_guess(accounts, email, failures=5, seconds=1)
    assert refused.json()["code"] == "over_request_rate_limit"
    right = await accounts.sign_in(email, PASSWORD)
    assert right.status_code == 429, "the right password waits too: it must not be found out while blocked"


@pytest.mark.parametrize("known", [True, False])
async def test_guesses_that_come_all_at_once_are_slowed_too(accounts: Accounts, known: bool):
    email = new_email()
    if known:
        await accounts.sign_up(email)
    await accounts.sign_in(email, "a guess")
    await accounts.execute("UPDATE auth.login_failures SET failures = 11 WHERE failures = 1")
    guesses = [accounts.sign_in(email, "a guess") for _ in range(15)]
    answers = await asyncio.gather(*guesses, accounts.sign_in(email))
    assert sorted(answer.status_code for answer in answers) == [400, *[429] * 15], "one learns that it was wrong"


async def test_wait_doubles_and_is_capped(accounts: Accounts):
    email = new_email()
    for _ in range(5):
        await accounts.sign_in(email, "a guess")
    for failures, seconds in ((6, 2), (7, 4)):
        await accounts.execute("UPDATE auth.login_failures SET blocked_until = now() WHERE failures BETWEEN 5 AND 7")
        await refused_after_a_guess(accounts, email, failures=failures, seconds=seconds)
    await accounts.execute("UPDATE auth.login_failures SET blocked_until = now(), failures = 1000 WHERE failures = 7")
    await refused_after_a_guess(accounts, email, failures=1001, seconds=900)


async def test_success_forgets_the_failures(accounts: Accounts):
    email = new_email()
    await accounts.sign_up(email)
    for _ in range(3):
        for _ in range(4):
            assert (await accounts.sign_in(email, "a guess")).status_code == 400
        assert (await accounts.sign_in(email)).status_code == 200


async def test_quiet_hour_forgets_the_failures(accounts: Accounts):
    email = new_email()
    await accounts.sign_up(email)
    for _ in range(5):
        await accounts.sign_in(email, "a guess")
    await accounts.execute(
        "UPDATE auth.login_failures SET blocked_until = now(), window_started_at = now() - interval '2 hours'"
    )
    for _ in range(4):
        assert (await accounts.sign_in(email, "a guess")).status_code == 400
    assert (await accounts.sign_in(email)).status_code == 200


def test_networks_are_what_one_customer_has():
    assert network_of("203.0.113.7") == network_of("203.0.113.200") == "203.0.113.0/24"
    assert network_of("::ffff:203.0.113.7") == "203.0.113.0/24"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:0:1") != network_of("2001:db8:0:1::1")


async def test_ban_is_told_only_to_who_knows_the_password(accounts: Accounts):
    session = await accounts.sign_up(email := new_email())
    path, key = f"/admin/users/{session['user']['id']}", accounts.state.tokens.service_role_key
    banned = (await accounts.put(path, {"ban_duration": "1h30m"}, token=key)).raise_for_status().json()
    assert banned["banned_until"] > banned["updated_at"]
    assert (await accounts.sign_in(email, "a guess")).json()["code"] == "invalid_credentials"
    assert (await accounts.sign_in(email)).json()["code"] == "user_banned"
    assert (await accounts.refresh(session["refresh_token"])).json()["code"] == "user_banned"
    read = await accounts.get("/user", token=session["access_token"])
    assert (read.status_code, read.json()["code"]) == (403, "user_banned")
    assert "banned_until" not in (await accounts.put(path, {"ban_duration": "none"}, token=key)).json()
    assert (await accounts.sign_in(email)).status_code == 200


async def test_old_parameters_are_replaced_at_sign_in(accounts: Accounts):
    session = await accounts.sign_up(email := new_email())
    weak = PasswordHasher(memory_cost=8192, time_cost=1, parallelism=1).hash(PASSWORD)
    user_id = session["user"]["id"]
    await accounts.execute("UPDATE auth.users SET encrypted_password = $2 WHERE id = $1::text::uuid", user_id, weak)
    assert (await accounts.sign_in(email)).status_code == 200
    async with accounts.state.accounts.service(reason="the hash is never answered") as connection:
        stored = await connection.fetchval(
            "SELECT encrypted_password FROM auth.users WHERE id = $1::text::uuid", user_id
        )
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await accounts.sign_in(email)).status_code == 200


async def test_parallel_sign_ins_all_succeed(accounts: Accounts):
    await accounts.sign_up(email := new_email())
    answers = await asyncio.gather(*(accounts.sign_in(email) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.json()["refresh_token"] for answer in answers}) == 10


@pytest.mark.parametrize(
    ("path", "body", "code", "message"),
    [
        ("/token?grant_type=password", {"password": PASSWORD}, "validation_failed", "missing email or phone"),
        ("/token?grant_type=password", {"phone": "1", "password": "x"}, "phone_provider_disabled", "Phone logins"),
        ("/token?grant_type=telepathy", {}, "invalid_credentials", "unsupported_grant_type"),
        ("/token", {}, "invalid_credentials", "unsupported_grant_type"),
        ("/token?grant_type=id_token", {"provider": "google"}, "provider_disabled", "Provider"),
    ],
)
async def test_other_grants_are_refused(accounts: Accounts, path: str, body: dict[str, str], code: str, message: str):
    answer = await accounts.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["message"].startswith(message)
