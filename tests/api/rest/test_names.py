"""Columns called as the aliases of our statements: each name still means the column, and a row is still the row."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from api.rest.catalogue import load
from api.rest.plan import Action, Arguments, Format
from tests.api.rest.asking import Shop

TABLES = """
CREATE TABLE shop.colours (id int PRIMARY KEY, r int, t int, t1 int, changed int, called int, old int);
CREATE TABLE shop.shades (id int PRIMARY KEY, t int REFERENCES shop.colours, r text);
CREATE FUNCTION shop.bright(c shop.colours) RETURNS int LANGUAGE sql STABLE AS 'SELECT c.r + c.t';
CREATE FUNCTION shop.dark(c shop.colours) RETURNS SETOF shop.shades LANGUAGE sql STABLE
    AS 'SELECT * FROM shop.shades WHERE t = c.id';
CREATE FUNCTION shop.colour(n int) RETURNS shop.colours LANGUAGE sql VOLATILE
    AS 'SELECT * FROM shop.colours WHERE id = n';
CREATE FUNCTION shop.r() RETURNS TABLE (r int, t int) LANGUAGE sql VOLATILE AS 'SELECT 1, 2';
INSERT INTO shop.colours VALUES (1, 10, NULL, 30, 40, 50, 60), (2, 11, 20, NULL, NULL, NULL, NULL);
INSERT INTO shop.shades VALUES (5, 1, 'pale');
"""
FIRST = {"id": 1, "r": 10, "t": None, "t1": 30, "changed": 40, "called": 50, "old": 60}
PALE = {"id": 5, "t": 1, "r": "pale"}
WRITTEN = '{"id": 3, "r": 1, "t": 2}'
COLUMNS = ("id", "r", "t")
CALL = {"action": Action.CALL, "arguments": Arguments.SINGLY}


@pytest.fixture(scope="module")
async def colours(shop: Shop) -> AsyncGenerator[Shop]:
    transaction = shop.connection.transaction()
    await transaction.start()
    await shop.connection.execute(TABLES)
    yield Shop(shop.connection, await load(shop.connection, ["shop"]))
    await transaction.rollback()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("colours?id=eq.1", [FIRST]),
        ("colours?select=r:id&id=eq.1", [{"r": 1}]),
        ("colours?select=id,bright,dark(*)&id=eq.2", [{"id": 2, "bright": 31, "dark": []}]),
        ("colours?select=id&dark=not.is.null&select=id,dark()", [{"id": 1}]),
        ("shades?select=id,colours(*)", [{"id": 5, "colours": FIRST}]),
        ("shades?select=r,...colours(t1,c:changed)&order=colours(t)", [{"r": "pale", "t1": 30, "c": 40}]),
        ("colours?select=t1:id,shades(*)&id=eq.1", [{"t1": 1, "shades": [PALE]}]),
        ("colours?select=r:id.sum()", [{"r": 3}]),
    ],
)
async def test_reading(colours: Shop, url: str, expected: list[dict[str, Any]]) -> None:
    assert await colours.rows(url) == expected


async def test_csv_and_answers_without_nulls(colours: Shop) -> None:
    answer = await colours.result("colours?select=r,t,id", format=Format.CSV)
    assert answer["body"] == "r,t,id\n10,,1\n11,20,2"
    assert await colours.rows("colours?select=r,t&id=eq.1", format=Format.STRIPPED) == [{"r": 10}]


async def test_writing(colours: Shop) -> None:
    url = "colours?select=id,r,bright,dark(id),shades(id)"
    expected = {"id": 3, "r": 1, "bright": 3, "dark": [], "shades": []}
    assert await colours.rows(url, f"[{WRITTEN}]", action=Action.INSERT, columns=COLUMNS) == [expected]
    assert await colours.rows(f"{url}&id=eq.2", WRITTEN, action=Action.UPDATE, columns=COLUMNS) == [expected]
    gone = await colours.rows("colours?select=bright,t&id=eq.2", action=Action.DELETE)
    assert gone == [{"bright": 31, "t": 20}]


async def test_calling(colours: Shop) -> None:
    assert await colours.rows("r", **CALL) == [{"r": 1, "t": 2}]
    called = await colours.rows("colour?select=t,bright,dark(r)", "1", columns=("n",), **CALL)
    assert called == [{"t": None, "bright": None, "dark": [{"r": "pale"}]}]
    assert await colours.rows("colour", "9", columns=("n",), **CALL) == []
