"""Calls that an owner makes to endpoints of his, without a key."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.gateway.entrance import Entrance
from api.gateway.own_calls import MOST_BYTES, OwnAnswer, OwnCall, call_own
from tests.activities.support import Rows
from tests.api.gateway.owners import Owner
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, raw
from tests.waiting import until
from zilliance.errors import AppError
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


async def call(way: Way, endpoint: UUID, path: str, *, owner: Owner | None = None, **changes: Any) -> OwnAnswer:
    entrance: Entrance = way.api.app.state.gateway
    asked = OwnCall(endpoint, "GET", path, "", [], b"", client="127.0.0.1", scheme="http", request_id="r")
    who = (owner or way.owner).person.id
    return await call_own(way.api.state, entrance.forwarder, who, replace(asked, **changes))


async def test_an_owner_calls_his_endpoint_as_a_caller_would(way: Way, rows: Rows) -> None:
    endpoint = await way.endpoint("/tried/{id}", "POST", "/inside/{id}")
    answer = await call(way, endpoint, "/tried/5", method="POST", query="q=1", body=b"hello", headers=[(b"x-a", b"1")])
    echoed = orjson.loads(answer.body)
    assert (answer.status, answer.is_cut, echoed["target"]) == (200, False, "/inside/5?q=1")
    assert (echoed["sha256"], way.received.header("x-a")) == (hashlib.sha256(b"hello").hexdigest(), "1")
    assert (b"content-security-policy", b"sandbox") in answer.headers
    query = "SELECT status_code, api_key_id, request_size FROM api_requests WHERE endpoint_id = $1"
    found = await until(lambda: rows.connection.fetch(query, endpoint))
    assert [tuple(each) for each in found] == [(200, None, 5)]


async def test_it_counts_in_the_endpoints_limit(way: Way) -> None:
    endpoint = await way.endpoint("/scarce", rate_limit=1)
    await call(way, endpoint, "/scarce")
    with pytest.raises(AppError) as caught:
        await call(way, endpoint, "/scarce")
    assert caught.value.code == "RATE_LIMITED"


async def test_who_needs_no_key_is_told_of_none(way: Way) -> None:
    endpoint = await way.endpoint("/here")
    with pytest.raises(AppError) as caught:
        await call(way, endpoint, "/there")
    assert (caught.value.status, caught.value.code) == (404, "ENDPOINT_NOT_FOUND")
    assert "/there" in caught.value.message
    assert "key" not in caught.value.message


async def test_nobody_calls_what_is_not_his(way: Way, rival: Owner) -> None:
    endpoint = await way.endpoint("/mine")
    with pytest.raises(AppError) as caught:
        await call(way, endpoint, "/mine", owner=rival)
    assert caught.value.status == 404


async def test_the_owner_is_told_why_a_target_fails(way: Way) -> None:
    endpoint = await way.owner.endpoint("/gone", target_url="https://away.example.com/")
    with pytest.raises(AppError) as caught:
        await call(way, endpoint, "/gone")
    assert (caught.value.status, caught.value.code) == (502, "UPSTREAM_FAILED")
    assert "away.example.com" in caught.value.details["reason"]


async def test_an_answer_is_held_up_to_a_bound_and_the_rest_is_not_waited_for(way: Way) -> None:
    endpoint = await way.endpoint("/endless")

    async def endless(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    way.upstream.answers["/endless"] = endless
    answer = await call(way, endpoint, "/endless")
    assert (len(answer.body), answer.is_cut) == (MOST_BYTES, True)
    await way.upstream.until(lambda upstream: upstream.open == 0)


async def test_a_get_with_a_body_is_not_sent(way: Way) -> None:
    endpoint = await way.endpoint("/plain")
    way.upstream.answers["/plain"] = raw(b"HTTP/1.1 204 No Content\r\n\r\n")
    with pytest.raises(AppError) as caught:
        await call(way, endpoint, "/plain", body=b"x")
    assert caught.value.code == "BODY_NOT_ALLOWED"
