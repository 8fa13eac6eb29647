"""Each filter of the official Python client, against the whole platform."""

from collections.abc import Callable
from datetime import date

import pytest
from postgrest import AsyncSelectRequestBuilder
from supabase import AsyncClient

from tests.e2e.python_client import rows

pytestmark = pytest.mark.usefixtures("library")
Select = AsyncSelectRequestBuilder
ENGLISH = {"config": "english"}

FILTERS: dict[str, tuple[Callable[[Select], Select], list[str]]] = {
    "eq": (lambda a: a.eq("name", "Ted"), ["Ted"]),
    "eq with signs": (lambda a: a.eq("name", "a+b&c=d (e), 'f' \"g\""), []),
    "eq date": (lambda a: a.eq("born", date(1929, 10, 21)), ["Ursula"]),
    "neq": (lambda a: a.neq("name", "Ted"), ["Stanislaw", "Ursula"]),
    "gt and lte": (lambda a: a.gt("id", 1).lte("id", 2), ["Stanislaw"]),
    "gte and lt": (lambda a: a.gte("id", 1).lt("id", 2), ["Ursula"]),
    "like": (lambda a: a.like("name", "%s%"), ["Stanislaw", "Ursula"]),
    "like with stars": (lambda a: a.like("name", "*s*"), ["Stanislaw", "Ursula"]),
    "ilike": (lambda a: a.ilike("name", "u%"), ["Ursula"]),
    "like_all_of": (lambda a: a.like_all_of("name", "%a%,%w"), ["Stanislaw"]),
    "like_any_of": (lambda a: a.like_any_of("name", "T%,U%"), ["Ted", "Ursula"]),
    "ilike_all_of": (lambda a: a.ilike_all_of("name", "%T%,%ed"), ["Ted"]),
    "ilike_any_of": (lambda a: a.ilike_any_of("name", "t%,u%"), ["Ted", "Ursula"]),
    "match": (lambda a: a.filter("name", "match", "^[TU]"), ["Ted", "Ursula"]),
    "imatch": (lambda a: a.filter("name", "imatch", "^t"), ["Ted"]),
    "is null": (lambda a: a.is_("born", None), ["Ted"]),
    "is not_null": (lambda a: a.is_("born", "not_null"), ["Stanislaw", "Ursula"]),
    "not is null": (lambda a: a.not_.is_("born", "null"), ["Stanislaw", "Ursula"]),
    "isdistinct": (lambda a: a.filter("mentor_id", "isdistinct", "1"), ["Ursula"]),
    "in": (lambda a: a.in_("name", ["Ted", 'with "quotes", (and) commas', "back\\slash"]), ["Ted"]),
    "in numbers": (lambda a: a.in_("id", [1, 3]), ["Ted", "Ursula"]),
    "in nothing": (lambda a: a.in_("id", []), []),
    "not in": (lambda a: a.not_.in_("id", [1, 2]), ["Ted"]),
    "enum": (lambda a: a.eq("status", "ACTIVE"), ["Ted"]),
    "cs": (lambda a: a.cs("awards", ["Hugo", "Locus"]), ["Ted"]),
    "cd": (lambda a: a.cd("awards", ["Hugo", "Locus"]), ["Stanislaw", "Ted"]),
    "contains array": (lambda a: a.contains("awards", ["Hugo"]), ["Ted", "Ursula"]),
    "contains JSON": (lambda a: a.contains("facts", {"home": {"city": "Portland"}}), ["Ursula"]),
    "contains range": (lambda a: a.contains("active_years", "[2000,2001)"), ["Stanislaw", "Ted", "Ursula"]),
    "contained_by array": (lambda a: a.contained_by("awards", ["Hugo", "Locus"]), ["Stanislaw", "Ted"]),
    "contained_by JSON": (lambda a: a.contained_by("facts->home", {"city": "Krakow", "x": 1}), ["Stanislaw"]),
    "contained_by range": (lambda a: a.contained_by("active_years", "[1950,2020)"), ["Ursula"]),
    "ov": (lambda a: a.ov("awards", ["Nebula", "Locus"]), ["Ted", "Ursula"]),
    "overlaps": (lambda a: a.overlaps("awards", ["Nebula", "with, comma"]), ["Ursula"]),
    "overlapping ranges": (lambda a: a.ov("active_years", "[1940,1950)"), ["Stanislaw"]),
    "range_gt": (lambda a: a.range_gt("active_years", (1940, 1960)), ["Ted"]),
    "range_gte": (lambda a: a.range_gte("active_years", (1958, 1960)), ["Ted", "Ursula"]),
    "range_lt": (lambda a: a.range_lt("active_years", (2009, 2030)), ["Stanislaw"]),
    "range_lte": (lambda a: a.range_lte("active_years", (2000, 2018)), ["Stanislaw", "Ursula"]),
    "range_adjacent": (lambda a: a.range_adjacent("active_years", (2004, 2010)), ["Stanislaw"]),
    "fts": (lambda a: a.fts("biography", "fat & rat"), ["Ursula"]),
    "plfts": (lambda a: a.plfts("biography", "robot dream"), ["Stanislaw"]),
    "phfts": (lambda a: a.phfts("biography", "fat cat"), ["Ursula"]),
    "wfts": (lambda a: a.wfts("biography", "robot -cat"), ["Stanislaw"]),
    "not fts": (lambda a: a.not_.fts("biography", "robot"), ["Ursula"]),
    "text_search": (lambda a: a.text_search("biography", "'fat' & 'cats'", ENGLISH), ["Ursula"]),
    "plain": (lambda a: a.text_search("biography", "robot dogs", {"type": "plain", **ENGLISH}), ["Stanislaw"]),
    "phrase": (lambda a: a.text_search("biography", "fat cats", {"type": "phrase", **ENGLISH}), ["Ursula"]),
    "web": (lambda a: a.text_search("biography", "-robot rats", {"type": "web_search", **ENGLISH}), ["Ursula"]),
    "search in text": (lambda a: a.text_search("name", "ursula", {"config": "simple"}), ["Ursula"]),
    "match_": (lambda a: a.match({"id": 1, "name": "Ursula"}), ["Ursula"]),
    "or": (lambda a: a.or_("id.eq.1,and(id.gt.2,name.like.T*)"), ["Ted", "Ursula"]),
    "or with quotes": (lambda a: a.or_('name.eq."Ted",name.in.("a,b","Ursula")'), ["Ted", "Ursula"]),
    "or of arrays": (lambda a: a.or_("awards.cs.{Hugo,Locus},awards.eq.{}"), ["Stanislaw", "Ted"]),
    "not or": (lambda a: a.not_.or_("id.eq.1,name.eq.Ted"), ["Stanislaw"]),
    "two ors": (lambda a: a.or_("id.eq.1,id.eq.2").or_("id.eq.2,id.eq.3"), ["Stanislaw"]),
    "JSON path": (lambda a: a.eq("facts->home->>city", "Krakow"), ["Stanislaw"]),
    "JSON value": (lambda a: a.eq("facts->cats", 3), ["Ursula"]),
    "array element": (lambda a: a.eq("awards->>1", "Locus"), ["Ted"]),
}  # fmt: skip


@pytest.mark.parametrize(("narrowed", "expected"), FILTERS.values(), ids=FILTERS)
async def test_filter(db: AsyncClient, narrowed: Callable[[Select], Select], expected: list[str]) -> None:
    found = await rows(narrowed(db.table("authors").select("name")))
    assert sorted(row["name"] for row in found) == expected
