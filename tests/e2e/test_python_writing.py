"""Everything that the official Python client writes through `table()`, against the whole platform."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from postgrest import AsyncRequestBuilder, AsyncSelectRequestBuilder, CountMethod, ReturnMethod
from supabase import AsyncClient, create_client
from supabase.lib.client_options import SyncClientOptions

from tests.e2e.python_client import Python, data, refusal, rows

pytestmark = pytest.mark.usefixtures("library")
MINIMAL = ReturnMethod.minimal
EXACT = CountMethod.exact


def unique(name: str) -> str:
    return f"{name} {uuid4().hex}"


async def new_author(db: AsyncClient) -> int:
    (author,) = await rows(db.table("authors").insert({"name": unique("Ann")}))
    return author["id"]


async def test_insert_one(db: AsyncClient) -> None:
    silent = await db.table("authors").insert({"name": unique("Bea")}, returning=MINIMAL).execute()
    assert (silent.data, silent.count) == ([], None)
    written = {"name": unique("Cleo"), "awards": ["a,b", 'c"d'], "facts": {"a": [1, None]}, "born": date(2000, 2, 29)}
    (row,) = await rows(db.table("authors").insert(written))
    assert row["id"] > 100
    assert (row["status"], row["awards"], row["facts"], row["born"]) == (
        "ACTIVE", ["a,b", 'c"d'], {"a": [1, None]}, "2000-02-29",
    )  # fmt: skip


async def test_insert_many_and_choose_what_comes_back(db: AsyncClient) -> None:
    author = await new_author(db)
    books = [{"title": "A", "author_id": author}, {"title": "B", "author_id": author}]
    made = (
        await db.table("books").insert(books, count=EXACT).select("title,pages,author:authors!author_id(id)").execute()
    )
    assert made.count == 2
    assert made.data == [{"title": title, "pages": 100, "author": {"id": author}} for title in ("A", "B")]
    assert await rows(db.table("books").insert([])) == []


async def test_what_a_row_lacks_is_null_or_its_default(db: AsyncClient) -> None:
    author = await new_author(db)
    books = [{"title": "A", "author_id": author, "pages": 5}, {"title": "B", "author_id": author}]
    assert (await refusal(db.table("books").insert(books))).code == "23502"
    made = await rows(db.table("books").insert(books, default_to_null=False))
    assert [row["pages"] for row in made] == [5, 100]


async def test_a_written_row_as_one_object_or_as_csv(db: AsyncClient) -> None:
    author = await new_author(db)
    book = db.table("books").insert({"title": "single", "author_id": author})
    assert (await data(book.single()))["title"] == "single"
    book = db.table("books").insert({"title": 'a "csv", book', "author_id": author})
    assert await data(book.select("title", "pages").csv()) == 'title,pages\n"a ""csv"", book",100'


async def test_single_takes_a_write_back_unless_it_gives_one_row(db: AsyncClient) -> None:
    author = await new_author(db)
    books = [{"title": "one", "author_id": author}, {"title": "two", "author_id": author}]
    assert (await refusal(db.table("books").insert(books).single())).code == "PGRST116"
    assert await rows(db.table("books").select("id").eq("author_id", author)) == []


async def test_upsert(db: AsyncClient) -> None:
    name = unique("Dora")

    async def put(born: str, **more: Any) -> list[dict[str, Any]]:
        return await rows(db.table("authors").upsert({"name": name, "born": born}, on_conflict="name", **more))

    (made,) = await put("2000-01-01")
    (merged,) = await put("2001-01-01")
    assert (merged["id"], merged["born"]) == (made["id"], "2001-01-01")
    assert await put("1900-01-01", ignore_duplicates=True) == []
    assert await put("2002-01-01", returning=MINIMAL) == []
    (by_key,) = await rows(db.table("authors").upsert({"id": made["id"], "name": name, "born": None}))
    assert by_key["born"] is None
    (again,) = await rows(db.table("authors").insert({"id": made["id"], "name": unique("renamed")}, upsert=True))
    assert again["name"].startswith("renamed")


async def test_upsert_many(db: AsyncClient) -> None:
    author = await new_author(db)
    first = {"title": "A", "author_id": author, "pages": 5}
    await db.table("books").insert(first).execute()
    both = [{**first, "pages": 6}, {"title": "B", "author_id": author}]
    merged = db.table("books").upsert(both, on_conflict="author_id,title", default_to_null=False, count=EXACT)
    answer = await merged.execute()
    assert answer.count == 2
    found = await rows(db.table("books").select("title,pages").eq("author_id", author).order("title"))
    assert found == [{"title": "A", "pages": 6}, {"title": "B", "pages": 100}]


async def test_update(db: AsyncClient) -> None:
    author = await new_author(db)

    def authors(values: dict[str, Any], **more: Any) -> AsyncSelectRequestBuilder:
        return db.table("authors").update(values, **more).eq("id", author)

    silent = await authors({"born": "1990-05-05"}, returning=MINIMAL).execute()
    assert silent.data == []
    counted = await authors({"awards": ["Locus"]}, count=EXACT).select("awards", "mentor:mentor_id(name)").execute()
    assert (counted.data, counted.count) == ([{"awards": ["Locus"], "mentor": None}], 1)
    assert (await data(authors({"facts": None}).select("born").single())) == {"born": "1990-05-05"}
    nobody = await db.table("authors").update({"born": None}, count=EXACT).eq("id", -1).execute()
    assert (nobody.data, nobody.count) == ([], 0)
    assert await rows(authors({})) == []


async def test_delete(db: AsyncClient) -> None:
    author = await new_author(db)
    gone = await db.table("authors").delete(count=EXACT).eq("id", author).select("id").execute()
    assert (gone.data, gone.count) == ([{"id": author}], 1)
    again = await db.table("authors").delete(returning=MINIMAL, count=EXACT).eq("id", author).execute()
    assert (again.data, again.count) == ([], 0)


async def test_no_more_rows_than_allowed_are_touched(db: AsyncClient) -> None:
    author = await new_author(db)
    await db.table("books").insert([{"title": title, "author_id": author} for title in "ab"]).execute()
    for careful in (
        db.table("books").update({"pages": 1}).eq("author_id", author).max_affected(1),
        db.table("books").delete().eq("author_id", author).max_affected(1),
    ):
        assert (await refusal(careful)).code == "PGRST124"
    left = await rows(db.table("books").delete().eq("author_id", author).max_affected(2))
    assert [row["pages"] for row in left] == [100, 100]


Table = Callable[[str], AsyncRequestBuilder]
REFUSALS: dict[str, tuple[Callable[[Table], AsyncSelectRequestBuilder], str]] = {
    "duplicate": (lambda table: table("authors").insert({"name": "Ted"}), "23505"),
    "no such parent": (lambda table: table("books").insert({"title": "x", "author_id": -1}), "23503"),
    "check": (lambda table: table("books").insert({"title": "x", "author_id": 1, "pages": -1}), "23514"),
    "missing value": (lambda table: table("books").insert({"title": None, "author_id": 1}), "23502"),
    "wrong value": (lambda table: table("books").insert({"title": "x", "author_id": "one"}), "22P02"),
    "unknown column": (lambda table: table("books").insert({"title": "x", "nope": 1}), "PGRST204"),
    "unknown column in a list": (lambda table: table("books").insert([{"title": "x", "nope": 1}]), "PGRST204"),
    "unknown column in a change": (lambda table: table("books").update({"nope": 1}).eq("id", 1), "PGRST204"),
    "unknown table": (lambda table: table("no_such_table").insert({}), "PGRST205"),
    "no such key": (lambda table: table("authors").upsert({"name": "Ted"}, on_conflict="born"), "42P10"),
    "twice in one list": (
        lambda table: table("authors").upsert([{"id": 500, "name": "x"}, {"id": 500, "name": "y"}]),
        "21000",
    ),
    "no filter": (lambda table: table("authors").delete(), "21000"),
    "read only": (lambda table: table("long_books").insert({"title": "x", "author_id": 1}), "42501"),
    "not allowed": (lambda table: table("contacts").insert({"type": "individual"}), "42501"),
}


@pytest.mark.parametrize(("ask", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_refusal(db: AsyncClient, ask: Callable[[Table], AsyncSelectRequestBuilder], code: str) -> None:
    error = await refusal(ask(db.table))
    assert error.code == code
    assert error.message


async def test_a_conflict_says_what_it_is_about(db: AsyncClient) -> None:
    error = await refusal(db.table("authors").insert({"name": "Ted"}))
    assert error.message == 'duplicate key value violates unique constraint "authors_name_key"'
    assert error.details is None  # under row security PostgreSQL does not show values of rows


async def test_anothers_rows_do_not_exist(python: Python) -> None:
    owner, other = await python.person(), await python.person()
    mine, theirs = owner.client.table, other.client.table
    (contact,) = await rows(mine("contacts").insert({"type": "individual", "first_name": "Canary"}))
    await mine("deals").insert({"title": "Secret", "contact_id": contact["id"]}).execute()
    embedded = await rows(mine("deals").select("title, contacts(first_name)"))
    assert embedded == [{"title": "Secret", "contacts": {"first_name": "Canary"}}]
    foreign = await theirs("contacts").select("*, deals(*)", count=EXACT).execute()
    assert (foreign.data, foreign.count) == ([], 0)
    assert await rows(theirs("contacts").update({"first_name": "x"}).eq("id", contact["id"])) == []
    assert await rows(theirs("contacts").delete().eq("id", contact["id"])) == []
    stolen = theirs("contacts").insert({"type": "individual", "user_id": owner.id})
    assert (await refusal(stolen)).code == "42501"


async def test_the_client_that_waits(python: Python) -> None:
    def write() -> list[Any]:
        with httpx.Client(timeout=60) as http:
            db = create_client(python.url, python.anon_key, SyncClientOptions(httpx_client=http))
            name = unique("Eve")
            db.table("authors").insert({"name": name}).execute()
            db.table("authors").update({"awards": ["Hugo"]}).eq("name", name).execute()
            return list(db.table("authors").delete().eq("name", name).select("awards").execute().data)

    assert await asyncio.to_thread(write) == [{"awards": ["Hugo"]}]
