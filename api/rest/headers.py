"""What the headers of a request ask for: preferences (RFC 7240), the form of the answer, a range of rows."""

import re
from dataclasses import dataclass
from functools import lru_cache

from api.rest import failures

OBJECT_TYPE = "application/vnd.pgrst.object+json"
ARRAY_TYPE = "application/vnd.pgrst.array+json"
JSON_TYPE = "application/json; charset=utf-8"

_KNOWN = {
    "return": {"representation", "minimal", "headers-only"},
    "count": {"exact", "planned", "estimated"},
    "resolution": {"merge-duplicates", "ignore-duplicates"},
    "missing": {"default", "null"},
    "handling": {"strict", "lenient"},
}
_LIST_TYPES = frozenset({"application/json", ARRAY_TYPE, "*/*", "application/*", ""})
_RANGE = re.compile(r"(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The `Prefer` headers of one request; None is what was not asked for.

    `planned` and `estimated` counts are answered with the exact one.
    """

    returned: str | None = None
    count: str | None = None
    resolution: str | None = None
    missing: str | None = None
    handling: str | None = None
    max_affected: int | None = None

    def applied(self, *honoured: str) -> str:
        """`Preference-Applied` for the preferences that this request honours."""
        named = {"return": self.returned, "count": self.count, "resolution": self.resolution, "missing": self.missing}
        words = [f"{name}={named[name]}" for name in honoured if named[name]]
        if self.handling:
            words.append(f"handling={self.handling}")
        if self.max_affected is not None and self.handling == "strict":
            words.append(f"max-affected={self.max_affected}")
        return ", ".join(words)


NO_PREFERENCES = Preferences()


@lru_cache(maxsize=512)
def parse_preferences(header: str) -> Preferences:
    """Read `Prefer`. Unknown ones are passed over, unless `handling=strict` asks for their refusal."""
    known: dict[str, str] = {}
    unknown: list[str] = []
    limit: int | None = None
    for preference in filter(None, map(str.strip, header.split(","))):
        name, _, value = preference.partition("=")
        if value in _KNOWN.get(name, ()):
            known.setdefault(name, value)
        elif name == "max-affected" and value.isascii() and value.isdigit() and len(value) < len(str(2**63)):
            limit = int(value)
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
        max_affected=limit,
    )


@lru_cache(maxsize=512)
def wants_object(accept: str) -> bool:
    """Whether the answer is one object instead of an array. Raises AppError 406 for a form that is not made."""
    for offer in accept.split(","):
        media = offer.partition(";")[0].strip().lower()
        if media == OBJECT_TYPE:
            return True
        if media in _LIST_TYPES:
            return False
    raise failures.not_acceptable(accept)


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
