"""Headers of endpoints that were written before anything sealed them are sealed."""

import base64
import json
from uuid import UUID

from alembic import op
from sqlalchemy import Connection, text

from zilliance.sealing import Sealer
from zilliance.settings import Settings

revision = "0033_sealed_headers"
down_revision = "0032_watched_owners"

_PLAIN = "SELECT id, user_id, headers FROM public.api_endpoints WHERE headers <> '{}' AND sealed_headers = '{}'"
_WRITE = """
UPDATE public.api_endpoints SET headers = CAST(:shown AS jsonb), sealed_headers = CAST(:sealed AS jsonb) WHERE id = :id
"""
_LONG, _SHOWN, _MASK = 16, 4, "\u2022" * 4


def upgrade() -> None:
    connection = op.get_bind()
    # Row security binds the owner of the tables, too, as whom migrations run.
    connection.exec_driver_sql("ALTER TABLE public.api_endpoints NO FORCE ROW LEVEL SECURITY")
    if connection.execute(text(_PLAIN + " LIMIT 1")).first() is not None:
        seal_plain(connection, Sealer.of(Settings.load().secrets))
    connection.exec_driver_sql("ALTER TABLE public.api_endpoints FORCE ROW LEVEL SECURITY")


def seal_plain(connection: Connection, sealer: Sealer) -> None:
    """Seal each value as the API does now, and leave in its place what is shown of it."""
    for row in connection.execute(text(_PLAIN)).all():
        values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.headers.items()}
        sealed = {name: _sealed(sealer, row.user_id, name, value) for name, value in values.items()}
        shown = {name: _MASK + (value[-_SHOWN:] if len(value) >= _LONG else "") for name, value in values.items()}
        written = {"id": row.id, "shown": json.dumps(shown), "sealed": json.dumps(sealed)}
        connection.execute(text(_WRITE), written)


def _sealed(sealer: Sealer, owner: UUID, name: str, value: str) -> str:
    kept = sealer.seal(value.encode(), f"{owner}/gateway/{name.lower()}")
    return f"{kept.key_id}.{base64.b64encode(kept.ciphertext).decode()}"
