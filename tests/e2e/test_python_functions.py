"""Functions that the official Python client calls through `rpc()`, against the whole platform."""

import asyncio
from typing import Any

import httpx
import pytest
from postgrest import CountMethod
from supabase import AsyncClient, create_client
from supabase.lib.client_options import SyncClientOptions

from tests.e2e.python_client import Python, data, refusal, rows

pytestmark = pytest.mark.usefixtures("library")

SCALARS = [
    ("add", {"a": 2, "b": 3}, 5),
    ("total", {"numbers": [1, 2, 3]}, 6),
    ("echo", {"value": {"a": [1, "x,y", None]}}, {"a": [1, "x,y", None]}),
    ("status_of", {"author": "Ted"}, "ACTIVE"),
    ("status_of", {"author": "nobody"}, None),
]


@pytest.mark.parametrize("get", [False, True], ids=["POST", "GET"])
@pytest.mark.parametrize(("name", "arguments", "result"), SCALARS)
async def test_scalars(db: AsyncClient, name: str, arguments: dict[str, Any], result: object, *, get: bool) -> None:
    assert await data(db.rpc(name, arguments, get=get)) == result


@pytest.mark.parametrize("get", [False, True], ids=["POST", "GET"])
async def test_rows(db: AsyncClient, *, get: bool) -> None:
    assert (await data(db.rpc("eldest", get=get)))["name"] == "Stanislaw"
    ted = db.rpc("authors_like", {"part": "ted"}, get=get)
    assert [row["name"] for row in await data(ted)] == ["Ted"]
    pages = db.rpc("pages_by_author", get=get).eq("author", "Ted")
    assert await data(pages) == [{"author": "Ted", "pages": 368}]


async def test_a_set_of_rows_is_read_like_a_table(db: AsyncClient) -> None:
    def found(part: str = "") -> Any:
        return db.rpc("authors_like", {"part": part})

    embedded = found("u").select("name", "books!author_id(title)").eq("id", 1).order("id")
    assert [len(row["books"]) for row in await data(embedded)] == [2]
    assert await data(found().select("id").order("id", desc=True).limit(1)) == [{"id": 3}]
    assert await data(found().select("id").order("id").range(1, 1)) == [{"id": 2}]
    assert await data(found().select("id").or_("id.eq.1,name.eq.Ted").order("id")) == [{"id": 1}, {"id": 3}]
    assert (await data(found("Ted").single()))["name"] == "Ted"
    assert (await data(found("Ted").maybe_single()))["name"] == "Ted"
    assert await found("nobody").maybe_single().execute() is None
    assert (await refusal(found().single())).code == "PGRST116"
    assert await data(found("Ted").select("id", "name").csv()) == "id,name\n3,Ted"
    assert await data(found("Ted").select("id", "born").strip_nulls()) == [{"id": 3}]


async def test_counts(db: AsyncClient) -> None:
    head = await db.rpc("authors_like", {"part": "ted"}, count=CountMethod.exact, head=True).execute()
    assert (head.data, head.count) == ([], 1)
    page = await db.rpc("authors_like", {"part": ""}, count=CountMethod.exact).limit(1).execute()
    assert (len(page.data), page.count) == (1, 3)  # pyright: ignore[reportArgumentType]


async def test_a_function_that_gives_nothing(db: AsyncClient) -> None:
    assert await data(db.rpc("retire", {"author": "nobody"})) == []
    assert await data(db.schema("public").rpc("retire", {"author": "nobody"})) == []


async def test_functions_that_refuse_and_functions_that_are_not_there(db: AsyncClient) -> None:
    unknown = await refusal(db.rpc("ad", {"a": 1, "b": 2}))
    assert (unknown.code, unknown.hint) == ("PGRST202", "Perhaps you meant to call the function public.add")
    other = await refusal(db.rpc("add", {"a": 1, "c": 2}))
    assert other.code == "PGRST202"
    assert other.message == "Could not find the function public.add(a, c) in the schema cache"
    teapot = await refusal(db.rpc("teapot"))
    assert (teapot.code, teapot.message, teapot.hint) == ("PT418", "short and stout", "tip me over")
    assert (await refusal(db.rpc("add", {"a": "x", "b": 1}))).code == "22P02"


async def test_what_is_got_only_reads(db: AsyncClient) -> None:
    assert (await refusal(db.rpc("retire", {"author": "nobody"}, get=True))).code in {"PGRST101", "25006"}


async def test_the_seeds_functions(python: Python) -> None:
    author, reader = await python.person(), await python.person()
    assert await data(author.client.rpc("has_role", {"_user_id": author.id, "_role": "admin"})) is False
    written = author.client.table("tutorials").insert({"title": "How to fly", "status": "published"})
    (tutorial,) = await rows(written)
    asked = {"tutorial_id": tutorial["id"]}
    seen = reader.client.table("tutorials").select("views, likes").eq("id", tutorial["id"])
    await reader.client.rpc("record_view", asked).execute()
    await reader.client.rpc("toggle_like", asked).execute()
    assert await rows(seen) == [{"views": 1, "likes": 1}]
    await reader.client.rpc("toggle_like", asked).execute()
    assert await rows(seen) == [{"views": 1, "likes": 0}]
    stranger = await python.client()
    assert (await refusal(stranger.rpc("toggle_like", asked))).code == "42501"


async def test_the_client_that_waits(python: Python) -> None:
    def call() -> list[Any]:
        with httpx.Client(timeout=60) as http:
            db = create_client(python.url, python.anon_key, SyncClientOptions(httpx_client=http))
            found = db.rpc("authors_like", {"part": "u"}, get=True).select("name").order("name").limit(1)
            return [db.rpc("add", {"a": 2, "b": 3}).execute().data, found.execute().data]

    assert await asyncio.to_thread(call) == [5, [{"name": "Ursula"}]]
