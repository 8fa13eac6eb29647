"""The official Python client against the running API."""

from collections.abc import AsyncGenerator

import pytest
from postgrest import APIError, AsyncPostgrestClient

from tests.api.served import Person, Served


@pytest.fixture
async def client(api: Served, owner: Person) -> AsyncGenerator[AsyncPostgrestClient]:
    async with AsyncPostgrestClient(f"{api.url}/rest/v1", headers=owner.headers) as client:
        yield client


async def test_a_rows_life(client: AsyncPostgrestClient) -> None:
    made = await client.table("contacts").insert({"first_name": "Ada", "tags": ["py"]}).execute()
    (row,) = made.data
    assert isinstance(row, dict)
    found = await client.table("contacts").select("first_name, tags").eq("id", row["id"]).single().execute()
    assert found.data == {"first_name": "Ada", "tags": ["py"]}
    changed = await client.table("contacts").update({"first_name": "Grace"}).eq("id", row["id"]).execute()
    assert isinstance(changed.data[0], dict)
    assert changed.data[0]["first_name"] == "Grace"
    deleted = await client.table("contacts").delete().eq("id", row["id"]).execute()
    assert len(deleted.data) == 1
    gone = await client.table("contacts").select("*").eq("id", row["id"]).maybe_single().execute()
    assert gone is None


async def test_lists_with_a_count(client: AsyncPostgrestClient) -> None:
    await client.table("deals").insert([{"title": f"py{number}"} for number in range(5)]).execute()
    query = client.table("deals").select("title", count="exact").like("title", "py%").order("title", desc=True)  # pyright: ignore[reportArgumentType]
    page = await query.range(1, 2).execute()
    assert (page.data, page.count) == ([{"title": "py3"}, {"title": "py2"}], 5)


async def test_upserts_and_bulk_inserts(client: AsyncPostgrestClient) -> None:
    rows = [{"first_name": "bulk", "last_name": "a"}, {"first_name": "bulk"}]
    made = await client.table("contacts").insert(rows, default_to_null=False).execute()  # pyright: ignore[reportArgumentType]
    assert [row["last_name"] for row in made.data if isinstance(row, dict)] == ["a", None]
    row = made.data[0]
    assert isinstance(row, dict)
    again = {"id": row["id"], "user_id": row["user_id"], "first_name": "merged"}
    with pytest.raises(APIError) as caught:  # ids are not the client's to write
        await client.table("contacts").upsert(again, on_conflict="id").execute()
    assert caught.value.code == "42501"


async def test_functions(client: AsyncPostgrestClient, owner: Person) -> None:
    asked = {"_user_id": str(owner.id), "_role": "admin"}
    assert (await client.rpc("has_role", asked).execute()).data is False  # pyright: ignore[reportArgumentType]
    assert (await client.rpc("has_role", asked, get=True).execute()).data is False  # pyright: ignore[reportArgumentType]
    with pytest.raises(APIError) as caught:
        await client.rpc("has_rule", {}).execute()
    assert (caught.value.code, caught.value.hint) == (
        "PGRST202", "Perhaps you meant to call the function public.has_role",
    )  # fmt: skip


async def test_embedded_rows_and_csv(client: AsyncPostgrestClient) -> None:
    made = await client.table("contacts").insert({"first_name": "Embedded"}).execute()
    (contact,) = made.data
    assert isinstance(contact, dict)
    await client.table("deals").insert({"title": "of_contact", "contact_id": contact["id"]}).execute()
    query = client.table("deals").select("title, contacts!inner(first_name)").eq("contacts.first_name", "Embedded")
    assert (await query.execute()).data == [{"title": "of_contact", "contacts": {"first_name": "Embedded"}}]
    csv = await client.table("deals").select("title").eq("title", "of_contact").csv().execute()
    assert csv.data == "title\nof_contact"  # pyright: ignore[reportUnnecessaryComparison]


async def test_a_bounded_deletion(client: AsyncPostgrestClient) -> None:
    await client.table("deals").insert([{"title": "bounded"}, {"title": "bounded"}]).execute()
    with pytest.raises(APIError) as caught:
        await client.table("deals").delete().eq("title", "bounded").max_affected(1).execute()
    assert caught.value.code == "PGRST124"


async def test_errors_keep_their_code(client: AsyncPostgrestClient) -> None:
    with pytest.raises(APIError) as caught:
        await client.table("nonsense").select("*").execute()
    assert caught.value.code == "PGRST205"
    with pytest.raises(APIError) as caught:
        await client.table("contacts").select("*").eq("first_name", "nobody at all").single().execute()
    assert (caught.value.code, caught.value.details) == ("PGRST116", "The result contains 0 rows")
