"""`count` without parentheses, as front ends write it, counts rows where no column has that name."""

from typing import Any

import pytest

from api.rest.catalogue import load
from tests.api.rest.asking import Shop


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("projects?select=count", [{"count": 4}]),
        ("projects?select=n:count::text&id=gt.1", [{"n": "3"}]),
        ("projects?select=name,tasks(count)&id=lt.3&order=id", [
            {"name": "P1", "tasks": [{"count": 2}]}, {"name": "P2", "tasks": [{"count": 1}]}
        ]),
        ("clients?select=name,projects(n:count)&projects.cost=gt.10&id=eq.1", [
            {"name": "Ada", "projects": [{"n": 1}]}
        ]),
        ("tasks?select=clients:projects(count)&id=eq.4", [{"clients": {"count": 0}}]),
        ("users?select=tasks(count)&order=id", [{"tasks": [{"count": 2}]}, {"tasks": [{"count": 1}]}]),
    ],
)  # fmt: skip
async def test_rows_are_counted(shop: Shop, url: str, expected: list[dict[str, Any]]) -> None:
    assert await shop.rows(url) == expected


async def test_a_column_of_that_name_is_meant(shop: Shop) -> None:
    transaction = shop.connection.transaction()
    await transaction.start()
    await shop.connection.execute("CREATE TABLE shop.hits (count int); INSERT INTO shop.hits VALUES (7), (9)")
    found = await Shop(shop.connection, await load(shop.connection, ["shop"])).rows("hits?select=count&order=count")
    await transaction.rollback()
    assert found == [{"count": 7}, {"count": 9}]
