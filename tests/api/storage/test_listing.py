"""Lists: folders, orders, pages, and characters that are special elsewhere."""

from typing import Any

import pytest

from tests.api.served import Headers, Person, Served
from tests.api.storage.files import ask, bucket, refused, stored

NAMES = ("a.txt", "B.txt", "folder/x.txt", "folder/y.txt", "folder/deep/z.txt", "100%_x.txt".replace("%", "$"), "z.txt")


@pytest.fixture(scope="module")
async def person(api: Served) -> Person:
    person = await api.person()
    for name in NAMES:
        await stored(api, person.headers, f"documents/{person.id}/{name}", name.encode())
    return person


async def _list(api: Served, who: Headers, **wish: Any) -> list[dict[str, Any]]:
    answer = await ask(api, "POST", "object/list/documents", who, json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_folder(api: Served, person: Person) -> None:
    found = await _list(api, person.headers, prefix=str(person.id))
    assert [each["name"] for each in found] == ["100$_x.txt", "B.txt", "a.txt", "folder", "z.txt"]
    folder, file = found[3], found[2]
    assert (folder["id"], folder["metadata"], folder["created_at"]) == (None, None, None)
    assert file["metadata"]["size"] == file["metadata"]["contentLength"] == 5
    assert file["metadata"]["mimetype"] == "text/plain"
    assert set(file) == {"name", "id", "updated_at", "created_at", "last_accessed_at", "metadata"}
    assert await _list(api, person.headers, prefix=f"{person.id}/") == found
    inner = await _list(api, person.headers, prefix=f"{person.id}/folder")
    assert [each["name"] for each in inner] == ["deep", "x.txt", "y.txt"]
    assert [each["name"] for each in await _list(api, person.headers)] == [str(person.id)]


async def test_order_limit_and_search(api: Served, person: Person) -> None:
    async def names(**wish: Any) -> list[str]:
        return [each["name"] for each in await _list(api, person.headers, prefix=str(person.id), **wish)]

    assert await names(limit=2, offset=1) == ["B.txt", "a.txt"]
    assert await names(sortBy={"column": "name", "order": "desc"}, limit=1) == ["z.txt"]
    assert await names(sortBy={"column": "created_at", "order": "desc"}) == [
        "folder",
        "z.txt",
        "100$_x.txt",
        "B.txt",
        "a.txt",
    ]
    assert await names(search="b") == ["B.txt"]
    assert await names(search="_") == []
    assert await names(search="100$_") == ["100$_x.txt"]
    assert await names(search="%") == []


@pytest.mark.parametrize(
    "wish",
    [
        {"sortBy": {"column": "owner"}},
        {"sortBy": {"column": "name; drop table x"}},
        {"sortBy": {"order": "sideways"}},
        {"limit": 0},
        {"limit": "x"},
        {"offset": -1},
        {"offset": 2**40},
        {"prefix": 5},
        [],
        None,
    ],
)
async def test_a_bad_wish(api: Served, person: Person, wish: Any) -> None:
    for path in ("list", "list-v2"):
        if path == "list" or "offset" not in (wish or {}):
            refused(
                await ask(api, "POST", f"object/{path}/documents", person.headers, json=wish), "InvalidRequest", 400
            )


async def _page(api: Served, who: Headers, where: str = "documents", **wish: Any) -> dict[str, Any]:
    answer = await ask(api, "POST", f"object/list-v2/{where}", who, json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("column", ["name", "created_at", "updated_at"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("delimited", [True, False])
async def test_pages_have_everything_once(
    api: Served, person: Person, column: str, order: str, delimited: bool
) -> None:
    wish = {"prefix": f"{person.id}/", "with_delimiter": delimited, "sortBy": {"column": column, "order": order}}
    whole = await _page(api, person.headers, **wish)
    assert (whole["hasNext"], "nextCursor" in whole) == (False, False)
    names = [each["name"] for each in (*whole["folders"], *whole["objects"])]
    expected = {name.partition("/")[0] + "/" if "/" in name else name for name in NAMES} if delimited else set(NAMES)
    assert {name.removeprefix(f"{person.id}/") for name in names} == expected
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await _page(api, person.headers, limit=2, **wish, **cursor)
        found += [each["name"] for each in (*page["folders"], *page["objects"])]
        if not page["hasNext"]:
            break
        cursor = {"cursor": page["nextCursor"]}
        assert page["nextCursorKey"] in found
    assert sorted(found) == sorted(names)


async def test_a_prefix_is_literal(api: Served, person: Person) -> None:
    for prefix, count in ((f"{person.id}/a", 1), (f"{person.id}/_", 0), (f"{person.id}/%", 0), ("%", 0)):
        assert len((await _page(api, person.headers, prefix=prefix))["objects"]) == count


EARLIER_THAN_TIME = "WyJhIiwiMDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCJd"  # ["a","0001-01-01T00:00:00+14:00"]


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U=", "WzFd", "WyJhIiwibm8gdGltZSJd", "é", EARLIER_THAN_TIME])
async def test_a_cursor_that_is_not_ours(api: Served, person: Person, cursor: str) -> None:
    answer = await ask(api, "POST", "object/list-v2/documents", person.headers, json={"cursor": cursor})
    refused(answer, "InvalidRequest", 400)


async def test_more_than_one_thousand(api: Served) -> None:
    where = await bucket(api)
    await stored(api, api.service, f"{where}/x")
    assert len((await _page(api, api.service, where, limit=5000))["objects"]) == 1
