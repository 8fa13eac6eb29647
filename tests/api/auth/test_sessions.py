"""Sessions: refreshing, what happens when an old refresh token comes back, and signing out."""

import asyncio
from typing import Any

import pytest

from api.accounts import refresh_tokens
from tests.api.auth.people import PASSWORD, Accounts, new_email


async def test_refresh_gives_the_next_token(accounts: Accounts):
    session = await accounts.sign_up()
    refreshed = (await accounts.refresh(session["refresh_token"])).raise_for_status().json()
    assert refreshed["refresh_token"] != session["refresh_token"]
    assert refreshed["user"]["id"] == session["user"]["id"]
    assert (await accounts.get("/user", token=refreshed["access_token"])).status_code == 200
    assert (await accounts.get("/user", token=session["access_token"])).status_code == 200, "the session is the same"


async def test_fifty_parallel_refreshes_give_one_new_token(accounts: Accounts):
    session = await accounts.sign_up()
    answers = await asyncio.gather(*(accounts.refresh(session["refresh_token"]) for _ in range(50)))
    assert [answer.status_code for answer in answers] == [200] * 50
    (token,) = {answer.json()["refresh_token"] for answer in answers}
    assert token != session["refresh_token"]
    assert (await accounts.refresh(token)).status_code == 200


async def test_lost_answer_can_be_asked_for_again(accounts: Accounts):
    session = await accounts.sign_up()
    lost = (await accounts.refresh(session["refresh_token"])).json()
    await _let_pass(accounts, session, seconds=50)
    again = (await accounts.refresh(session["refresh_token"])).raise_for_status().json()
    assert again["refresh_token"] == lost["refresh_token"]


async def test_lost_answer_cannot_be_asked_for_forever(accounts: Accounts):
    session = await accounts.sign_up()
    child = (await accounts.refresh(session["refresh_token"])).json()
    await _let_pass(accounts, session, seconds=61)
    await _is_revoked(accounts, session["refresh_token"], child)


async def test_malicious_reuse_revokes_the_session(accounts: Accounts):
    email = new_email()
    session = await accounts.sign_up(email)
    other_device = (await accounts.sign_in(email)).json()
    child = (await accounts.refresh(session["refresh_token"])).json()
    grandchild = (await accounts.refresh(child["refresh_token"])).json()
    await _is_revoked(accounts, session["refresh_token"], grandchild)
    assert (await accounts.get("/user", token=other_device["access_token"])).status_code == 200


async def _let_pass(accounts: Accounts, session: dict[str, Any], *, seconds: float) -> None:
    await accounts.execute(
        "UPDATE auth.sessions SET last_rotated_at = last_rotated_at - make_interval(secs => $2)"
        " WHERE user_id = $1::text::uuid",
        session["user"]["id"],
        seconds,
    )


async def _is_revoked(accounts: Accounts, stolen: str, current: dict[str, Any]) -> None:
    answer = await accounts.refresh(stolen)
    assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_already_used")
    assert answer.json()["message"] == "Invalid Refresh Token: Already Used"
    read = await accounts.get("/user", token=current["access_token"])
    assert (read.status_code, read.json()["code"]) == (403, "session_not_found")
    assert (await accounts.refresh(current["refresh_token"])).json()["code"] == "refresh_token_not_found"


@pytest.mark.parametrize("token", ["", "abcdefghijkl", "x" * 60, "é", "\0", "A" * 5000])
async def test_unknown_token_is_not_found(accounts: Accounts, token: str):
    answer = await accounts.refresh(token)
    assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_not_found")
    assert answer.json()["message"] == "Invalid Refresh Token: Refresh Token Not Found"


async def test_token_signed_with_another_key_is_not_found_and_harms_nobody(accounts: Accounts):
    session = await accounts.sign_up()
    read = refresh_tokens.parse(session["refresh_token"])
    assert read is not None
    for counter in (0, 1, 7):
        forged = refresh_tokens.issue(read.session_id, counter, b"x" * 32)
        assert (await accounts.refresh(forged)).json()["code"] == "refresh_token_not_found"
    assert (await accounts.refresh(session["refresh_token"])).status_code == 200


async def test_session_past_its_end_is_over(accounts: Accounts):
    session = await accounts.sign_up()
    user_id = session["user"]["id"]
    await accounts.execute("UPDATE auth.sessions SET not_after = now() WHERE user_id = $1::text::uuid", user_id)
    assert (await accounts.refresh(session["refresh_token"])).json()["code"] == "session_expired"
    assert (await accounts.get("/user", token=session["access_token"])).json()["code"] == "session_not_found"


@pytest.mark.parametrize(("scope", "here", "there"), [("global", 403, 403), ("local", 403, 200), ("others", 200, 403)])
async def test_sign_out_ends_the_sessions_of_its_scope(accounts: Accounts, scope: str, here: int, there: int):
    email = new_email()
    await accounts.sign_up(email)
    one, two = (await accounts.sign_in(email)).json(), (await accounts.sign_in(email)).json()
    stranger = await accounts.sign_up()
    answer = await accounts.post(f"/logout?scope={scope}", token=one["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await accounts.get("/user", token=one["access_token"])).status_code == here
    assert (await accounts.get("/user", token=two["access_token"])).status_code == there
    assert (await accounts.refresh(two["refresh_token"])).status_code == (200 if there == 200 else 400)
    assert (await accounts.get("/user", token=stranger["access_token"])).status_code == 200


async def test_sign_out_is_global_by_default(accounts: Accounts):
    email = new_email()
    one, two = await accounts.sign_up(email), (await accounts.sign_in(email)).json()
    assert (await accounts.post("/logout", token=one["access_token"])).status_code == 204
    assert (await accounts.get("/user", token=two["access_token"])).json()["code"] == "session_not_found"


async def test_unknown_scope_is_refused(accounts: Accounts):
    session = await accounts.sign_up()
    answer = await accounts.post("/logout?scope=everybody", token=session["access_token"])
    assert (answer.status_code, answer.json()["message"]) == (400, 'Unsupported logout scope "everybody"')


async def test_new_password_signs_other_devices_out(accounts: Accounts):
    email = new_email()
    here, there = await accounts.sign_up(email), (await accounts.sign_in(email)).json()
    body = {"password": "another password", "current_password": PASSWORD}
    assert (await accounts.put("/user", body, token=here["access_token"])).status_code == 200
    assert (await accounts.get("/user", token=here["access_token"])).status_code == 200
    assert (await accounts.get("/user", token=there["access_token"])).json()["code"] == "session_not_found"
    assert (await accounts.sign_in(email)).json()["code"] == "invalid_credentials"
    assert (await accounts.sign_in(email, "another password")).status_code == 200
