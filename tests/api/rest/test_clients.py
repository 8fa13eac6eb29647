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


async def test_errors_keep_their_code(client: AsyncPostgrestClient) -> None:
    with pytest.raises(APIError) as caught:
        await client.table("nonsense").select("*").execute()
    assert caught.value.code == "PGRST205"
    with pytest.raises(APIError) as caught:
        await client.table("contacts").select("*").eq("first_name", "nobody at all").single().execute()
    assert (caught.value.code, caught.value.details) == ("PGRST116", "The result contains 0 rows")
