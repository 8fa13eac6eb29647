"""Refresh tokens: one spelling each, and none without the session's key."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.accounts.refresh_tokens import issue, new_key, parse


def test_token_says_its_session_and_count():
    session_id, key = uuid4(), new_key()
    token = parse(issue(session_id, 41, key))
    assert token is not None
    assert (token.session_id, token.counter) == (session_id, 41)
    assert token.signed_with(key)
    assert not token.signed_with(new_key())


def test_same_count_gives_the_same_token_and_the_next_another():
    session_id, key = uuid4(), new_key()
    assert issue(session_id, 1, key) == issue(session_id, 1, key) != issue(session_id, 2, key)


def test_signature_of_one_count_does_not_fit_another():
    session_id, key = uuid4(), new_key()
    one, two = parse(issue(session_id, 1, key)), parse(issue(session_id, 2, new_key()))
    assert one is not None
    assert two is not None
    assert one.signature != two.signature
    assert not two.signed_with(key)


@given(position=st.integers(0, 59), character=st.sampled_from("ABCabc019-_+/= é"))
def test_no_character_can_be_changed(position: int, character: str):
    token = issue(uuid4(), 7, new_key())
    changed = token[:position] + character + token[position + 1 :]
    assert (parse(changed) is None) == (changed != token)


@given(text=st.text(max_size=80))
def test_no_other_text_is_a_token(text: str):
    assert parse(text) is None


@pytest.mark.parametrize("suffix", ["=", "==", "A", "AAAA", "\n", " "])
def test_token_has_one_spelling(suffix: str):
    assert parse(issue(uuid4(), 7, new_key()) + suffix) is None
