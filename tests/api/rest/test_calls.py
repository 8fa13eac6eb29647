"""Statements that call functions: how arguments reach them, and what is made of their answers."""

from typing import Any

import pytest

from api.rest.catalogue import load
from api.rest.plan import Action, Arguments, Format
from tests.api.rest.asking import Shop
from zilliance.errors import NotFoundError

SINGLY = {"action": Action.CALL, "arguments": Arguments.SINGLY}
DOCUMENT = {"action": Action.CALL, "arguments": Arguments.DOCUMENT}
WHOLE = {"action": Action.CALL, "arguments": Arguments.WHOLE}
SILENT = {"response_status": None, "response_headers": None}


@pytest.mark.parametrize(
    ("url", "how", "following", "expected"),
    [
        ("added", (SINGLY, "a b"), ("1", "2"), [3]),
        ("added", (SINGLY, "a"), ("1",), [11]),
        ("added", (DOCUMENT, "a b"), ('{"b": 2, "a": 1}',), [3]),
        ("added", (DOCUMENT, "a"), ('{"a": 1, "b": 2}',), [11]),
        ("summed", (SINGLY, "v"), ("{1,2,3}",), [6]),
        ("summed", (DOCUMENT, "v"), ('{"v": [1, 2]}',), [3]),
        ("echoed", (WHOLE, '"pg_catalog"."json"'), ('{"a": [1]}',), [{"a": [1]}]),
        ("echoed", (WHOLE, '"pg_catalog"."text"'), ('{"a": [1]}',), ['{"a": [1]}']),
        ("counted", (SINGLY, "n"), ("3",), [1, 2, 3]),
        ("numbered", (SINGLY, "n"), ("2",), [{"number": 1, "word": "n1"}, {"number": 2, "word": "n2"}]),
        ("numbered?number=gt.1&select=w:word", (SINGLY, "n"), ("2",), [{"w": "n2"}]),
        ("numbered?select=number.sum()", (SINGLY, "n"), ("3",), [{"sum": 6}]),
        ("project?select=id,label,clients(name),tasks(id)", (SINGLY, "n"), ("3",), [
            {"id": 3, "label": "P3", "clients": {"name": "Bob"}, "tasks": []}
        ]),
        ("project?select=id", (SINGLY, "n"), ("99",), []),
        ("called_projects?select=id,label,clients!inner(name)&order=clients(name).desc&id=gt.1", (SINGLY, ""), (), [
            {"id": 3, "label": "P3", "clients": {"name": "Bob"}}, {"id": 2, "label": "P2", "clients": {"name": "Ada"}}
        ]),
    ],
)  # fmt: skip
async def test_calls(
    shop: Shop, url: str, how: tuple[dict[str, Any], str], following: tuple[str, ...], expected: Any
) -> None:
    more, columns = how
    assert await shop.rows(url, *following, columns=tuple(columns.split()), **more) == expected


async def test_what_a_function_says_of_its_answer_comes_with_it(shop: Shop) -> None:
    transaction = shop.connection.transaction()
    await transaction.start()
    await shop.connection.execute("""
        CREATE FUNCTION shop.teapot() RETURNS int LANGUAGE sql STABLE
            AS $$ SELECT 7 FROM set_config('response.status', '418', true) $$;
        CREATE FUNCTION shop.pots() RETURNS SETOF int LANGUAGE sql
            AS $$ SELECT n FROM generate_series(1, 2) AS n, set_config('response.status', (417 + n)::text, true) $$
    """)
    again = Shop(shop.connection, await load(shop.connection, ["shop"]))
    assert (await again.result("teapot", **SINGLY))["response_status"] == "418"
    assert (await again.result("pots", **SINGLY, is_limited=False))["response_status"] == "419"
    await transaction.rollback()


async def test_a_function_that_answers_nothing(shop: Shop) -> None:
    assert await shop.result("nothing", **DOCUMENT) == {"body": "", "rows": 1, **SILENT}


async def test_pages_of_an_answer_are_counted_in_one_call(shop: Shop) -> None:
    paged: dict[str, Any] = {"is_limited": True, "is_paged": True, "is_counted": True}
    found = await shop.result("counted", "3", "2", "1", columns=("n",), **SINGLY, **paged)
    assert found == {"body": "[2, 3]", "rows": 2, "total": 3, **SILENT}
    before = await shop.connection.fetchval("SELECT nextval('shop.calls')")
    found = await shop.result("called_projects?id=gt.1&order=id&select=id,...clients(name)", "1", **SINGLY,
                              is_limited=True, is_counted=True)  # fmt: skip
    assert found == {"body": '[{"id":2,"name":"Ada"}]', "rows": 1, "total": 3, **SILENT}
    assert await shop.connection.fetchval("SELECT nextval('shop.calls')") == before + 2


async def test_answers_in_csv(shop: Shop) -> None:
    found = await shop.result("numbered", "2", columns=("n",), **SINGLY, format=Format.CSV)
    assert found["body"] == "number,word\n1,n1\n2,n2"
    assert (await shop.result("counted", "2", columns=("n",), **SINGLY, format=Format.CSV))["body"] == "counted\n1\n2"


async def test_arguments_that_no_function_takes(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="Could not find the function") as raised:
        await shop.rows("added", "1", columns=("c",), **SINGLY)
    assert raised.value.code == "PGRST202"
