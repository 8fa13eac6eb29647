"""Paths of the gateway: read in one way, and joined so that nobody leaves the target that its owner named."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.gateway.joining import Target
from api.gateway.paths import encode_query, read_path
from zilliance.errors import InvalidInputError


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("/a%20b", "/a b"),
        ("/%C3%A9", "/é"),
        ("/a%26b%3Dc", "/a&b=c"),
        ("/...", "/..."),
        ("/a..b", "/a..b"),
        ("/.well-known", "/.well-known"),
        ("/a;b", "/a;b"),
        ("/%25", "/%"),
    ],
)
def test_a_path_is_decoded_once(raw: str, text: str) -> None:
    path = read_path(raw)
    assert path.text == text
    assert path.segments == tuple(text[1:].split("/"))


@pytest.mark.parametrize(
    "raw",
    [
        *("", "a", "//", "/a//b", "/.", "/..", "/a/../b", "/%2e%2E", "/%2e", "/a%2fb", "/a%2Fb", "/a%5Cb", "/a\\b"),
        *("/%00", "/%0a", "/%7f", "/%c2%85", "/%", "/%2", "/%zz", "/%ff", "/%c0%ae", "/..;x", "/.;", "/%2e%2e;x=1"),
        *("/%252e", "/%252F", "/%255c", "/%2500", "/\ud800", "/" + "a" * 2048),
    ],
)
def test_what_another_server_could_read_differently_is_refused(raw: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_path(raw)
    assert caught.value.code == "INVALID_PATH"


def test_a_pattern_fills_the_target() -> None:
    target = Target.of("https://x.example/v1/{id}/x{id}?q={id}&k=1", ("orders", "{id}"))
    assert target.at(read_path("/orders/a%20b%26"), "z=1") == ("/v1/a%20b&/xa%20b&", "q=a%20b%26&k=1&z=1")


@pytest.mark.parametrize(
    "query",
    [
        *(
            "tenant=evil",
            "TENANT=evil",
            "%74enant=evil",
            "tenant[]=evil",
            "tenant%5B0%5D=evil",
            "tenant",
            "+tenant=evil",
        ),
        *("x;tenant=evil", "user.id=evil", "user%20id=evil", "user_id=evil", "tenant%00=evil"),
    ],
)
def test_what_the_owner_says_in_the_query_no_caller_says_again(query: str) -> None:
    target = Target.of("https://x.example/v1?tenant=acme&user_id={id}", ("users", "{id}"))
    for asked in (query, f"a=1&{query}&b=%26tenant=2"):
        _, sent = target.at(read_path("/users/7"), asked)
        assert sent.startswith("tenant=acme&user_id=7")
        assert "evil" not in sent
    assert target.at(read_path("/users/7"), f"{query}&a=1&tenants=2")[1].endswith("&user_id=7&a=1&tenants=2")


def test_a_target_without_a_path_is_its_root() -> None:
    assert Target.of("https://x.example?a=1", ("a",)).at(read_path("/a"), "") == ("/", "a=1")


def test_a_wildcard_is_joined_behind_the_target() -> None:
    for written in ("https://x.example/base", "https://x.example/base/"):
        target = Target.of(written, ("files", "*"))
        assert target.at(read_path("/files/a/b%20c"), "") == ("/base/a/b%20c", "")
        with pytest.raises(InvalidInputError):
            target.at(read_path("/files/a@b"), "")


SEGMENTS = st.text(st.sampled_from("a.%2eEfF/\\;:@?#&= \t\r\n\0é{}*~+"), min_size=1, max_size=12)


@given(SEGMENTS, SEGMENTS)
def test_whatever_is_asked_for_the_target_keeps_its_host_and_its_folder(first: str, second: str) -> None:
    target = Target.of("https://x.example/folder/{id}", ("a", "{id}", "*"))
    try:
        path, query = target.at(read_path(f"/a/{first}/{second}"), encode_query(second))
    except InvalidInputError:
        return
    parts = urlsplit(f"https://x.example{path}?{query}")
    assert parts.netloc == "x.example"
    assert parts.path.startswith("/folder/")
    assert not {"", ".", ".."} & set(parts.path.split("/")[2:-1])
    assert (path + query).isascii()
    assert not set(path + query) & set(' \t\r\n\0\\#"<>')
