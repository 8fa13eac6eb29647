"""First bytes of files: which demuxer sees them, or what their owner is told that they are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.media.probe.signatures import DEMUXERS, demuxer_of
from workflows.video.refusals import Refusal, UnusableVideoError


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"\0\0\0\x20ftypisom", "mov"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "mov"),
        (b"\x1a\x45\xdf\xa3\x01", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"FORM\0\0\0\0AIFF", "aiff"),
        (b"FLV\x01\x05", "flv"),
        (b"OggS\0", "ogg"),
        (b"\x00\x00\x01\xba\x44", "mpeg"),
        ((b"\x47" + b"\0" * 187) * 5, "mpegts"),
        ((b"\0\0\0\0\x47" + b"\0" * 187) * 5, "mpegts"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"fLaC\0", "flac"),
        (b"ID3\x04\0\0\0\0\0\x02xx\xff\xfb\x90\x64", "mp3"),
        (b"ID3\x04\0\0\0\0\0\x02xx\xff\xf1\x50\x80", "aac"),
        (b"ID3\x04\0\0\0\0\0\x02xxfLaC", "flac"),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"a" * 100, "mp3"),  # a cover larger than what was looked at
    ],
)
def test_the_first_bytes_choose_the_one_demuxer_that_may_see_a_file(head: bytes, demuxer: str) -> None:
    assert demuxer_of(head) == demuxer


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n",
        b"\xef\xbb\xbf#EXTM3U\n",
        b"\r\n\t #extm3u\n",
        b"ffconcat version 1.0\n",
        b"file '/etc/passwd'\n",
        b"<?xml version='1.0'?>\n<!-- a -->\n<MPD>",
        b"<mpd:MPD>",
        b"<SmoothStreamingMedia MajorVersion='2'>",
        b"<asx version='3.0'>",
        b"v=0\r\no=-",
        b"[playlist]\n",
        b"http://127.0.0.1/x\n",
        b"RTSP://127.0.0.1/x\n",
    ],
)
def test_what_refers_to_other_files_is_a_playlist_whatever_it_is_called(text: bytes) -> None:
    assert refusal_of(text) == Refusal.DISGUISED_PLAYLIST


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"<svg xmlns=", "SVG"),
        (b"<!DOCTYPE html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        ("Grüße".encode() * 20, "text"),
        (b"\xffnot text", "not known"),
        (b"\xff\xe0", "not known"),
        (b"RIFF", "text"),
    ],
)
def test_what_is_no_media_is_called_by_its_name(head: bytes, word: str) -> None:
    with pytest.raises(UnusableVideoError, match=word) as refused:
        demuxer_of(head)
    assert refused.value.code == Refusal.UNSUPPORTED_MEDIA


@pytest.mark.parametrize("before", [b"", b"<?xml version='1.0'?>"])
def test_what_follows_a_comment_is_no_part_of_it_however_many_there_are(before: bytes) -> None:
    for text in (b"<!-- a --> and --><svg>", b"<!-- a -->" * 2000 + b"and --><MPD>"):
        with pytest.raises(UnusableVideoError, match="is text"):
            demuxer_of(before + text)


@given(head=st.binary(max_size=400))
def test_any_bytes_are_known_or_refused(head: bytes) -> None:
    with suppress(UnusableVideoError):
        assert demuxer_of(head) in DEMUXERS.split(",")


def refusal_of(head: bytes) -> str:
    with pytest.raises(UnusableVideoError) as refused:
        demuxer_of(head)
    return refused.value.code
