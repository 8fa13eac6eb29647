"""Secrets are found in whatever form they come back, in no time, and only so many are looked for."""

import json

import pytest
from temporalio.exceptions import ApplicationError

from activities.authentication.redaction import Redactor


def knowing(*secrets: object) -> Redactor:
    redactor = Redactor()
    for secret in secrets:
        redactor.learn(secret)
    return redactor


def test_every_text_and_number_of_a_secret_is_taken_out_of_texts_names_and_bytes() -> None:
    redactor = knowing({"user": "ada", "password": "pass/word é", "pins": [123456, True, None]})
    value = {"pass/word é": ["x pass/word é y", {"n": "123456", "m": 123456, "ada": "ada"}]}
    assert redactor.value(value) == {"***": ["x *** y", {"n": "***", "m": 123456, "ada": "ada"}]}
    assert redactor.content("\u00ffpass/word é\u00ff".encode()) == "\u00ff***\u00ff".encode()
    assert redactor.content(b"\xff\xfe123456\xff") == b"\xff\xfe***\xff"


@pytest.mark.parametrize("form", ["pass%2Fword%20%22%C3%A9", "pass%2Fword+%22%C3%A9", 'pass/word \\"\\u00e9'])
def test_it_is_found_as_it_stands_in_urls_and_json(form: str) -> None:
    assert knowing('pass/word "é').text(f"<{form}>") == "<***>"


def test_a_secret_that_contains_another_goes_as_a_whole() -> None:
    assert knowing("token", "my-token-is-long").text("my-token-is-long token") == "*** ***"


def test_what_was_cut_off_in_the_middle_of_a_secret_is_cut_off_before_it() -> None:
    redactor = knowing("https://hooks.example.com/abcdefghijkl")
    assert redactor.text("'https://hooks.exam' is no URL", cut=True) == "'***"
    assert redactor.text("'https://other' is no URL", cut=True) == "'https://other' is no URL"


def test_half_a_surrogate_pair_is_left_as_it_is() -> None:
    assert knowing("secret").value(["\ud800 secret"]) == ["\ud800 ***"]


def test_an_answer_of_four_mebibytes_is_searched_for_a_hundred_secrets() -> None:
    redactor = knowing([f"secret-number-{number}-of-many" for number in range(90)])
    answer = json.dumps({"a": "secret-number-" * 300_000, "b": "secret-number-7-of-many"})
    assert redactor.finds(answer)
    assert redactor.text(answer).endswith('"b": "***"}')


def test_more_secrets_than_can_be_looked_for_are_refused() -> None:
    for secret in ([str(number) for number in range(1000, 1200)], ["x" * 200_000], ["é" * 70_000]):
        with pytest.raises(ApplicationError, match="use smaller ones"):
            knowing(secret)


def test_what_was_known_is_taken_out_when_more_is_refused() -> None:
    redactor = knowing("token")
    with pytest.raises(ApplicationError):
        redactor.learn("x" * 200_000)
    assert redactor.text("token xxxx") == "*** xxxx"
