"""What a stranger may try on one table: every way to read, and every way to write."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB

from models.registry import SHAPES
from tests.canary.exchange import NEEDLE, Ask
from tests.canary.planting import CLOSED, columns_of, references

RETURNED = {"prefer": "return=representation, count=exact"}
_OBJECT = {"accept": "application/vnd.pgrst.object+json"}
_COUNTS = [{"prefer": f"count={how}"} for how in ("exact", "planned", "estimated")]
_FORMS = [
    _OBJECT,
    {"accept": "text/csv"},
    {"accept": "application/vnd.pgrst.array+json;nulls=stripped"},
    {"accept": "application/vnd.pgrst.plan+json; options=analyze|verbose"},
    {"range": "1-5", "prefer": "count=exact"},
    *_COUNTS,
]
_VAGUE = re.compile("neq|not|gte?|select|or=")  # finds rows of the caller's own, too, or is no filter
_UNIQUE = {"api_endpoints": "user_id,path,method", "user_roles": "user_id,role"}


def readable(table: str, *kinds: type) -> list[str]:
    """The columns of these types that an owner can read, without those that hold one of a few values."""
    shown = SHAPES[table].public.model_fields
    return [name for name in columns_of(table, *kinds) if name in shown and name not in CLOSED.get(table, {})]


def reads(table: str) -> Iterator[Ask]:
    """Reads of a table, with every kind of filter and every form of the answer."""
    for condition, needle in conditions(table):
        yield Ask("GET", f"{table}?{condition}", needle)
    for form in _FORMS:
        yield Ask("GET", f"{table}?id=eq.{NEEDLE}", "id", form)
        yield Ask("HEAD", f"{table}?id=eq.{NEEDLE}", "id", form)
        yield Ask("GET", table, headers=form)
    yield Ask("GET", f"{table}?select=count()&id=eq.{NEEDLE}", "id")
    yield Ask("GET", f"{table}?id=eq.{NEEDLE}&offset=1", "id", _COUNTS[0])
    yield Ask("GET", f"{table}?order=created_at.desc&offset=1000", headers=_COUNTS[0])
    yield Ask("GET", f"{table}?select=*,count()")
    for column in SHAPES[table].public.model_fields:
        yield Ask("GET", f"{table}?select=id,x:{column}::text&order={column}.desc.nullslast&limit=5")
    for column in [*readable(table, Text), *readable(table, BigInteger, Numeric)]:
        yield Ask("GET", f"{table}?select=a:{column}.max(),b:{column}.min()")
        yield Ask("GET", f"{table}?select=max:{column}.max(),n:count()&id=eq.{NEEDLE}", "id")
    for column in readable(table, JSONB):
        yield Ask("GET", f"{table}?select={column}->canary,x:{column}->>canary&order={column}->>canary")


def conditions(table: str) -> Iterator[tuple[str, str]]:
    """Filters that the planted row meets, each with the secret that it takes."""
    for condition in (
        "id=eq.@",
        "id=neq.@",
        "id=in.(@)",
        "id=not.isdistinct.@",
        "and=(id.gte.@,id.lte.@)",
        "or=(id.eq.@,and(id.gt.@,id.lt.@))",
        "select=id&id=eq.@",
    ):
        yield condition.replace("@", NEEDLE), "id"
    if "user_id" in SHAPES[table].public.model_fields:
        yield f"user_id=eq.{NEEDLE}", "owner"
    for column in readable(table, Text):
        yield f"{column}=like.*{NEEDLE}*", "prefix"
    for column in readable(table, Text)[:1]:
        yield from _text_conditions(column)
    for column in readable(table, JSONB):
        yield f"{column}->>canary=eq.{NEEDLE}", "mark"
        yield f"{column}->canary=eq.%22{NEEDLE}%22", "mark"
        yield f'{column}=cs.{{"canary":"{NEEDLE}"}}', "mark"
    for column in readable(table, ARRAY):
        yield f"{column}=cs.{{{NEEDLE}}}", "mark"
        yield f"{column}=ov.{{{NEEDLE}}}", "mark"
    for column in readable(table, BigInteger, Numeric):
        yield f"{column}=eq.{NEEDLE}", "number"
        yield f"or=({column}.in.({NEEDLE}),{column}.gt.{NEEDLE})", "number"


def _text_conditions(column: str) -> Iterator[tuple[str, str]]:
    for operator in ("ilike.*@*", "match.@", "imatch.^.?@", "like(any).{*@*,x}", "gte.@", "not.like.*@*"):
        yield f"{column}={operator.replace('@', NEEDLE)}", "prefix"
    for operator in ("fts", "plfts", "phfts", "wfts(english)"):
        yield f"{column}={operator}.{NEEDLE}", "mark"
    yield f"{column}=eq.{NEEDLE}", "mark"
    yield f"{column}=in.({NEEDLE},x)", "mark"
    yield f"or=({column}.eq.{NEEDLE},not.and({column}.neq.{NEEDLE},{column}.not.is.null))", "mark"


def changes(table: str) -> Iterator[Ask]:
    """Updates and deletions of a row that is another's."""
    change = _change(table)
    certain = [each for each in conditions(table) if not _VAGUE.search(each[0])]
    for condition, needle in certain[::3]:
        yield Ask("PATCH", f"{table}?{condition}", needle, RETURNED, change)
        yield Ask("DELETE", f"{table}?{condition}", needle, RETURNED)
    by_id = f"{table}?id=eq.{NEEDLE}"
    for more in ({}, _OBJECT, {"prefer": "handling=strict, max-affected=0, return=headers-only"}):
        yield Ask("PATCH", by_id, "id", more, change)
        yield Ask("DELETE", by_id, "id", more)
    yield Ask("PUT", by_id, "id", RETURNED, {"id": NEEDLE, **change})


