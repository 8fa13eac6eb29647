"""Tokens of OAuth 2.0 and OpenID Connect: asked for once, kept in the worker until shortly before they expire."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlencode

import jwt
from temporalio.exceptions import ApplicationError

from activities.authentication.authorization import Authorization, wrong
from activities.authentication.oauth import authority_of, issuers_of, token_endpoint, token_request
from activities.authentication.redaction import Redactor
from activities.faults import fault
from workflows.language.problems import Kind
from zilliance.outbound import (
    OutboundClient,
    OutboundFailedError,
    OutboundFailure,
    OutboundRefusedError,
    OutboundRequest,
    OutboundResponse,
)

Members = Mapping[str, object]

EARLY_SECONDS = 30.0  # a token that is used until its last second is refused on the way
LONGEST_KEPT = 86_400.0
KEPT_TOKENS = 256
DISCOVERY_SECONDS = 300.0
MOST_BYTES = 64 * 1024
DISCOVERY = "/.well-known/openid-configuration"
_FORBIDDEN = 403
_REFUSALS = range(400, 500)


@dataclass(slots=True)
class _Kept:
    """What one policy has been given. One at a time asks for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    authorization: Authorization | None = None
    until: float = 0.0
    refresh_token: str | None = None
    endpoint: str | None = None
    endpoint_until: float = 0.0


class TokenKeeper:
    """Asks for tokens and keeps them, by a digest of the policy with all its credentials."""

    def __init__(self, outbound: OutboundClient) -> None:
        self._outbound = outbound
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def token(self, kind: str, members: Members, redactor: Redactor, seconds: float) -> Authorization:
        """The token of a policy. Raises faults of kind authentication, authorization, communication or timeout."""
        kept = self._of(kind, members)
        try:
            # Also for the wait on others who ask for the same token.
            async with asyncio.timeout(seconds), kept.lock:
                if kept.authorization is None or kept.until <= _now():
                    await self._renew(kept, kind, members, redactor, seconds)
                authorization = kept.authorization
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, f"there was no token within {seconds:g} s") from error
        if authorization is None:
            raise wrong("the token was withdrawn meanwhile")
        redactor.learn(authorization.parameter)
        return authorization

    def forget(self, kind: str, members: Members, refused: Authorization) -> bool:
        """Drop a token that a host refused; true when it was one that was kept, so that a new one may do better."""
        kept = self._of(kind, members)
        if kept.authorization is None:
            return True  # another call was refused before: a new one is coming
        if kept.until <= _now():
            return False
        if kept.authorization == refused:
            kept.authorization = None
        return True

    def _of(self, kind: str, members: Members) -> _Kept:
        key = hashlib.sha256(json.dumps([kind, members], sort_keys=True).encode()).hexdigest()
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_TOKENS:
            self._kept.popitem(last=False)
        return kept

    async def _renew(self, kept: _Kept, kind: str, members: Members, redactor: Redactor, seconds: float) -> None:
        endpoint = await self._endpoint(kept, kind, members, seconds)
        request = token_request(members, endpoint, kept.refresh_token)
        body = json.dumps(request.fields) if request.as_json else urlencode(request.fields)
        media = "application/json" if request.as_json else "application/x-www-form-urlencoded"
        response = await self._send(
            "POST", endpoint, {**request.headers, "Content-Type": media}, body.encode(), seconds=seconds
        )
        answer = _answer(response, endpoint)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise wrong(f"{endpoint:.200} answered without an access_token")
        redactor.learn([token, answer.get("refresh_token"), answer.get("id_token")])
        _check_issuer(token, issuers_of(members))
        scheme = str(answer.get("token_type") or "Bearer")
        kept.authorization = Authorization("Bearer" if scheme.lower() == "bearer" else scheme, token)
        kept.until = _now() + _lifetime(answer.get("expires_in"))
        refresh_token = answer.get("refresh_token")
        if isinstance(refresh_token, str) and refresh_token:
            kept.refresh_token = refresh_token

    async def _endpoint(self, kept: _Kept, kind: str, members: Members, seconds: float) -> str:
        if kind != "oidc":
            return token_endpoint(members)
        if kept.endpoint is None or kept.endpoint_until <= _now():
            kept.endpoint = await self._discovered(members, seconds)
            kept.endpoint_until = _now() + DISCOVERY_SECONDS
        return kept.endpoint

    async def _discovered(self, members: Members, seconds: float) -> str:
        """The token endpoint that the authority's own document names."""
        authority = authority_of(members)
        address = authority + DISCOVERY
        document = _answer(await self._send("GET", address, {"Accept": "application/json"}, None, seconds), address)
        endpoint, issuer = document.get("token_endpoint"), str(document.get("issuer", "")).rstrip("/")
        accepted = {authority, *(each.rstrip("/") for each in issuers_of(members))}
        if issuer not in accepted:
            raise wrong(f"{address:.200} is of the issuer {issuer!r:.200}: add it to the policy's issuers to trust it")
        if not isinstance(endpoint, str):
            raise wrong(f"{address:.200} names no token_endpoint")
        return endpoint

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, seconds: float
    ) -> OutboundResponse:
        request = OutboundRequest(
            method=method, url=url, headers=headers, body=body, timeout=seconds, max_bytes=MOST_BYTES
        )
        try:
            return await self._outbound.request(request)
        except OutboundRefusedError as error:
            raise fault(Kind.COMMUNICATION, error.message, status=400, title="Refused") from error
        except OutboundFailedError as error:
            kind = Kind.TIMEOUT if error.kind is OutboundFailure.TIMEOUT else Kind.COMMUNICATION
            raise fault(kind, error.message) from error


def _now() -> float:
    return asyncio.get_running_loop().time()


def _answer(response: OutboundResponse, address: str) -> Members:
    """A JSON object; raises the fault that any other answer means."""
    answer = _object(response.body)
    if response.status in range(200, 300) and answer:
        return answer
    said = " ".join(str(answer[name]) for name in ("error", "error_description") if name in answer)
    raise _refusal(response.status, f"{address:.200} answered {response.status}: {said or 'nothing that says why'}")


def _object(body: bytes) -> Members:
    """A JSON object; an empty one for anything else."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("Members", found) if isinstance(found, Mapping) else {}


def _refusal(status: int, detail: str) -> ApplicationError:
    if status == _FORBIDDEN:
        return fault(Kind.AUTHORIZATION, detail)
    # 400 too: that is how RFC 6749 refuses credentials.
    return fault(Kind.AUTHENTICATION, detail) if status in _REFUSALS else fault(Kind.COMMUNICATION, detail)


def _lifetime(expires_in: object) -> float:
    """Seconds that a token is kept: none when the server does not say how long it lives."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return 0.0
    return max(0.0, min(seconds - EARLY_SECONDS, LONGEST_KEPT))


def _check_issuer(token: str, issuers: list[str]) -> None:
    """Where the policy names issuers, a token that says another is refused; one that says none cannot be judged."""
    if not issuers:
        return
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError:
        return
    if issuer is not None and str(issuer).rstrip("/") not in {each.rstrip("/") for each in issuers}:
        raise wrong(f"the token is of the issuer {issuer!r:.200}, which is not among the policy's issuers")
