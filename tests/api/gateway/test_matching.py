"""Which endpoint a path means."""

import asyncio
from uuid import UUID

import pytest

from tests.activities.support import Rows
from tests.api.gateway.owners import Owner, new_owner
from tests.api.served import Served

PATTERNS = [
    "/",
    "/orders",
    "/orders/{id}",
    "/orders/new",
    "/orders/{id}/lines",
    "/orders/*",
    "/{tenant}/orders/{id}",
    "/files/*",
    "/files/{name}/meta",
    "/café/{x}",
    "/a_b/{x}",
    "/trailing/",
]
MEANT = [
    ("/", "/"),
    ("/orders", "/orders"),
    ("/orders/7", "/orders/{id}"),
    ("/orders/new", "/orders/new"),
    ("/orders/new/lines", "/orders/{id}/lines"),
    ("/orders/7/lines/3", "/orders/*"),
    ("/orders/orders/7", "/orders/*"),
    ("/acme/orders/7", "/{tenant}/orders/{id}"),
    ("/files/a", "/files/*"),
    ("/files/a/b/c.txt", "/files/*"),
    ("/files/a/meta", "/files/{name}/meta"),
    ("/café/7", "/café/{x}"),
    ("/a_b/%", "/a_b/{x}"),
    ("/trailing/", "/trailing/"),
]
NOWHERE = [
    "/orderss",
    "/Orders",
    "/files",
    "/files/",
    "/acme/orders/",
    "/aXb/7",
    "/trailing",
    "//",
    "",
    "orders",
    "/\0",
    "/\ud800",
    "/" + "a/" * 4000,
    "/" + "x" * 9000,
]
BAD_PATHS = [
    ("orders", "start with a slash"),
    ("/a//b", "empty segment"),
    ("/a/../b", '"." or ".."'),
    ("/./b", '"." or ".."'),
    ("/a/*/b", "last segment"),
    ("/a/b*", "whole segment"),
    ("/a/{id}.json", "whole segment"),
    ("/a/{}", "whole segment"),
    ("/a/{7}", "whole segment"),
    ("/a/{id", "whole segment"),
    ("/{id}/{id}", "twice"),
    ("/a?b=c", "may not hold"),
    ("/a#b", "may not hold"),
    ("/a\\b", "may not hold"),
    ("/a\nb", "may not hold"),
    ("/caf%C3%A9", "after decoding"),
    ("/a" * 33, "32 segments"),
]


@pytest.fixture(scope="module")
async def shop(api: Served) -> tuple[Owner, str]:
    owner = await new_owner(api)
    for path in PATTERNS:
        await owner.endpoint(path)
    return owner, (await owner.key(rate_limit=1000))["key"]


@pytest.mark.parametrize(("path", "pattern"), MEANT)
async def test_the_most_specific_wins(shop: tuple[Owner, str], path: str, pattern: str) -> None:
    owner, key = shop
    found = await owner.ask(key, path)
    assert (found.outcome, "/" + "/".join(found.segments)) == ("admitted", pattern)


@pytest.mark.parametrize("path", NOWHERE, ids=lambda path: ascii(path[:20]))
async def test_what_nobody_published_is_not_found(shop: tuple[Owner, str], path: str) -> None:
    owner, key = shop
    refusal = (await owner.ask(key, path)).refusal
    assert refusal is not None
    assert (refusal.status, refusal.code) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("path", ["orders", "", "xorders"])
async def test_what_does_not_start_with_a_slash_is_no_path(publisher: Owner, path: str) -> None:
    endpoint = await publisher.endpoint("/{anything}")
    assert (await publisher.ask(await publisher.key(), path)).outcome == "no_endpoint"
    assert (await publisher.ask_as_owner(endpoint, path)).outcome == "no_endpoint"


