"""Sealed values: opened with any known key, in their place alone."""

import pytest

from zilliance.sealing import Sealed, Sealer, SealError


def test_what_is_sealed_is_opened_again_and_looks_different_each_time() -> None:
    sealer = Sealer(["a key"])
    first, second = sealer.seal(b"value", "row 1"), sealer.seal(b"value", "row 1")
    assert first.ciphertext != second.ciphertext
    assert b"value" not in first.ciphertext
    assert sealer.open(first, "row 1") == sealer.open(second, "row 1") == b"value"


def test_a_replaced_key_still_opens_and_no_longer_seals() -> None:
    old = Sealer(["old key"]).seal(b"value", "row 1")
    sealer = Sealer(["new key", "old key"])
    assert sealer.open(old, "row 1") == b"value"
    assert sealer.seal(b"value", "row 1").key_id != old.key_id
    with pytest.raises(SealError, match="PREVIOUS_KEYS"):
        Sealer(["new key"]).open(old, "row 1")


def test_a_value_that_was_moved_or_changed_is_not_opened() -> None:
    sealer = Sealer(["a key"])
    sealed = sealer.seal(b"value", "row 1")
    changed = Sealed(sealed.key_id, sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1]))
    for value, place in ((sealed, "row 2"), (changed, "row 1"), (Sealed(sealed.key_id, b""), "row 1")):
        with pytest.raises(SealError):
            sealer.open(value, place)
