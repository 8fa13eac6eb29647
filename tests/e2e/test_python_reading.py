"""Everything that the official Python client reads through `table()`, against the whole platform."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from postgrest import APIError, AsyncRequestBuilder, AsyncSelectRequestBuilder, CountMethod
from supabase import AsyncClient, create_client
from supabase.lib.client_options import SyncClientOptions

from tests.e2e.python_client import Python, data, refusal, rows

pytestmark = pytest.mark.usefixtures("library")
Select = AsyncSelectRequestBuilder


async def test_columns_aliases_casts_and_json_paths(db: AsyncClient) -> None:
    columns = "n:name, id::text, facts->home->>city", "cats:facts->cats", "first:awards->>0"
    row = await data(db.table("authors").select(*columns).eq("id", 1).single())
    assert row == {"n": "Ursula", "id": "1", "city": "Portland", "cats": 3, "first": "Hugo"}


async def test_everything_of_a_row(db: AsyncClient) -> None:
    (row,) = await rows(db.table("books").select().eq("id", 4))
    told = {"id": 4, "title": "Exhalation", "pages": 368, "price": None, "language": "en"}
    assert row == {**told, "author_id": 3, "editor_id": None}


async def test_order_and_pages(db: AsyncClient) -> None:
    by_birth = db.table("authors").select("name", count=CountMethod.exact).order("born", desc=True, nullsfirst=False)
    first = await by_birth.range(0, 1).execute()
    assert (first.data, first.count) == ([{"name": "Ursula"}, {"name": "Stanislaw"}], 3)
    unborn_first = db.table("authors").select("name").order("born", nullsfirst=True).limit(1)
    assert await rows(unborn_first) == [{"name": "Ted"}]
    second = db.table("books").select("id").order("author_id").order("pages", desc=True).limit(2).offset(1)
    assert [row["id"] for row in await rows(second)] == [2, 3]
    by_path = db.table("authors").select("name").order("facts->home->>city", nullsfirst=False)
    assert [row["name"] for row in await rows(by_path)] == ["Stanislaw", "Ursula", "Ted"]


@pytest.mark.parametrize("method", CountMethod)
async def test_counts(db: AsyncClient, method: CountMethod) -> None:
    head = await db.table("authors").select("*", head=True, count=method).execute()
    assert head.data == []
    assert head.count is not None
    assert head.count > 0
    listed = await db.table("authors").select("name", count=method).limit(2).execute()
    assert len(listed.data) == 2
    assert listed.count is not None
    if method != CountMethod.planned:  # which may change when the table is analysed
        assert (head.count, listed.count) == (3, 3)


async def test_exact_counts_heed_filters(db: AsyncClient) -> None:
    long = await db.table("books").select("*", head=True, count=CountMethod.exact).gt("pages", 200).execute()
    assert long.count == 3
    assert (await db.table("books").select("id").execute()).count is None


async def test_single_and_maybe_single(db: AsyncClient) -> None:
    def authors() -> Select:
        return db.table("authors").select("name")

    assert await data(authors().eq("id", 1).single()) == {"name": "Ursula"}
    assert await data(authors().eq("id", 1).maybe_single()) == {"name": "Ursula"}
    assert await authors().eq("id", 99).maybe_single().execute() is None
    nothing = await refusal(authors().eq("id", 99).single())
    assert (nothing.code, nothing.details) == ("PGRST116", "The result contains 0 rows")
    assert nothing.message == "Cannot coerce the result to a single JSON object"
    assert (await refusal(authors().single())).details == "The result contains 3 rows"
    assert (await refusal(authors().maybe_single())).code == "406"


async def test_csv(db: AsyncClient) -> None:
    books = db.table("books").select("id,title,price").in_("id", [3, 4]).order("id")
    assert await data(books.csv()) == "id,title,price\n3,Solaris,10.00\n4,Exhalation,"


async def test_objects_without_nulls(db: AsyncClient) -> None:
    assert await rows(db.table("books").select("id,price").eq("id", 4).strip_nulls()) == [{"id": 4}]
    assert await data(db.table("books").select("id,price").eq("id", 4).strip_nulls().single()) == {"id": 4}


@pytest.mark.parametrize("form", ["text", "json"])
async def test_plans_are_not_shown(db: AsyncClient, form: Any) -> None:
    error = await refusal(db.table("books").select("*").explain(analyze=True, format=form))
    assert error.code == "PGRST107"
    assert error.message is not None
    assert f"application/vnd.pgrst.plan+{form}" in error.message


async def test_relations_of_each_kind(db: AsyncClient) -> None:
    embedded = "title, author:authors!author_id(name), editor:authors!editor_id(name), genres(name)"
    first, second, *_ = await rows(db.table("books").select(embedded).order("id").order("id", foreign_table="genres"))
    genres = [{"name": "utopia"}, {"name": "space"}]
    assert first == {
        "title": "The Dispossessed", "author": {"name": "Ursula"}, "editor": {"name": "Ted"}, "genres": genres,
    }  # fmt: skip
    assert (second["editor"], second["genres"]) == (None, [])
    ursula = "name, author_pages(url), written:books!author_id(title), mentor:mentor_id(name), books!editor_id(id)"
    assert await data(db.table("authors").select(ursula).eq("id", 1).single()) == {
        "name": "Ursula",
        "author_pages": {"url": "https://example.com/ursula"},
        "written": [{"title": "The Dispossessed"}, {"title": "The Lathe of Heaven"}],
        "mentor": None,
        "books": [{"id": 3}],
    }


async def test_parameters_that_speak_of_relations(db: AsyncClient) -> None:
    nested = db.table("authors").select("name, books!author_id(title, genres(name))").eq("books.genres.name", "space")
    longest = nested.order("pages", desc=True, foreign_table="books").limit(1, foreign_table="books").order("id")
    assert (await rows(longest))[0] == {
        "name": "Ursula",
        "books": [{"title": "The Dispossessed", "genres": [{"name": "space"}]}],
    }
    books = db.table("authors").select("name, books!author_id(title)").order("id")
    some = await rows(books.or_("pages.gt.350,title.eq.Solaris", reference_table="books"))
    assert [len(row["books"]) for row in some] == [0, 1, 1]
    second = db.table("authors").select("books!author_id(title)").eq("id", 1).order("id", foreign_table="books")
    assert await rows(second.range(1, 1, foreign_table="books")) == [{"books": [{"title": "The Lathe of Heaven"}]}]


async def test_relations_that_leave_rows_out(db: AsyncClient) -> None:
    inner = db.table("authors").select("name, books!author_id!inner(title)").gt("books.pages", 350)
    assert await rows(inner) == [{"name": "Ted", "books": [{"title": "Exhalation"}]}]
    with_page = db.table("authors").select("name, author_pages()").not_.is_("author_pages", "null")
    assert await rows(with_page) == [{"name": "Ursula"}]
    without = db.table("authors").select("name, author_pages()").is_("author_pages", None).order("id")
    assert await rows(without) == [{"name": "Stanislaw"}, {"name": "Ted"}]


async def test_spread_relations_and_order_by_one(db: AsyncClient) -> None:
    spread = db.table("books").select("title, ...authors!author_id(author:name)")
    latest = spread.order("authors(name)", desc=True).order("id").limit(1)
    assert await rows(latest) == [{"title": "The Dispossessed", "author": "Ursula"}]


async def test_aggregates(db: AsyncClient) -> None:
    totals = db.table("books").select("count(), pages.sum(), most:pages.max(), least:pages.min()")
    assert await rows(totals) == [{"count": 4, "sum": 1097, "most": 368, "least": 184}]
    grouped = await rows(db.table("books").select("author_id, pages.avg()::int").order("author_id"))
    assert grouped[0] == {"author_id": 1, "avg": 263}
    counted = db.table("authors").select("name, books!author_id(count())").eq("id", 1)
    assert await rows(counted) == [{"name": "Ursula", "books": [{"count": 2}]}]


async def test_views_computed_columns_and_computed_relations(db: AsyncClient) -> None:
    view = db.table("long_books").select("title, authors!author_id(name)").order("id").limit(1)
    assert await rows(view) == [{"title": "The Dispossessed", "authors": {"name": "Ursula"}}]
    assert await data(db.table("books").select("label").eq("id", 3).single()) == {"label": "Solaris (204 p.)"}
    assert await rows(db.table("books").select("id").like("label", "Sol*")) == [{"id": 3}]
    shelf = db.table("authors").select("name, shelf(title)").eq("id", 2).single()
    assert await data(shelf) == {"name": "Stanislaw", "shelf": [{"title": "Solaris"}]}


async def test_schemas(db: AsyncClient) -> None:
    public = db.schema("public").table("genres").select("name").eq("id", 1).single()
    assert await data(public) == {"name": "utopia"}
    for closed in ("personal", "auth", "storage", "private"):
        error = await refusal(db.schema(closed).table("objects").select("*"))
        assert (error.code, error.message) == ("PGRST106", f"Invalid schema: {closed}")


REFUSALS: dict[str, tuple[Callable[[Callable[[str], AsyncRequestBuilder]], Any], str]] = {
    "unknown table": (lambda table: table("no_such_table").select(), "PGRST205"),
    "unknown column": (lambda table: table("books").select("nope"), "42703"),
    "unknown column in a filter": (lambda table: table("books").select().eq("nope", 1), "42703"),
    "unknown relation": (lambda table: table("books").select("*, author_pages(*)"), "PGRST200"),
    "ambiguous relation": (lambda table: table("books").select("*, authors(*)"), "PGRST201"),
    "wrong value": (lambda table: table("books").select().eq("id", "x"), "22P02"),
    "wrong operator": (lambda table: table("books").select().filter("id", "xx", "1"), "PGRST100"),
    "wrong select": (lambda table: table("books").select("id,,title("), "PGRST100"),
    "wrong search": (lambda table: table("authors").select().fts("biography", "fat &"), "42601"),
    "not in select": (lambda table: table("books").select().eq("genres.name", "space"), "PGRST108"),
    "beyond the end": (lambda table: table("books").select("id", count=CountMethod.exact).range(50, 60), "PGRST103"),
    "hidden table": (lambda table: table("contacts").select(), "42501"),
}


@pytest.mark.parametrize(("ask", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_refusal(db: AsyncClient, ask: Callable[..., Any], code: str) -> None:
    error = await refusal(ask(db.table))
    assert error.code == code
    assert error.message


async def test_a_refused_head_is_told_by_its_headers(db: AsyncClient) -> None:
    error = await refusal(db.table("no_such_table").select("*", head=True))
    assert error.code == "PGRST205"


async def test_ambiguity_says_what_can_be_meant(db: AsyncClient) -> None:
    error = await refusal(db.table("books").select("*, authors(*)"))
    assert error.hint is not None
    assert "authors!books_author_id_fkey" in error.hint
    assert isinstance(error.details, list)
    assert {each["cardinality"] for each in error.details} == {"many-to-one"}


async def test_the_client_that_waits(python: Python) -> None:
    def read() -> tuple[list[Any], int | None, str | None]:
        with httpx.Client(timeout=60) as http:
            db = create_client(python.url, python.anon_key, SyncClientOptions(httpx_client=http))
            listed = db.table("genres").select("name", count=CountMethod.exact).order("id").limit(2).execute()
            with pytest.raises(APIError) as caught:
                db.table("genres").select("name").single().execute()
            return list(listed.data), listed.count, caught.value.code

    assert await asyncio.to_thread(read) == ([{"name": "utopia"}, {"name": "space"}], 3, "PGRST116")
