"""Suggestions of a word that was probably meant."""

from workflows.language.issues import suggestion


def test_a_word_that_is_near_is_suggested() -> None:
    assert suggestion("endpont", ["method", "endpoint"]) == "endpoint"
    assert suggestion("endpont", ["method"]) is None


def test_of_very_many_words_only_some_are_looked_at() -> None:
    many = [f"m{number:05}" for number in range(10_000)]
    assert suggestion("aebra", [*many[:100], "zebra"]) == "zebra"
    assert suggestion("aebra", [*many[:1_000], "zebra"]) is None


def test_of_very_many_words_those_are_looked_at_that_begin_alike() -> None:
    many = [f"m{number:05}" for number in range(10_000)]
    for near in ("aardvark", "mm", "zebra"):
        assert suggestion(f"{near}x", [*many, near]) == near
