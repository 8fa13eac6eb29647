"""A definition that runs stays, because how its steps are undone would go with it."""

from uuid import uuid4

import asyncpg
import pytest

from tests.identities import SERVICE
from tests.policies.conftest import Connection, become, insert
from zilliance.identity import Identity
from zilliance.settings import DatabaseSettings, Login

DELETE = "DELETE FROM public.workflows WHERE id = $1"


@pytest.mark.parametrize(
    ("status", "stays"),
    [("pending", True), ("running", True), ("completed", False), ("failed", False), ("cancelled", False)],
)
async def test_definition_stays_while_an_execution_has_not_ended(
    status: str, stays: bool, requests: Connection, admin: Connection, people: dict[str, Identity]
) -> None:
    owner = str(people["owner"].user_id)
    definition = await insert(admin, "workflows", {"id": str(uuid4()), "user_id": owner, "name": "Long", "config": {}})
    assert definition is not None
    run = {"user_id": owner, "workflow_id": str(definition["id"]), "status": status, "trigger_data": {}}
    await insert(admin, "workflow_executions", run)
    await become(requests, people["owner"])
    if not stays:
        assert await requests.execute(DELETE, definition["id"]) == "DELETE 1"
        return
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="have not ended"):
        await requests.execute(DELETE, definition["id"])


async def test_the_service_does_not_delete_it_either_but_an_account_goes_with_all(
    policies_database: DatabaseSettings, admin: Connection, accounts: Connection
) -> None:
    user_id = await accounts.fetchval("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
    definition = await insert(
        admin, "workflows", {"id": str(uuid4()), "user_id": str(user_id), "name": "Long", "config": {}}
    )
    assert definition is not None
    run = {"user_id": str(user_id), "workflow_id": str(definition["id"]), "status": "running", "trigger_data": {}}
    await insert(admin, "workflow_executions", run)
    service = await asyncpg.connect(policies_database.dsn(Login.SERVICE))
    try:
        async with service.transaction():
            await become(service, SERVICE)
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                async with service.transaction():
                    await service.execute(DELETE, definition["id"])
    finally:
        await service.close()
    await accounts.execute("DELETE FROM auth.users WHERE id = $1", user_id)
    assert await admin.fetch("SELECT 1 FROM workflows WHERE id = $1", definition["id"]) == []
