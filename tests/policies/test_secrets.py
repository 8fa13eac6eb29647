"""Nobody but the platform's functions touches the table of secrets."""

import asyncpg
import pytest

from tests.policies.conftest import Connection, become
from zilliance.identity import Identity


@pytest.mark.parametrize("who", ["owner", "other"])
@pytest.mark.parametrize("verb", ["SELECT * FROM", "DELETE FROM"])
async def test_callers_hold_no_right_on_secrets(
    requests: Connection, people: dict[str, Identity], who: str, verb: str
) -> None:
    await become(requests, people[who])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.execute(f"{verb} private.secrets")


async def test_callers_may_not_read_what_the_worker_reads(requests: Connection, people: dict[str, Identity]) -> None:
    await become(requests, people["owner"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requests.fetch("SELECT * FROM private.read_secrets($1, '{a}')", people["owner"].user_id)
