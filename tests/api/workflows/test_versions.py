"""Versions of definitions over HTTP: listed, read, compared, put back."""

from typing import Any

import httpx
import pytest

from api.executions.version_diffs import changes_between
from tests.api.served import Person, Served


def document(**values: int) -> dict[str, Any]:
    header = {"dsl": "1.0.3", "namespace": "default", "name": "w", "version": "0.1.0"}
    return {"document": header, "do": [{name: {"set": {"n": value}}} for name, value in values.items()]}


async def define(api: Served, owner: Person, *configs: Any) -> str:
    first, *others = configs
    workflow = (await api.insert("workflows", {"name": "w", "config": first}, owner.headers))["id"]
    for config in others:
        answer = await api.send("PATCH", f"workflows?id=eq.{workflow}", owner.headers, json={"config": config})
        assert answer.status_code == 204, answer.text
    return workflow


async def call(api: Served, method: str, workflow: str, path: str, who: Person) -> httpx.Response:
    return await api.http.request(method, f"/workflows/v1/definitions/{workflow}/versions{path}", headers=who.headers)


async def test_versions_are_listed_newest_first_in_pages(api: Served, owner: Person) -> None:
    workflow = await define(api, owner, document(a=1), document(a=2), document(a=3))
    first = (await call(api, "GET", workflow, "?limit=2", owner)).json()
    assert [(each["version"], each["is_current"]) for each in first["items"]] == [(3, True), (2, False)]
    assert all(each["size"] > 20 and each["created_at"] for each in first["items"])
    rest = (await call(api, "GET", workflow, f"?limit=2&after={first['next']}", owner)).json()
    assert ([each["version"] for each in rest["items"]], rest["next"]) == ([1], None)


async def test_a_version_has_its_document(api: Served, owner: Person) -> None:
    workflow = await define(api, owner, document(a=1), document(a=2))
    old = (await call(api, "GET", workflow, "/1", owner)).json()
    assert (old["version"], old["is_current"], old["config"]["do"]) == (1, False, document(a=1)["do"])


async def test_a_diff_names_tasks_and_places(api: Served, owner: Person) -> None:
    workflow = await define(api, owner, document(a=1, b=2, c=3), document(c=3, a=9, d=4))
    told = (await call(api, "GET", workflow, "/2/diff?against=1", owner)).json()
    assert (told["version"], told["against"], told["has_more"]) == (2, 1, False)
    seen = [(change["op"], change.get("task"), change["pointer"]) for change in told["changes"]]
    assert seen == [
        ("removed", "b", "/do/1/b"),
        ("moved", "c", "/do/0/c"),
        ("moved", "a", "/do/1/a"),
        ("changed", None, "/do/1/a/set/n"),
        ("added", "d", "/do/2/d"),
    ]
    assert (told["changes"][3]["from"], told["changes"][3]["to"]) == (1, 9)
    assert (await call(api, "GET", workflow, "/2/diff?against=2", owner)).json()["changes"] == []


async def test_going_back_makes_a_new_version_of_an_old_document(api: Served, owner: Person) -> None:
    workflow = await define(api, owner, document(a=1), document(a=2))
    row = (await call(api, "POST", workflow, "/1/revert", owner)).json()
    assert (row["version"], row["config"]["do"]) == (3, document(a=1)["do"])
    again = (await call(api, "POST", workflow, "/3/revert", owner)).json()
    assert again["version"] == 3
    assert (await call(api, "GET", workflow, "/2", owner)).json()["config"]["do"] == document(a=2)["do"]


async def test_the_versions_of_another_are_missing_ones(api: Served, owner: Person, stranger: Person) -> None:
    workflow = await define(api, owner, document(a=1))
    for method, path in (("GET", ""), ("GET", "/1"), ("GET", "/1/diff?against=1"), ("POST", "/1/revert")):
        assert (await call(api, method, workflow, path, stranger)).status_code == 404
    assert (await call(api, "GET", workflow, "/2", owner)).json()["code"] == "WORKFLOW_VERSION_NOT_FOUND"


@pytest.mark.parametrize("path", ["/0", "/x", "/99999999999", "/1/diff", "/1/diff?against=0", "?limit=0", "?after=x"])
async def test_what_is_no_version_is_refused(path: str, api: Served, owner: Person) -> None:
    workflow = await define(api, owner, document(a=1))
    assert (await call(api, "GET", workflow, path, owner)).status_code == 400


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": True}, [{"op": "changed", "pointer": "/a", "from": 1, "to": True}]),
        ({"a": [1, 2]}, {"a": [1]}, [{"op": "removed", "pointer": "/a/1", "from": 2}]),
        ({"a/b": 1}, {"a~b": 1}, [
            {"op": "removed", "pointer": "/a~1b", "from": 1}, {"op": "added", "pointer": "/a~0b", "to": 1},
        ]),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], [{"op": "changed", "pointer": "/1/a", "from": 2, "to": 3}]),
        ({"a": {}}, {"a": []}, [{"op": "changed", "pointer": "/a", "from": {}, "to": []}]),
    ],
)  # fmt: skip
def test_parts_are_compared_by_place(old: Any, new: Any, changes: Any) -> None:
    assert changes_between(old, new) == (changes, False)


def test_long_lists_are_compared_in_one_pass() -> None:
    class Name(str):
        """A text that counts how often it is compared."""

        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            Name.compared += 1
            return str.__eq__(self, other)

    old, new = ([{Name(f"t{number}"): 1} for number in range(1000)] for _ in range(2))
    assert changes_between(old, new) == ([], False)
    assert Name.compared < 20_000


def test_only_so_many_changes_are_told() -> None:
    changes, has_more = changes_between({}, {str(number): number for number in range(1001)})
    assert (len(changes), has_more) == (1000, True)
