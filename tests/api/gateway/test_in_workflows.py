"""`gateway-request`: a task of a workflow calls an endpoint of its owner's through the API."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.gateway import ApiGatewayActivities
from tests.activities.support import Rows
from tests.api.gateway.owners import Owner
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, raw
from tests.waiting import until
from workflows.contracts.execution import FunctionCallInput
from zilliance.errors import StoppingError
from zilliance.own_api import OwnApi
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


@pytest.fixture
async def own_api(way: Way) -> AsyncIterator[OwnApi]:
    api = OwnApi(way.api.url, way.api.state.tokens.service_role_key)
    yield api
    await api.close()


def asked(owner: UUID, endpoint: UUID | str, **arguments: Any) -> FunctionCallInput:
    return FunctionCallInput(
        execution_id=uuid4(),
        owner_id=owner,
        key="/do/0/it#",
        name="gateway-request",
        arguments=json.dumps({"endpointId": str(endpoint), **arguments}),
    )


async def call(api: OwnApi, wanted: FunctionCallInput) -> Any:
    return json.loads(await ActivityEnvironment().run(ApiGatewayActivities(api).call, wanted))


async def failure(api: OwnApi, wanted: FunctionCallInput) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await call(api, wanted)
    return caught.value


async def test_it_answers_what_the_target_does_and_is_logged_without_a_key(
    way: Way, own_api: OwnApi, rows: Rows
) -> None:
    endpoint = await way.endpoint("/flow/{id}", "POST", "/inside/{id}", headers={"X-Secret": "configured"})
    wanted = asked(
        way.owner.person.id,
        endpoint,
        path="/flow/7",
        query={"page": 2, "full": True, "q": "a b"},
        headers={"X-A": "1"},
        body={"n": 1},
    )
    answer = await call(own_api, wanted)
    assert (answer["status"], answer["body"]["target"]) == (200, "/inside/7?page=2&full=true&q=a+b")
    assert answer["headers"]["content-type"] == "application/json"
    received = way.received
    assert (received.header("x-a"), received.header("x-secret")) == ("1", "configured")
    assert received.header("content-type") == "application/json"
    assert received.header("idempotency-key") == f"{wanted.execution_id}:/do/0/it#"
    assert received.header("apikey") is None
    assert received.header("x-api-key") is None
    query = "SELECT status_code, api_key_id, path FROM api_requests WHERE endpoint_id = $1"
    found = await until(lambda: rows.connection.fetch(query, endpoint))
    assert [tuple(each) for each in found] == [(200, None, "/flow/7")]


async def test_another_status_than_success_is_the_tasks_error(way: Way, own_api: OwnApi) -> None:
    endpoint = await way.endpoint("/teapot")
    way.upstream.answers["/teapot"] = raw(b"HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\n\r\nshort")
    error = await failure(own_api, asked(way.owner.person.id, endpoint))
    problem = error.details[0]
    assert (problem["status"], problem["detail"], error.non_retryable) == (418, "short", True)
    assert str(problem["type"]).endswith("/communication")


async def test_what_the_gateway_refuses_is_said_in_its_words(way: Way, own_api: OwnApi) -> None:
    me = way.owner.person.id
    scarce = await way.endpoint("/scarce/flow", rate_limit=1)
    await call(own_api, asked(me, scarce))
    error = await failure(own_api, asked(me, scarce))
    assert (error.details[0]["status"], "RATE_LIMITED" in str(error.details[0]["detail"])) == (429, True)
    away = await way.owner.endpoint("/away/flow", target_url="https://away.example.com/")
    error = await failure(own_api, asked(me, away))
    assert (error.details[0]["status"], "UPSTREAM_FAILED" in str(error.details[0]["detail"])) == (502, True)
    slow = await way.endpoint("/slow/flow", timeout_ms=50)

    async def silent(received: Received, writer: asyncio.StreamWriter) -> None:
        del received, writer
        await asyncio.Event().wait()

    way.upstream.answers["/slow/flow"] = silent
    error = await failure(own_api, asked(me, slow))
    assert (error.details[0]["status"], str(error.details[0]["type"]).rpartition("/")[2]) == (504, "timeout")


async def test_a_task_that_is_cancelled_ends_the_call_of_the_target(way: Way, own_api: OwnApi) -> None:
    endpoint = await way.endpoint("/left/flow")

    async def silent(received: Received, writer: asyncio.StreamWriter) -> None:
        del received
        await writer.wait_closed()

    way.upstream.answers["/left/flow"] = silent
    environment = ActivityEnvironment()
    calling = asyncio.create_task(
        environment.run(ApiGatewayActivities(own_api).call, asked(way.owner.person.id, endpoint))
    )
    await way.upstream.until(lambda upstream: any(each.target == "/left/flow" for each in upstream.received))
    before = way.upstream.open
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await way.upstream.until(lambda upstream: upstream.open < before)


async def test_endpoints_of_others_are_not_called(way: Way, own_api: OwnApi) -> None:
    stranger = Owner(way.api, await way.api.person())
    endpoint = await way.endpoint("/not/yours")
    error = await failure(own_api, asked(stranger.person.id, endpoint))
    assert (error.details[0]["status"], "ENDPOINT_NOT_FOUND" in str(error.details[0]["detail"])) == (404, True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"endpointId": "no id"},
        {"method": "TRACE"},
        {"path": "/flow/../x"},
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"Host": "x"}},
        {"query": {"a": [1]}},
        {"unknown": 1},
    ],
)
async def test_arguments_that_cannot_be_are_faults(way: Way, own_api: OwnApi, arguments: dict[str, Any]) -> None:
    endpoint = await way.endpoint(f"/wrong/{uuid4()}/*")
    error = await failure(own_api, asked(way.owner.person.id, endpoint, **{"path": "/wrong/x", **arguments}))
    assert error.non_retryable
    assert error.details[0]["status"] in (400, 404)


async def test_an_answer_that_is_too_large_is_a_fault(way: Way, own_api: OwnApi) -> None:
    endpoint = await way.endpoint("/large/flow")
    way.upstream.answers["/large/flow"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000)
    error = await failure(own_api, asked(way.owner.person.id, endpoint))
    assert error.details[0]["status"] == 413


async def test_an_api_that_is_away_is_tried_again(way: Way) -> None:
    api = OwnApi("http://127.0.0.1:9", "key")
    error = await failure(api, asked(way.owner.person.id, uuid4(), method="POST"))
    await api.close()
    assert (error.details[0]["status"], error.non_retryable) == (503, False)


@pytest.mark.parametrize(("method", "is_final"), [("GET", False), ("PUT", False), ("POST", True), (None, True)])
async def test_what_may_have_been_done_is_repeated_only_where_that_changes_nothing(
    way: Way, method: str | None, *, is_final: bool
) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    api = OwnApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    error = await failure(api, asked(way.owner.person.id, uuid4(), **({"method": method} if method else {})))
    await api.close()
    server.close()
    assert error.non_retryable is is_final


async def test_what_answers_in_place_of_the_api_is_no_answer_of_the_target(way: Way) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    api = OwnApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    for method, is_final in (("GET", False), ("POST", True)):
        error = await failure(api, asked(way.owner.person.id, uuid4(), method=method))
        assert (error.non_retryable, "no JSON" in str(error.details[0]["detail"])) == (is_final, True)
    await api.close()
    server.close()


@pytest.mark.parametrize(("method", "is_final"), [("GET", False), ("POST", True)])
async def test_a_stop_of_the_api_amid_a_call_passes_where_it_may_be_repeated(
    way: Way, method: str, *, is_final: bool
) -> None:
    async def stopping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        error = StoppingError()
        body = json.dumps({"error": error.message, "code": error.code}).encode()
        writer.write(b"HTTP/1.1 503 Unavailable\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(stopping, "127.0.0.1", 0)
    api = OwnApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    error = await failure(api, asked(way.owner.person.id, uuid4(), method=method))
    assert (error.non_retryable, "has stopped" in str(error.details[0]["detail"])) == (is_final, True)
    await api.close()
    server.close()


@pytest.mark.parametrize("code", ["UNAVAILABLE", "GATEWAY_BUSY"])
async def test_an_outage_of_the_platform_passes(way: Way, code: str) -> None:
    async def away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"error": "Nothing was sent", "code": "%s"}' % code.encode()
        writer.write(b"HTTP/1.1 503 Unavailable\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(away, "127.0.0.1", 0)
    api = OwnApi(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    error = await failure(api, asked(way.owner.person.id, uuid4(), method="POST"))
    assert (error.non_retryable, error.details[0]["status"]) == (False, 503)
    await api.close()
    server.close()
