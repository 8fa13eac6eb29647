"""What objects and buckets may be called. Pure."""

import re

from api.storage.failures import invalid_bucket_name, invalid_key

MAX_KEY_BYTES = 1024
MAX_BUCKET_NAME = 100

_CHARACTERS = r"A-Za-z0-9_!.*'() &$=@;:+,?-"
_KEY = re.compile(rf"[/{_CHARACTERS}]*")
_BUCKET = re.compile(rf"[{_CHARACTERS}]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_DOTS = frozenset({".", ".."})


def check_key(name: str) -> str:
    """The name of an object as it is. Raises InvalidKey: no store, shell or browser may read it as another."""
    rule = _broken_rule(name)
    if rule:
        raise invalid_key(name, rule)
    return name


def check_bucket_name(name: str) -> str:
    """Raises InvalidBucketName."""
    if not 0 < len(name) <= MAX_BUCKET_NAME:
        raise invalid_bucket_name(f"A name has 1 to {MAX_BUCKET_NAME} characters")
    if not _BUCKET.fullmatch(name) or name in _DOTS or name != name.strip():
        raise invalid_bucket_name(f"A name has letters, digits and any of {_shown(_CHARACTERS)}")
    return name


def decoded_path(raw_path: bytes) -> str:
    """The path of a URL, decoded once. Raises InvalidKey for one that is not UTF-8."""
    try:
        return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), raw_path).decode()
    except UnicodeDecodeError as error:
        raise invalid_key(raw_path.decode("latin-1"), "The path is not UTF-8") from error


def _broken_rule(name: str) -> str | None:
    if not name:
        return "A name has at least one character"
    if len(name.encode(errors="surrogatepass")) > MAX_KEY_BYTES:
        return f"A name has at most {MAX_KEY_BYTES} bytes"
    if not _KEY.fullmatch(name):
        return f"A name has letters, digits and any of / {_shown(_CHARACTERS)}"
    segments = name.split("/")
    if "" in segments:
        return "A name has no slash at its ends, and no two beside each other"
    if not _DOTS.isdisjoint(segments):
        return "No part of a name is . or .."
    return None


def _shown(characters: str) -> str:
    return " ".join(characters.removeprefix("A-Za-z0-9").replace(" ", ""))
