"""Token requests of OAuth 2.0 and OpenID Connect, as policies describe them."""

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote_plus

import jwt

from activities.authentication.authorization import text, wrong

Members = Mapping[str, object]

TOKEN_PATH = "/oauth2/token"  # noqa: S105  a path
ASSERTION_SECONDS = 60
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What is sent to a token endpoint."""

    fields: dict[str, str]
    headers: dict[str, str]
    as_json: bool


def authority_of(members: Members) -> str:
    return text(members, "authority", "the policy").rstrip("/")


def token_endpoint(members: Members) -> str:
    """Where an `oauth2` policy asks for tokens."""
    path = inside(members, "endpoints").get("token", TOKEN_PATH)
    if not isinstance(path, str):
        raise wrong("endpoints.token must be text")
    if path.lower().startswith(("http://", "https://")):
        return path
    return f"{authority_of(members)}/{path.lstrip('/')}"


def token_request(members: Members, endpoint: str, refresh_token: str | None = None) -> TokenRequest:
    """The request that a policy makes; `refresh_token` is a newer one than the policy's, if the server gave one."""
    grant = text(members, "grant", "the policy")
    fields = {"grant_type": grant, **_grant_fields(grant, members, refresh_token)}
    for name, parameter in (("scopes", "scope"), ("audiences", "audience")):
        listed = _texts(members, name)
        if listed:
            fields[parameter] = " ".join(listed)
    client, headers = inside(members, "client"), {"Accept": "application/json"}
    method = client.get("authentication", "client_secret_post")
    authenticate = _CLIENTS.get(method) if isinstance(method, str) else None
    if authenticate is None:
        raise wrong(f"client.authentication must be one of {', '.join(_CLIENTS)}")
    authenticate(client, endpoint, fields, headers)
    encoding = inside(members, "request").get("encoding", "form")
    return TokenRequest(fields, headers, as_json=encoding in {"json", "application/json"})


def inside(members: Members, name: str) -> Members:
    value = members.get(name)
    return cast("Members", value) if isinstance(value, Mapping) else {}


def issuers_of(members: Members) -> list[str]:
    return _texts(members, "issuers")


def _grant_fields(grant: str, members: Members, refresh_token: str | None) -> dict[str, str]:
    if grant == "password":
        return {name: text(members, name, "the grant password") for name in ("username", "password")}
    if grant == "refresh_token":
        return {"refresh_token": refresh_token or text(members, "refreshToken", "the grant refresh_token")}
    if grant == "authorization_code":
        fields = {"code": text(members, "code", "the grant authorization_code")}
        for name, parameter in (("redirectUri", "redirect_uri"), ("codeVerifier", "code_verifier")):
            if name in members:
                fields[parameter] = text(members, name, "the grant authorization_code")
        return fields
    return _exchanged(members) if grant == _EXCHANGE else {}


def _exchanged(members: Members) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name in ("subject", "actor"):
        party = inside(members, name)
        if name == "subject" or party:
            fields[f"{name}_token"] = text(party, "token", name)
            fields[f"{name}_token_type"] = text(party, "type", name)
    return fields


def _by_post(client: Members, endpoint: str, fields: dict[str, str], headers: dict[str, str]) -> None:
    del endpoint, headers
    # Some grants need no client at all, so what is not given is not sent.
    if "id" in client:
        fields["client_id"] = text(client, "id", "client")
    if "secret" in client:
        fields["client_secret"] = text(client, "secret", "client")


def _by_header(client: Members, endpoint: str, fields: dict[str, str], headers: dict[str, str]) -> None:
    del endpoint, fields
    pair = f"{quote_plus(text(client, 'id', 'client'))}:{quote_plus(text(client, 'secret', 'client'))}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"


def _by_secret_assertion(client: Members, endpoint: str, fields: dict[str, str], headers: dict[str, str]) -> None:
    del headers
    _assert(client, endpoint, fields, "secret", "HS256")


def _by_key_assertion(client: Members, endpoint: str, fields: dict[str, str], headers: dict[str, str]) -> None:
    del headers
    _assert(client, endpoint, fields, "key", str(client.get("algorithm", "RS256")))


def _by_nothing(client: Members, endpoint: str, fields: dict[str, str], headers: dict[str, str]) -> None:
    del endpoint, headers
    fields["client_id"] = text(client, "id", "client")


def _assert(client: Members, endpoint: str, fields: dict[str, str], key: str, algorithm: str) -> None:
    """RFC 7523: the author's own assertion, or one that is signed here with the client's secret or private key."""
    assertion = client.get("assertion")
    if assertion is None:
        assertion = _signed(client, endpoint, text(client, key, "client"), algorithm)
    elif not isinstance(assertion, str):
        raise wrong("client.assertion must be text")
    if "id" in client:
        fields["client_id"] = text(client, "id", "client")
    fields |= {"client_assertion_type": _ASSERTION, "client_assertion": assertion}


def _signed(client: Members, endpoint: str, key: str, algorithm: str) -> str:
    name, now = text(client, "id", "client"), int(time.time())
    claims = {"iss": name, "sub": name, "aud": endpoint, "jti": uuid.uuid4().hex, "iat": now}
    headers = {"kid": text(client, "keyId", "client")} if "keyId" in client else None
    try:
        return jwt.encode(claims | {"exp": now + ASSERTION_SECONDS}, key, algorithm=algorithm, headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
        # Not its message: it may quote the key.
        raise wrong(f"the client's key does not sign with {algorithm}: give a PEM, and client.algorithm") from None


_CLIENTS: Mapping[str, Callable[[Members, str, dict[str, str], dict[str, str]], None]] = {
    "client_secret_post": _by_post,
    "client_secret_basic": _by_header,
    "client_secret_jwt": _by_secret_assertion,
    "private_key_jwt": _by_key_assertion,
    "none": _by_nothing,
}


def _texts(members: Members, name: str) -> list[str]:
    value = members.get(name, [])
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise wrong(f"{name} must be a list of texts")
    return [str(item) for item in items]
