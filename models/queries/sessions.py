"""Sessions in SQL: every statement that reads or writes `auth.sessions`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zilliance.database import Connection


class Scope(StrEnum):
    """Which sessions of an account a sign-out ends."""

    GLOBAL = "global"
    LOCAL = "local"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in device.

    Attributes:
        rotated_seconds: how long ago the current refresh token was issued.
    """

    id: UUID
    user_id: UUID
    aal: str
    refresh_counter: int
    refresh_key: bytes | None
    created_at: datetime
    expired: bool
    rotated_seconds: float


@dataclass(frozen=True, slots=True)
class Device:
    """From where somebody signs in."""

    user_agent: str | None
    ip: str | None


_COLUMNS = """
id, user_id, aal, refresh_counter, refresh_key, created_at, coalesce(not_after <= clock_timestamp(), false) AS expired,
extract(epoch FROM clock_timestamp() - coalesce(last_rotated_at, created_at))::float8 AS rotated_seconds
"""

_INSERT = f"""
INSERT INTO auth.sessions (user_id, refresh_key, user_agent, ip) VALUES ($1, $2, $3, $4::text::inet)
RETURNING {_COLUMNS}
"""  # noqa: S608

_LOCK = f"SELECT {_COLUMNS} FROM auth.sessions WHERE id = $1 FOR UPDATE"  # noqa: S608

_ROTATE = """
UPDATE auth.sessions
SET refresh_counter = refresh_counter + 1, last_rotated_at = clock_timestamp(), refreshed_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE id = $1
"""

_END = """
DELETE FROM auth.sessions WHERE user_id = $1 AND CASE $3
    WHEN 'local' THEN id = $2
    WHEN 'others' THEN id IS DISTINCT FROM $2
    ELSE true END
"""

_LIVES = """
SELECT EXISTS (SELECT FROM auth.sessions WHERE id = $1 AND user_id = $2 AND (not_after IS NULL OR not_after > now()))
"""


async def insert(connection: Connection, user_id: UUID, *, key: bytes, device: Device) -> Session:
    row = await connection.fetchrow(_INSERT, user_id, key, device.user_agent, device.ip)
    if row is None:
        message = "an insert without a conflict clause returns its row"
        raise LookupError(message)
    return Session(**dict(row.items()))


async def lock(connection: Connection, session_id: UUID) -> Session | None:
    """The session, which nobody else may change until the transaction ends."""
    row = await connection.fetchrow(_LOCK, session_id)
    return Session(**dict(row.items())) if row else None


async def rotate(connection: Connection, session_id: UUID) -> None:
    """Make the next refresh token the current one."""
    await connection.execute(_ROTATE, session_id)


async def lives(connection: Connection, session_id: UUID, user_id: UUID) -> bool:
    found: bool = await connection.fetchval(_LIVES, session_id, user_id)
    return found


async def end(connection: Connection, user_id: UUID, session_id: UUID | None, scope: Scope) -> None:
    """End sessions of an account; access tokens of an ended session are worth nothing from then on."""
    await connection.execute(_END, user_id, session_id, scope.value)
