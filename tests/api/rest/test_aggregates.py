"""Sums and their like: over all rows, over groups, inside what is embedded, and of what is spread."""

from typing import Any

import pytest
from asyncpg.exceptions import GroupingError, UndefinedFunctionError

from api.rest.plan import Action
from tests.api.rest.asking import Shop
from zilliance.errors import AppError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("projects?select=cost.sum()", [{"sum": 35}]),
        ("projects?select=cost.sum(),cost.min(),cost.max(),count(),cost.count(),with:cost.count()", [
            {"sum": 35, "min": 5, "max": 20, "count": 3, "with": 3}
        ]),
        ("projects?select=count()", [{"count": 4}]),
        ("projects?select=n:count()&id=gt.1", [{"n": 3}]),
        ("projects?select=count()&id=gt.9", [{"count": 0}]),
        ("projects?select=cost.avg()::int", [{"avg": 12}]),
        ("projects?select=cost::int.sum()::text", [{"sum": "35"}]),
        ("projects?select=doc->a->>b::int.sum()", [{"sum": 1}]),
        ("projects?select=client_id,cost.sum()&order=client_id", [
            {"client_id": 1, "sum": 30}, {"client_id": 2, "sum": 5}, {"client_id": None, "sum": None}
        ]),
        ("projects?select=count(),client_id&order=client_id.desc.nullslast&client_id=not.is.null", [
            {"count": 1, "client_id": 2}, {"count": 2, "client_id": 1}
        ]),
        ("projects?select=a:doc->a->b,count()&doc=not.is.null&order=doc->a->b.nullsfirst", [
            {"a": None, "count": 1}, {"a": 1, "count": 1}
        ]),
        ("details?select=*,count()", [{"project_id": 1, "note": "first", "count": 1}]),
        ("clients?select=name,projects(cost.sum(),count())&order=id", [
            {"name": "Ada", "projects": [{"sum": 30, "count": 2}]},
            {"name": "Bob", "projects": [{"sum": 5, "count": 1}]},
            {"name": "Cy", "projects": [{"sum": None, "count": 0}]},
        ]),
        ("clients?select=projects(code,cost.max())&projects.order=code&id=eq.1", [
            {"projects": [{"code": "ab ", "max": 10}, {"code": "cd ", "max": 20}]}
        ]),
        ("projects?select=clients(count())&id=eq.4", [{"clients": {"count": 0}}]),
        ("tasks?select=...projects(client_id,cost.sum())&order=id", None),
        ("tasks?select=...projects(client_id,cost.sum(),count())&project_id=not.is.null", [
            {"client_id": 1, "sum": 40, "count": 3}
        ]),
        ("tasks?select=project_id,...projects(costs:cost.sum(),...clients(name))&project_id=eq.1", [
            {"project_id": 1, "costs": 20, "name": "Ada"}
        ]),
        ("tasks?select=...projects(...clients(count()))", [{"count": 3}]),
    ],
)  # fmt: skip
async def test_aggregates(shop: Shop, url: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(GroupingError, match=r'"t\.id" must appear in the GROUP BY'):
            await shop.rows(url)
    else:
        assert await shop.rows(url) == expected


async def test_groups_by_what_is_embedded(shop: Shop) -> None:
    rows = await shop.rows("projects?select=clients(name,notes(text)),cost.sum()")
    ada = {"name": "Ada", "notes": [{"text": "n1"}, {"text": "n2"}]}
    expected = [{"clients": ada, "sum": 30}, {"clients": {"name": "Bob", "notes": []}, "sum": 5}]
    assert sorted(rows, key=lambda row: -(row["sum"] or 0)) == [*expected, {"clients": None, "sum": None}]
    assert await shop.rows("clients?select=projects(id),count()&id=gte.2") == [
        {"projects": [], "count": 1}, {"projects": [{"id": 3}], "count": 1}
    ]  # fmt: skip


async def test_groups_are_counted_as_rows(shop: Shop) -> None:
    found = await shop.result("projects?select=client_id,count()", is_counted=True)
    assert (found["rows"], found["total"]) == (3, 4)


async def test_aggregates_of_what_a_write_changed(shop: Shop) -> None:
    url = "projects?select=cost.sum(),count()&id=lt.3"
    assert await shop.rows(url, '{"cost": 7}', action=Action.UPDATE, columns=("cost",)) == [{"sum": 14, "count": 2}]


async def test_aggregates_of_spread_lists_are_refused(shop: Shop) -> None:
    with pytest.raises(AppError, match="not implemented") as raised:
        await shop.rows("projects?select=id,...tasks(hours.sum())")
    assert raised.value.code == "PGRST127"


async def test_postgresql_says_what_cannot_be_summed(shop: Shop) -> None:
    with pytest.raises(UndefinedFunctionError, match=r"sum\(text\)"):
        await shop.rows("projects?select=name.sum()")


async def test_only_seen_rows_are_counted(shop: Shop) -> None:
    assert await shop.rows("tasks?select=count()", role="authenticated") == [{"count": 2}]
    assert await shop.rows("projects?select=tasks(hours.sum())&id=eq.1", role="authenticated") == [
        {"tasks": [{"sum": 2}]}
    ]
