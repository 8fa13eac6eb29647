"""What the headers of a request ask for: preferences (RFC 7240), the form of the answer, a range of rows."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from api.rest import failures
from api.rest.plan import Format

OBJECT_TYPE = "application/vnd.pgrst.object+json"
ARRAY_TYPE = "application/vnd.pgrst.array+json"
MAX_HEADER = 4096  # characters

_KNOWN = {
    "return": {"representation", "minimal", "headers-only"},
    "count": {"exact", "planned", "estimated"},
    "resolution": {"merge-duplicates", "ignore-duplicates"},
    "missing": {"default", "null"},
    "handling": {"strict", "lenient"},
    "tx": {"commit", "rollback"},
}
_TIMEZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,62}")
_COUNT = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{0,18})")


class Kind(Enum):
    """What the body of an answer holds, by its media type."""

    ARRAY = "application/json"
    OBJECT = OBJECT_TYPE
    CSV = "text/csv"
    OPENAPI = "application/openapi+json"
    TEXT = "text/plain"
    BYTES = "application/octet-stream"


ROWS = (Kind.ARRAY, Kind.OBJECT, Kind.CSV)
SCALAR = (*ROWS, Kind.TEXT, Kind.BYTES)
DESCRIPTION = (Kind.OPENAPI, Kind.ARRAY)

_NAMES = {kind.value: kind for kind in Kind} | {ARRAY_TYPE: Kind.ARRAY, OBJECT_TYPE.removesuffix("+json"): Kind.OBJECT}
_STRIPPABLE = {ARRAY_TYPE, OBJECT_TYPE, OBJECT_TYPE.removesuffix("+json")}
_PLANS = {f"application/vnd.pgrst.plan{suffix}": suffix[1:] or "text" for suffix in ("", "+text", "+json")}
_PLAN_OPTIONS = ("analyze", "verbose", "settings", "buffers", "wal")
_OFFER = re.compile(r'(?:[^,"]|"[^"]*")+')
_PARAMETER = re.compile(r';[ \t]*([\w-]+)=(?:"([^"]*)"|([^;]*))')
_QUALITY = re.compile(r"[01](?:\.[0-9]{0,3})?")


@dataclass(frozen=True, slots=True)
class Plan:
    """PostgreSQL's plan of the statement, asked for in place of what the statement answers.

    Attributes:
        format: json or text.
        options: of EXPLAIN: analyze, verbose, settings, buffers, wal.
    """

    format: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The form in which an answer is asked for."""

    kind: Kind = Kind.ARRAY
    is_stripped: bool = False
    plan: Plan | None = None

    @property
    def is_object(self) -> bool:
        """One row rather than a list of them."""
        return self.kind is Kind.OBJECT

    @property
    def format(self) -> Format:
        """How the statement has to write the rows."""
        if self.kind is Kind.CSV:
            return Format.CSV
        return Format.STRIPPED if self.is_stripped else Format.JSON

    @property
    def content_type(self) -> str:
        if self.plan is not None:
            options = f"; options={'|'.join(self.plan.options)}" if self.plan.options else ""
            return f'application/vnd.pgrst.plan+{self.plan.format}; for="{self._media}"{options}; charset=utf-8'
        return self._media if self.kind is Kind.BYTES else f"{self._media}; charset=utf-8"

    @property
    def _media(self) -> str:
        if not self.is_stripped:
            return self.kind.value
        return f"{OBJECT_TYPE if self.is_object else ARRAY_TYPE};nulls=stripped"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The `Prefer` headers of one request; None is what was not asked for.

    Attributes:
        timezone: looks like the name of a time zone, which PostgreSQL may still not know.
    """

    returned: str | None = None
    count: str | None = None
    resolution: str | None = None
    missing: str | None = None
    handling: str | None = None
    max_affected: int | None = None
    tx: str | None = None
    timezone: str | None = None

    def applied(self, *honoured: str) -> str:
        """`Preference-Applied` for the preferences that this request honours; `handling` always is."""
        limit = self.max_affected if self.handling == "strict" else None
        named = {
            "resolution": self.resolution,
            "missing": self.missing,
            "return": self.returned,
            "count": self.count,
            "tx": self.tx,
            "handling": self.handling,
            "timezone": self.timezone,
            "max-affected": limit,
        }
        asked = {name: value for name, value in named.items() if value is not None}
        return ", ".join(f"{name}={asked[name]}" for name in asked if name in honoured or name == "handling")


NO_PREFERENCES = Preferences()


@lru_cache(maxsize=512)
def parse_preferences(header: str) -> Preferences:
    """Read `Prefer`; of several that contradict each other the first holds.

    Unknown ones are passed over, unless `handling=strict` asks for their refusal (AppError 400).
    """
    _check_length("Prefer", header)
    known: dict[str, str] = {}
    unknown: list[str] = []
    for preference in filter(None, map(str.strip, header.split(","))):
        name, _, value = preference.partition("=")
        if _is_known(name, value):
            known.setdefault(name, value)
        else:
            unknown.append(preference)
    if unknown and known.get("handling") == "strict":
        raise failures.unknown_preferences(unknown)
    return Preferences(
        returned=known.get("return"),
        count=known.get("count"),
        resolution=known.get("resolution"),
        missing=known.get("missing"),
        handling=known.get("handling"),
        max_affected=int(known["max-affected"]) if "max-affected" in known else None,
        tx=known.get("tx"),
        timezone=known.get("timezone"),
    )


def _is_known(name: str, value: str) -> bool:
    if name == "max-affected":
        return _COUNT.fullmatch(value) is not None
    if name == "timezone":
        return _TIMEZONE.fullmatch(value) is not None
    return value in _KNOWN.get(name, ())


@lru_cache(maxsize=512)
def parse_accept(accept: str, made: tuple[Kind, ...] = ROWS) -> Form:
    """The form that `Accept` likes best of those that are made here, the first of which answers `*/*`.

    Raises AppError 406 when it likes none.
    """
    _check_length("Accept", accept)
    if not accept.strip():
        return Form(made[0])
    offers = [_offer(found.group()) for found in _OFFER.finditer(accept)]
    unwanted = {media for quality, media, _ in offers if not quality}
    possible = tuple(kind for kind in made if kind.value not in unwanted)
    for quality, media, parameters in sorted(offers, key=lambda offer: (-offer[0], offer[1].count("*"))):
        form = _form(media, parameters, possible) if quality else None
        if form is not None:
            return form
    raise failures.not_acceptable(accept)


def _check_length(name: str, header: str) -> None:
    if len(header) > MAX_HEADER:
        raise failures.header_too_long(name, MAX_HEADER)


def _offer(text: str) -> tuple[float, str, dict[str, str]]:
    """Quality, media type and parameters of one entry of `Accept`."""
    media, semicolon, rest = text.partition(";")
    found = _PARAMETER.findall(semicolon + rest)
    parameters = {name.lower(): quoted or plain.strip() for name, quoted, plain in found}
    quality = parameters.get("q", "")
    return float(quality) if _QUALITY.fullmatch(quality) else 1.0, media.strip().lower(), parameters


def _form(media: str, parameters: dict[str, str], possible: tuple[Kind, ...]) -> Form | None:
    if media in _PLANS:
        return _plan(_PLANS[media], parameters, possible)
    if media.endswith("*"):
        prefix = "" if media == "*/*" else media[:-1]
        return next((Form(kind) for kind in possible if kind.value.startswith(prefix)), None)
    kind = _NAMES.get(media)
    if kind not in possible:
        return None
    return Form(kind, is_stripped=media in _STRIPPABLE and parameters.get("nulls") == "stripped")


def _plan(notation: str, parameters: dict[str, str], possible: tuple[Kind, ...]) -> Form | None:
    _, media, inner = _offer(parameters.get("for") or Kind.ARRAY.value)
    form = None if media in _PLANS else _form(media, inner, possible)
    if form is None:
        return None
    asked = parameters.get("options", "").split("|")
    options = tuple(option for option in _PLAN_OPTIONS if option in asked)
    return Form(form.kind, form.is_stripped, Plan(notation, options))


def parse_range(header: str | None, unit: str | None) -> tuple[int, int | None]:
    """First row and number of rows of a `Range` header; a header that says something else is no range at all."""
    if not header or (unit or "items") != "items":
        return 0, None
    found = _RANGE.fullmatch(header.strip().removeprefix("items="))
    if found is None:
        return 0, None
    first = int(found[1])
    if not found[2]:
        return first, None
    if int(found[2]) < first:
        raise failures.unsatisfiable_range("The lower boundary must be lower than or equal to the upper boundary")
    return first, int(found[2]) - first + 1