def inserts(table: str, own: str) -> Iterator[Ask]:
    """Inserts and upserts that would run into another's row, and those that pretend to be another."""
    row = {"id": NEEDLE, **_change(table)}
    for prefer in ("", "resolution=merge-duplicates", "resolution=ignore-duplicates, return=representation"):
        for query in ("", "?on_conflict=id", "?columns=id"):
            yield Ask("POST", table + query, "id", {"prefer": prefer}, row)
    yield Ask("POST", table, "owner", RETURNED, {**_change(table), "user_id": NEEDLE})
    unique = _UNIQUE.get(table)
    if unique:
        taken = {"user_id": NEEDLE, **_change(table), **CLOSED[table]}
        for how in ("merge", "ignore"):
            prefer = {"prefer": f"resolution={how}-duplicates, return=representation"}
            yield Ask("POST", f"{table}?on_conflict={unique}", "owner", prefer, taken)
    yield Ask("PATCH", f"{table}?id=eq.{own}", "id", RETURNED, {"id": NEEDLE})
    yield Ask("PATCH", f"{table}?id=eq.{own}", "owner", RETURNED, {"user_id": NEEDLE})


def referring(table: str, own: str) -> Iterator[tuple[str, Ask]]:
    """Writes of a row of the caller's own that refers to another's: the table it refers to, and the request."""
    for column, target in references(table).items():
        row = {**_change(table), column: NEEDLE}
        yield target, Ask("POST", f"{table}?select=*,{target}(*)", "id", RETURNED, row)
        yield target, Ask("POST", f"{table}?columns={column}", "id", RETURNED, [row, row])
        yield target, Ask("PATCH", f"{table}?id=eq.{own}&select=*,{target}(*)", "id", RETURNED, {column: NEEDLE})


def _change(table: str) -> dict[str, Any]:
    """Something that an update may set where there are updates; it is enough for an insert."""
    if table == "api_endpoints":
        return {"name": "x", "path": "/x", "target_url": "https://x.example"}
    return {(readable(table, Text) or ["role"])[0]: "user" if table == "user_roles" else "x"}
