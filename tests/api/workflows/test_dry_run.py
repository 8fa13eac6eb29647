"""Dry runs: a definition is tried out without an effect, in virtual time and within bounds."""

import asyncio
from typing import Any

import pytest

from tests.api.served import Person, Served

URL = "/workflows/v1/dry-run"
GET = {"call": "http", "with": {"method": "GET", "endpoint": "https://pets.example.com/{id}"}}


def create(title: str) -> dict[str, Any]:
    return {"call": "create-row", "with": {"table": "deals", "values": {"title": title}}}


async def try_out(api: Served, who: Person, **body: Any) -> dict[str, Any]:
    answer = await api.http.post(URL, headers=who.headers, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(api: Served, who: Person, **body: Any) -> tuple[int, str, str]:
    answer = await api.http.post(URL, headers=who.headers, json=body)
    return answer.status_code, answer.json()["code"], answer.json()["error"]


async def test_a_dry_run_tells_the_output_and_every_task_with_its_export(api: Served, owner: Person) -> None:
    tasks = [
        {"pet": GET | {"export": {"as": "${ {pet: .name} }"}}},
        {"nap": {"wait": {"hours": 8}}},
        {"tell": {"set": "${ {hello: $context.pet, asked: $workflow.input.id} }"}},
    ]
    mocks = {"/do/0/pet": {"output": {"name": "Rex"}}}
    told = await try_out(api, owner, config={"do": tasks}, input={"id": 7}, mocks=mocks)
    assert (told["status"], told["output"]) == ("completed", {"hello": "Rex", "asked": 7})
    assert [task["name"] for task in told["tasks"]] == ["pet", "nap", "tell"]
    assert told["tasks"][0]["output"] == {"name": "Rex"}
    assert told["tasks"][0]["export"] == {"pet": "Rex"}
    assert told["duration_ms"] == 8 * 3600 * 1000
    assert told["steps"] > 0
    assert told["estimated_events"] == 5 + 1 + 6 + 5


async def test_nothing_of_a_dry_run_is_done(api: Served, owner: Person) -> None:
    told = await try_out(api, owner, config={"do": [{"row": create("not there")}]})
    assert told["output"]["title"] == "not there"
    assert (await api.send("GET", "deals?title=eq.not there", owner.headers)).json() == []
    assert (await api.send("GET", "workflow_executions", owner.headers)).json() == []


async def test_a_failure_tells_its_error_and_what_would_be_undone(api: Served, owner: Person) -> None:
    tasks = [{"row": create("x")}, {"pet": GET}]
    mocks = {"/do/1/pet": {"error": {"type": "https://example.com/no", "status": 503}}}
    told = await try_out(api, owner, config={"do": tasks}, mocks=mocks)
    assert (told["status"], told["error"]["status"], told["error"]["instance"]) == ("failed", 503, "/do/1/pet")
    assert told["rollback"]["steps"] == [{"reference": "/do/0/row", "status": "compensated"}]


async def test_unmocked_calls_can_be_made_to_fail(api: Served, owner: Person) -> None:
    told = await try_out(api, owner, config={"do": [{"pet": GET}]}, unmocked="fail")
    assert told["error"]["detail"] == "there is no mock for /do/0/pet, and unmocked calls fail"


async def test_a_stored_definition_is_tried_in_any_of_its_versions(
    api: Served, owner: Person, stranger: Person
) -> None:
    one, two = ({"do": [{"s": {"set": {"v": number}}}]} for number in (1, 2))
    row = await api.insert("workflows", {"name": "versions", "config": one}, owner.headers)
    await api.send("PATCH", f"workflows?id=eq.{row['id']}", owner.headers, json={"config": two})
    assert (await try_out(api, owner, workflowId=row["id"]))["output"] == {"v": 2}
    assert (await try_out(api, owner, workflowId=row["id"], version=1))["output"] == {"v": 1}
    assert (await refused(api, owner, workflowId=row["id"], version=9))[:2] == (404, "WORKFLOW_NOT_FOUND")
    assert (await refused(api, stranger, workflowId=row["id"]))[:2] == (404, "WORKFLOW_NOT_FOUND")


async def test_a_definition_that_cannot_run_is_refused_with_every_issue(api: Served, owner: Person) -> None:
    answer = await api.http.post(
        URL, headers=owner.headers, json={"config": {"do": [{"a": {"sett": 1}}, {"b": {"call": "htp"}}]}}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "WORKFLOW_INVALID")
    assert len(answer.json()["details"]["issues"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "workflowId or config"),
        ({"config": {}, "workflowId": "0199c0de-0000-7000-8000-000000000000"}, "workflowId or config"),
        ({"workflowId": "x"}, "workflowId"),
        ({"config": 7}, "config"),
        ({"config": {"do": []}, "mocks": {"/do/0/x": {"outptu": 1}}}, "/do/0/x"),
        ({"config": {"do": []}, "unmocked": "guess"}, "unmocked"),
        ({"config": {"do": []}, "clock": "real"}, "clock"),
        ({"config": {"do": []}, "version": 0}, "version"),
    ],
)
async def test_wrong_requests_are_refused_with_their_field(
    body: dict[str, Any], field: str, api: Served, owner: Person
) -> None:
    status, code, message = await refused(api, owner, **body)
    assert (status, code) == (400, "VALIDATION_FAILED")
    assert field in message


