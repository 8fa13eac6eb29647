"""What objects and buckets may be called. Pure."""

import re

from api.storage.failures import invalid_bucket_name, invalid_key
from zilliance.object_rules import CHARACTERS, DOTS, broken_rule, shown

MAX_BUCKET_NAME = 100

_BUCKET = re.compile(rf"[{CHARACTERS}]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def check_key(name: str) -> str:
    """The name of an object as it is. Raises InvalidKey: no store, shell or browser may read it as another."""
    rule = broken_rule(name)
    if rule:
        raise invalid_key(name, rule)
    return name


def check_bucket_name(name: str) -> str:
    """Raises InvalidBucketName."""
    if not 0 < len(name) <= MAX_BUCKET_NAME:
        raise invalid_bucket_name(f"A name has 1 to {MAX_BUCKET_NAME} characters")
    if not _BUCKET.fullmatch(name) or name in DOTS or name != name.strip():
        raise invalid_bucket_name(f"A name has letters, digits and any of {shown(CHARACTERS)}")
    return name


def decoded_path(raw_path: bytes) -> str:
    """The path of a URL, decoded once. Raises InvalidKey for one that is not UTF-8."""
    try:
        return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), raw_path).decode()
    except UnicodeDecodeError as error:
        raise invalid_key(raw_path.decode("latin-1"), "The path is not UTF-8") from error
