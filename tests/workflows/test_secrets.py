"""Secrets in real executions: they reach the host that they are for, and stand nowhere else."""

import base64
import json
import re
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from api.services.secrets import Secrets
from tests.unit.http_stand_in import StandIn, message
from tests.workflows.running import Row, Runner
from worker.resources import Resources
from workflows.names import execution_workflow_id
from zilliance.database import Database
from zilliance.sealing import Sealer

TOKEN = "sk-live-Zm9vYmFy/+secret"
JSON = "Content-Type: application/json"
HOST = "http://outside.example.com"


@pytest.fixture
def secrets(requests_database: Database, resources: Resources) -> Secrets:
    return Secrets(requests_database, Sealer.of(resources.settings.secrets))


def ask(path: str, **arguments: Any) -> Row:
    return {"ask": {"call": "http", "with": {"method": "POST", "endpoint": HOST + path, **arguments}}}


async def history_of(client: Client, execution_id: str) -> str:
    handle = client.get_workflow_handle(execution_workflow_id(UUID(execution_id)))
    return (await handle.fetch_history()).to_json()


def said_anywhere(history: str, word: str) -> bool:
    """Payloads are base64 in the JSON of a history: each is decoded."""
    payloads = re.findall(r'"data": "([^"]*)"', history)
    texts = [history, *(base64.b64decode(data).decode(errors="replace") for data in payloads)]
    return any(word in text or json.dumps(word)[1:-1] in text for text in texts)


async def test_a_secret_reaches_its_host_and_stands_in_no_history_row_or_log(
    runner: Runner, secrets: Secrets, outside: StandIn, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await secrets.put(runner.identity, "token", TOKEN)
    await secrets.put(runner.identity, "login", {"username": "ada", "password": "lovelace-1815"})
    echo = json.dumps({"echo": f"Bearer {TOKEN}", "n": 1}).encode()
    outside.answers["/s1"] = message(echo, "200 OK", JSON)
    row = await runner.run(
        ask(
            "/s1",
            headers={"Authorization": '${ "Bearer " + $secrets.token }', "X-N": "${ .n }"},
            body={"k": "${ $secrets.login.password }"},
        ),
        {
            "again": {
                "call": "http",
                "with": {
                    "method": "GET",
                    "endpoint": {"uri": f"{HOST}/s1-again", "authentication": {"basic": {"use": "login"}}},
                },
            }
        },
        {"wrong": {"call": "http", "with": {"method": "PUT", "endpoint": {"uri": "${ $secrets.token }"}}}},
        data={"n": 5},
        use={"secrets": ["token", "login"]},
    )
    first, second = [request for request in outside.requests if request.target in {"/s1", "/s1-again"}]
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(first.body) == {"k": "lovelace-1815"}
    assert second.headers["authorization"].startswith("Basic ")
    assert row["tasks"][0]["output"] == {"echo": "Bearer ***", "n": 1}
    assert row["error"]["type"].endswith("/configuration"), row["error"]
    history = await history_of(client, row["id"])
    assert said_anywhere(history, "/s1")
    for word in (TOKEN, "lovelace-1815", second.headers["authorization"].removeprefix("Basic ")):
        assert not said_anywhere(history, word)
        assert word not in json.dumps(row)
        assert word not in caplog.text


async def test_a_secret_that_is_not_there_is_an_authorization_error(runner: Runner, outside: StandIn) -> None:
    row = await runner.run(ask("/unsaid", body="${ $secrets.token }"), use={"secrets": ["token"]})
    assert (row["error"]["type"].rpartition("/")[2], row["error"]["status"]) == ("authorization", 403)
    assert "PUT /workflows/v1/secrets/token" in row["error"]["detail"]
    assert row["error"]["instance"] == "/do/0/ask"
    assert "/unsaid" not in [request.target for request in outside.requests]


async def test_another_accounts_secret_is_not_there(
    runner: Runner, secrets: Secrets, requests_database: Database, rows: Any, client: Client
) -> None:
    other = await Runner.sign_up(rows, requests_database, client)
    await secrets.put(other.identity, "token", TOKEN)
    row = await runner.run(ask("/x", body="${ $secrets.token }"), use={"secrets": ["token"]})
    assert row["error"]["status"] == 403


async def test_a_secret_whose_key_is_gone_says_so(runner: Runner, requests_database: Database) -> None:
    await Secrets(requests_database, Sealer(["a lost key"])).put(runner.identity, "token", TOKEN)
    row = await runner.run(ask("/x", body="${ $secrets.token }"), use={"secrets": ["token"]})
    assert row["error"]["status"] == 403
    assert "write it again" in row["error"]["detail"]
    assert "ZILLIANCE_SECRETS__PREVIOUS_KEYS" in row["error"]["detail"]


async def test_an_output_may_say_how_it_was_authorised_but_not_with_what(
    runner: Runner, secrets: Secrets, outside: StandIn
) -> None:
    await secrets.put(runner.identity, "token", TOKEN)
    outside.answers["/s2"] = message(b'"fine"', "200 OK", JSON)
    task = ask("/s2", endpoint={"uri": f"{HOST}/s2", "authentication": {"bearer": {"token": "${ $secrets.token }"}}})
    task["ask"]["output"] = {"as": "${ {how: $authorization.scheme, what: $authorization.parameter, said: .} }"}
    row = await runner.run(task, use={"secrets": ["token"]})
    assert row["result_data"] == {"how": "Bearer", "what": "***", "said": "fine"}


async def test_an_operation_of_an_openapi_document_is_called(runner: Runner, outside: StandIn) -> None:
    document = {
        "openapi": "3.0.0",
        "paths": {"/pets/{id}": {"get": {"operationId": "getPet", "parameters": [{"name": "id", "in": "path"}]}}},
    }
    outside.answers["/openapi.json"] = message(
        json.dumps(document).encode(), "200 OK", "Content-Type: application/json"
    )
    outside.answers["/pets/7"] = message(b'{"name": "Rex"}', "200 OK", JSON)
    call = {"document": {"endpoint": f"{HOST}/openapi.json"}, "operationId": "getPet", "parameters": {"id": "${ .id }"}}
    row = await runner.run({"pet": {"call": "openapi", "with": call}}, data={"id": 7})
    assert row["result_data"] == {"name": "Rex"}, row