async def test_events_come_from_outside_and_go_there(api: Served, owner: Person) -> None:
    tasks = [
        {"wait": {"listen": {"to": {"one": {"with": {"type": "order.paid"}}}}}},
        {"tell": {"emit": {"event": {"with": {"type": "order.seen", "data": "${ .[0] }"}}}}},
    ]
    others = {"event": {"type": "other", "data": 1}}
    paid = {"event": {"type": "order.paid", "data": {"id": 7}}, "after": {"minutes": 5}}
    told = await try_out(api, owner, config={"do": tasks}, events=[others, paid])
    assert (told["status"], told["duration_ms"]) == ("completed", 300_000)
    assert [(event["type"], event["data"]) for event in told["emitted"]] == [("order.seen", {"id": 7})]
    assert (await try_out(api, owner, config={"do": tasks}, events=[others]))["status"] == "waiting"
    for wrong in ({"event": 1}, {"event": {}}, {"event": {"type": 1}}, {**paid, "after": "soon"}, {**paid, "x": 1}):
        status, code, message = await refused(api, owner, config={"do": tasks}, events=[wrong])
        assert (status, code, message[:8]) == (400, "VALIDATION_FAILED", "events/0")


async def test_signing_in_is_needed(api: Served) -> None:
    answer = await api.http.post(URL, headers=api.anon, json={"config": {}})
    assert answer.status_code == 401


async def test_one_that_computes_for_too_long_ends_and_holds_nobody_up(api: Served, owner: Person) -> None:
    heavy = {"for": {"in": "${ [range(9000)] }"}, "do": [{"c": {"set": "${ [range(3000)] | map(. * 2) | add }"}}]}
    running = asyncio.create_task(try_out(api, owner, config={"do": [{"row": create("x")}, {"l": heavy}]}))
    answered = 0
    while not running.done():
        assert (await api.http.get("/healthz")).status_code == 200
        answered += 1
        await asyncio.sleep(0.02)
    told = await running
    assert (told["status"], told["error"]["status"]) == ("failed", 408)
    assert "2 s" in told["error"]["detail"]
    assert answered > 4, "others were answered meanwhile"


async def test_one_account_has_two_at_once_and_no_more(api: Served) -> None:
    person = await api.person()
    heavy = {"for": {"in": "${ [range(9000)] }"}, "do": [{"c": {"set": "${ [range(3000)] | map(. * 2) | add }"}}]}
    body = {"config": {"do": [{"l": heavy}]}}
    answers = await asyncio.gather(*(api.http.post(URL, headers=person.headers, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429]
    refusal = next(answer for answer in answers if answer.status_code == 429)
    assert (refusal.json()["code"], refusal.headers["retry-after"]) == ("RATE_LIMITED", "1")
