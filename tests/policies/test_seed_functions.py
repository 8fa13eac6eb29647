"""The functions that front ends of the seed call: roles of an account, views and likes of a tutorial."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.identities import ANONYMOUS, account
from tests.policies.conftest import Connection, become
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login

VIEW = "SELECT record_view($1)"
LIKE = "SELECT toggle_like($1)"
Call = Callable[[Identity, str, UUID], Awaitable[object]]


@pytest.fixture
async def tutorial(admin: Connection, people: dict[str, Identity]) -> UUID:
    return await _tutorial(admin, people["owner"], "published")


@pytest.fixture
async def draft(admin: Connection, people: dict[str, Identity]) -> UUID:
    return await _tutorial(admin, people["owner"], "draft")


async def _tutorial(admin: Connection, owner: Identity, status: str) -> UUID:
    statement = "INSERT INTO tutorials (user_id, title, status) VALUES ($1, 'How to fly', $2) RETURNING id"
    return await admin.fetchval(statement, owner.user_id, status)


@pytest.fixture
async def call(policies_database: DatabaseSettings) -> AsyncGenerator[Call]:
    """One committed call of a function on a tutorial, as several may be at once."""
    connections = [await asyncpg.connect(policies_database.dsn(Login.REQUESTS)) for _ in range(8)]
    idle = asyncio.Queue[Connection]()
    for connection in connections:
        idle.put_nowait(connection)

    async def once(identity: Identity, statement: str, tutorial: UUID) -> object:
        connection = await idle.get()
        try:
            async with connection.transaction():
                await become(connection, identity)
                value = await connection.fetchval(statement, tutorial)
        finally:
            idle.put_nowait(connection)
        return json.loads(value) if isinstance(value, str) else value

    yield once
    for connection in connections:
        await connection.close()


@pytest.mark.parametrize(
    ("caller", "told"),
    [("moderator", ["moderator", "user"]), ("admin", ["moderator", "user"]), ("other", []), ("anon", [])],
)
async def test_roles_are_told_to_the_account_and_to_administrators(
    caller: str, told: list[str], requests: Connection, people: dict[str, Identity]
) -> None:
    await become(requests, people[caller])
    rows = await requests.fetch("SELECT get_user_roles(_user_id => $1)", people["moderator"].user_id)
    assert [row[0] for row in rows] == told


async def test_an_account_counts_once_and_its_owner_never(
    call: Call, tutorial: UUID, people: dict[str, Identity]
) -> None:
    assert await call(people["owner"], VIEW, tutorial) == 0
    assert await call(people["other"], VIEW, tutorial) == 1
    assert await call(people["other"], VIEW, tutorial) == 1
    assert await call(people["moderator"], VIEW, tutorial) == 2


async def test_an_account_counts_again_after_a_day(
    call: Call, tutorial: UUID, admin: Connection, people: dict[str, Identity]
) -> None:
    await call(people["other"], VIEW, tutorial)
    earlier = "UPDATE private.tutorial_views SET counted_at = counted_at - $2::interval WHERE tutorial_id = $1"
    await admin.execute(earlier, tutorial, timedelta(hours=23))
    assert await call(people["other"], VIEW, tutorial) == 1
    await admin.execute(earlier, tutorial, timedelta(minutes=61))
    assert await call(people["other"], VIEW, tutorial) == 2


async def test_visitors_together_count_once_a_second(call: Call, tutorial: UUID, admin: Connection) -> None:
    # As of the next minute, so that a slow machine counts no second one.
    assert await call(ANONYMOUS, VIEW, tutorial) == 1
    later = "UPDATE private.tutorial_views SET counted_at = now() + interval '1 minute' WHERE tutorial_id = $1"
    await admin.execute(later, tutorial)
    assert await asyncio.gather(*(call(ANONYMOUS, VIEW, tutorial) for _ in range(10))) == [1] * 10
    await admin.execute(later.replace("+", "-"), tutorial)
    assert await call(ANONYMOUS, VIEW, tutorial) == 2


async def test_views_of_many_at_once_are_all_counted(
    call: Call, tutorial: UUID, accounts: Connection, admin: Connection
) -> None:
    viewers = await _accounts(accounts, 20)
    await asyncio.gather(*(call(viewer, VIEW, tutorial) for viewer in viewers for _ in range(2)))
    assert await admin.fetchval("SELECT views FROM tutorials WHERE id = $1", tutorial) == 20


async def test_a_like_is_given_and_taken_back(call: Call, tutorial: UUID, people: dict[str, Identity]) -> None:
    assert await call(people["other"], LIKE, tutorial) == {"liked": True, "likes": 1}
    assert await call(people["owner"], LIKE, tutorial) == {"liked": True, "likes": 2}
    assert await call(people["other"], LIKE, tutorial) == {"liked": False, "likes": 1}


async def test_likes_of_many_at_once_are_exact(
    call: Call, tutorial: UUID, accounts: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    likers = await _accounts(accounts, 50)
    answers = await asyncio.gather(
        *(call(liker, LIKE, tutorial) for liker in likers),
        *(call(people["other"], LIKE, tutorial) for _ in range(7)),
    )
    assert sum(answer["liked"] for answer in answers if isinstance(answer, dict)) == 50 + 4
    assert await admin.fetchval("SELECT likes FROM tutorials WHERE id = $1", tutorial) == 51
    for liker in likers[:3]:
        await accounts.execute("DELETE FROM auth.users WHERE id = $1", liker.user_id)
    assert await admin.fetchval("SELECT likes FROM tutorials WHERE id = $1", tutorial) == 48


async def _accounts(accounts: Connection, count: int) -> list[Identity]:
    rows = await accounts.fetch(
        "INSERT INTO auth.users (is_anonymous) SELECT false FROM generate_series(1, $1) RETURNING id", count
    )
    return [account(row["id"]) for row in rows]


@pytest.mark.parametrize("statement", [VIEW, LIKE])
async def test_draft_of_another_is_answered_as_no_tutorial(
    statement: str, call: Call, draft: UUID, people: dict[str, Identity]
) -> None:
    messages: list[str] = []
    for tutorial in (draft, uuid4()):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await call(people["other"], statement, tutorial)
        assert refused.value.sqlstate == "PT404"
        messages.append(str(refused.value).replace(str(tutorial), ""))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("caller", ["owner", "moderator", "admin"])
async def test_whoever_reads_a_draft_may_like_it(
    caller: str, call: Call, draft: UUID, people: dict[str, Identity]
) -> None:
    assert await call(people[caller], LIKE, draft) == {"liked": True, "likes": 1}


async def test_visitors_like_nothing(call: Call, tutorial: UUID) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await call(ANONYMOUS, LIKE, tutorial)


async def test_counting_does_not_change_when_a_tutorial_was_changed(
    call: Call, tutorial: UUID, admin: Connection, people: dict[str, Identity]
) -> None:
    changed = "SELECT updated_at FROM tutorials WHERE id = $1"
    before = await admin.fetchval(changed, tutorial)
    await call(people["other"], VIEW, tutorial)
    await call(people["other"], LIKE, tutorial)
    assert await admin.fetchval(changed, tutorial) == before
    await admin.execute("UPDATE tutorials SET title = 'How to fall' WHERE id = $1", tutorial)
    assert await admin.fetchval(changed, tutorial) > before


@pytest.mark.parametrize("gone", ["tutorial", "viewer"])
async def test_nothing_is_kept_of_what_is_gone(
    gone: str, call: Call, tutorial: UUID, accounts: Connection, admin: Connection
) -> None:
    [viewer] = await _accounts(accounts, 1)
    for statement in (VIEW, LIKE):
        await call(viewer, statement, tutorial)
    if gone == "tutorial":
        await admin.execute("DELETE FROM tutorials WHERE id = $1", tutorial)
    else:
        await accounts.execute("DELETE FROM auth.users WHERE id = $1", viewer.user_id)
    for table in ("tutorial_likes", "tutorial_views"):
        assert await admin.fetch(f"SELECT 1 FROM private.{table} WHERE tutorial_id = $1", tutorial) == []
