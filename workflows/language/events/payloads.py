"""What of an event a listener reads: its data, the whole envelope, or the data as it travelled."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Literal

Read = Literal["data", "envelope", "raw"]


def read_event(event: Mapping[str, object], read: Read) -> object:
    """The event as it is read; data that is not what its content type says is read as it travelled."""
    if read == "envelope":
        return dict(event)
    if read == "raw":
        return _raw(event)
    if "data_base64" in event:
        return _decoded(str(event["data_base64"]), str(event.get("datacontenttype", "")))
    return event.get("data")


def _raw(event: Mapping[str, object]) -> object:
    """Base64 of bytes, text as it is, and anything else as its JSON text."""
    if "data_base64" in event:
        return event["data_base64"]
    data = event.get("data")
    return data if data is None or isinstance(data, str) else json.dumps(data, separators=(",", ":"))


def _decoded(text: str, content_type: str) -> object:
    media = content_type.partition(";")[0].strip().lower()
    try:
        content = base64.b64decode(text, validate=True).decode()
        return json.loads(content) if media.endswith("json") else content if media.startswith("text/") else text
    except (binascii.Error, ValueError, RecursionError):
        return text
