"""What every request meets: the project's key, bodies that are none, and what the service says of itself."""

import pytest

from tests.api.auth.people import PASSWORD, Accounts, new_email

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", ["/user", "/settings", "/admin/users"])
async def test_key_is_required(accounts: Accounts, path: str):
    accounts_key = accounts.http.headers.pop("apikey")
    try:
        missing = await accounts.get(path)
        by_query = await accounts.get(f"{path}?apikey={accounts_key}")
    finally:
        accounts.http.headers["apikey"] = accounts_key
    assert missing.status_code == 401
    assert missing.json()["message"] == "No API key found in request"
    assert by_query.json().get("message") != "No API key found in request"
    wrong = await accounts.http.get(path, headers={"apikey": "nonsense"})
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Invalid API key")


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/health"])
async def test_open_paths_need_no_key(accounts: Accounts, path: str):
    accounts_key = accounts.http.headers.pop("apikey")
    try:
        assert (await accounts.get(path)).status_code == 200
    finally:
        accounts.http.headers["apikey"] = accounts_key


async def test_public_key_verifies_an_access_token(accounts: Accounts):
    answer = await accounts.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=600"
    (key,) = answer.json()["keys"]
    assert (key["alg"], key["use"], key["kty"], key["crv"]) == ("ES256", "sig", "EC", "P-256")
    assert "d" not in key, "the private part stays here"


async def test_settings_say_what_is_allowed(accounts: Accounts, strict_accounts: Accounts):
    relaxed, strict = (await accounts.get("/settings")).json(), (await strict_accounts.get("/settings")).json()
    assert (relaxed["mailer_autoconfirm"], strict["mailer_autoconfirm"]) == (True, False)
    assert (relaxed["external"]["anonymous_users"], strict["external"]["anonymous_users"]) == (True, False)
    assert relaxed["external"]["email"] is True
    assert relaxed["external"]["google"] is False


MALFORMED = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "a lone surrogate": b'{"email": "\\ud800@example.com", "password": "long enough"}',
    "a deep array": b"[" * 100_000,
    "an array": b"[]",
    "a number": b"7",
    "null": b"null",
    "a number as address": b'{"email": 7, "password": "long enough"}',
    "an array as password": b'{"email": "ada@example.com", "password": ["x"]}',
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("path", ["/signup", "/token?grant_type=password"])
async def test_malformed_body_is_refused_in_the_envelope(accounts: Accounts, path: str, name: str):
    answer = await accounts.http.post(path, content=MALFORMED[name], headers=JSON)
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] in {"bad_json", "validation_failed"}
    assert body["error"] == body["message"] == body["msg"]


async def test_data_is_an_object(accounts: Accounts):
    answer = await accounts.post("/signup", {"email": new_email(), "password": PASSWORD, "data": [1]})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert answer.json()["message"].startswith("data: ")


@pytest.mark.parametrize("value", ['"a\\u0000b"', "NaN", "Infinity", "1e999", '{"a\\u0000": 1}'])
async def test_data_that_json_cannot_store_is_refused(accounts: Accounts, value: str):
    email = new_email()
    content = f'{{"email": "{email}", "password": "{PASSWORD}", "data": {{"a": {value}}}}}'
    answer = await accounts.http.post("/signup", content=content.encode(), headers=JSON)
    assert answer.status_code == 400
    assert (await accounts.sign_in(email)).json()["code"] == "invalid_credentials", "nothing was made"


async def test_large_numbers_stay_what_they_are(accounts: Accounts):
    session = await accounts.sign_up(number=12345678901234567890)
    assert session["user"]["user_metadata"]["number"] == 12345678901234567890


async def test_unknown_fields_are_ignored(accounts: Accounts):
    body = {"email": new_email(), "password": PASSWORD, "gotrue_meta_security": {}, "code_challenge": None, "x": 1}
    assert (await accounts.post("/signup", body)).status_code == 200


async def test_content_type_does_not_matter(accounts: Accounts):
    content = f'{{"email": "{new_email()}", "password": "{PASSWORD}"}}'.encode()
    answer = await accounts.http.post("/signup", content=content, headers={"content-type": "text/plain"})
    assert answer.status_code == 200


async def test_surface_is_documented(accounts: Accounts):
    paths = accounts.app.openapi()["paths"]
    for path in ("/signup", "/token", "/logout", "/user", "/admin/users", "/admin/users/{user_id}", "/settings"):
        assert f"/auth/v1{path}" in paths
    body = paths["/auth/v1/signup"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["examples"][0]["email"] == "ada@example.com"
    assert paths["/auth/v1/signup"]["post"]["tags"] == ["auth"]
