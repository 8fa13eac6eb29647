"""Builtins on text, conversions and the type tests."""

import json
import math
import re
from typing import cast

from workflows.language.expressions.arithmetic import number, split
from workflows.language.expressions.formats import join_text, utf8
from workflows.language.expressions.fuel import MAX_NESTING, Fuel, Json, RaisedError, elements_fit, text_fits
from workflows.language.expressions.names import Key, ValueFunction
from workflows.language.expressions.values import clean_text, describe, encode, is_number, kind_of, to_text, truthy

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 400
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LAST_CODE = 0x10FFFF
_REPLACEMENT = 0xFFFD


def _text(value: Json, problem: str) -> str:
    if not isinstance(value, str):
        raise RaisedError(problem)
    return value


def _error(_fuel: Fuel, value: Json, *message: Json) -> Json:
    raise RaisedError(message[0] if message else value)


def _type(_fuel: Fuel, value: Json) -> str:
    return kind_of(value)


def _not(_fuel: Fuel, value: Json) -> bool:
    return not truthy(value)


def _true(_fuel: Fuel, _value: Json) -> bool:
    return True


def _tonumber(_fuel: Fuel, value: Json) -> Json:
    if is_number(value):
        return value
    if isinstance(value, str) and value == "nan":
        return math.nan
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
        raise RaisedError(f"{describe(value)} cannot be parsed as a number")
    return number(int(value)) if value.lstrip("+-").isdecimal() else float(value)


def _toboolean(_fuel: Fuel, value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise RaisedError(f"{describe(value)} cannot be parsed as a boolean")
    return value == "true"


def _fromjson(fuel: Fuel, value: Json) -> Json:
    text = _text(value, f"{describe(value)} only strings can be parsed")
    if text == "nan":
        return math.nan
    fuel.spend(len(text) >> 5)
    if text.count("[") + text.count("{") > MAX_NESTING and _nesting(fuel, text) > MAX_NESTING:
        raise RaisedError(f"JSON nested more than {MAX_NESTING} deep cannot be parsed")
    try:
        return json.loads(text, parse_int=_integer, parse_constant=_constant)
    except ValueError as error:
        raise RaisedError(f"{describe(value)} is not JSON: {error}") from None


def _integer(digits: str) -> float:
    return number(int(digits)) if len(digits) < _LONGEST_NUMBER else float(digits)


def _constant(name: str) -> float:
    return math.nan if name == "NaN" else math.copysign(math.inf, -1 if name.startswith("-") else 1)


def _nesting(fuel: Fuel, text: str) -> int:
    """A bound of the depth: brackets outside of strings are at most as deep as these."""
    fuel.spend(len(text) >> 3)
    depth = deepest = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        if found[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in "]}":
            depth -= 1
    return deepest


def _explode(fuel: Fuel, value: Json) -> list[int]:
    text = _text(value, "explode input must be a string")
    elements_fit(len(text))
    fuel.spend(len(text) >> 3)
    return [ord(character) for character in text]


def _implode(fuel: Fuel, value: Json) -> str:
    if not isinstance(value, list):
        raise RaisedError("implode input must be an array")
    codes = cast("list[Json]", value)
    text_fits(len(codes))
    fuel.spend(len(codes) >> 2)
    return clean_text("".join([_character(code) for code in codes]))


def _character(code: Json) -> str:
    if not is_number(code) or not math.isfinite(code):
        raise RaisedError(f"{describe(code)} can't be imploded, unicode codepoint needs to be numeric")
    return chr(int(code)) if 0 <= code <= _LAST_CODE else chr(_REPLACEMENT)


def _cased(table: dict[int, int]) -> ValueFunction:
    def change(fuel: Fuel, value: Json) -> str:
        text = _text(value, "explode input must be a string")
        fuel.spend(len(text) >> 6)
        return text.translate(table)

    return change


def _both_texts(value: Json, other: Json, name: str) -> None:
    if not (isinstance(value, str) and isinstance(other, str)):
        raise RaisedError(f"{name}() requires string inputs")


def _startswith(_fuel: Fuel, value: Json, prefix: Json) -> bool:
    _both_texts(value, prefix, "startswith")
    return value.startswith(prefix)


def _endswith(_fuel: Fuel, value: Json, suffix: Json) -> bool:
    _both_texts(value, suffix, "endswith")
    return value.endswith(suffix)


def _ltrimstr(fuel: Fuel, value: Json, prefix: Json) -> str:
    _both_texts(value, prefix, "startswith")
    return _paid(fuel, value.removeprefix(prefix))


def _rtrimstr(fuel: Fuel, value: Json, suffix: Json) -> str:
    _both_texts(value, suffix, "endswith")
    return _paid(fuel, value.removesuffix(suffix))


def _trim(fuel: Fuel, value: Json) -> str:
    return _paid(fuel, _text(value, "trim input must be a string").strip())


def _ltrim(fuel: Fuel, value: Json) -> str:
    return _paid(fuel, _text(value, "trim input must be a string").lstrip())


def _rtrim(fuel: Fuel, value: Json) -> str:
    return _paid(fuel, _text(value, "trim input must be a string").rstrip())


def _paid(fuel: Fuel, text: str) -> str:
    fuel.spend(len(text) >> 10)
    return text


def _split(fuel: Fuel, value: Json, separator: Json) -> list[str]:
    if not (isinstance(value, str) and isinstance(separator, str)):
        raise RaisedError("split input and separator must be strings")
    return split(fuel, value, separator)


def _utf8bytelength(fuel: Fuel, value: Json) -> int:
    text = _text(value, f"{describe(value)} only strings have UTF-8 byte length")
    return len(utf8(_paid(fuel, text)))


def _splice(fuel: Fuel, value: Json, matches: Json, texts: Json) -> str:
    """The text with each match replaced."""
    pieces, end = list[str](), 0
    fuel.spend(len(matches) >> 1)
    for match, text in zip(matches, texts, strict=False):
        if not isinstance(text, str):
            raise RaisedError(f"{describe(value)} and {describe(text)} cannot be added")
        pieces += (value[end : match["offset"]], text)
        end = match["offset"] + match["length"]
    return join_text(fuel, [*pieces, value[end:]])


TEXTS: dict[Key, ValueFunction] = {
    "error/0": _error,
    "error/1": _error,
    "type/0": _type,
    "not/0": _not,
    "tostring/0": to_text,
    "tojson/0": encode,
    "fromjson/0": _fromjson,
    "tonumber/0": _tonumber,
    "toboolean/0": _toboolean,
    "explode/0": _explode,
    "implode/0": _implode,
    "ascii_downcase/0": _cased(_LOWER),
    "ascii_upcase/0": _cased(_UPPER),
    "startswith/1": _startswith,
    "endswith/1": _endswith,
    "ltrimstr/1": _ltrimstr,
    "rtrimstr/1": _rtrimstr,
    "trim/0": _trim,
    "ltrim/0": _ltrim,
    "rtrim/0": _rtrim,
    "split/1": _split,
    "utf8bytelength/0": _utf8bytelength,
    "have_decnum/0": _true,
    "have_literal_numbers/0": _true,
    "_splice/2": _splice,
}
