"""What is served follows the database: tables that the platform's owner adds, and their documentation for ours."""

import asyncio
from collections.abc import AsyncGenerator

import asyncpg
import httpx
import pytest

from models.registry import SHAPES, TABLES
from tests.api.served import Person, Served


@pytest.fixture
async def gadgets(api: Served, owner: Person) -> AsyncGenerator[asyncpg.Connection]:
    """A table, a view and a function that no model knows, as a migration of a Supabase project adds them."""
    connection = await asyncpg.connect(api.state.settings.database.admin_dsn())
    assert (await api.send("GET", "gadgets", owner.headers)).status_code == 404
    await connection.execute(
        """
        CREATE TYPE public.colour AS ENUM ('red', 'blue');
        CREATE TABLE public.gadgets (
            id int GENERATED ALWAYS AS IDENTITY, code char(3), colour public.colour, size numeric, "odd ""name" text,
            user_id uuid DEFAULT auth.uid(), PRIMARY KEY (id));
        ALTER TABLE public.gadgets ENABLE ROW LEVEL SECURITY;
        CREATE POLICY "own gadgets" ON public.gadgets USING (auth.uid() = user_id);
        CREATE VIEW public.red_gadgets WITH (security_invoker) AS SELECT * FROM public.gadgets WHERE colour = 'red';
        GRANT SELECT ON public.red_gadgets TO authenticated;
        CREATE FUNCTION public.count_gadgets() RETURNS bigint LANGUAGE sql STABLE
            AS 'SELECT count(*) FROM public.gadgets';
        """
    )
    yield connection
    await connection.execute("DROP TABLE public.gadgets CASCADE; DROP TYPE public.colour")
    await connection.execute("DROP FUNCTION public.count_gadgets")
    await connection.close()


async def served_soon(api: Served, who: Person, path: str, status: int = 200) -> httpx.Response:
    """The answer as soon as it has that status: the database tells of a change within milliseconds."""
    async with asyncio.timeout(30):
        while (answer := await api.send("GET", path, who.headers)).status_code != status:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.005)
    return answer


@pytest.mark.usefixtures("gadgets")
async def test_what_is_added_is_served_at_once(api: Served, owner: Person, stranger: Person) -> None:
    await served_soon(api, owner, "gadgets")
    row = {"code": "abc", "colour": "red", "size": 1.50, 'odd "name': "x"}
    made = await api.insert("gadgets", row, owner.headers)
    assert made == {**row, "id": made["id"], "user_id": str(owner.id)}
    for query in ("code=eq.abc", "colour=eq.red", "colour=in.(red,blue)", "size=gte.1.5", '"odd \\"name"=eq.x'):
        found = await api.send("GET", f"red_gadgets?{query}", owner.headers)
        assert found.json() == [made], query
    assert (await api.send("GET", "red_gadgets", stranger.headers)).json() == []
    assert [(await api.send("GET", "rpc/count_gadgets", who.headers)).json() for who in (owner, stranger)] == [1, 0]
    upsert = {"prefer": "resolution=merge-duplicates, return=representation"}
    refused = await api.send("POST", "gadgets", owner.headers, json={**row, "id": made["id"]}, headers=upsert)
    assert refused.json()["code"] == "428C9"  # its id is generated always
    assert (await api.send("GET", "gadgets?colour=eq.green", owner.headers)).json()["code"] == "22P02"
    assert (await api.send("POST", "red_gadgets", owner.headers, json={"code": "abc"})).status_code == 403


async def test_changes_are_served_at_once(api: Served, owner: Person, gadgets: asyncpg.Connection) -> None:
    await served_soon(api, owner, "gadgets")
    await gadgets.execute("ALTER TABLE public.gadgets ADD COLUMN later text")
    await served_soon(api, owner, "gadgets?later=is.null")
    assert (await api.insert("gadgets", {"later": "x"}, owner.headers))["later"] == "x"
    await gadgets.execute("ALTER TABLE public.gadgets DROP COLUMN size CASCADE")
    await served_soon(api, owner, "gadgets?size=is.null", 400)
    # As long as the old catalogue names the column, PostgreSQL refuses with the same status: this tells them apart.
    await served_soon(api, owner, "gadgets")
    assert "size" not in await api.insert("gadgets", {"code": "abc"}, owner.headers)
    await gadgets.execute("ALTER TABLE public.gadgets RENAME TO gizmos")
    await served_soon(api, owner, "gizmos")
    await gadgets.execute("ALTER TABLE public.gizmos RENAME TO gadgets")


async def test_grants_are_followed_at_once(api: Served, owner: Person, gadgets: asyncpg.Connection) -> None:
    await served_soon(api, owner, "gadgets")
    await gadgets.execute("REVOKE SELECT ON public.gadgets FROM authenticated")
    await served_soon(api, owner, "gadgets", 403)
    await gadgets.execute("GRANT SELECT (id, code) ON public.gadgets TO authenticated")
    await api.send("POST", "gadgets", owner.headers, json={"code": "abc", "user_id": str(owner.id)})
    answer = await served_soon(api, owner, "gadgets")
    assert set(answer.json()[0]) == {"id", "code"}  # `*` is what the caller may read


async def test_every_table_is_documented(api: Served, owner: Person) -> None:
    answer = await api.send("GET", "", owner.headers)
    assert answer.headers["content-type"] == "application/openapi+json"
    paths = answer.json()["paths"]
    for table in TABLES:
        operations = paths[f"/rest/v1/{table}"]
        shapes = SHAPES[table]
        parameters = {each["name"] for each in operations["get"]["parameters"]}
        assert {*shapes.public.model_fields, "select", "order", "limit", "offset", "or", "and", "prefer"} <= parameters
        rows = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert rows["items"]["$ref"].endswith(f"/{shapes.public.__name__}")
        assert "401" in operations["get"]["responses"]
        assert ("post" in operations, "patch" in operations) == (bool(shapes.create), bool(shapes.update))
    assert (await api.send("GET", "", {})).status_code == 401
