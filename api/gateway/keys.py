"""What a key of the gateway looks like, so that a misspelt one is told from its own characters."""

import re
import zlib
from hashlib import sha256

HEADER = "x-api-key"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"(zk_live_[0-9A-Za-z]{43})_([0-9A-Za-z]{6})", re.ASCII)
_CHECKSUM_LENGTH = 6


def digest_of(key: str | None) -> bytes | None:
    """What the database knows a key by: its SHA-256; None for what is no key at all."""
    if key is None:
        return None
    found = _FORM.fullmatch(key)
    if found is None or checksum(found[1]) != found[2]:
        return None
    return sha256(key.encode()).digest()


def checksum(text: str) -> str:
    """The CRC-32 of what stands before it, in base 62."""
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
