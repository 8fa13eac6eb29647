"""What a key looks like."""

from hashlib import sha256

import pytest

from api.gateway.keys import checksum, digest_of

BODY = "zk_live_" + "aZ09" * 10 + "xyz"
KEY = f"{BODY}_{checksum(BODY)}"


def test_a_key_is_known_by_its_digest() -> None:
    assert digest_of(KEY) == sha256(KEY.encode()).digest()


def test_the_checksum_is_that_of_crc32_in_base_62() -> None:
    """0xCBF43926 is the published check value of CRC-32."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for digit in checksum("123456789"):
        number = number * 62 + alphabet.index(digit)
    assert number == 0xCBF43926


@pytest.mark.parametrize("place", range(len(KEY)))
def test_one_wrong_character_anywhere_is_told_without_the_database(place: int) -> None:
    other = "b" if KEY[place] != "b" else "c"
    assert digest_of(KEY[:place] + other + KEY[place + 1 :]) is None


@pytest.mark.parametrize(
    "key", [None, "", KEY[:-1], f"{KEY}a", f" {KEY}", f"{KEY}\n", KEY.upper(), "é" * 58, "x" * 10_000]
)
def test_what_has_not_the_form_is_no_key(key: str | None) -> None:
    assert digest_of(key) is None
