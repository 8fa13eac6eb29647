"""What TUS 1.0 says in headers: read from requests, written into answers."""

import base64
import binascii
from collections.abc import Mapping
from email.utils import format_datetime

from api.storage.resumable.failures import invalid_header, wrong_version
from models.queries.uploads import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,expiration"
OFFSET_TYPE = "application/offset+octet-stream"
ALWAYS = {"Tus-Resumable": VERSION}

MAX_METADATA = 8192  # characters of the whole `Upload-Metadata` header
_MAX_DIGITS = 18


def announcement(max_size: int) -> dict[str, str]:
    """What a server tells a client that asks for its abilities."""
    return {**ALWAYS, "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(max_size)}


def require_version(headers: Mapping[str, str]) -> None:
    """Raises a 412, which names the version that is spoken here."""
    if headers.get("tus-resumable") != VERSION:
        raise wrong_version(VERSION)


def has_offset_type(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == OFFSET_TYPE


def read_count(headers: Mapping[str, str], name: str) -> int | None:
    """A number of bytes, None without the header. Raises InvalidHeader."""
    text = headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise invalid_header(f"{name} must be a number of bytes")
    return int(text)


def read_length(headers: Mapping[str, str]) -> int | None:
    """How long a new upload will be, None when the client will say later. Raises InvalidHeader."""
    length, deferred = read_count(headers, "Upload-Length"), headers.get("upload-defer-length")
    if deferred not in (None, "1") or (length is None) is (deferred is None):
        raise invalid_header("Give either Upload-Length or Upload-Defer-Length: 1")
    return length


def read_metadata(text: str) -> dict[str, str]:
    """`name base64, name base64, …` as a dictionary. Raises InvalidHeader."""
    if len(text) > MAX_METADATA:
        raise invalid_header(f"Upload-Metadata is longer than {MAX_METADATA} characters")
    values: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = pair.partition(" ")
        if name in values:
            raise invalid_header(f"Upload-Metadata gives {name} twice")
        values[name] = _decoded(name, value.strip())
    return values


def _decoded(name: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        message = f"Upload-Metadata: the value of {name} is not the base64 of a text in UTF-8"
        raise invalid_header(message) from error


def progress_of(upload: Upload) -> dict[str, str]:
    """How far an upload is, as answers to what changed it say."""
    headers = {**ALWAYS, "Upload-Offset": str(upload.offset)}
    return headers if upload.finished else headers | {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}


def description_of(upload: Upload) -> dict[str, str]:
    """All that a client may ask about an upload."""
    length = {"Upload-Defer-Length": "1"} if upload.length is None else {"Upload-Length": str(upload.length)}
    metadata = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
    return {**progress_of(upload), **length, **metadata, "Cache-Control": "no-store"}
