"""From a policy to authenticated requests: one place for every kind of policy and every kind of call."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import cast

from activities.authentication import digest
from activities.authentication.authorization import Authorization, basic, bearer, text, wrong
from activities.authentication.redaction import Redactor
from activities.authentication.tokens import TokenKeeper
from zilliance.outbound import OutboundClient, OutboundRequest, OutboundResponse
from zilliance.outbound_rules import origin_of, parse_url

Policy = Mapping[str, object]
Members = Mapping[str, object]

_PLAIN: Mapping[str, Callable[[Members], Authorization]] = {"basic": basic, "bearer": bearer}
_TOKENS = ("oauth2", "oidc")


class Authenticator:
    """Follows policies; one a worker, for it keeps tokens."""

    def __init__(self, outbound: OutboundClient) -> None:
        self._outbound = outbound
        self._tokens = TokenKeeper(outbound)

    async def authorize(self, policy: Policy, redactor: Redactor, seconds: float) -> Authorization:
        """What the policy comes to before any request.

        Raises a fault of kind authentication, authorization, communication or timeout. Digest comes to nothing before
        the server's challenge: only `send` can follow it.
        """
        kind, members = _kind_of(policy)
        if kind in _TOKENS:
            return await self._tokens.token(kind, members, redactor, seconds)
        plain = _PLAIN.get(kind)
        if plain is None:
            raise wrong(f"authentication of kind {kind} can only be used for requests over HTTP")
        authorization = plain(members)
        redactor.learn(authorization.parameter)
        return authorization

    async def send(self, request: OutboundRequest, policy: Policy | None, redactor: Redactor) -> OutboundResponse:
        """Send a request under a policy. Raises what the client raises, and faults of the policy."""
        if policy is None:
            return await self._outbound.request(request)
        kind, members = _kind_of(policy)
        if kind == "digest":
            return await self._challenged(request, members, redactor)
        authorization = await self.authorize(policy, redactor, request.timeout)
        response = await self._outbound.request(with_header(request, "Authorization", authorization.header))
        refused = response.status == HTTPStatus.UNAUTHORIZED
        if refused and kind in _TOKENS and self._tokens.forget(kind, members, authorization):
            # It was kept from an earlier call and may have been withdrawn since.
            authorization = await self.authorize(policy, redactor, request.timeout)
            response = await self._outbound.request(with_header(request, "Authorization", authorization.header))
        return response

    async def _challenged(self, request: OutboundRequest, members: Members, redactor: Redactor) -> OutboundResponse:
        """Ask without credentials, and again with the answer to the challenge."""
        credentials = {name: text(members, name, "digest") for name in ("username", "password")}
        redactor.learn(credentials["password"])
        response = await self._outbound.request(request)
        url = parse_url(response.url)
        if response.status != HTTPStatus.UNAUTHORIZED or origin_of(url) != origin_of(parse_url(request.url)):
            return response
        challenge = digest.challenge_of(response.headers.get("www-authenticate", ""))
        if challenge is None:
            raise wrong(f"{url.host} offers no digest authentication with MD5 or SHA-256 and qop auth")
        answer = digest.answer(challenge, credentials, request.method.upper(), url.raw_path_qs)
        again = with_header(replace(request, url=response.url), "Authorization", answer.header)
        return await self._outbound.request(again)


def with_header(request: OutboundRequest, name: str, value: str) -> OutboundRequest:
    """The request with a header in place of any other of that name."""
    others = {key: each for key, each in request.headers.items() if key.lower() != name.lower()}
    return replace(request, headers={**others, name: value})


def _kind_of(policy: Policy) -> tuple[str, Members]:
    if len(policy) != 1:
        raise wrong("an authentication policy has exactly one kind")
    kind, members = next(iter(policy.items()))
    if not isinstance(members, Mapping):
        # Not shown: it is a secret, or was made from one.
        raise wrong(f"authentication.{kind} must be an object of its members, such as a secret that is one")
    return kind, cast("Members", members)
