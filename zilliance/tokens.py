"""Signed tokens: the project's keys, the access tokens of accounts, and what makes one believable."""

import base64
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

from zilliance.enums import Role
from zilliance.identity import Identity
from zilliance.settings import Settings, SettingsError

AUDIENCE = "authenticated"
KEY_ISSUER = "supabase"
KEY_YEARS = 10
MAX_TOKEN_LENGTH = 8192
MAX_LIFETIME = 86_400  # seconds; the longest that the settings allow an access token
CACHE_ENTRIES = 10_000
DOWNLOAD = "download"  # what a token in a URL permits
_URL_KEY = b"zilliance: signed URLs of storage"
_CALLBACK_KEY = b"zilliance: callbacks of workflows"
_PLAYBACK_KEY = b"zilliance: playback of videos"
PLAYBACK_AUDIENCE = "play"


class InvalidTokenError(Exception):
    """The text is not a token of ours. `expired` tells a token that once was."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired


@dataclass(frozen=True, slots=True)
class _SigningKey:
    private: EllipticCurvePrivateKey
    kid: str
    public_jwk: Mapping[str, Any]


class UrlTokens:
    """Tokens in URLs of storage: each permits one thing with one object, whoever holds it.

    Their key is derived from the secret, so that none passes for an access token, and no access token for one of them.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), _URL_KEY, hashlib.sha256).digest()

    def issue(self, claims: Mapping[str, Any], *, seconds: int) -> str:
        now = int(time.time())
        return jwt.encode({**claims, "iat": now, "exp": now + seconds}, self._key, algorithm="HS256")

    def sign_download(self, bucket_id: str, name: str, *, seconds: int) -> tuple[str, str]:
        """A path and query below `/storage/v1` that permit to read an object, and the token in them."""
        token = self.issue({"url": f"{bucket_id}/{name}", "scope": DOWNLOAD}, seconds=seconds)
        in_url = name.replace("?", "%3F")  # clients encode the rest themselves; a question mark would end the path
        return f"/object/sign/{bucket_id}/{in_url}?token={token}", token

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours and has not expired. Raises InvalidTokenError."""
        if len(token) > MAX_TOKEN_LENGTH or "=" in token:
            raise InvalidTokenError("jwt malformed")
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key, algorithms=["HS256"], options={"require": ["exp"]})
        except jwt.ExpiredSignatureError as error:
            raise InvalidTokenError("jwt expired", expired=True) from error
        except jwt.InvalidSignatureError as error:
            raise InvalidTokenError("invalid signature") from error
        except jwt.PyJWTError as error:
            raise InvalidTokenError("jwt malformed") from error
        return claims


class CallbackTokens:
    """Tokens in URLs that a workflow waits behind: the same for one task of one execution whenever it is asked for."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), _CALLBACK_KEY, hashlib.sha256).digest()

    def issue(self, execution_id: UUID, key: str) -> str:
        digest = hmac.new(self._key, f"{execution_id}:{key}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class PlaybackKind(StrEnum):
    """What a grant permits to see of a video."""

    VIDEO = "video"
    STORYBOARD = "storyboard"


@dataclass(frozen=True, slots=True)
class PlaybackGrant:
    """What the holder of a playback token may do.

    Attributes:
        viewer: whom it was given to: the owner's id, or `guest:` and a name that the owner chose.
        generation: of the video's grants; it is good as long as this is the newest.
        issued_at: seconds since 1970; `expires_at` likewise.
        through_api: the bytes come through the API, however the installation delivers them otherwise.
    """

    video_id: UUID
    viewer: str
    kind: PlaybackKind
    generation: int
    issued_at: int
    expires_at: int
    through_api: bool = False


class PlaybackTokens:
    """Tokens in the paths of playlists: players resolve what a playlist names beside it, and so carry them along."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.new(secret.encode(), _PLAYBACK_KEY, hashlib.sha256).digest()

    def issue(self, grant: PlaybackGrant) -> str:
        claims = {
            "aud": PLAYBACK_AUDIENCE,
            "vid": str(grant.video_id),
            "sub": grant.viewer,
            "kind": grant.kind.value,
            "gen": grant.generation,
            "iat": grant.issued_at,
            "exp": grant.expires_at,
            **({"api": True} if grant.through_api else {}),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def verify(self, token: str) -> PlaybackGrant:
        """What a token of ours that has not expired permits. Raises InvalidTokenError."""
        if len(token) > MAX_TOKEN_LENGTH or "=" in token:
            raise InvalidTokenError("jwt malformed")
        required = ["aud", "vid", "sub", "kind", "gen", "iat", "exp"]
        options: Any = {"require": required, "strict_aud": True}
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=["HS256"], audience=PLAYBACK_AUDIENCE, options=options
            )
            return PlaybackGrant(
                video_id=UUID(claims["vid"]),
                viewer=str(claims["sub"]),
                kind=PlaybackKind(claims["kind"]),
                generation=int(claims["gen"]),
                issued_at=int(claims["iat"]),
                expires_at=int(claims["exp"]),
                through_api=bool(claims.get("api", False)),
            )
        except jwt.ExpiredSignatureError as error:
            raise InvalidTokenError("jwt expired", expired=True) from error
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise InvalidTokenError("jwt malformed") from error


class TokenAuthority:
    """Issues and verifies every token of one installation.

    `urls` are those that stand in URLs of storage, `playback` those in paths of playlists.
    """

    def __init__(self, settings: Settings) -> None:
        self.issuer = f"{settings.api_url}/auth/v1"
        self._secret = settings.auth.jwt_secret.get_secret_value()
        self._signing = _signing_key(settings.auth.signing_key.get_secret_value())
        self._seen: OrderedDict[str, tuple[Identity, float]] = OrderedDict()
        self.urls = UrlTokens(self._secret)
        self.playback = PlaybackTokens(self._secret)
        service_key = settings.auth.service_role_key or settings.supabase_service_role_key
        self.anon_key = settings.auth.anon_key or settings.supabase_anon_key or self._project_key(Role.ANON)
        self.service_role_key = service_key.get_secret_value() or self._project_key(Role.SERVICE)

    def issue(self, claims: Mapping[str, Any]) -> str:
        """Sign the claims of an account's access token, with ES256 where there is a key, else with the secret."""
        payload = {"iss": self.issuer, "aud": AUDIENCE, **claims}
        if self._signing is None:
            return jwt.encode(payload, self._secret, algorithm="HS256")
        return jwt.encode(payload, self._signing.private, algorithm="ES256", headers={"kid": self._signing.kid})

    def jwks(self) -> dict[str, list[Mapping[str, Any]]]:
        """The public keys. A shared secret is never among them."""
        return {"keys": [self._signing.public_jwk] if self._signing else []}

    def identify(self, token: str) -> Identity:
        """The caller whom a token names; a verified token is remembered until it expires.

        Raises InvalidTokenError.
        """
        known = self._seen.get(token)
        if known is not None and known[1] > time.time():
            self._seen.move_to_end(token)
            return known[0]
        claims = self.verify(token)
        try:
            identity = Identity.of_claims(claims)
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidTokenError("the token's role, sub or session_id is not one of ours") from error
        self._seen[token] = (identity, float(claims["exp"]))
        if len(self._seen) > CACHE_ENTRIES:
            self._seen.popitem(last=False)
        return identity

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that we signed and that has not expired. Raises InvalidTokenError."""
        # PyJWT takes a padded signature, which gives one token many spellings.
        if len(token) > MAX_TOKEN_LENGTH or "=" in token:
            raise InvalidTokenError("the token is malformed")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "JWT") != "JWT":
                raise InvalidTokenError("the token is of another type")
            if "kid" in header:
                return self._verify_account(token, header)
            return self._verify_shared(token)
        except jwt.ExpiredSignatureError as error:
            raise InvalidTokenError("JWT expired", expired=True) from error
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error

    def _verify_account(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if self._signing is None or header["kid"] != self._signing.kid:
            raise InvalidTokenError("the token's kid names no key of ours")
        required = ["exp", "iat", "sub", "aud", "iss"]
        claims: dict[str, Any] = jwt.decode(
            token,
            self._signing.private.public_key(),
            algorithms=["ES256"],
            audience=AUDIENCE,
            issuer=self.issuer,
            options={"require": required, "strict_aud": True},
        )
        if int(claims["exp"]) - int(claims["iat"]) > MAX_LIFETIME:
            raise InvalidTokenError("the token lives longer than any of ours")
        return claims

    def _verify_shared(self, token: str) -> dict[str, Any]:
        """A token signed with the secret: a project key, or one that the installation's owner made."""
        claims: dict[str, Any] = jwt.decode(
            token, self._secret, algorithms=["HS256"], options={"require": ["exp"], "verify_aud": False}
        )
        if claims.get("role") == Role.AUTHENTICATED and (claims.get("aud") != AUDIENCE or "sub" not in claims):
            raise InvalidTokenError("a token of an account needs sub and the audience authenticated")
        return claims

    def _project_key(self, role: Role) -> str:
        # The same secret gives the same key: a restart must not invalidate what front ends were built with.
        year = 365 * 24 * 3600
        issued = 1_767_225_600  # 2026-01-01
        claims = {"iss": KEY_ISSUER, "role": role.value, "iat": issued, "exp": issued + KEY_YEARS * year}
        return jwt.encode(claims, self._secret, algorithm="HS256")


def _signing_key(pem: str) -> _SigningKey | None:
    if not pem:
        return None
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except ValueError as error:
        raise SettingsError("ZILLIANCE_AUTH__SIGNING_KEY is not a PEM private key") from error
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        raise SettingsError("ZILLIANCE_AUTH__SIGNING_KEY must be a P-256 key (ES256)")
    public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    kid = _thumbprint(public)
    return _SigningKey(private, kid, {**public, "kid": kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]})


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    """The key's name, made from the key itself (RFC 7638), so that every process gives it the same one."""
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).decode().rstrip("=")
