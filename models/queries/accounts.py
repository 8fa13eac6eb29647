"""Accounts in SQL: every statement that reads or writes `auth.users` and `auth.identities`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from zilliance.database import Connection

Json = Mapping[str, JsonValue]

_COLUMNS = """
u.id, u.aud, u.role, u.email, u.encrypted_password, u.phone, u.is_anonymous, u.email_confirmed_at, u.phone_confirmed_at,
u.confirmation_sent_at, u.recovery_sent_at, u.invited_at, u.last_sign_in_at, u.banned_until, u.deleted_at, u.created_at,
u.updated_at, u.raw_app_meta_data::text AS app_metadata, u.raw_user_meta_data::text AS user_metadata,
(SELECT coalesce(jsonb_agg(jsonb_build_object(
    'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
    'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
    'updated_at', i.updated_at, 'email', i.identity_data ->> 'email') ORDER BY i.created_at), '[]')
 FROM auth.identities i WHERE i.user_id = u.id)::text AS identities
"""

_BY_ID = f"SELECT {_COLUMNS} FROM auth.users u WHERE u.id = $1 AND u.deleted_at IS NULL"  # noqa: S608
_BY_EMAIL = f"SELECT {_COLUMNS} FROM auth.users u WHERE u.email = $1 AND u.deleted_at IS NULL"  # noqa: S608
_PAGE = f"""
SELECT {_COLUMNS} FROM auth.users u WHERE u.deleted_at IS NULL ORDER BY u.created_at DESC, u.id LIMIT $1 OFFSET $2
"""  # noqa: S608

# `DO NOTHING` without a target: whichever of id and address is taken, the caller learns that it is.
_INSERT = """
INSERT INTO auth.users (id, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, is_anonymous,
                        email_confirmed_at, confirmation_sent_at, banned_until)
VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6,
        CASE WHEN $7 THEN now() END, CASE WHEN $8 THEN now() END, $9)
ON CONFLICT DO NOTHING
RETURNING id
"""

_UPDATE = """
UPDATE auth.users SET
    email = coalesce($2, email),
    encrypted_password = coalesce($3, encrypted_password),
    raw_user_meta_data = (raw_user_meta_data || $4::text::jsonb) - $5::text[],
    raw_app_meta_data = (raw_app_meta_data || $6::text::jsonb) - $7::text[],
    is_anonymous = is_anonymous AND $2 IS NULL,
    email_confirmed_at = CASE WHEN $8 THEN coalesce(email_confirmed_at, now()) ELSE email_confirmed_at END,
    banned_until = CASE WHEN $9 THEN $10 ELSE banned_until END,
    updated_at = now()
WHERE id = $1 AND deleted_at IS NULL
"""

# An identity of provider `email` says what the account says; this makes it so after any change to the address.
_SAVE_EMAIL_IDENTITY = """
INSERT INTO auth.identities (user_id, provider, provider_id, identity_data, last_sign_in_at)
SELECT id, 'email', id::text,
       jsonb_build_object('sub', id, 'email', email, 'email_verified', email_confirmed_at IS NOT NULL,
                          'phone_verified', false),
       now()
FROM auth.users WHERE id = $1 AND email IS NOT NULL
ON CONFLICT (provider_id, provider) DO UPDATE SET identity_data = excluded.identity_data, updated_at = now()
"""

# The password that was checked must still be the account's: the check ran outside of any transaction.
_SIGN_IN = """
WITH signed_in AS (
    UPDATE auth.users SET last_sign_in_at = now(), encrypted_password = coalesce($3, encrypted_password),
                          updated_at = now()
    WHERE id = $1 AND encrypted_password IS NOT DISTINCT FROM $2 AND deleted_at IS NULL
    RETURNING id
)
UPDATE auth.identities SET last_sign_in_at = now(), updated_at = now()
WHERE user_id = (SELECT id FROM signed_in) AND provider = 'email'
"""

_SOFT_DELETE = """
UPDATE auth.users SET
    deleted_at = now(), email = NULL, phone = NULL, encrypted_password = NULL,
    raw_user_meta_data = '{}', raw_app_meta_data = '{}', updated_at = now()
