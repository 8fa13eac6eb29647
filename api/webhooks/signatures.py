"""Signatures of webhook calls: whether a request was sent by somebody who knows the secret, and not long ago."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence

TOLERANCE_SECONDS = 300
LONGEST_TIME = 11  # digits of seconds
STANDARD_PREFIX = "whsec_"
_STANDARD_BYTES = (24, 64)


def new_secret(scheme: str) -> str:
    """A secret of 256 bits in the scheme's own spelling."""
    if scheme == "standard-webhooks":
        return STANDARD_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def is_secret(scheme: str, secret: str) -> bool:
    """Whether a secret that was brought along can be the scheme's."""
    return scheme != "standard-webhooks" or _standard_key(secret) is not None


def is_signed(scheme: str, known: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether one of the secrets signed this request. All of them are tried, whatever comes of the first."""
    match scheme:
        case "none":
            return True
        case "standard-webhooks":
            sent, content = _standard(headers, body, now)
            keys = [_standard_key(secret) or b"" for secret in known]
            encode = _base64
        case "github":
            sent, content = _after(headers.get("x-hub-signature-256", ""), ("sha256",)), body
            keys, encode = [secret.encode() for secret in known], _hex
        case _:
            sent, content = _stripe(headers.get("stripe-signature", ""), body, now)
            keys, encode = [secret.encode() for secret in known], _hex
    wanted = [encode(hmac.new(key, content, hashlib.sha256).digest()) for key in keys if key]
    found = False
    for one in sent[:10]:
        for other in wanted:
            found |= hmac.compare_digest(one.encode(), other.encode())
    return found


def _standard(headers: Mapping[str, str], body: bytes, now: float) -> tuple[list[str], bytes]:
    """https://www.standardwebhooks.com: the id, the time and the body are signed together."""
    identity, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identity or not _is_recent(sent_at, now):
        return [], b""
    pairs = (each.partition(",") for each in headers.get("webhook-signature", "").split())
    return [value for version, _, value in pairs if version == "v1"], f"{identity}.{sent_at}.".encode() + body


def _stripe(header: str, body: bytes, now: float) -> tuple[list[str], bytes]:
    """`t=time,v1=signature,…`: the time and the body are signed together."""
    parts = [each.strip().partition("=") for each in header.split(",")]
    sent_at = next((value for name, _, value in parts if name == "t"), "")
    if not _is_recent(sent_at, now):
        return [], b""
    return [value for name, _, value in parts if name == "v1"], f"{sent_at}.".encode() + body


def _after(header: str, names: Iterable[str]) -> list[str]:
    name, _, value = header.partition("=")
    return [value] if name in names else []


def _is_recent(text: str, now: float) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_TIME and abs(now - int(text)) <= TOLERANCE_SECONDS


def _standard_key(secret: str) -> bytes | None:
    if not secret.startswith(STANDARD_PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    least, most = _STANDARD_BYTES
    return key if least <= len(key) <= most else None


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _hex(digest: bytes) -> str:
    return digest.hex()
