"""Every table x verb x kind of caller, as `cases.yaml` has it."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models.registry import TABLES
from tests.policies.conftest import CASES, Connection, become, insert, resolved
from zilliance.identity import Identity

VERBS = ("select", "insert", "update", "delete")
Arranged = tuple[dict[str, Identity], dict[str, UUID]]
CALLERS = ("anon", "owner", "other", "moderator", "admin")


@pytest.fixture
def arranged(people: dict[str, Identity], rows: dict[str, UUID]) -> Arranged:
    return people, rows


def test_cases_name_every_table_verb_and_caller() -> None:
    assert {case.get("table", name) for name, case in CASES.items()} == set(TABLES)
    for name, case in CASES.items():
        for verb in VERBS:
            assert tuple(case[verb]) == CALLERS, f"{name}.{verb}"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", CASES)
async def test_case(name: str, verb: str, caller: str, requests: Connection, arranged: Arranged) -> None:
    people, _ = arranged
    await become(requests, people[caller])
    outcome = await _attempt(requests, verb, name, arranged)
    assert outcome == CASES[name][verb][caller]


async def _attempt(connection: Connection, verb: str, name: str, arranged: Arranged) -> str:
    people, rows = arranged
    case = CASES[name]
    table = case.get("table", name)
    try:
        match verb:
            case "select":
                done = await connection.fetchrow(f"SELECT id FROM {table} WHERE id = $1", rows[name])
            case "insert":
                values = resolved(case.get("new") or case["row"], rows)
                owned = {"user_id": str(people["owner"].user_id)} if "user_id" in TABLES[table].model_fields else {}
                done = await insert(connection, table, owned | values)
            case "update":
                done = await _update(connection, table, case["change"], rows[name])
            case _:
                done = await connection.fetchrow(f"DELETE FROM {table} WHERE id = $1 RETURNING id", rows[name])
    except asyncpg.InsufficientPrivilegeError:
        return "denied"
    return "allowed" if done else "hidden"


async def _update(connection: Connection, table: str, change: dict[str, Any], row_id: UUID) -> asyncpg.Record | None:
    changes = ", ".join(f"{column} = wanted.{column}" for column in change)
    return await connection.fetchrow(
        f"UPDATE {table} SET {changes} FROM jsonb_populate_record(NULL::{table}, $1) AS wanted "
        f"WHERE {table}.id = $2 RETURNING {table}.id",
        json.dumps(change),
        row_id,
    )
