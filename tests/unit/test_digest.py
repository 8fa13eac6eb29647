"""Digest authentication against the examples of RFC 7616 and RFC 2617, and headers as servers write them."""

import re

import pytest

from activities.authentication.digest import Challenge, answer, challenge_of

MUFASA = {"username": "Mufasa", "password": "Circle of Life"}
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = challenge_of(RFC_7616.format(algorithm))
    assert challenge is not None
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    header = answer(challenge, MUFASA, "GET", "/dir/index.html", cnonce=cnonce).header
    assert header.startswith('Digest username="Mufasa"')
    assert f'response="{response}"' in header
    assert "qop=auth, nc=00000001" in header


def test_a_challenge_without_qop_is_answered_as_in_rfc_2069() -> None:
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "MD5", False, None)
    person = {"username": "Mufasa", "password": "Circle Of Life"}  # as RFC 2617 spells it
    header = answer(challenge, person, "GET", "/dir/index.html").header
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert "cnonce" not in header


def test_the_best_of_several_challenges_is_taken() -> None:
    both = f'Basic realm="a, b", {RFC_7616.format("MD5")}, {RFC_7616.format("SHA-256")}, Bearer'
    found = challenge_of(both)
    assert found is not None
    assert found.algorithm == "SHA-256"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=x",
        'Digest realm="x"',
        'Digest nonce="n", algorithm=SHA-512',
        'Digest nonce="n", qop="auth-int"',
    ],
)
def test_what_cannot_be_answered_is_no_challenge(header: str) -> None:
    assert challenge_of(header) is None


def test_a_long_header_is_read_in_no_time() -> None:
    assert challenge_of("Digest " + 'a="b",' * 100_000) is None


def test_a_quote_in_a_name_cannot_leave_its_place() -> None:
    challenge = Challenge("r", "n", "MD5", True, 'o"x')
    header = answer(challenge, {"username": 'a", x="', "password": "p"}, "GET", "/").header
    assert re.search(r'username="a\\", x=\\""', header)
    assert 'opaque="o\\"x"' in header
