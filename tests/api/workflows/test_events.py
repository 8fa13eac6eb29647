"""`/events/v1`: the three modes of CloudEvents over HTTP, once each, one's own alone, and what is refused."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.served import Headers, Person, Served

EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": {"n": 1}}


async def post(api: Served, who: Person, content: Any, kind: str = "application/cloudevents+json") -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await api.http.post("/events/v1", content=body, headers={**who.headers, "content-type": kind})


async def events_of(api: Served, who: Person, **query: Any) -> Any:
    answer = await api.http.get("/events/v1", headers=who.headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_event_comes_in_structured_mode(api: Served) -> None:
    who = await api.person()
    answer = await post(api, who, EVENT)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0})
    assert await events_of(api, who) == {"items": [EVENT], "next": None}


async def test_an_event_comes_in_binary_mode(api: Served) -> None:
    who = await api.person()
    headers = {
        **who.headers,
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/shop",
        "ce-type": "order.placed",
        "ce-subject": "Z%C3%BCrich%20%25",
        "ce-tenant": "a",
        "content-type": "application/json",
    }
    assert (await api.http.post("/events/v1", content=b'{"n": 1}', headers=headers)).status_code == 202
    (event,) = (await events_of(api, who))["items"]
    assert (event["subject"], event["tenant"], event["data"]) == ("Zürich %", "a", {"n": 1})
    assert event["datacontenttype"] == "application/json"


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/plain", b"hello", {"data": "hello"}),
        ("application/octet-stream", b"\x00\xff", {"data_base64": "AP8="}),
        ("application/vnd.shop+json", b"[1]", {"data": [1]}),
    ],
)
async def test_data_of_binary_mode_is_read_by_its_type(
    content_type: str, body: bytes, expected: dict[str, Any], api: Served
) -> None:
    who = await api.person()
    names = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "a"}
    headers = {**who.headers, **names, "content-type": content_type}
    assert (await api.http.post("/events/v1", content=body, headers=headers)).status_code == 202
    (event,) = (await events_of(api, who))["items"]
    assert expected.items() <= event.items()


async def test_events_come_in_a_batch_in_their_order_and_each_once(api: Served) -> None:
    who = await api.person()
    batch = [{**EVENT, "id": str(number)} for number in (1, 2, 2, 3)]
    answer = await post(api, who, batch, "application/cloudevents-batch+json")
    assert (answer.status_code, answer.json()) == (202, {"accepted": 4, "duplicates": 1})
    assert [event["id"] for event in (await events_of(api, who))["items"]] == ["3", "2", "1"]
    assert (await post(api, who, EVENT)).json() == {"accepted": 1, "duplicates": 1}


async def test_the_same_id_of_another_source_or_account_is_another_event(api: Served) -> None:
    who, stranger = await api.person(), await api.person()
    for person, event in ((who, EVENT), (who, {**EVENT, "source": "/other"}), (stranger, EVENT)):
        assert (await post(api, person, event)).json()["duplicates"] == 0
    assert len((await events_of(api, who))["items"]) == 2
    assert len((await events_of(api, stranger))["items"]) == 1


async def test_a_list_goes_on_where_the_page_before_ended(api: Served) -> None:
    who = await api.person()
    await post(api, who, [{**EVENT, "id": str(number)} for number in range(5)], "application/cloudevents-batch+json")
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await events_of(api, who, **query)
        found += [event["id"] for event in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert found == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("content", "kind", "word"),
    [
        (b"", "application/cloudevents+json", ""),
        (b"{", "application/cloudevents+json", ""),
        (b"[]", "application/cloudevents+json", "batch"),
        (b"{}", "application/cloudevents-batch+json", "list"),
        (b"7", "application/json", "object"),
        (b"<a/>", "application/xml", "Content-Type"),
        ({"id": "1", "source": "a", "type": "b"}, "application/json", "specversion"),
        ({**EVENT, "specversion": "0.3"}, "application/json", "1.0"),
        ({**EVENT, "type": ""}, "application/json", "type"),
        ({**EVENT, "id": None}, "application/json", "id"),
        ({**EVENT, "id": 7}, "application/json", "id"),
        ({**EVENT, "time": "now"}, "application/json", "RFC 3339"),
        ({**EVENT, "Tenant": "a"}, "application/json", "Tenant"),
        ({**EVENT, "tenant": {"a": 1}}, "application/json", "tenant"),
        ({**EVENT, "source": "a\u0000"}, "application/json", ""),
        ([EVENT, {**EVENT, "type": 1}], "application/cloudevents-batch+json", "event 1"),
    ],
)
async def test_what_is_no_event_is_refused_and_nothing_is_stored(
    content: Any, kind: str, word: str, api: Served
) -> None:
    who = await api.person()
    answer = await post(api, who, content, kind)
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["error"]
    assert (await events_of(api, who))["items"] == []


async def test_what_is_too_large_is_refused(api: Served) -> None:
    who = await api.person()
    assert (await post(api, who, {**EVENT, "data": "x" * 300_000})).status_code == 413
    many = [{**EVENT, "id": str(number)} for number in range(1001)]
    assert (await post(api, who, many, "application/cloudevents-batch+json")).status_code == 413
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    assert (await post(api, who, {**EVENT, "data": deep})).status_code == 400


@pytest.mark.parametrize("headers", [{}, "anon"])
async def test_only_an_account_publishes_and_reads(headers: Headers | str, api: Served) -> None:
    sent = api.anon if headers == "anon" else {}
    assert (await api.http.post("/events/v1", json=EVENT, headers=sent)).status_code == 401
    assert (await api.http.get("/events/v1", headers=sent)).status_code == 401


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"after": "x"}, {"after": "9" * 30}])
async def test_a_page_that_cannot_be_is_refused(query: dict[str, Any], api: Served) -> None:
    who = await api.person()
    assert (await api.http.get("/events/v1", headers=who.headers, params=query)).status_code == 400


async def execution_of(api: Served, who: Person, status: str) -> str:
    async with api.state.service.service(reason="a test's rows") as connection:
        await connection.execute("SET LOCAL ROLE service_role")
        workflow = await connection.fetchval(
            "INSERT INTO public.workflows (user_id, name) VALUES ($1, 'a') RETURNING id", who.id
        )
        return await connection.fetchval(
            "INSERT INTO public.workflow_executions (user_id, workflow_id, status) VALUES ($1, $2, $3)"
            " RETURNING id::text",
            who.id,
            workflow,
            status,
        )


async def signal(api: Served, who: Person, execution: str) -> httpx.Response:
    return await api.http.post(f"/workflows/v1/executions/{execution}/signal", json=EVENT, headers=who.headers)


async def test_a_signal_is_an_event_for_one_execution(api: Served) -> None:
    who = await api.person()
    execution = await execution_of(api, who, "running")
    assert (await signal(api, who, execution)).status_code == 202
    assert (await events_of(api, who))["items"] == [EVENT]


async def test_a_signal_to_what_is_not_there_or_has_ended_is_refused(api: Served) -> None:
    who, stranger = await api.person(), await api.person()
    running, ended = await execution_of(api, who, "running"), await execution_of(api, who, "completed")
    assert (await signal(api, stranger, running)).status_code == 404
    assert (await signal(api, who, str(uuid4()))).status_code == 404
    assert (await signal(api, who, "no-id")).status_code == 400
    refused = await signal(api, who, ended)
    assert (refused.status_code, refused.json()["code"]) == (409, "EXECUTION_ENDED")
    assert (await events_of(api, stranger))["items"] == []
