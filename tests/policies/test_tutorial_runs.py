"""Nobody but the platform's functions touches the table of runs, and callers reach none of a worker's."""

from uuid import uuid4

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from zilliance.identity import Identity


@pytest.mark.parametrize("who", ["owner", "other"])
@pytest.mark.parametrize("verb", ["SELECT * FROM", "DELETE FROM"])
async def test_callers_hold_no_right_on_runs(
    requests: Connection, people: dict[str, Identity], who: str, verb: str
) -> None:
    await become(requests, people[who])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"{verb} private.tutorial_runs")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT private.enter_tutorial_run($1, 1)",
        "SELECT private.end_tutorial_run($1, 1, 'failed', NULL)",
        "SELECT private.save_tutorial($1, 1, $1, '{}', '', 'x')",
        "SELECT private.tutorial_outcome($1, 'x', $1)",
        "SELECT private.accept_tutorial_run($1, NULL, 'x', 'beginner', 1, NULL, NULL, NULL, NULL, 1)",
    ],
)
async def test_callers_may_not_write_what_the_platform_writes(
    requests: Connection, people: dict[str, Identity], statement: str
) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch(statement, uuid4())
