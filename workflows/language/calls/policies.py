"""Authentication policies as documents write them: their members, and the checks that need no value of theirs."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode
from workflows.language.late import SECRETS
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

# What `$authorization.scheme` says for each kind of policy.
SCHEMES: Mapping[str, str] = {
    "basic": "Basic",
    "bearer": "Bearer",
    "digest": "Digest",
    "oauth2": "Bearer",
    "oidc": "Bearer",
}

GRANTS = (
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
CLIENT_METHODS = ("client_secret_post", "client_secret_basic", "client_secret_jwt", "private_key_jwt", "none")
ENCODINGS = ("application/x-www-form-urlencoded", "application/json", "form", "json")

_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "digest": ("username", "password"),
    "bearer": ("token",),
}
_OIDC = (
    *("authority", "grant", "client", "request", "issuers", "scopes", "audiences"),
    *("username", "password", "subject", "actor"),
    # What the grants refresh_token and authorization_code need; the standard's text has no place for them.
    *("refreshToken", "code", "redirectUri", "codeVerifier"),
)
_OAUTH2 = ("endpoints", *_OIDC)
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "password": ("username", "password"),
    "refresh_token": ("refreshToken",),
    "authorization_code": ("code",),
    "urn:ietf:params:oauth:grant-type:token-exchange": ("subject",),
}


def in_place(policy: Mapping[str, object]) -> Mapping[str, object]:
    """A policy whose members are a secret, as in `basic: {use: name}`, with the expression that reads it instead."""
    return {kind: _members(members) for kind, members in policy.items()}


def _members(members: object) -> object:
    if not isinstance(members, Mapping):
        return members
    name = cast("Mapping[str, object]", members).get("use")
    return f"${{ ${SECRETS}[{json.dumps(name)}] }}" if isinstance(name, str) else cast("object", members)


def check_policy(checker: "Checker", value: object, pointer: str, scope: "Scope", *, named: bool = False) -> None:
    """An authentication policy; `named` is one in `use.authentications`, which cannot name another."""
    kinds = tuple(SCHEMES) if named else ("use", *SCHEMES)
    policy = checker.fields(value, pointer, kinds, what="authentication")
    if policy is None:
        return
    if len(policy) != 1:
        message = f"authentication has exactly one of {', '.join(kinds)}"
        checker.error(pointer, IssueCode.INVALID_VALUE, message, 'write {"bearer": {"token": "${ $secrets.name }"}}')
        return
    kind, members = next(iter(policy.items()))
    if kind == "use":
        _check_use(checker, members, f"{pointer}/use", "authentications", scope)
    elif kind in SCHEMES:
        _check_kind(checker, kind, members, f"{pointer}/{kind}", scope)


def _check_kind(checker: "Checker", kind: str, members: object, pointer: str, scope: "Scope") -> None:
    if _names_a_secret(members):
        uses = checker.fields(members, pointer, ("use",), what=kind)
        _check_use(checker, (uses or {}).get("use"), f"{pointer}/use", "secrets", scope)
        return
    if kind in _MEMBERS:
        checker.fields(members, pointer, _MEMBERS[kind], required=_MEMBERS[kind], what=kind)
    else:
        _check_oauth(checker, kind, members, pointer)
    checker.template(members, pointer, scope.late())


def _check_oauth(checker: "Checker", kind: str, value: object, pointer: str) -> None:
    allowed = _OAUTH2 if kind == "oauth2" else _OIDC
    members = checker.fields(value, pointer, allowed, required=("authority", "grant"), what=kind)
    if members is None:
        return
    grant = members.get("grant", GRANTS[1])
    if not _is_expression(grant):
        checker.one_of(grant, f"{pointer}/grant", GRANTS)
        needed = _NEEDED.get(grant, ()) if isinstance(grant, str) else ()
        for name in (name for name in needed if name not in members):
            checker.error(pointer, IssueCode.MISSING_PROPERTY, f'the grant {grant} needs the property "{name}"')
    endpoints = members.get("endpoints", {})
    checker.fields(endpoints, f"{pointer}/endpoints", ("token", "revocation", "introspection"), what="endpoints")
    for name in ("subject", "actor"):
        if name in members:
            checker.fields(members[name], f"{pointer}/{name}", ("token", "type"), required=("token", "type"), what=name)
    request = checker.fields(members.get("request", {}), f"{pointer}/request", ("encoding",), what="request") or {}
    _check_choice(checker, request.get("encoding", ENCODINGS[0]), f"{pointer}/request/encoding", ENCODINGS)
    fields = ("id", "secret", "assertion", "authentication", "key", "keyId", "algorithm")
    client = checker.fields(members.get("client", {}), f"{pointer}/client", fields, what="client") or {}
    method = client.get("authentication", CLIENT_METHODS[0])
    _check_choice(checker, method, f"{pointer}/client/authentication", CLIENT_METHODS)


def _check_choice(checker: "Checker", value: object, pointer: str, options: tuple[str, ...]) -> None:
    if not _is_expression(value):
        checker.one_of(value, pointer, options)


def _names_a_secret(members: object) -> bool:
    return isinstance(members, Mapping) and "use" in members


def _check_use(checker: "Checker", name: object, pointer: str, kind: str, scope: "Scope") -> None:
    if not isinstance(name, str):
        checker.error(pointer, IssueCode.WRONG_TYPE, f"use must be a name of use.{kind}")
        return
    checker.used(kind, name, pointer, scope)


def _is_expression(value: object) -> bool:
    return isinstance(value, str) and unwrap(value) is not None
