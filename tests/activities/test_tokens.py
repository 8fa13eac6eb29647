"""Digest, OAuth 2.0 and OpenID Connect against a server of their kind: what is asked for, kept, and refused."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from activities.authentication import tokens
from tests.activities.authority import SECRET, Authority
from tests.activities.calling import Calling
from zilliance.outbound import OutboundClient

AUTHORITY = "http://auth.example.com"
CLIENT = {"id": "client", "secret": SECRET}


@pytest.fixture
async def authority() -> AsyncGenerator[Authority]:
    async with Authority.listening() as authority:
        yield authority


@pytest.fixture
async def calling(authority: Authority) -> AsyncGenerator[Calling]:
    egress = {AUTHORITY: authority.url, "http://api.example.com": authority.url}
    async with OutboundClient(allow_http=True, egress_map=egress) as client:
        yield Calling(client)


def page(kind: str = "oauth2", **members: Any) -> dict[str, Any]:
    policy = {kind: {"authority": AUTHORITY, "grant": "client_credentials", "client": CLIENT, **members}}
    return {"method": "GET", "endpoint": {"uri": "http://api.example.com/page", "authentication": policy}}


async def test_a_token_is_asked_for_once_and_never_comes_back(authority: Authority, calling: Calling) -> None:
    for _ in range(3):
        assert await calling.call("http", page(scopes=["a", "b"], audiences=["x"])) == {"with": "***"}
    (asked,) = authority.requests
    assert asked == {
        "grant_type": "client_credentials",
        "scope": "a b",
        "audience": "x",
        "client_id": "client",
        "client_secret": SECRET,
        "_json": False,
        "_path": "/oauth2/token",
    }


async def test_another_policy_has_another_token(authority: Authority, calling: Calling) -> None:
    await calling.call("http", page(scopes=["a"]))
    await calling.call("http", page(scopes=["b"]))
    assert len(authority.given) == 2


@pytest.mark.parametrize("seconds", [29, None])
async def test_a_token_that_is_about_to_expire_or_does_not_say_when_is_not_kept(
    authority: Authority, calling: Calling, seconds: int | None
) -> None:
    authority.expires_in = seconds
    for _ in range(2):
        await calling.call("http", page())
    assert len(authority.given) == 2


async def test_a_kept_token_that_was_withdrawn_is_replaced_once(authority: Authority, calling: Calling) -> None:
    await calling.call("http", page())
    authority.withdrawn |= set(authority.given)
    assert await calling.call("http", page()) == {"with": "***"}
    assert len(authority.given) == 2
    authority.withdrawn |= {f"token-{number}-{'x' * 20}" for number in range(9)}
    assert (await calling.fault("http", page()))["status"] == 401
    assert len(authority.given) == 3


async def test_calls_whose_token_is_withdrawn_under_them_share_a_new_one(
    authority: Authority, calling: Calling
) -> None:
    await calling.call("http", page())
    authority.withdrawn |= set(authority.given)
    authority.refused_together = asyncio.Barrier(5)
    assert await asyncio.gather(*(calling.call("http", page()) for _ in range(5))) == [{"with": "***"}] * 5
    assert len(authority.given) == 2


async def test_tokens_of_one_use_are_not_asked_for_again(authority: Authority, calling: Calling) -> None:
    authority.expires_in = None
    authority.withdrawn |= {f"token-{number}-{'x' * 20}" for number in range(9)}
    authority.refused_together = asyncio.Barrier(2)
    problems = await asyncio.gather(*(calling.fault("http", page()) for _ in range(2)))
    assert [problem["status"] for problem in problems] == [401, 401]
    assert len(authority.given) == 2


@pytest.mark.parametrize(
    "client",
    [
        CLIENT | {"authentication": "client_secret_post"},
        CLIENT | {"authentication": "client_secret_basic"},
        CLIENT | {"authentication": "client_secret_jwt"},
        {"id": "client", "key": SECRET, "algorithm": "HS256", "authentication": "private_key_jwt"},
        {"id": "client", "authentication": "none"},
    ],
    ids=lambda client: str(client["authentication"]),
)
async def test_each_way_to_authenticate_the_client(
    authority: Authority, calling: Calling, client: dict[str, str]
) -> None:
    assert await calling.call("http", page(client=client)) == {"with": "***"}
    secret_sent = "client_secret" in authority.requests[0]
    assert secret_sent is (client["authentication"] == "client_secret_post")


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"grant": "password", "username": "ada", "password": "pw"}, {"username": "ada", "password": "pw"}),
        (
            {"grant": "authorization_code", "code": "c", "redirectUri": "http://r", "codeVerifier": "v"},
            {"code": "c", "redirect_uri": "http://r", "code_verifier": "v"},
        ),
        (
            {
                "grant": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject": {"token": "s", "type": "urn:t"},
                "actor": {"token": "a", "type": "urn:u"},
            },
            {"subject_token": "s", "subject_token_type": "urn:t", "actor_token": "a", "actor_token_type": "urn:u"},
        ),
    ],
)
async def test_each_grant_sends_what_it_needs(
    authority: Authority, calling: Calling, members: dict[str, Any], fields: dict[str, str]
) -> None:
    await calling.call("http", page(**members, request={"encoding": "application/json"}))
    asked = authority.requests[0]
    assert asked["grant_type"] == members["grant"]
    assert asked["_json"] is True
    assert {name: asked[name] for name in fields} == fields


async def test_a_newer_refresh_token_is_used_the_next_time(authority: Authority, calling: Calling) -> None:
    authority.expires_in = 1
    for _ in range(2):
        await calling.call("http", page(grant="refresh_token", refreshToken="first"))
    assert [asked["refresh_token"] for asked in authority.requests] == ["first", f"refresh-1-{'y' * 20}"]


async def test_oidc_discovers_where_tokens_are(authority: Authority, calling: Calling) -> None:
    for _ in range(2):
        assert await calling.call("http", page("oidc")) == {"with": "***"}
    assert (authority.requests[0]["_path"], authority.discoveries) == ("/other/token", 1)


async def test_a_discovery_of_another_issuer_is_not_trusted_unless_named(
    authority: Authority, calling: Calling
) -> None:
    authority.issuer = "http://elsewhere.example"
    problem = await calling.fault("http", page("oidc"))
    assert problem["status"] == 401
    assert "add it to the policy's issuers" in problem["detail"]
    assert authority.requests == []
    await calling.call("http", page("oidc", issuers=["http://elsewhere.example"]))


async def test_a_token_of_another_issuer_is_refused(authority: Authority, calling: Calling) -> None:
    authority.issue_jwt = True
    await calling.call("http", page(issuers=[AUTHORITY]))
    problem = await calling.fault("http", page(issuers=["http://trusted.example"]))
    assert "not among the policy's issuers" in problem["detail"]


@pytest.mark.parametrize(
    ("status", "kind", "answered"),
    [
        (400, "authentication", 401),
        (401, "authentication", 401),
        (403, "authorization", 403),
        (500, "communication", 500),
    ],
)
async def test_a_refused_token_is_a_fault_of_its_kind(
    authority: Authority, calling: Calling, status: int, kind: str, answered: int
) -> None:
    authority.refuse_with = status
    problem = await calling.fault("http", page())
    assert (problem["type"].rpartition("/")[2], problem["status"]) == (kind, answered)
    assert "invalid_scope no" in problem["detail"]
    assert SECRET not in str(problem)


@pytest.mark.parametrize(
    "members",
    [
        {"authority": None},
        {"client": {"id": "client", "secret": 5}},
        {"client": {"authentication": "mtls"}},
        {"client": {"id": "c", "authentication": "private_key_jwt", "key": "no pem"}},
        {"scopes": [1]},
        {"grant": "password"},
    ],
)
async def test_a_policy_that_is_not_complete_is_an_authentication_fault(
    authority: Authority, calling: Calling, members: dict[str, Any]
) -> None:
    problem = await calling.fault("http", page(**members))
    assert (problem["type"].rpartition("/")[2], problem["status"]) == ("authentication", 401), problem
    assert authority.requests == []


async def test_an_authority_inside_is_refused(calling: Calling) -> None:
    problem = await calling.fault("http", page(authority="http://127.0.0.1:8080"))
    assert (problem["status"], problem["title"]) == (400, "Refused")


async def test_digest_answers_the_challenge_for_the_very_request(authority: Authority, calling: Calling) -> None:
    policy = {"digest": {"username": "ada", "password": "pass word"}}
    arguments = {
        "method": "POST",
        "endpoint": {"uri": "http://api.example.com/digest?a=b c", "authentication": policy},
        "body": {"n": 1},
    }
    assert await calling.call("http", arguments) == "in"
    assert [asked["body"] for asked in authority.requests] == ['{"n": 1}', '{"n": 1}']
    policy["digest"]["password"] = "wrong"
    assert (await calling.fault("http", arguments))["status"] == 401
    arguments["endpoint"] = {"uri": "http://api.example.com/page", "authentication": policy}
    assert "offers no digest" in (await calling.fault("http", arguments))["detail"]


async def test_only_so_many_tokens_are_kept(
    authority: Authority, calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "KEPT_TOKENS", 1)
    for scope in ("a", "b", "a"):
        await calling.call("http", page(scopes=[scope]))
    assert len(authority.given) == 3


async def test_a_slow_authority_ends_the_call_at_its_own_time(authority: Authority, calling: Calling) -> None:
    authority.slow = True
    faults = await asyncio.gather(*(calling.fault("http", page(), seconds=0.3) for _ in range(3)))
    assert {fault["type"].rpartition("/")[2] for fault in faults} == {"timeout"}
