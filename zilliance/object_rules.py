"""What objects may be called and what their types say, for whoever stores them. Pure."""

import re
from collections.abc import Sequence

MAX_KEY_BYTES = 1024
HEAD_BYTES = 16  # what `begins_as` needs
MAX_TYPE_LENGTH = 255

CHARACTERS = r"A-Za-z0-9_!.*'() &$=@;:+,?-"
DOTS = frozenset({".", ".."})
_KEY = re.compile(rf"[/{CHARACTERS}]*")

TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"  # noqa: S105  of RFC 6838
_MEDIA_TYPE = re.compile(rf"{TOKEN}/{TOKEN}")
_PARAMETERS = re.compile(r"[\x20-\x7e]*")

# What files of a type begin with; a dot stands for any byte.
_STARTS = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/webp": rb"RIFF....WEBP",
    "image/gif": rb"GIF8[79]a",
    "application/pdf": rb"%PDF-",
    "video/mp4": rb"....ftyp",
    "video/quicktime": rb"....(ftyp|moov|mdat|wide|free|skip)",
    "video/webm": rb"\x1aE\xdf\xa3",
    "video/x-matroska": rb"\x1aE\xdf\xa3",
}
_STARTS_COMPILED = {media_type: re.compile(start, re.DOTALL) for media_type, start in _STARTS.items()}


def broken_rule(name: str) -> str | None:
    """The rule that an object's name breaks: no store, shell or browser may read it as another."""
    if not name:
        return "A name has at least one character"
    if len(name.encode(errors="surrogatepass")) > MAX_KEY_BYTES:
        return f"A name has at most {MAX_KEY_BYTES} bytes"
    if not _KEY.fullmatch(name):
        return f"A name has letters, digits and any of / {shown(CHARACTERS)}"
    segments = name.split("/")
    if "" in segments:
        return "A name has no slash at its ends, and no two beside each other"
    if not DOTS.isdisjoint(segments):
        return "No part of a name is . or .."
    return None


def shown(characters: str) -> str:
    return " ".join(characters.removeprefix("A-Za-z0-9").replace(" ", ""))


def is_media_type(text: str) -> bool:
    return (
        len(text) <= MAX_TYPE_LENGTH
        and _MEDIA_TYPE.fullmatch(essence(text)) is not None
        and _PARAMETERS.fullmatch(text) is not None
    )


def essence(content_type: str) -> str:
    """`image/png` of `image/PNG; charset=x`."""
    return content_type.partition(";")[0].strip().lower()


def matches(content_type: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns stands for the type."""
    kind, _, subtype = essence(content_type).partition("/")
    for pattern in patterns:
        wanted_kind, _, wanted = pattern.lower().partition("/")
        if wanted_kind in ("*", kind) and wanted in ("*", subtype):
            return True
    return False


def begins_as(content_type: str, head: bytes) -> bool | None:
    """Whether the first bytes are those of the type; None for a type that cannot be told by them."""
    start = _STARTS_COMPILED.get(essence(content_type))
    return None if start is None else start.match(head) is not None
