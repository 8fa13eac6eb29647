"""What a file is by its first bytes: they choose the one demuxer that may see it.

So neither a name or type that came with it nor a guess of libav's leads to another one, and a playlist is never opened.
"""

import codecs
import re

from workflows.video.refusals import Refusal, UnusableVideoError

HEAD_BYTES = 64 * 1024

# Containers that are files of their own. Playlists and scripts, which name others, are not among them. What this module
# can answer, and what ffmpeg may open.
DEMUXERS = "mov,matroska,mpegts,mpeg,avi,flv,ogg,asf,mxf,gif,wav,mp3,flac,aac,aiff,caf"

_TS_PACKET, _M2TS_PACKET, _FEC_PACKET = 188, 192, 204
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"sidx", b"moof", b"uuid"}

# Containers of one beginning: libav's name of the demuxer.
_MEDIA = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"fLaC", "flac"),
    (b"caff\x00\x01", "caf"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", "mxf"),
)
_RIFF = {b"AVI ": "avi", b"WAVE": "wav"}
_AIFF = {b"AIFF", b"AIFC"}

# What people upload by mistake, by name.
_OTHERS = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"BM", "a picture (BMP)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)

# Possessive: what has been read as a comment is not tried as another one, which takes ages where there are many.
_COMMENTS = rb"(?:<!--(?:(?!-->).)*+-->\s*+)*+"

_PLAYLIST = re.compile(
    rb"#EXTM3U|ffconcat|\[playlist\]|v=0[\r\n]|\[reference\]|<asx|<smil|(?:<\?xml[^>]*>\s*"
    + _COMMENTS
    + rb")?<(?:\w+:)?MPD\b"
    rb"|(?:<\?xml[^>]*>\s*)?<(?:SmoothStreamingMedia|smil|asx|playlist)\b|file\s+'|rtsp://|https?://",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(rb"(?:<\?xml[^>]*>\s*)?" + _COMMENTS + rb"<(svg|!doctype html|html)\b", re.IGNORECASE | re.DOTALL)


def demuxer_of(head: bytes) -> str:
    """Libav's name of the demuxer for a file that begins so. Raises UnusableVideoError for what is no media."""
    if not head:
        raise UnusableVideoError(Refusal.EMPTY_FILE, "The file is empty. Upload it again.")
    demuxer = _media(head)
    if demuxer is None:
        raise _refusal(head)
    return demuxer


def _media(head: bytes) -> str | None:
    known = next((demuxer for start, demuxer in _MEDIA if head.startswith(start)), None)
    if known is not None:
        return known
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in _AIFF:
        return "aiff"
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if _is_transport_stream(head):
        return "mpegts"
    return _bare_sound(head)


def _is_transport_stream(head: bytes) -> bool:
    """Sync bytes at the same distance: five in a row, or all that there are in a file that is shorter."""
    for size, first in ((_TS_PACKET, 0), (_M2TS_PACKET, 4), (_FEC_PACKET, 0)):
        places = range(first, min(len(head), first + 5 * size), size)
        if len(places) > 1 and all(head[place] == 0x47 for place in places):  # noqa: PLR2004  the sync byte
            return True
    return False


def _bare_sound(head: bytes) -> str | None:
    """Sound without a container, perhaps after tags: two bytes of sync say which."""
    if head[:3] == b"ID3" and len(head) > 10:  # noqa: PLR2004  the header of the tags
        size = (head[6] & 0x7F) << 21 | (head[7] & 0x7F) << 14 | (head[8] & 0x7F) << 7 | head[9] & 0x7F
        after = head[10 + size :]
        return _bare_sound(after) or ("flac" if after[:4] == b"fLaC" else "mp3")
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    if head[1] & 0xF6 == 0xF0:  # noqa: PLR2004  layer 0: ADTS
        return "aac"
    # Layer, bit rate and sample rate must be possible ones.
    return "mp3" if head[1] & 0x06 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C else None  # noqa: PLR2004


def _refusal(head: bytes) -> UnusableVideoError:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PLAYLIST.match(text):
        message = "The file is a playlist that refers to other files or addresses. Upload the video itself."
        return UnusableVideoError(Refusal.DISGUISED_PLAYLIST, message)
    what = _other(head, text)
    message = (
        f"The file is {what}, and neither a video nor sound. MP4, MOV, MKV, WebM, AVI, MPEG, MP3 and such are taken."
    )
    return UnusableVideoError(Refusal.UNSUPPORTED_MEDIA, message)


def _other(head: bytes, text: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a picture (WebP)"
    known = next((name for start, name in _OTHERS if head.startswith(start)), None)
    if known is not None:
        return known
    markup = _MARKUP.match(text)
    if markup is not None:
        return "a drawing (SVG)" if markup[1].lower() == b"svg" else "a web page"
    return "text" if b"\0" not in head and _is_text(head) else "of a kind that is not known here"


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a last character may be cut in two
    except UnicodeDecodeError:
        return False
    return True
