"""What a key opens is said in its `permissions`."""

from typing import Any

import pytest

from tests.api.gateway.owners import Owner

READS = [("GET", "/orders"), ("HEAD", "/orders"), ("GET", "/orders/7")]
WRITES = [("POST", "/orders"), ("DELETE", "/orders/7")]
EVERYTHING = READS + WRITES
TABLE = [
    ([], EVERYTHING),
    (["*"], EVERYTHING),
    (["read"], READS),
    (["write"], WRITES),
    (["read", "write"], EVERYTHING),
    ([{"path": "/orders"}], [("GET", "/orders"), ("HEAD", "/orders"), ("POST", "/orders")]),
    ([{"path": "/orders/*"}], [("GET", "/orders/7"), ("DELETE", "/orders/7")]),
    ([{"path": "/orders/{any}", "methods": ["DELETE"]}], [("DELETE", "/orders/7")]),
    ([{"path": "/orders/8"}], []),
    (
        [{"path": "/{any}", "methods": ["GET"]}, {"path": "/orders/7", "methods": ["DELETE"]}],
        [("GET", "/orders"), ("HEAD", "/orders"), ("DELETE", "/orders/7")],
    ),
]
BAD_ENTRIES: list[tuple[Any, str]] = [
    ("admin", '"read", "write", "*" or an object'),
    (7, '"read", "write", "*" or an object'),
    (None, '"read", "write", "*" or an object'),
    ({}, '"endpoint_id" or "path"'),
    ({"path": "/a", "endpoint_id": "0199c2f0-0000-7000-8000-000000000000"}, '"endpoint_id" or "path"'),
    ({"path": "/a", "verbs": ["GET"]}, "nothing else"),
    ({"endpoint_id": "orders"}, "id of an endpoint"),
    ({"endpoint_id": None}, "id of an endpoint"),
    ({"path": 7}, '"path" is a path'),
    ({"path": "orders"}, "must start with a slash"),
    ({"path": "/a/*/b"}, "last segment"),
    ({"path": "/" + "a" * 2048}, "2048"),
    ({"path": "/a", "methods": []}, "one or more of GET"),
    ({"path": "/a", "methods": "GET"}, "one or more of GET"),
    ({"path": "/a", "methods": ["get"]}, "one or more of GET"),
    ({"path": "/a", "methods": [["GET"]]}, "one or more of GET"),
]


@pytest.mark.parametrize(("permissions", "opened"), TABLE, ids=str)
async def test_a_key_opens_what_it_says(publisher: Owner, permissions: Any, opened: list[tuple[str, str]]) -> None:
    for method, path in (("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/{id}"), ("DELETE", "/orders/{id}")):
        await publisher.endpoint(path, method)
    key = await publisher.key(permissions=permissions)
    asked = {each: await publisher.ask(key, each[1], each[0]) for each in EVERYTHING}
    assert [each for each in EVERYTHING if asked[each].outcome == "admitted"] == opened
    for each in set(EVERYTHING) - set(opened):
        refusal = asked[each].refusal
        assert refusal is not None
        assert (refusal.status, refusal.code, asked[each].limits) == (403, "OUT_OF_SCOPE", ())


async def test_a_key_opens_an_endpoint_by_its_id(publisher: Owner) -> None:
    opened, other = await publisher.endpoint("/orders/{id}"), await publisher.endpoint("/orders")
    key = await publisher.key(permissions=[{"endpoint_id": str(opened).upper()}])
    assert (await publisher.ask(key, "/orders/7")).endpoint_id == opened
    refused = await publisher.ask(key, "/orders")
    assert (refused.outcome, refused.endpoint_id) == ("out_of_scope", other)


async def test_permissions_on_an_endpoint_that_went_open_nothing(publisher: Owner) -> None:
    gone = await publisher.endpoint("/orders")
    key = await publisher.key(permissions=[{"endpoint_id": str(gone)}])
    await publisher.api.send("DELETE", f"api_endpoints?id=eq.{gone}", publisher.person.headers)
    await publisher.endpoint("/orders")
    assert (await publisher.ask(key, "/orders")).outcome == "out_of_scope"


@pytest.mark.parametrize(("entry", "reason"), BAD_ENTRIES, ids=str)
async def test_what_means_nothing_is_refused_with_a_reason(publisher: Owner, entry: Any, reason: str) -> None:
    key = await publisher.key()
    answers = [
        await publisher.rpc("create_api_key", {"name": "A key", "permissions": ["read", entry]}),
        await publisher.api.send(
            "PATCH", f"api_keys?id=eq.{key['id']}", publisher.person.headers, json={"permissions": [entry]}
        ),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (400, "23514")
        assert reason in answer.json()["error"]


async def test_permissions_are_200_at_most(publisher: Owner) -> None:
    answer = await publisher.rpc("create_api_key", {"name": "A key", "permissions": ["read"] * 201})
    assert (answer.status_code, answer.json()["code"]) == (400, "23514")


async def test_changed_permissions_count_at_once(publisher: Owner) -> None:
    await publisher.endpoint("/orders")
    key = await publisher.key(permissions=["write"])
    assert (await publisher.ask(key, "/orders")).outcome == "out_of_scope"
    await publisher.change_key(key, permissions=["read"])
    assert (await publisher.ask(key, "/orders")).outcome == "admitted"
