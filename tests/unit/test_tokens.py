"""Which tokens are believed: ours, and none of the forgeries that a JWT library by itself lets pass."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from zilliance.enums import Role
from zilliance.settings import AuthSettings, Settings, SettingsError
from zilliance.tokens import InvalidTokenError, TokenAuthority

SECRET = "a secret of these tests, long enough to be one"


def pem_of(key: EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PEM = pem_of(generate_private_key(SECP256R1()))
PRIVATE = load_pem_private_key(PEM.encode(), password=None)


def authority(pem: str = PEM, secret: str = SECRET) -> TokenAuthority:
    auth = AuthSettings.model_validate({"jwt_secret": secret, "signing_key": pem})
    return TokenAuthority(Settings(public_url="http://here", auth=auth))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    ours = {"iss": "http://here/auth/v1", "aud": "authenticated", "sub": str(uuid4()), "role": "authenticated"}
    made = {**ours, "iat": now, "exp": now + 3600, "session_id": str(uuid4()), **changes}
    return {name: value for name, value in made.items() if value is not None}


def signed(
    *, key: Any = PRIVATE, algorithm: str = "ES256", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    kid = authority().jwks()["keys"][0]["kid"]
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid, **(headers or {})})


def segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_own_token_is_believed():
    tokens, wanted = authority(), claims()
    identity = tokens.identify(tokens.issue(wanted))
    assert (identity.role, str(identity.user_id), str(identity.session_id)) == (
        Role.AUTHENTICATED,
        wanted["sub"],
        wanted["session_id"],
    )
    assert json.loads(identity.claims)["iss"] == "http://here/auth/v1"


def test_forging_helper_makes_tokens_that_would_be_believed():
    assert authority().identify(signed()).role is Role.AUTHENTICATED


def now() -> int:
    return int(time.time())


def public_pem() -> bytes:
    assert isinstance(PRIVATE, EllipticCurvePrivateKey)
    return PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hs256_with_the_public_key() -> str:
    """What PyJWT itself refuses to make: the classic confusion of algorithms."""
    kid = authority().jwks()["keys"][0]["kid"]
    head = segment({"alg": "HS256", "typ": "JWT", "kid": kid}) + "." + segment(claims())
    signature = hmac.digest(public_pem(), head.encode(), "sha256")
    return head + "." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


def tampered() -> str:
    header, _, signature = signed().split(".")
    return f"{header}.{segment(claims(role='service_role'))}.{signature}"


def without_signature(algorithm: str) -> str:
    return f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(claims())}."


FORGERIES: dict[str, Callable[[], str]] = {
    "alg none": lambda: without_signature("none"),
    "alg NoNe": lambda: without_signature("NoNe"),
    "HS256 with the public key": hs256_with_the_public_key,
    "HS256 with the secret under our kid": lambda: signed(key=SECRET, algorithm="HS256"),
    "another key": lambda: signed(key=generate_private_key(SECP256R1())),
    "no signature": lambda: signed().rpartition(".")[0] + ".",
    "signature of zeros": lambda: signed().rpartition(".")[0] + "." + "A" * 86,
    "tampered": tampered,
    "expired": lambda: signed(iat=now() - 100, exp=now() - 10),
    "no exp": lambda: signed(exp=None),
    "no sub": lambda: signed(sub=None),
    "no iat": lambda: signed(iat=None),
    "exp in a billion years": lambda: signed(exp=10**30),
    "not valid yet": lambda: signed(nbf=now() + 1000),
    "issued in the future": lambda: signed(iat=now() + 1000, exp=now() + 2000),
    "other audience": lambda: signed(aud="else"),
    "audience among others": lambda: signed(aud=["else", "authenticated"]),
    "other issuer": lambda: signed(iss="http://there/auth/v1"),
    "other type": lambda: signed(headers={"typ": "refresh+jwt"}),
    "unknown crit": lambda: signed(headers={"crit": ["exotic"]}),
    "path as kid": lambda: signed(headers={"kid": "../../dev/null"}),
    "no kid": lambda: jwt.encode(claims(), PRIVATE, algorithm="ES256"),  # pyright: ignore[reportArgumentType]
    "four parts": lambda: signed() + ".x",
    "padded signature": lambda: signed() + "==",
    "leading space": lambda: " " + signed(),
    "too long": lambda: signed(user_metadata={"a": "x" * 9000}),
    "unknown role": lambda: signed(role="postgres"),
    "role of another type": lambda: signed(role=["authenticated"]),
    "sub that is no id": lambda: signed(sub="1 OR 1=1"),
    "session that is no id": lambda: signed(session_id="mine"),
    "account without sub under the secret": lambda: jwt.encode(claims(sub=None), SECRET, algorithm="HS256"),
    "another secret": lambda: jwt.encode(claims(), "a guess at the secret of these tests", algorithm="HS256"),
    "nothing": lambda: "",
    "words": lambda: "not a token",
    "not ASCII": lambda: "é.é.é",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery_is_refused(name: str):
    with pytest.raises(InvalidTokenError):
        authority().identify(FORGERIES[name]())


def test_expiry_is_told_apart():
    with pytest.raises(InvalidTokenError) as caught:
        authority().verify(FORGERIES["expired"]())
    assert caught.value.expired


def test_remembered_token_expires_all_the_same():
    tokens = authority()
    token = tokens.issue(claims(exp=int(time.time()) + 3))  # in two seconds at least
    assert tokens.identify(token) is tokens.identify(token), "verified once"
    time.sleep(3.1)
    with pytest.raises(InvalidTokenError):
        tokens.identify(token)


def test_keys_of_the_project_are_the_same_after_a_restart():
    one, two = authority(), authority()
    assert (one.anon_key, one.service_role_key) == (two.anon_key, two.service_role_key)
    assert one.anon_key != authority(secret="another secret, also long enough to be one").anon_key
    assert one.identify(one.anon_key).role is Role.ANON
    assert one.identify(one.service_role_key).role is Role.SERVICE
    assert one.identify(one.anon_key).user_id is None


def test_public_key_verifies_and_tells_nothing_else():
    (key,) = authority().jwks()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"}
    verified = jwt.decode(signed(), jwt.PyJWK(dict(key)), algorithms=["ES256"], audience="authenticated")
    assert verified["role"] == "authenticated"


def test_without_a_key_the_secret_signs_and_is_never_shown():
    tokens = authority(pem="")
    assert tokens.jwks() == {"keys": []}
    assert tokens.identify(tokens.issue(claims())).role is Role.AUTHENTICATED


@pytest.mark.parametrize("pem", ["not a key", pem_of(generate_private_key(SECP384R1()))])
def test_key_of_another_kind_is_refused_at_start(pem: str):
    with pytest.raises(SettingsError, match="ZILLIANCE_AUTH__SIGNING_KEY"):
        authority(pem=pem)


def test_a_token_of_a_url_is_no_access_token_and_the_other_way_round() -> None:
    tokens = authority()
    url = tokens.urls.issue({"url": "a/b", "scope": "download", "role": "service_role"}, seconds=60)
    assert tokens.urls.verify(url)["url"] == "a/b"
    with pytest.raises(InvalidTokenError):
        tokens.identify(url)
    for token in (tokens.anon_key, tokens.service_role_key):
        with pytest.raises(InvalidTokenError, match="invalid signature"):
            tokens.urls.verify(token)
    with pytest.raises(InvalidTokenError, match="expired"):
        tokens.urls.verify(tokens.urls.issue({"url": "a/b"}, seconds=-1))
    for text in ("", "a.b.c", url + "=", url[:-2], "x" * 9000):
        with pytest.raises(InvalidTokenError):
            tokens.urls.verify(text)
