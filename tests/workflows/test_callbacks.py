"""`wait-for-webhook`: a URL that is told, called once by whoever has it, and closed with its workflow."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.workflows.people import People
from tests.workflows.running import Runner, create, fail, statuses
from worker.resources import Resources

Row = dict[str, Any]

TELL = create("told", "${ $callback.url }")


def wait(**arguments: object) -> Row:
    return {"paid": {"call": "wait-for-webhook", "with": {"do": [TELL], **arguments}}}


async def url_of(runner: Runner, resources: Resources) -> str:
    """Where the workflow wants to be called, as it told the outside."""
    await runner.until_contacts(1)
    url = await runner.rows.connection.fetchval(
        "SELECT first_name FROM contacts WHERE user_id = $1 ORDER BY id DESC LIMIT 1", runner.owner
    )
    assert url.startswith(f"{resources.settings.api_url}/hooks/v1/callbacks/")
    return url.removeprefix(resources.settings.api_url)


async def post(people: People, url: str, **body: Any) -> httpx.Response:
    return await people.http.post(url, **body)


@pytest.mark.parametrize(
    ("body", "output"),
    [
        ({"json": {"paid": True}}, {"paid": True}),
        ({"content": b"paid", "headers": {"content-type": "text/plain"}}, "paid"),
        ({"content": b""}, None),
        ({"content": b'{"not": "said to be JSON"}'}, '{"not": "said to be JSON"}'),
        ({"content": b"\xff\x00", "headers": {"content-type": "application/octet-stream"}}, "\ufffd\ufffd"),
    ],
)
async def test_its_output_is_the_body_of_the_request(
    runner: Runner, people: People, resources: Resources, body: Row, output: object
) -> None:
    execution = await runner.start(wait())
    answer = await post(people, await url_of(runner, resources), **body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    row = await runner.ended(execution)
    assert (row["status"], row["result_data"]) == ("completed", output), row["error"]


async def test_a_url_may_end_in_words_for_those_who_read_it(
    runner: Runner, people: People, resources: Resources
) -> None:
    execution = await runner.start(wait(path="orders/7/paid"))
    url = await url_of(runner, resources)
    assert url.endswith("/orders/7/paid")
    assert (await post(people, url, json=1)).status_code == 202
    assert (await runner.ended(execution))["result_data"] == 1


async def test_a_second_call_is_told_that_it_is_too_late(runner: Runner, people: People, resources: Resources) -> None:
    execution = await runner.start(wait(), {"rest": {"wait": {"seconds": 1}}})
    url = await url_of(runner, resources)
    answers = await asyncio.gather(*(post(people, url, json=n) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert (await runner.ended(execution))["status"] == "completed"
    assert (await post(people, url, json=1)).status_code == 409


@pytest.mark.parametrize("token", ["x", "A" * 43, "x" * 5000, "%00", "..%2f"])
async def test_a_token_that_is_none_opens_nothing(people: People, token: str) -> None:
    assert (await post(people, f"/hooks/v1/callbacks/{token}", json=1)).status_code == 404


async def test_what_is_not_json_or_too_large_is_refused_and_may_be_sent_again(
    runner: Runner, people: People, resources: Resources
) -> None:
    execution = await runner.start(wait())
    url = await url_of(runner, resources)
    json = {"content-type": "application/json"}
    assert (await post(people, url, content=b"{", headers=json)).status_code == 400
    assert (await post(people, url, content=b"x" * 300_000)).status_code == 413
    assert (await post(people, url, json="right")).status_code == 202
    assert (await runner.ended(execution))["result_data"] == "right"


async def test_nobody_calling_in_time_is_a_timeout_that_closes_the_url(
    runner: Runner, people: People, resources: Resources
) -> None:
    execution = await runner.start(wait(timeout={"seconds": 15}))  # long enough to be told the URL in
    url = await url_of(runner, resources)
    row = await runner.ended(execution)
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    assert (await post(people, url, json=1)).status_code == 409


async def test_cancelling_closes_the_url_and_rolls_back(runner: Runner, people: People, resources: Resources) -> None:
    execution = await runner.start(wait())
    url = await url_of(runner, resources)
    await runner.executions.cancel(runner.identity, execution)
    row = await runner.ended(execution)
    assert statuses(row) == {"paid": "cancelled", "told": "compensated"}
    assert (await post(people, url, json=1)).status_code == 409


async def test_a_fault_while_telling_ends_the_wait(runner: Runner) -> None:
    row = await runner.run({"paid": {"call": "wait-for-webhook", "with": {"do": [fail()]}}})
    assert (row["status"], row["error"]["instance"]) == ("failed", "/do/0/paid/with/do/0/refuse")


async def test_the_owner_finds_the_url_in_the_task_log(runner: Runner, people: People, resources: Resources) -> None:
    execution = await runner.start(wait())
    url = await url_of(runner, resources)
    await post(people, url, json=1)
    row = await runner.ended(execution)
    assert row["tasks"][0]["input"]["url"].endswith(url)


async def test_the_token_itself_is_not_stored(runner: Runner, people: People, resources: Resources) -> None:
    execution = await runner.start(wait())
    url = await url_of(runner, resources)
    token = url.split("/")[4]
    rows = await runner.rows.connection.fetch(
        "SELECT row_to_json(c)::text AS row FROM private.callbacks c WHERE execution_id = $1", UUID(str(execution))
    )
    assert token not in rows[0]["row"]
    await post(people, url, json=1)
    await runner.ended(execution)
