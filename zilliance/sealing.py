"""Values at rest that nobody may read in the database: sealed under a key of the installation, one of several."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from zilliance.settings import SecretsSettings

_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealError(Exception):
    """A sealed value cannot be opened: its key is not among ours, or somebody changed it or moved it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value as it is stored: the id of its key, and a nonce with the ciphertext (AES-256-GCM)."""

    key_id: str
    ciphertext: bytes


class Sealer:
    """Seals with the first key, and opens what any of them sealed: so that a key can be replaced while in use."""

    def __init__(self, keys: Sequence[str]) -> None:
        derived = [_derive(key) for key in keys]
        self._ciphers = {_id_of(key): AESGCM(key) for key in derived}
        self._current = _id_of(derived[0])

    @classmethod
    def of(cls, settings: SecretsSettings) -> "Sealer":
        return cls([key.get_secret_value() for key in (settings.key, *settings.previous_keys)])

    def seal(self, value: bytes, place: str) -> Sealed:
        """Seal a value for one place, such as its row: nowhere else can it be opened."""
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(self._current, nonce + self._ciphers[self._current].encrypt(nonce, value, place.encode()))

    def open(self, sealed: Sealed, place: str) -> bytes:
        """The value. Raises SealError."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            message = f"no key with the id {sealed.key_id}: add the former one to ZILLIANCE_SECRETS__PREVIOUS_KEYS"
            raise SealError(message)
        nonce, ciphertext = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("the value was changed, or belongs elsewhere") from error


def _derive(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"zilliance sealing").derive(key.encode())


def _id_of(key: bytes) -> str:
    """A name for a key that says nothing of it."""
    return hashlib.sha256(b"id" + key).hexdigest()[:16]
