"""Refresh tokens: what they say, signed with their session's own key, so that no table of them is needed."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

VERSION = 1
KEY_BYTES = 32
_COUNTER_BYTES = 8
_SIGNATURE_BYTES = 16
_CHECKSUM_BYTES = 4
_SIGNED_BYTES = 1 + 16 + _COUNTER_BYTES
_BYTES = _SIGNED_BYTES + _SIGNATURE_BYTES + _CHECKSUM_BYTES


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token as it reads; nothing is known of its truth before `signed_with`."""

    session_id: UUID
    counter: int
    signature: bytes

    def signed_with(self, key: bytes) -> bool:
        """Whether the session that has this key issued the token."""
        return hmac.compare_digest(self.signature, _signature(_head(self.session_id, self.counter), key))


def new_key() -> bytes:
    """The key of a new session."""
    return secrets.token_bytes(KEY_BYTES)


def issue(session_id: UUID, counter: int, key: bytes) -> str:
    """The session's token of that count: always the same one, so that answering a repeat needs no memory."""
    head = _head(session_id, counter)
    body = head + _signature(head, key)
    return base64.urlsafe_b64encode(body + _checksum(body)).decode()


def parse(text: str) -> RefreshToken | None:
    """Read a token, or None for text that none of our tokens is. The checksum spares the database for garbage."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(raw) != _BYTES or raw[0] != VERSION or checksum != _checksum(body):
        return None
    if base64.urlsafe_b64encode(raw).decode() != text:  # the decoder takes padding; one token has one spelling
        return None
    return RefreshToken(
        session_id=UUID(bytes=raw[1:17]),
        counter=int.from_bytes(raw[17:_SIGNED_BYTES]),
        signature=body[_SIGNED_BYTES:],
    )


def _head(session_id: UUID, counter: int) -> bytes:
    return bytes([VERSION]) + session_id.bytes + counter.to_bytes(_COUNTER_BYTES)


def _signature(head: bytes, key: bytes) -> bytes:
    return hmac.digest(key, head, "sha256")[:_SIGNATURE_BYTES]


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECKSUM_BYTES]