async def test_an_inactive_endpoint_is_answered_as_none(publisher: Owner) -> None:
    mine = f"/{publisher.person.id}"  # nobody else's: such a path is answered otherwise
    await publisher.endpoint(mine, is_active=False)
    key = await publisher.key()
    inactive, missing = [(await publisher.ask(key, path)).refusal for path in (mine, f"{mine}/none")]
    assert inactive is not None
    assert missing is not None
    assert inactive.message == missing.message.replace(f"{mine}/none", mine)
    assert (inactive.status, inactive.code) == (missing.status, missing.code)


async def test_an_inactive_endpoint_leaves_the_path_to_the_next(publisher: Owner) -> None:
    await publisher.endpoint("/orders/new", is_active=False)
    pattern = await publisher.endpoint("/orders/{id}")
    assert (await publisher.ask(await publisher.key(), "/orders/new")).endpoint_id == pattern


async def test_another_method_is_told_which_there_are(publisher: Owner) -> None:
    await publisher.endpoint("/orders", "POST")
    await publisher.endpoint("/orders", "GET")
    await publisher.endpoint("/{anything}", "PUT")
    key = await publisher.key()
    for method in ("DELETE", "PROPFIND", "get", "", "\0"):
        refusal = (await publisher.ask(key, "/orders", method)).refusal
        assert refusal is not None
        assert (refusal.status, refusal.code) == (405, "METHOD_NOT_ALLOWED")
        assert refusal.headers == {"Allow": "HEAD, GET, POST, PUT, OPTIONS"}


async def test_a_method_goes_to_the_endpoint_that_takes_it(publisher: Owner) -> None:
    literal = await publisher.endpoint("/orders/new", "GET")
    pattern = await publisher.endpoint("/orders/{id}", "POST")
    key = await publisher.key()
    asked = [(await publisher.ask(key, "/orders/new", method)).endpoint_id for method in ("GET", "HEAD", "POST")]
    assert asked == [literal, literal, pattern]


async def test_of_one_form_an_owner_has_one_active_endpoint_a_method(publisher: Owner, rival: Owner) -> None:
    first = await publisher.endpoint("/orders/{id}/lines/*")
    row = {"name": "x", "path": "/orders/{number}/lines/*", "target_url": "https://shop.example.com"}
    refused = await publisher.api.send("POST", "api_endpoints", publisher.person.headers, json=row)
    assert (refused.status_code, refused.json()["code"]) == (409, "23505")
    assert 'as "/orders/{id}/lines/*", which is active for GET' in refused.json()["error"]
    for other in ("/orders/{id}/lines/{line}", "/orders/{id}", "/orders/{id}/{lines}/*"):
        await publisher.endpoint(other)
    await publisher.endpoint("/orders/{number}/lines/*", "POST")
    await rival.endpoint("/orders/{number}/lines/*")
    assert (await publisher.ask(await publisher.key(), "/orders/7/lines/1/2")).endpoint_id == first


async def test_an_endpoint_that_is_switched_off_leaves_its_form_to_another(publisher: Owner) -> None:
    first = await publisher.endpoint("/orders/{id}")
    second = await publisher.endpoint("/orders/{number}", is_active=False)

    async def switch(endpoint: UUID, *, on: bool) -> int:
        changed = {"is_active": on}
        query = f"api_endpoints?id=eq.{endpoint}"
        return (await publisher.api.send("PATCH", query, publisher.person.headers, json=changed)).status_code

    assert await switch(second, on=True) == 409
    assert [await switch(first, on=False), await switch(second, on=True)] == [204, 204]
    assert (await publisher.ask(await publisher.key(), "/orders/7")).endpoint_id == second


async def test_of_rows_that_are_written_together_the_second_of_a_form_is_refused(publisher: Owner) -> None:
    rows = [{"name": "x", "path": f"/{{{name}}}", "target_url": "https://shop.example.com"} for name in ("a", "b")]
    refused = await publisher.api.send("POST", "api_endpoints", publisher.person.headers, json=rows)
    assert (refused.status_code, '"/{a}"' in refused.json()["error"]) == (409, True)


