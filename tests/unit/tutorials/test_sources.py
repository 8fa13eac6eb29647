"""Of captions a model is given what is said."""

import pytest

from activities.tutorials.sources import captions_text

WEBVTT = """WEBVTT - Some title
Kind: captions

NOTE made by hand

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:04.000 align:start
<v Ada>Hello <c.yellow>there</c>

00:05.000 --> 00:08.000
Hello there
and <00:00:06.000>welcome
"""
SUBRIP = (
    "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}First <i>line</i>\r\n\r\n"
    "2\r\n00:00:03,000 --> 00:00:04,000\r\nif a < b\r\n"
)


def test_webvtt_loses_its_headers_times_and_marks() -> None:
    assert captions_text(WEBVTT) == "Hello there\nand welcome"


def test_subrip_loses_its_numbers_times_and_marks() -> None:
    assert captions_text(SUBRIP) == "First line\nif a < b"


def test_what_are_no_captions_say_nothing() -> None:
    assert captions_text("just some text\n\nand more") == ""


@pytest.mark.parametrize("mark", ["<c ", "{\\", "<1", "</b"])
def test_a_line_of_marks_that_never_end_is_read_once(mark: str) -> None:
    """Were it read once for each of them, this would take an hour."""
    line = mark * 1_500_000
    assert captions_text(f"00:00.000 --> 00:01.000\n{line}") == line.strip()
