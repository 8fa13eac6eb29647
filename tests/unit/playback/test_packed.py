"""What is kept of compressed playlists is bounded, and what is asked for most stays."""

from api.video.packed import Packed


def test_what_is_known_is_not_made_again() -> None:
    packed = Packed()
    assert packed.read(("a", "x"), lambda: b"1") == b"1"
    assert packed.read(("a", "x"), lambda: b"2") == b"1"
    assert packed.read(("a", "y"), lambda: b"3") == b"3"
    assert packed.read(("b", "x"), lambda: b"4") == b"4"


def test_what_was_not_asked_for_longest_goes_when_there_is_too_much() -> None:
    packed = Packed(most_bytes=3)
    for name in "abc":
        packed.read((name, ""), lambda: b"1")
    packed.read(("a", ""), lambda: b"2")
    packed.read(("d", ""), lambda: b"1")
    assert packed.read(("a", ""), lambda: b"2") == b"1"
    assert packed.read(("b", ""), lambda: b"2") == b"2"


def test_what_is_larger_than_all_that_may_be_kept_is_given_and_not_kept() -> None:
    packed = Packed(most_bytes=3)
    assert packed.read(("a", ""), lambda: b"12345") == b"12345"
    assert packed.read(("a", ""), lambda: b"2") == b"2"
    assert packed.read(("a", ""), lambda: b"3") == b"2"