@pytest.mark.parametrize(("key", "path"), [("id", "/orders/{number}"), ("user_id,path,method", "/orders/{id}")])
async def test_an_upsert_of_an_endpoint_does_not_run_into_itself(api: Served, rows: Rows, key: str, path: str) -> None:
    owner = await new_owner(api)
    endpoint = await owner.endpoint("/orders/{id}")
    headers = api.service | {"Prefer": "resolution=merge-duplicates"}
    row = {"id": str(endpoint), "user_id": str(owner.person.id), "path": path, "name": "Again"}
    row |= {"method": "GET", "target_url": "https://shop.example.com"}
    written = await api.send("POST", f"api_endpoints?on_conflict={key}", headers, json=row)
    assert written.status_code in (200, 201), written.text
    found = await rows.one("api_endpoints", str(endpoint)) or {}
    assert (found["path"], found["name"]) == (path, "Again")


async def test_of_two_who_write_one_form_at_once_one_is_refused(publisher: Owner) -> None:
    written = await asyncio.gather(
        *(
            publisher.api.send(
                "POST",
                "api_endpoints",
                publisher.person.headers,
                json={"name": "x", "path": f"/{{p{number}}}", "target_url": "https://shop.example.com"},
            )
            for number in range(8)
        )
    )
    assert sorted(each.status_code for each in written) == [201] + [409] * 7


async def test_a_parameter_may_be_named_anew(publisher: Owner) -> None:
    endpoint = await publisher.endpoint("/orders/{id}")
    named = {"path": "/orders/{number}"}
    changed = await publisher.api.send("PATCH", f"api_endpoints?id=eq.{endpoint}", publisher.person.headers, json=named)
    assert changed.status_code == 204
    found = await publisher.ask(await publisher.key(), "/orders/7")
    assert (found.endpoint_id, found.segments) == (endpoint, ("orders", "{number}"))


async def test_a_key_at_the_path_of_another_owner_is_told_to_be_the_wrong_one(publisher: Owner, rival: Owner) -> None:
    path = f"/only-mine/{publisher.person.id}"
    await publisher.endpoint(path)
    foreign = (await rival.ask(await rival.key(), path)).refusal
    unknown = (await rival.ask(None, path)).refusal
    assert foreign is not None
    assert unknown is not None
    assert (foreign.status, foreign.code, foreign.message) == (unknown.status, unknown.code, unknown.message)


async def test_owners_may_publish_the_same_path(publisher: Owner, rival: Owner) -> None:
    endpoints = [await each.endpoint("/orders") for each in (publisher, rival)]
    asked = [(await each.ask(await each.key(), "/orders")).endpoint_id for each in (publisher, rival)]
    assert asked == endpoints


@pytest.mark.parametrize(("path", "reason"), BAD_PATHS, ids=lambda text: ascii(text[:20]))
async def test_a_path_that_could_not_be_matched_is_refused_with_a_reason(
    publisher: Owner, path: str, reason: str
) -> None:
    row = {"name": "x", "path": path, "target_url": "https://shop.example.com"}
    answer = await publisher.api.send("POST", "api_endpoints", publisher.person.headers, json=row)
    assert (answer.status_code, answer.json()["code"]) == (400, "23514")
    assert reason in answer.json()["error"]


async def test_an_account_has_500_endpoints_at_most_and_all_are_found(publisher: Owner, rows: Rows) -> None:
    await rows.connection.execute(
        "INSERT INTO public.api_endpoints (user_id, name, path, target_url)"
        " SELECT $1, 'One of many', format('/{a}/%s/{b}', n), 'https://shop.example.com'"
        " FROM generate_series(1, 500) AS n",
        publisher.person.id,
    )
    found = await publisher.ask(await publisher.key(), "/x/499/y")
    assert found.segments == ("{a}", "499", "{b}")
    row = {"name": "x", "path": "/one-more", "target_url": "https://shop.example.com"}
    answer = await publisher.api.send("POST", "api_endpoints", publisher.person.headers, json=row)
    assert answer.status_code == 400
    assert "500 rows of api_endpoints at most" in answer.json()["error"]
