"""Endpoints as their owners write and read them: what is refused, and headers that nobody reads again."""

from typing import Any

import orjson
import pytest

from api.gateway.configured_headers import MASK
from api.gateway.sealed_headers import open_headers
from tests.activities.support import Rows
from tests.api.gateway.owners import TARGET, Owner
from tests.api.served import Served

LONG = "Bearer 0123456789abcdef"
SHOWN = f"{MASK}cdef"
RETURNED = {"prefer": "return=representation"}
MERGED = {"prefer": "return=representation, resolution=merge-duplicates"}


def row(path: str = "/orders", **columns: Any) -> dict[str, Any]:
    return {"name": "Orders", "path": path, "target_url": TARGET, **columns}


async def write(owner: Owner, method: str, query: str, body: Any, **headers: str) -> Any:
    path = f"api_endpoints{query}"
    return await owner.api.send(method, path, owner.person.headers, json=body, headers={**RETURNED, **headers})


async def written(owner: Owner, method: str, query: str, body: Any, **headers: str) -> Any:
    answer = await write(owner, method, query, body, **headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def kept(owner: Owner, rows: Rows, endpoint_id: str) -> dict[str, str]:
    """The headers that the gateway would send."""
    sealed = (await rows.one("api_endpoints", endpoint_id) or {})["sealed_headers"]
    return open_headers(owner.api.state.sealer, owner.person.id, orjson.dumps(sealed))


async def test_headers_are_sealed_and_read_as_their_ends(publisher: Owner, rows: Rows) -> None:
    (made,) = await written(publisher, "POST", "", row(headers={"Authorization": LONG, "X-Team": "blue"}))
    assert made["headers"] == {"Authorization": SHOWN, "X-Team": MASK}
    assert "sealed_headers" not in made
    stored = await rows.one("api_endpoints", made["id"])
    assert "0123456789" not in str(stored)
    assert await kept(publisher, rows, made["id"]) == {"Authorization": LONG, "X-Team": "blue"}


async def test_a_value_that_is_sent_as_it_is_shown_stays_and_others_change(publisher: Owner, rows: Rows) -> None:
    (made,) = await written(publisher, "POST", "", row(headers={"Authorization": LONG, "X-Old": "1", "X-Team": "blue"}))
    changed = {"authorization": SHOWN, "X-Team": "green", "X-New": "Token 9876543210fedcba"}
    (after,) = await written(publisher, "PATCH", f"?id=eq.{made['id']}", {"headers": changed})
    assert after["headers"] == {"authorization": SHOWN, "X-Team": MASK, "X-New": f"{MASK}dcba"}
    assert await kept(publisher, rows, made["id"]) == {
        "authorization": LONG,
        "X-Team": "green",
        "X-New": "Token 9876543210fedcba",
    }
    (named,) = await written(publisher, "PATCH", f"?id=eq.{made['id']}", {"name": "Other"})
    assert named["headers"] == after["headers"]
    assert (await kept(publisher, rows, made["id"]))["authorization"] == LONG
    (emptied,) = await written(publisher, "PATCH", f"?id=eq.{made['id']}", {"headers": {}})
    assert (emptied["headers"], await kept(publisher, rows, made["id"])) == ({}, {})


async def test_a_row_that_was_read_can_be_saved_by_an_upsert(publisher: Owner, rows: Rows) -> None:
    first = row(headers={"Authorization": LONG, "X-Short": "one"})
    (made,) = await written(publisher, "POST", "", first)
    again = row(headers=made["headers"], name="Saved")
    query = "?on_conflict=user_id,path,method"
    owned = {**again, "user_id": str(publisher.person.id), "method": "GET"}
    (saved,) = await written(publisher, "POST", query, owned, **MERGED)
    assert (saved["id"], saved["name"]) == (made["id"], "Saved")
    assert await kept(publisher, rows, made["id"]) == {"Authorization": LONG, "X-Short": "one"}
    # A new value that is shown as the old one was is new all the same.
    owned["headers"] = {"X-Short": "two"}
    await written(publisher, "POST", query, owned, **MERGED)
    assert await kept(publisher, rows, made["id"]) == {"X-Short": "two"}


@pytest.mark.parametrize("query", ["", "?columns=name,path,target_url,headers"])
async def test_many_are_written_at_once(publisher: Owner, rows: Rows, query: str) -> None:
    bodies = [row(f"/many/{n}", headers={"X-N": str(n)}) for n in range(3)]
    made = await written(publisher, "POST", query, bodies)
    assert [await kept(publisher, rows, each["id"]) for each in made] == [{"X-N": "0"}, {"X-N": "1"}, {"X-N": "2"}]
    (after,) = await written(
        publisher, "PATCH", f"?id=eq.{made[0]['id']}&columns=headers", {"headers": {"X-N": "9"}, "name": "not taken"}
    )
    assert (after["name"], await kept(publisher, rows, made[0]["id"])) == ("Orders", {"X-N": "9"})


async def test_a_value_as_it_is_shown_is_refused_where_there_is_none(publisher: Owner) -> None:
    answer = await write(publisher, "POST", "", row(headers={"X-Old": SHOWN}))
    assert answer.status_code == 400, answer.text
    assert "X-Old is written as a value is shown" in answer.json()["message"]
    (made,) = await written(publisher, "POST", "", row(headers={"X-Old": LONG}))
    for headers in ({"X-Old": f"{MASK}0000"}, {"X-Other": SHOWN}):
        answer = await write(publisher, "PATCH", f"?id=eq.{made['id']}", {"headers": headers})
        assert (answer.status_code, answer.json()["code"]) == (400, "23514")


@pytest.mark.parametrize(
    ("columns", "code", "said"),
    [
        ({"headers": {"X-A": "b\r\nX-B: c"}}, "INVALID_HEADERS", "line break"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "INVALID_HEADERS", "set by the platform"),
        ({"headers": "X-A: b"}, "INVALID_HEADERS", "must be an object"),
        ({"headers": ["X-A"]}, "INVALID_HEADERS", "must be an object"),
        ({"sealed_headers": {"X-A": "b"}}, "INVALID_HEADERS", "written by the platform"),
        ({"target_url": "http://127.0.0.1:5432/"}, "TARGET_REFUSED", "port 5432"),
        ({"target_url": "http://169.254.169.254/latest"}, "TARGET_REFUSED", "not a public address"),
        ({"target_url": "http://localhost/"}, "TARGET_REFUSED", "leads to an address that is not public"),
        ({"target_url": 7}, "TARGET_REFUSED", "must be text"),
        ({"target_url": f"{TARGET}/{{id}}"}, "23514", "the path has no parameter {id}"),
        ({"path": "/orders/{id}/../x"}, "23514", "cannot be one of the gateway"),
        ({"path": "orders"}, "23514", ""),
    ],
)
async def test_what_could_not_be_called_is_refused_when_it_is_written(
    publisher: Owner, columns: dict[str, Any], code: str, said: str
) -> None:
    refused = await write(publisher, "POST", "", row(**columns))
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
    assert said in refused.json()["message"]
    (made,) = await written(publisher, "POST", "", row())
    refused = await write(publisher, "PATCH", f"?id=eq.{made['id']}", columns)
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text


async def test_of_many_rows_the_refusal_names_the_wrong_one(publisher: Owner) -> None:
    bodies = [row("/a", headers={}), row("/b", headers={"X-A": "\n"})]
    refused = await write(publisher, "POST", "", bodies)
    assert refused.json()["message"].startswith("row 2: headers:")
    refused = await write(publisher, "POST", "", [row(f"/{n}") for n in range(501)])
    assert (refused.status_code, "500 endpoints" in refused.json()["message"]) == (400, True)


async def test_a_target_takes_the_parameters_of_its_path(publisher: Owner) -> None:
    (made,) = await written(publisher, "POST", "", row("/orders/{id}", target_url=f"{TARGET}/o/{{id}}?x={{id}}"))
    refused = await write(publisher, "PATCH", f"?id=eq.{made['id']}", {"path": "/orders/{other}"})
    assert (refused.status_code, refused.json()["code"]) == (400, "23514")


async def test_the_service_says_whose_headers_they_are(api: Served, publisher: Owner, rows: Rows) -> None:
    body = row(headers={"X-A": "secret"})
    refused = await api.send("POST", "api_endpoints", api.service, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_HEADERS")
    body["user_id"] = str(publisher.person.id)
    made = await api.insert("api_endpoints", body, api.service)
    assert await kept(publisher, rows, made["id"]) == {"X-A": "secret"}


async def test_headers_do_not_go_to_another_owner(api: Served, publisher: Owner, rival: Owner, rows: Rows) -> None:
    (made,) = await written(publisher, "POST", "", row(headers={"X-A": "secret"}))
    path, owner = f"api_endpoints?id=eq.{made['id']}", str(rival.person.id)
    refused = await api.send("PATCH", path, api.service, json={"user_id": owner})
    assert (refused.status_code, refused.json()["code"]) == (400, "23514")
    taken = await api.send("PATCH", path, api.service, json={"user_id": owner, "headers": {"X-A": "new"}})
    assert taken.status_code == 204, taken.text
    assert await kept(rival, rows, made["id"]) == {"X-A": "new"}


async def test_visitors_are_refused_before_anything_is_looked_at(api: Served) -> None:
    refused = await api.send("POST", "api_endpoints", api.anon, json=row(target_url="nonsense"))
    assert (refused.status_code, refused.json()["code"]) == (401, "42501")


async def test_no_other_way_in_stores_a_value_in_plain_text(publisher: Owner, rows: Rows) -> None:
    (made,) = await written(publisher, "POST", "", row(headers={"X-A": LONG}))
    for statement in (
        'UPDATE api_endpoints SET headers = \'{"X-A": "plain"}\' WHERE id = $1::text::uuid',
        'UPDATE api_endpoints SET headers = \'{"X-B": "••••"}\' WHERE id = $1::text::uuid',
        "UPDATE api_endpoints SET headers = '{\"X-A\": 7}' WHERE id = $1::text::uuid",
        "INSERT INTO api_endpoints (user_id, name, path, target_url, headers) SELECT user_id, 'x', '/x', target_url,"
        ' \'{"X-A": "plain"}\' FROM api_endpoints WHERE id = $1::text::uuid',
    ):
        with pytest.raises(Exception, match=r"X-[AB] is") as refusal:
            await rows.connection.execute(statement, made["id"])
        assert "plain" not in str(refusal.value)
    assert await kept(publisher, rows, made["id"]) == {"X-A": LONG}
