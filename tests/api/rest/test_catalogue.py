"""What is served follows the database: tables that the platform's owner adds, and their documentation for ours."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from models.registry import SHAPES, TABLES
from tests.api.served import Person, Served


@pytest.fixture
async def gadgets(api: Served, owner: Person) -> AsyncGenerator[asyncpg.Connection]:
    """A table and a view that no model knows, with the owner's own rights on them."""
    connection = await asyncpg.connect(api.state.settings.database.admin_dsn())
    assert (await api.send("GET", "gadgets", owner.headers)).status_code == 404
    await connection.execute(
        """
        CREATE TYPE public.colour AS ENUM ('red', 'blue');
        CREATE TABLE public.gadgets (
            id int GENERATED ALWAYS AS IDENTITY, code char(3), colour public.colour, size numeric, "odd ""name" text,
            PRIMARY KEY (id));
        CREATE VIEW public.red_gadgets WITH (security_invoker) AS SELECT * FROM public.gadgets WHERE colour = 'red';
        GRANT SELECT, INSERT, UPDATE ON public.gadgets TO authenticated;
        GRANT SELECT ON public.red_gadgets TO authenticated;
        """
    )
    api.app.state.rest._loaded_at -= 60  # as if the catalogue had been read a minute ago
    yield connection
    await connection.execute("DROP TABLE public.gadgets CASCADE; DROP TYPE public.colour")
    await connection.close()
    await api.app.state.rest.reload()


@pytest.mark.usefixtures("gadgets")
async def test_an_added_table_is_served_at_once(api: Served, owner: Person) -> None:
    row = {"code": "abc", "colour": "red", "size": 1.50, 'odd "name': "x"}
    made = await api.insert("gadgets", row, owner.headers)
    assert made == {**row, "id": made["id"]}
    for query in ("code=eq.abc", "colour=eq.red", "colour=in.(red,blue)", "size=gte.1.5", '"odd \\"name"=eq.x'):
        found = await api.send("GET", f"red_gadgets?{query}", owner.headers)
        assert found.json() == [made], query
    upsert = {"prefer": "resolution=merge-duplicates, return=representation"}
    refused = await api.send("POST", "gadgets", owner.headers, json={**row, "id": made["id"]}, headers=upsert)
    assert refused.json()["code"] == "428C9"  # its id is generated always
    assert (await api.send("GET", "gadgets?colour=eq.green", owner.headers)).json()["code"] == "22P02"
    assert (await api.send("DELETE", "gadgets?id=eq.1", owner.headers)).status_code == 403


async def test_an_added_column_is_served_at_once(api: Served, owner: Person, gadgets: asyncpg.Connection) -> None:
    assert (await api.send("GET", "gadgets", owner.headers)).json() == []
    await gadgets.execute("ALTER TABLE public.gadgets ADD COLUMN later text")
    api.app.state.rest._loaded_at -= 60
    made = await api.insert("gadgets", {"later": "x"}, owner.headers)
    assert made["later"] == "x"


async def test_a_removed_column_is_gone_at_once(api: Served, owner: Person, gadgets: asyncpg.Connection) -> None:
    assert (await api.send("GET", "gadgets", owner.headers)).status_code == 200
    await gadgets.execute("ALTER TABLE public.gadgets DROP COLUMN size CASCADE")
    api.app.state.rest._loaded_at -= 60
    made = await api.insert("gadgets", {"code": "abc"}, owner.headers)
    assert "size" not in made


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
