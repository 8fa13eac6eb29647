"""The text formats: `@base64`, `@csv`, `@uri` and the others, and interpolation."""

import base64
import binascii
from collections.abc import Callable
from typing import cast

from workflows.language.expressions.fuel import Fuel, Json, RaisedError, text_fits, weigh
from workflows.language.expressions.values import clean_text, describe, encode, kind_of, to_text

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;"})
_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_URI = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]


def written(fuel: Fuel, form: str, value: Json) -> str:
    """The value in a format; raises `RaisedError` for a value that the format cannot hold."""
    text = FORMATS[form](fuel, value)
    text_fits(len(text))
    fuel.spend(len(text) >> 8)
    return text


def join_text(fuel: Fuel, pieces: list[str]) -> str:
    length = sum(map(len, pieces))
    text_fits(length)
    fuel.spend(length >> 10)
    return "".join(pieces)


def utf8(text: str) -> bytes:
    return clean_text(text).encode()


def _bytes(fuel: Fuel, value: Json) -> bytes:
    return utf8(to_text(fuel, value))


def _uri(fuel: Fuel, value: Json) -> str:
    data = _bytes(fuel, value)
    fuel.spend(len(data) >> 4)
    return "".join([_URI[byte] for byte in data])


def _from_uri(fuel: Fuel, value: Json) -> str:
    first, *rest = _bytes(fuel, value).split(b"%")
    fuel.spend(len(rest) >> 1)
    try:
        return (first + b"".join(bytes((int(part[:2].decode("ascii"), 16),)) + part[2:] for part in rest)).decode()
    except ValueError:
        raise RaisedError(f"{describe(value)} is not a valid uri encoding") from None


def _from_base64(fuel: Fuel, value: Json) -> str:
    text = to_text(fuel, value).rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        data = b""
    if text and not data:
        raise RaisedError(f"{describe(value)} is not valid base64 data")
    return data.decode("utf-8", "replace")


def _from_base32(fuel: Fuel, value: Json) -> str:
    text = to_text(fuel, value).rstrip("=")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        raise RaisedError(f"{describe(value)} is not valid base32 data") from None


def _row(form: str, separator: str, quote: Callable[[str], str]) -> Callable[[Fuel, Json], str]:
    def write(fuel: Fuel, value: Json) -> str:
        if not isinstance(value, list):
            raise RaisedError(f"{describe(value)} cannot be {form}-formatted, only array")
        weigh(fuel, value)
        return separator.join([_cell(fuel, cell, form, quote) for cell in cast("list[Json]", value)])

    return write


def _cell(fuel: Fuel, cell: Json, form: str, quote: Callable[[str], str]) -> str:
    if isinstance(cell, list | dict):
        raise RaisedError(f"{describe(cell)} is not valid in a {form} row")
    if cell is None:
        return ""
    return quote(cell) if isinstance(cell, str) else encode(fuel, cell)


def _shell(fuel: Fuel, value: Json) -> str:
    weigh(fuel, value)
    words = cast("list[Json]", value) if isinstance(value, list) else [value]
    for word in words:
        if kind_of(word) in ("array", "object"):
            raise RaisedError(f"{describe(word)} can not be escaped for shell")
    quoted = ["'" + word.replace("'", "'\\''") + "'" if isinstance(word, str) else encode(fuel, word) for word in words]
    return " ".join(quoted)


FORMATS: dict[str, Callable[[Fuel, Json], str]] = {
    "text": to_text,
    "json": encode,
    "html": lambda fuel, value: to_text(fuel, value).translate(_HTML),
    "uri": _uri,
    "urid": _from_uri,
    "csv": _row("csv", ",", lambda text: '"' + text.replace('"', '""') + '"'),
    "tsv": _row("tsv", "\t", lambda text: text.translate(_TSV)),
    "sh": _shell,
    "base64": lambda fuel, value: base64.b64encode(_bytes(fuel, value)).decode("ascii"),
    "base64d": _from_base64,
    "base32": lambda fuel, value: base64.b32encode(_bytes(fuel, value)).decode("ascii"),
    "base32d": _from_base32,
}
