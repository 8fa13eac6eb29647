"""What uploaders tell about their files, as text from headers and forms, checked before it is stored. Pure."""

import base64
import binascii
import re

import orjson

from api.json_input import decode
from api.storage.failures import invalid_request
from zilliance.errors import InvalidInputError

MAX_METADATA_BYTES = 64 * 1024
DEFAULT_CACHE_CONTROL = "no-cache"

_SECONDS = re.compile(r"[0-9]{1,10}")
_DIRECTIVES = re.compile(r"[A-Za-z0-9 ,=\"_-]{1,200}")
_ENCODINGS = frozenset({"gzip", "br", "deflate", "zstd"})


def read_cache_control(text: str | None) -> str:
    """The header that answers with this file will carry: `3600` stands for `max-age=3600`. Raises InvalidRequest."""
    if not text:
        return DEFAULT_CACHE_CONTROL
    if _SECONDS.fullmatch(text):
        return f"max-age={text}"
    if not _DIRECTIVES.fullmatch(text):
        raise invalid_request("cacheControl must be a number of seconds, or directives of the header Cache-Control")
    return text


def read_content_encoding(text: str | None) -> str | None:
    """How the bytes are compressed, None when they are not. Raises InvalidRequest."""
    encoding = (text or "").strip().lower()
    if encoding in {"", "identity"}:
        return None
    if encoding not in _ENCODINGS:
        raise invalid_request(f"contentEncoding must be one of {', '.join(sorted(_ENCODINGS))}")
    return encoding


def read_user_metadata(text: bytes | str | None) -> str | None:
    """The text of a JSON object. Raises InvalidRequest."""
    if not text:
        return None
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_METADATA_BYTES:
        raise invalid_request(f"The metadata is longer than {MAX_METADATA_BYTES} bytes")
    try:
        value = decode(raw)
    except InvalidInputError as error:
        raise invalid_request("The metadata is not JSON") from error
    if not isinstance(value, dict):
        raise invalid_request("The metadata must be a JSON object")
    return orjson.dumps(value).decode()


def read_metadata_header(text: str | None) -> str | None:
    """The header `x-metadata`: a JSON object in base64. Raises InvalidRequest."""
    if not text:
        return None
    try:
        return read_user_metadata(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise invalid_request("The header x-metadata is not base64") from error
