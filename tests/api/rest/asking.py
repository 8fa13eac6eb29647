"""Statements of the data API run as they are made, over tables of a transaction that is never committed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from api.rest.catalogue import Catalogue, load
from api.rest.grammar.parser import parse_target
from api.rest.plan import Action, Shape
from api.rest.sql import statement
from zilliance.settings import DatabaseSettings

TABLES = """
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'glad');
CREATE TABLE shop.clients (id int PRIMARY KEY, name text, is_vip bool NOT NULL DEFAULT true);
CREATE TABLE shop.projects (
    id int PRIMARY KEY, name text, client_id int REFERENCES shop.clients, cost numeric, doc jsonb, mood shop.mood,
    code char(3), made_on date DEFAULT '2020-01-01', priority int DEFAULT 7);
CREATE TABLE shop.details (project_id int PRIMARY KEY REFERENCES shop.projects, note text);
CREATE TABLE shop.tasks (id int PRIMARY KEY, name text, project_id int REFERENCES shop.projects, hours int);
CREATE TABLE shop.users (id int PRIMARY KEY, name text);
CREATE TABLE shop.users_tasks (
    user_id int REFERENCES shop.users, task_id int REFERENCES shop.tasks, PRIMARY KEY (user_id, task_id));
CREATE TABLE shop.notes (client_id int REFERENCES shop.clients, text text);

CREATE FUNCTION shop.label(shop.projects) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper($1.name)';
CREATE FUNCTION shop.long_tasks(shop.projects) RETURNS SETOF shop.tasks LANGUAGE sql STABLE
    AS 'SELECT * FROM shop.tasks WHERE project_id = $1.id AND hours > 3';
CREATE FUNCTION shop.first_task(shop.projects) RETURNS SETOF shop.tasks ROWS 1 LANGUAGE sql STABLE
    AS 'SELECT * FROM shop.tasks WHERE project_id = $1.id ORDER BY id';
CREATE FUNCTION shop.added(a int, b int DEFAULT 10) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION shop.summed(VARIADIC v int[]) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS 'SELECT sum(n) FROM unnest(v) AS n';
CREATE FUNCTION shop.echoed(json) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION shop.echoed(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION shop.nothing() RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION shop.counted(n int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT generate_series(1, n)';
CREATE FUNCTION shop.numbered(n int) RETURNS TABLE (number int, word text) LANGUAGE sql STABLE
    AS 'SELECT g, ''n'' || g FROM generate_series(1, n) AS g';
CREATE FUNCTION shop.project(n int) RETURNS shop.projects LANGUAGE sql STABLE
    AS 'SELECT * FROM shop.projects WHERE id = n';
CREATE SEQUENCE shop.calls;
CREATE FUNCTION shop.called_projects() RETURNS SETOF shop.projects LANGUAGE plpgsql VOLATILE
    AS 'BEGIN PERFORM nextval(''shop.calls''); RETURN QUERY SELECT * FROM shop.projects; END';

INSERT INTO shop.clients VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cy');
INSERT INTO shop.projects VALUES
    (1, 'P1', 1, 10, '{"a": {"b": 1}}', 'glad', 'ab'), (2, 'P2', 1, 20, '{}', 'sad', 'cd');
INSERT INTO shop.projects VALUES (3, 'P3', 2, 5), (4, 'P4', NULL, NULL);
INSERT INTO shop.details VALUES (1, 'first');
INSERT INTO shop.tasks VALUES (1, 'T1', 1, 2), (2, 'T2', 1, 5), (3, 'T3', 2, 7), (4, 'T4', NULL, 1);
INSERT INTO shop.users VALUES (1, 'U1'), (2, 'U2');
INSERT INTO shop.users_tasks VALUES (1, 1), (1, 2), (2, 2);
INSERT INTO shop.notes VALUES (1, 'n1'), (1, 'n2');
GRANT USAGE ON SCHEMA shop TO authenticated;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO authenticated;
REVOKE SELECT ON shop.clients FROM authenticated;
GRANT SELECT (id, name) ON shop.clients TO authenticated;
ALTER TABLE shop.tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY "the short ones" ON shop.tasks TO authenticated USING (hours < 4);
"""


@dataclass
class Shop:
    """The tables, and what asks for them."""

    connection: asyncpg.Connection
    catalogue: Catalogue

    def statement(self, url: str, *, action: Action = Action.READ, role: str = "service_role", **more: Any) -> str:
        """The text for a URL; `more` are the other parts of the shape."""
        relation, _, query = url.partition("?")
        target = parse_target(query.encode())
        shape = Shape(
            action, "shop", relation, role, target.select, target.where, target.order, len(target.values), **more
        )
        return statement(shape, self.catalogue)

    async def result(self, url: str, *following: str, role: str = "service_role", **more: Any) -> dict[str, Any]:
        """What the statement of a URL answers; `following` are the parameters behind the values. Nothing is kept."""
        text = self.statement(url, role=role, **more)
        values = parse_target(url.partition("?")[2].encode()).values
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            if role != "service_role":
                await self.connection.execute(f"SET LOCAL ROLE {role}")
            return dict(await self.connection.fetchrow(text, *values, *following) or ())
        finally:
            await transaction.rollback()

    async def rows(self, url: str, *following: str, **more: Any) -> Any:
        """The body, as JSON."""
        return orjson.loads((await self.result(url, *following, **more))["body"])


@asynccontextmanager
async def opened(settings: DatabaseSettings) -> AsyncGenerator[Shop]:
    connection = await asyncpg.connect(settings.admin_dsn())
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(TABLES)
    yield Shop(connection, await load(connection, ["shop"]))
    await transaction.rollback()
    await connection.close()
