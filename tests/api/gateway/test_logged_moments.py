"""The log says when a request came, and not when it ended."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.activities.support import Rows
from tests.api.gateway.way import Way, way_through
from tests.unit.upstream import Received, echo
from tests.waiting import until
from zilliance.settings import Settings


@pytest.fixture(scope="module")
async def way(settings: Settings) -> AsyncIterator[Way]:
    async with way_through(settings) as way:
        yield way


async def test_a_request_that_took_its_time_is_logged_with_the_moment_at_which_it_came(way: Way, rows: Rows) -> None:
    async def slow(received: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await echo(received, writer)

    way.upstream.answers["/slow"] = slow
    endpoint = await way.endpoint("/slow")
    await way.call("/slow")
    # The id has the moment at which the row was made.
    statement = """
        SELECT response_time_ms, uuid_extract_timestamp(id) - created_at >= interval '0.29 s' AS is_of_its_begin
        FROM api_requests WHERE endpoint_id = $1
    """
    found = await until(lambda: rows.connection.fetch(statement, endpoint))
    assert [(row["response_time_ms"] >= 290, row["is_of_its_begin"]) for row in found] == [(True, True)]
