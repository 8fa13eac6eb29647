"""Days of the log are made ahead and go when they are old; what it refers to may go at any time."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.event_upkeep import SqlEventUpkeepActivities
from api.request_log import LoggedRequest, RequestLog
from tests.activities.support import Rows
from zilliance.database import Database
from zilliance.settings import Login, Settings

Upkeep = SqlEventUpkeepActivities


@pytest.fixture
async def upkeep(settings: Settings) -> AsyncGenerator[Upkeep]:
    database = Database.of(settings.database, Login.WORKER, application_name="test of the log")
    yield Upkeep(database, settings)
    await database.close()


async def run(upkeep: Upkeep) -> None:
    await ActivityEnvironment().run(upkeep.trim_events)


async def days(rows: Rows) -> list[str]:
    found = await rows.connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'partitions'::regnamespace AND relkind = 'r' ORDER BY 1"
    )
    return [row["relname"].removeprefix("api_requests_") for row in found]


def name(day: datetime) -> str:
    return f"{day:%Y%m%d}"


async def place(rows: Rows, owner: UUID, moment: datetime) -> None:
    """A row of a day whenever that was."""
    await rows.connection.execute("SELECT private.make_request_partition($1)", moment.date())
    await rows.connection.execute(
        "INSERT INTO public.api_requests (user_id, method, path, status_code, created_at)"
        " VALUES ($1, 'GET', '/', 200, $2)",
        owner,
        moment,
    )


async def test_days_that_are_older_than_they_are_kept_go_with_all_their_rows(
    upkeep: Upkeep, rows: Rows, owner: UUID, today: datetime
) -> None:
    for age in (31, 30, 29, 0):
        await place(rows, owner, today - timedelta(days=age))
    assert name(today - timedelta(days=31)) in await days(rows)
    await run(upkeep)
    kept = await rows.connection.fetch("SELECT created_at FROM api_requests WHERE user_id = $1", owner)
    assert sorted((today - row["created_at"]).days for row in kept) == [0, 29, 30]
    assert min(await days(rows)) == name(today - timedelta(days=30))


async def test_days_to_come_are_made_ahead(upkeep: Upkeep, rows: Rows, today: datetime) -> None:
    await rows.connection.execute(f"DROP TABLE partitions.api_requests_{name(today + timedelta(days=2))}")
    await run(upkeep)
    assert {name(today + timedelta(days=ahead)) for ahead in range(4)} <= set(await days(rows))


async def test_a_day_that_no_upkeep_has_made_is_made_by_who_writes(
    requests: RequestLog, rows: Rows, owner: UUID, today: datetime
) -> None:
    await rows.connection.execute(f"DROP TABLE partitions.api_requests_{name(today)}")
    requests.add(LoggedRequest("GET", "/", 200, 1, user_id=owner))
    await requests.close()
    assert name(today) in await days(rows)
    assert await rows.count("public.api_requests", owner) == 1


async def test_nobody_reaches_a_day_but_through_the_log(rows: Rows) -> None:
    for role in ("anon", "authenticated", "service_role", "zapi", "zservice", "zworker", "zplatform"):
        may = "SELECT has_schema_privilege($1, 'partitions', 'USAGE')"
        assert await rows.connection.fetchval(may, role) is False
    unforced = await rows.connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'partitions'::regnamespace AND relkind = 'r'"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert unforced == []


async def test_the_log_of_an_endpoint_outlives_it(requests: RequestLog, rows: Rows, owner: UUID) -> None:
    endpoint = await rows.connection.fetchval(
        "INSERT INTO api_endpoints (user_id, name, path, target_url) VALUES ($1, 'n', '/n', 'https://example.com')"
        " RETURNING id",
        owner,
    )
    asked = LoggedRequest("GET", "/n", 200, 1, user_id=owner, endpoint_id=endpoint)
    requests.add(asked)
    await rows.connection.execute("DELETE FROM api_endpoints WHERE id = $1", endpoint)
    requests.add(replace(asked, id=UUID(int=asked.id.int + 1)))
    await requests.close()
    found = await rows.connection.fetch("SELECT endpoint_id FROM api_requests WHERE user_id = $1", owner)
    assert [row["endpoint_id"] for row in found] == [endpoint, endpoint]


async def test_the_log_of_an_account_that_is_deleted_goes(
    upkeep: Upkeep, requests: RequestLog, rows: Rows, owner: UUID, today: datetime
) -> None:
    others = [await rows.account() for _ in range(2)]
    for account in (owner, *others):
        requests.add(LoggedRequest("GET", "/", 200, 1, user_id=account))
        await place(rows, account, today - timedelta(days=5))
    await requests.close()
    await rows.connection.execute("DELETE FROM auth.users WHERE id = $1", owner)
    await run(upkeep)
    assert [await rows.count("public.api_requests", each) for each in (owner, *others)] == [0, 2, 2]


async def test_large_logs_go_in_pages(requests: RequestLog, rows: Rows, owner: UUID) -> None:
    for _ in range(5):
        requests.add(LoggedRequest("GET", "/", 200, 1, user_id=owner))
    await requests.close()
    await rows.connection.execute("DELETE FROM auth.users WHERE id = $1", owner)
    before = UUID(int=owner.int - 1)
    for left in (3, 1, 0):
        place = await rows.connection.fetchval("SELECT private.forget_requests($1, 2)", before)
        assert place is None or place >= before
        assert await rows.count("public.api_requests", owner) == left


async def test_requests_are_no_changes(requests: RequestLog, rows: Rows, owner: UUID) -> None:
    """They would be most of the log of changes, which everybody's events and realtime are made from."""
    requests.add(LoggedRequest("GET", "/", 200, 1, user_id=owner))
    await requests.close()
    assert await rows.count("public.api_requests", owner) == 1
    changed = await rows.connection.fetch("SELECT table_name FROM private.change_log WHERE user_id = $1", owner)
    assert "api_requests" not in {row["table_name"] for row in changed}
