"""Statements that change rows: what stands for what a document leaves out, and how many rows they may reach."""

from typing import Any

import pytest

from api.rest.plan import Action, Conflict, Returned
from tests.api.rest.asking import Shop
from zilliance.errors import AppError

INSERT: dict[str, Any] = {"action": Action.INSERT}
UPDATE: dict[str, Any] = {"action": Action.UPDATE}
DELETE: dict[str, Any] = {"action": Action.DELETE}


async def test_missing_keys_become_null_or_the_default(shop: Shop) -> None:
    rows = '[{"id": 8}, {"id": 9, "priority": null}, {"id": 10, "priority": 1, "made_on": "2021-01-01"}]'
    more = {**INSERT, "columns": ("id", "priority", "made_on")}
    url = "projects?select=id,priority,made_on"
    plain = [{"id": 8, "priority": None, "made_on": None}, {"id": 9, "priority": None, "made_on": None}]
    last = {"id": 10, "priority": 1, "made_on": "2021-01-01"}
    assert await shop.rows(url, rows, **more) == [*plain, last]
    defaults = [{**plain[0], "priority": 7, "made_on": "2020-01-01"}, {**plain[1], "made_on": "2020-01-01"}]
    assert await shop.rows(url, rows, **more, missing_is_default=True) == [*defaults, last]


async def test_an_update_may_set_a_column_to_its_default(shop: Shop) -> None:
    more = {**UPDATE, "columns": ("name", "priority")}
    url = "projects?select=name,priority&id=eq.1"
    assert await shop.rows(url, '{"name": "x"}', **more) == [{"name": "x", "priority": None}]
    assert await shop.rows(url, '{"name": "x"}', **more, missing_is_default=True) == [{"name": "x", "priority": 7}]


async def test_a_limited_change_reaches_the_first_rows_alone(shop: Shop) -> None:
    url = "projects?select=id&id=lt.4&order=id.desc"
    more = {**UPDATE, "columns": ("name",)}
    assert await shop.rows(url, '{"name": "x"}', "2", **more, is_limited=True) == [{"id": 3}, {"id": 2}]
    page = {"is_limited": True, "is_paged": True}
    assert await shop.rows(url, '{"name": "x"}', "1", "1", **more, **page) == [{"id": 2}]
    keys = await shop.rows("users_tasks?order=user_id.desc,task_id", "1", **DELETE, is_limited=True)
    assert keys == [{"user_id": 2, "task_id": 2}]
    related = "projects?select=id,clients()&order=clients(name).desc.nullslast"
    assert await shop.rows(related, '{"name": "x"}', "1", **more, is_limited=True) == [{"id": 3}]


async def test_a_limited_change_needs_a_key(shop: Shop) -> None:
    with pytest.raises(AppError, match="needs a primary key"):
        await shop.rows("notes?text=eq.n1", "1", **DELETE, is_limited=True)


@pytest.mark.parametrize(
    ("conflict", "expected", "fresh"),
    [
        (Conflict(None, merge=True), [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}], 1),
        (Conflict(("id",), merge=True), [{"id": 1, "name": "x"}, {"id": 9, "name": "y"}], 1),
        (Conflict(None, merge=False), [{"id": 9, "name": "y"}], 1),
    ],
)
async def test_rows_that_are_there_already(shop: Shop, conflict: Conflict, expected: Any, fresh: int) -> None:
    rows = '[{"id": 1, "name": "x"}, {"id": 9, "name": "y"}]'
    more = {**INSERT, "columns": ("id", "name"), "conflict": conflict}
    assert await shop.rows("clients?select=id,name", rows, **more) == expected
    assert (await shop.result("clients", rows, **more, returned=Returned.NOTHING)) == {
        "body": "", "rows": len(expected), "fresh": fresh,
    }  # fmt: skip


async def test_keys_alone(shop: Shop) -> None:
    more = {**INSERT, "columns": ("user_id", "task_id"), "returned": Returned.KEYS}
    assert await shop.rows("users_tasks?select=*&order=user_id", '[{"user_id": 2, "task_id": 3}]', **more) == [
        {"user_id": 2, "task_id": 3}
    ]


async def test_parameters_that_an_answer_leaves_out_do_no_harm(shop: Shop) -> None:
    """Such as conditions on relations that a silent write does not show."""
    url = "clients?select=projects(id)&projects.cost=gt.1&projects.limit=1&id=eq.3"
    assert await shop.result(url, **DELETE, returned=Returned.NOTHING) == {"body": "", "rows": 1}