WHERE id = $1 AND deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A row of `auth.users` with its identities."""

    id: UUID
    aud: str
    role: str
    email: str | None
    encrypted_password: str | None
    phone: str | None
    is_anonymous: bool
    email_confirmed_at: datetime | None
    phone_confirmed_at: datetime | None
    confirmation_sent_at: datetime | None
    recovery_sent_at: datetime | None
    invited_at: datetime | None
    last_sign_in_at: datetime | None
    banned_until: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    app_metadata: dict[str, JsonValue]
    user_metadata: dict[str, JsonValue]
    identities: list[dict[str, JsonValue]]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of."""

    id: UUID
    email: str | None
    encrypted_password: str | None
    app_metadata: Json
    user_metadata: Json
    is_anonymous: bool = False
    confirmed: bool = False
    confirmation_sent: bool = False
    banned_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What to change of an account; what is left out stays. Metadata is merged, and null takes a key away."""

    email: str | None = None
    encrypted_password: str | None = None
    user_metadata: Json = field(default_factory=dict[str, JsonValue])
    app_metadata: Json = field(default_factory=dict[str, JsonValue])
    confirm: bool = False
    set_ban: bool = False
    banned_until: datetime | None = None


async def find(connection: Connection, user_id: UUID) -> Account | None:
    row = await connection.fetchrow(_BY_ID, user_id)
    return _account(dict(row.items())) if row else None


async def find_by_email(connection: Connection, email: str | None) -> Account | None:
    row = await connection.fetchrow(_BY_EMAIL, email)
    return _account(dict(row.items())) if row else None


async def page(connection: Connection, *, limit: int, offset: int) -> tuple[list[Account], int]:
    """One page of all accounts, newest first, and how many there are."""
    rows = await connection.fetch(_PAGE, limit, offset)
    total: int = await connection.fetchval("SELECT count(*) FROM auth.users WHERE deleted_at IS NULL")
    return [_account(dict(row.items())) for row in rows], total


async def insert(connection: Connection, new: NewAccount) -> Account | None:
    """Make an account, with its e-mail identity. None when its id or address is taken."""
    made = await connection.fetchval(
        _INSERT,
        new.id,
        new.email,
        new.encrypted_password,
        json.dumps(new.app_metadata),
        json.dumps(new.user_metadata),
        new.is_anonymous,
        new.confirmed,
        new.confirmation_sent,
        new.banned_until,
    )
    if made is None:
        return None
    await connection.execute(_SAVE_EMAIL_IDENTITY, new.id)
    return await find(connection, new.id)


async def update(connection: Connection, user_id: UUID, change: AccountChange) -> Account | None:
    """Change an account. None when there is no such account; a taken address raises PostgresError 23505."""
    user_metadata, no_user_keys = _patch(change.user_metadata)
    app_metadata, no_app_keys = _patch(change.app_metadata)
    await connection.execute(
        _UPDATE,
        user_id,
        change.email,
        change.encrypted_password,
        user_metadata,
        no_user_keys,
        app_metadata,
        no_app_keys,
        change.confirm,
        change.set_ban,
        change.banned_until,
    )
    if change.email or change.confirm:
        await connection.execute(_SAVE_EMAIL_IDENTITY, user_id)
    return await find(connection, user_id)


async def signed_in(
    connection: Connection, user_id: UUID, *, checked: str | None, rehashed: str | None = None
) -> Account | None:
    """Note a sign-in. None when the account is gone or its password is no longer the one that was checked."""
    await connection.execute(_SIGN_IN, user_id, checked, rehashed)
    account = await find(connection, user_id)
    return account if account and account.encrypted_password == (rehashed or checked) else None


async def delete(connection: Connection, user_id: UUID, *, soft: bool) -> None:
    """Delete an account: wholly, or leaving its row without anything that says whose it was."""
    if not soft:
        await connection.execute("SELECT auth.hold_events($1)", user_id)
        await connection.execute("DELETE FROM auth.users WHERE id = $1", user_id)
        return
    await connection.execute(_SOFT_DELETE, user_id)
    await connection.execute("DELETE FROM auth.identities WHERE user_id = $1", user_id)
    await connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", user_id)


def _patch(changes: Json) -> tuple[str, Sequence[str]]:
    kept = {key: value for key, value in changes.items() if value is not None}
    return json.dumps(kept), [key for key in changes if key not in kept]


def _account(row: dict[str, Any]) -> Account:
    texts = {name: json.loads(row[name]) for name in ("app_metadata", "user_metadata", "identities")}
    return Account(**{**row, **texts})
