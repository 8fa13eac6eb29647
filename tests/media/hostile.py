"""Files that pretend, refer to others, or promise far more than they hold."""

import random
import struct
from collections.abc import Callable

from tests.media.making import Kitchen, Recipe, made, written

SECRET_FILE = "/etc/hostname"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, *parts: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(parts))


def gab2(kitchen: Kitchen) -> bytes:
    """An AVI whose only stream is of subtitles that are themselves a playlist: the file disclosure of 2016."""
    playlist = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n{kitchen.canary}/gab2.ts\n#EXT-X-ENDLIST\n".encode()
    text = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"e\0" + struct.pack("<HI", 4, len(playlist)) + playlist
    header = struct.pack("<10I4I", 40_000, 0, 0, 0x10, 1, 0, 1, 0, 160, 90, 0, 0, 0, 0)
    stream = b"txts" + b"\0" * 4 + struct.pack("<10I4H", 0, 0, 0, 1, 25, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    streams = _list(b"strl", _chunk(b"strh", stream), _chunk(b"strf", b""))
    body = _list(b"hdrl", _chunk(b"avih", header), streams) + _list(b"movi", _chunk(b"00tx", text))
    return _chunk(b"RIFF", b"AVI " + body)


def playlist(kitchen: Kitchen) -> bytes:
    lines = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{kitchen.canary}/a.ts\n#EXTINF:9,\n"
    return f"{lines}file://{SECRET_FILE}\n#EXT-X-ENDLIST\n".encode()


def manifest(kitchen: Kitchen) -> bytes:
    base = f"<BaseURL>{kitchen.canary}/dash/</BaseURL>"
    return (
        '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT10S">{base}<Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1"><SegmentList><Initialization sourceURL="i.mp4"/>'
        "</SegmentList></Representation></AdaptationSet></Period></MPD>\n"
    ).encode()


def session(kitchen: Kitchen) -> bytes:
    port = kitchen.canary.rpartition(":")[2]
    lines = ("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=x", "c=IN IP4 127.0.0.1", "t=0 0", f"m=video {port} RTP/AVP 96", "")
    return "\r\n".join(lines).encode()


def concat(kitchen: Kitchen) -> bytes:
    return f"ffconcat version 1.0\nfile {SECRET_FILE}\nfile '{kitchen.canary}/b.mp4'\n".encode()


def referring(kitchen: Kitchen) -> bytes:
    """An MP4 that says its samples lie in another file: the flag of its data reference, and a path of the machine."""
    data = kitchen.bytes_of("plain.mp4")
    own = b"url \0\0\0\1"
    return data.replace(own, b"url \0\0\0\0")


def broken_header(kitchen: Kitchen) -> bytes:
    """It opens, and not one picture of it can be decoded."""
    data = bytearray(kitchen.bytes_of("silent.mp4"))
    place = data.index(b"avcC") + 4
    data[place : place + 20] = b"\xff" * 20
    return bytes(data)


def flipped(name: str) -> Callable[[Kitchen], bytes]:
    """Four hundred bytes of its middle are others: of MP4 only pictures and sound, of Matroska what holds them, too."""

    def flip(kitchen: Kitchen) -> bytes:
        data = bytearray(kitchen.bytes_of(name))
        chance = random.Random(5)  # noqa: S311  the same file every time
        for _ in range(400):
            data[chance.randrange(len(data) // 8, len(data) * 7 // 8)] ^= 1 << chance.randrange(8)
        return bytes(data)

    return flip


def hollow(kitchen: Kitchen) -> bytes:
    """All is there by its size, and the later half is zeros, as of a download that was never finished."""
    data = bytearray(kitchen.bytes_of("faststart.mp4"))
    middle = len(data) // 2
    data[middle:] = bytes(len(data) - middle)
    return bytes(data)


def half(kitchen: Kitchen) -> bytes:
    data = kitchen.bytes_of("faststart.mp4")
    return data[: len(data) // 2]


def without_moov(kitchen: Kitchen) -> bytes:
    data = kitchen.bytes_of("plain.mp4")
    return data[: data.index(b"moov") - 4]


FOUR_HUNDRED = " ".join(["-map", "0:v"] * 40)

RECIPES: dict[str, Recipe] = {
    "zero.mp4": written(b""),
    "random.mp4": written(lambda _: random.Random(1).randbytes(4096)),  # noqa: S311  the same file every time
    "text.mp4": written(b"This is a note, and no video.\n" * 50),
    "drawing.mp4": written(b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><image href="x"/></svg>\n'),
    "page.mp4": written(b"<!DOCTYPE html>\n<html><body><video src='/x'></video></body></html>\n"),
    "picture.mp4": made("-f lavfi -i testsrc2=s=64x64 -frames:v 1 -f image2pipe -c:v png"),
    "photo.mov": made("-f lavfi -i testsrc2=s=64x64 -frames:v 1 -f image2pipe -c:v mjpeg"),
    "archive.mp4": written(b"PK\x03\x04" + b"\0" * 200),
    "program.mp4": written(b"\x7fELF\x02\x01\x01" + b"\0" * 200),
    "playlist.m3u8": written(playlist),
    "playlist.mp4": written(playlist),
    "playlist.avi": written(playlist),
    "playlist.mkv": written(lambda kitchen: b"\xef\xbb\xbf\n  " + playlist(kitchen)),
    "concat.mp4": written(concat),
    "manifest.mp4": written(manifest),
    "session.mp4": written(session),
    "gab2.avi": written(gab2),
    "referring.mp4": written(referring),
    "truncated.mp4": written(half),
    "hollow.mp4": written(hollow),
    "nomoov.mp4": written(without_moov),
    "badheader.mp4": written(broken_header),
    "flipped.mkv": written(flipped("plain.mkv")),
    "flipped.mp4": written(flipped("plain.mp4")),
    "huge.mp4": made("-f lavfi -i color=s=8192x8192:r=1:d=2 -c:v libx264 -preset ultrafast -qp 51"),
    "wide.mp4": made("-f lavfi -i color=s=9000x16:r=1:d=2 -c:v libx264 -preset ultrafast"),
    "far-apart.mp4": made(
        "-f lavfi -i testsrc2=s=64x64:r=1:d=2 -fps_mode vfr -c:v libx264", "-vf", "setpts=N*72000/TB"
    ),
    "sparse.mp4": made(
        "-f lavfi -i color=s=64x64:r=25:d=2 -frames:v 26 -fps_mode vfr -c:v libx264 -preset ultrafast",
        *("-vf", "setpts='if(lt(N,25),N/25,19000)/TB'"),
    ),
    "many-streams.mkv": made(
        f"-f lavfi -i color=s=32x32:r=5:d=1 {FOUR_HUNDRED} -c:v libx264 -preset ultrafast -threads 1"
    ),
    "encrypted.mp4": made(
        "-i {silent.mp4} -c copy -encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb "
        "-encryption_kid a7e61c373e219033c21091fa607bf3b8"
    ),
}
