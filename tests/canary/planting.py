"""A row of one tenant in each table, with a word that nobody else has in every column that can hold one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import randbelow, token_hex
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Column, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from models.registry import TABLES
from tests.canary.exchange import Needles

Connection = asyncpg.Connection
_WORD = 12  # characters of a mark that its prefix leaves out

# Columns that a CHECK holds to a form, and what they take of the word.
_FORMS: Mapping[tuple[str, str], Callable[[str, UUID], str]] = {
    ("api_endpoints", "path"): lambda mark, _: f"/{mark}",
    ("api_endpoints", "target_url"): lambda mark, _: f"https://{mark}.example",
    ("videos", "storage_path"): lambda mark, owner: f"{owner}/{mark}",
    ("api_requests", "method"): lambda mark, _: mark[:20],
}
_DOCUMENTS: Mapping[tuple[str, str], Callable[[str], Any]] = {
    ("api_endpoints", "headers"): lambda mark: {"canary": f"••••{mark}"},
    ("api_keys", "permissions"): lambda mark: [{"path": f"/{mark}"}],
}
# Columns that hold one of a few values.
CLOSED: Mapping[str, Mapping[str, str]] = {
    "user_roles": {"role": "user"},
    "tutorials": {"status": "draft"},
    "videos": {"status": "ready", "quality": "4k"},
    "workflows": {"status": "idle"},
    "workflow_executions": {"status": "completed", "phase": "running"},
    "contacts": {"type": "company"},
    "deals": {"stage": "closed_lost"},
    "activities": {"type": "meeting"},
    "api_endpoints": {"method": "DELETE"},
}
_NEEDED: Mapping[str, Mapping[str, Any]] = {"api_requests": {"status_code": 200, "ip_address": "203.0.113.9"}}
_INSERT = """
INSERT INTO public.{table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::public.{table}, $1)
ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Planted:
    """A row and what is secret about it, each with a decoy of the same form that no row has.

    Attributes:
        needles: `id`, `mark` (a word), `prefix` (most of that word), `number`, `owner`; the secret and its decoy.
    """

    table: str
    needles: Needles

    @property
    def id(self) -> str:
        return self.needles["id"][0]

    @property
    def secrets(self) -> set[str]:
        return {self.needles[name][0] for name in ("id", "mark", "number")}


async def plant(connection: Connection, owner: UUID, *, marked: bool = True) -> dict[str, Planted]:
    """A row of `owner` in each table, with references to each other. Without marks it is any tenant's."""
    rows: dict[str, Planted] = {}
    for name, table in TABLES.items():
        mark, number = f"canary{token_hex(12)}", str(10**10 + randbelow(10**10))
        values = _values(name, table, mark if marked else "plain", int(number) if marked else 7, owner)
        values |= {column: rows[target].id for column, target in references(name).items()}
        row_id = await _put(connection, name, values, owner)
        rows[name] = Planted(
            name,
            {
                "id": (str(row_id), str(uuid4())),
                "mark": (mark, f"canary{token_hex(12)}"),
                "prefix": (mark[:-_WORD], f"canary{token_hex(12)}"[:-_WORD]),
                "number": (number, str(10**10 + randbelow(10**10))),
                "owner": (str(owner), str(uuid4())),
            },
        )
    return rows


def references(table: str) -> dict[str, str]:
    """The columns of a table that refer to other tables of `public`, and to which; those to its own may be empty."""
    found: dict[str, str] = {}
    for constraint in TABLES[table].metadata.tables[table].foreign_key_constraints:
        target = constraint.referred_table
        if target.schema is None and target.name != table:
            found[constraint.column_keys[0]] = target.name
    return found


def columns_of(table: str, *kinds: type) -> list[str]:
    """The columns of a table whose type is one of these."""
    columns = TABLES[table].metadata.tables[table].columns
    return [column.name for column in columns if isinstance(column.type, kinds)]


def _values(name: str, table: type[SQLModel], mark: str, number: int, owner: UUID) -> dict[str, Any]:
    values: dict[str, Any] = {"user_id": str(owner)} if "user_id" in table.model_fields else {"id": str(owner)}
    for column in table.metadata.tables[name].columns:
        if column.computed is not None:
            continue
        value = _value(name, column, mark, number, owner)
        if value is not None:
            values[column.name] = value
    return {**values, **_NEEDED.get(name, {})}


def _value(table: str, column: Column[Any], mark: str, number: int, owner: UUID) -> Any:
    closed = CLOSED.get(table, {}).get(column.name)
    if closed is not None:
        return closed
    match column.type:
        case Text():
            form = _FORMS.get((table, column.name))
            return form(mark, owner) if form else mark
        case JSONB():
            form = _DOCUMENTS.get((table, column.name))
            return form(mark) if form else {"canary": mark}
        case ARRAY():
            return [mark]
        case BigInteger() | Numeric() if not column.primary_key:
            return number
        case _:
            return None


async def _put(connection: Connection, table: str, values: Mapping[str, Any], owner: UUID) -> UUID:
    """The row's id; that of the row which the sign-up has made, where it has made one."""
    columns = ", ".join(f'"{column}"' for column in values)
    made = await connection.fetchval(_INSERT.format(table=table, columns=columns), json.dumps(values))
    if made is not None:
        return made
    key = "user_id" if "user_id" in values else "id"
    changes = ", ".join(f'"{column}" = wanted."{column}"' for column in values if column != key)
    return await connection.fetchval(
        f"UPDATE public.{table} AS own SET {changes} FROM jsonb_populate_record(NULL::public.{table}, $1) AS wanted "
        f"WHERE own.{key} = $2 RETURNING own.id",
        json.dumps(values),
        owner,
    )
