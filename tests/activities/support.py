"""Accounts, definitions and executions as rows, for tests that need them without the API."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from zilliance.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class Rows:
    """The database as its administrator sees it: tests look behind row security with it."""

    connection: asyncpg.Connection

    @classmethod
    async def connect(cls, settings: DatabaseSettings) -> "Rows":
        return cls(await asyncpg.connect(settings.admin_dsn()))

    async def account(self) -> UUID:
        user = uuid4()
        await self.connection.execute(
            "INSERT INTO auth.users (id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data)"
            " VALUES ($1, 'authenticated', 'authenticated', $2, '', '{}', '{}')",
            user,
            f"{user}@example.com",
        )
        return user

    async def definition(self, owner: UUID, document: object, **columns: object) -> UUID:
        names = "".join(f", {name}" for name in columns)
        places = "".join(f", ${index}" for index in range(4, 4 + len(columns)))
        return await self.connection.fetchval(
            f"INSERT INTO public.workflows (user_id, name, config{names})"
            f" VALUES ($1, $2, $3::jsonb{places}) RETURNING id",
            owner,
            "A test",
            json.dumps(document),
            *columns.values(),
        )

    async def execution(self, owner: UUID, definition: UUID, trigger_data: object = None) -> UUID:
        return await self.connection.fetchval(
            "INSERT INTO public.workflow_executions (user_id, workflow_id, trigger_data, started_at)"
            " VALUES ($1, $2, $3::jsonb, now()) RETURNING id",
            owner,
            definition,
            json.dumps(trigger_data),
        )

    async def one(self, table: str, identity: UUID | str) -> dict[str, object] | None:
        """A row as JSON values, or None."""
        text = await self.connection.fetchval(
            f"SELECT to_jsonb(t)::text FROM {table} AS t WHERE id = $1", UUID(str(identity))
        )
        return None if text is None else json.loads(text)

    async def count(self, table: str, owner: UUID) -> int:
        return await self.connection.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", owner)
