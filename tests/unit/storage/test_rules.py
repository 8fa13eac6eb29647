"""Names, types, sizes and what uploaders tell: the parts that touch nothing."""

import pytest

from api.storage.contents import check_head, matches, read_type
from api.storage.descriptions import read_cache_control, read_content_encoding, read_metadata_header, read_user_metadata
from api.storage.names import check_bucket_name, check_key, decoded_path
from api.storage.sizes import read_size
from zilliance.errors import AppError


@pytest.mark.parametrize("name", ["a", "a/b.c", "A Z/_!.*'()&$=@;:+,?-", "...", "..a/b..", "x" * 1024])
def test_a_good_key(name: str) -> None:
    assert check_key(name) == name


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "at least one"),
        ("x" * 1025, "at most 1024"),
        ("/a", "no slash at its ends"),
        ("a/", "no slash at its ends"),
        ("a//b", "no two beside"),
        (".", "is . or .."),
        ("a/../b", "is . or .."),
        ("a/.", "is . or .."),
        ("é", "letters, digits"),
        ("e\u0301", "letters, digits"),
        ("a\\b", "letters, digits"),
        ("a\x00", "letters, digits"),
        ("a\n", "letters, digits"),
        ("%2e%2e", "letters, digits"),
        ("a#b", "letters, digits"),
        ("\ud800", "letters, digits"),
    ],
)
def test_a_bad_key_is_told_its_rule(name: str, rule: str) -> None:
    with pytest.raises(AppError) as caught:
        check_key(name)
    assert caught.value.code == "InvalidKey"
    assert rule in caught.value.details["rule"]


@pytest.mark.parametrize("name", ["", "a/b", ".", "..", " a", "a ", "x" * 101, "é", "a\n"])
def test_a_bad_bucket_name(name: str) -> None:
    with pytest.raises(AppError, match="Bucket name invalid"):
        check_bucket_name(name)


def test_a_path_is_decoded_once() -> None:
    assert decoded_path(b"/a%2Fb/%2e/%252e/x%20y+z%zz%") == "/a/b/./%2e/x y+z%zz%"
    with pytest.raises(AppError, match="Invalid key"):
        decoded_path(b"/a%ff")


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, 5), ("5", 5), ("10MB", 10_000_000), ("10 mib", 10 * 1024**2), ("1.5kb", 1500), ("2G", 2 * 10**9), ("7B", 7)],
)
def test_a_size(given: int | str, expected: int) -> None:
    assert read_size(given) == expected


@pytest.mark.parametrize("given", ["", "MB", "-1", -1, "1e5", "10 parsecs", "1,5MB", "9" * 16, "½MB"])
def test_a_size_that_is_none(given: int | str) -> None:
    with pytest.raises(AppError, match="file_size_limit"):
        read_size(given)


def test_types_and_patterns() -> None:
    assert matches("image/PNG; charset=x", ["IMAGE/*"])
    assert matches("a/b", ["*/*"])
    assert not matches("imagex/png", ["image/*"])
    assert not matches("image/png2", ["image/png"])
    assert read_type(None) == read_type("") == "application/octet-stream"
    assert read_type(" text/plain;charset=UTF-8 ") == "text/plain;charset=UTF-8"
    for text in ("nonsense", "a/b/c", "text/plain\r\nx: y", "text/é", "text/plain; é", "/", "x" * 300):
        with pytest.raises(AppError) as caught:
            read_type(text)
        assert caught.value.code == "InvalidMimeType"


@pytest.mark.parametrize(
    ("kind", "head", "passes"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n", True),
        ("IMAGE/PNG; x=y", b"\x89PNG\r\n\x1a\n", True),
        ("image/png", b"\x89PNG\n", False),
        ("image/jpeg", b"\xff\xd8\xff\xe0", True),
        ("image/jpeg", b"GIF89a", False),
        ("image/webp", b"RIFF\n\n\n\nWEBP", True),
        ("image/webp", b"RIFF____WAVE", False),
        ("image/gif", b"GIF89a", True),
        ("image/svg+xml", b"<svg", False),
        ("text/plain", b"", False),
    ],
)
def test_first_bytes(kind: str, head: bytes, passes: bool) -> None:
    if passes:
        check_head(kind, head)
        return
    with pytest.raises(AppError, match="is not supported"):
        check_head(kind, head)


def test_what_is_told() -> None:
    assert read_cache_control(None) == "no-cache"
    assert read_cache_control("3600") == "max-age=3600"
    assert read_cache_control("max-age=1, immutable") == "max-age=1, immutable"
    assert read_user_metadata('{"k": [1, "é"]}') == '{"k":[1,"é"]}'
    assert read_user_metadata(None) is read_metadata_header("") is None
    assert read_metadata_header("eyJrIjoidiJ9") == '{"k":"v"}'
    assert (read_content_encoding(None), read_content_encoding("Identity"), read_content_encoding("GZIP")) == (
        None,
        None,
        "gzip",
    )


@pytest.mark.parametrize("text", ["a\r\nb", "é", "x" * 300])
def test_a_cache_control_that_is_none(text: str) -> None:
    with pytest.raises(AppError, match="cacheControl"):
        read_cache_control(text)


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '"x"', '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a":"' + "x" * 70_000 + '"}']
)
def test_metadata_that_is_no_object(text: str) -> None:
    with pytest.raises(AppError) as caught:
        read_user_metadata(text)
    assert caught.value.code == "InvalidRequest"


@pytest.mark.parametrize("text", ["###", "e30", "bm9uc2Vuc2U="])
def test_a_metadata_header_that_is_none(text: str) -> None:
    with pytest.raises(AppError, match="metadata"):
        read_metadata_header(text)
