"""Headers of endpoints from the time before they were sealed, after the migration."""

import importlib
import json
from uuid import uuid4

import orjson
from sqlalchemy import Connection, text

from api.gateway.sealed_headers import open_headers
from models.engine import admin_engine
from zilliance.sealing import Sealer
from zilliance.settings import DatabaseSettings

migration = importlib.import_module("models.migrations.versions.0033_sealed_headers")

PLAIN = {"Authorization": "Bearer 0123456789abcdef", "X-Short": "one", "X-Number": 7}
INSERT = """
INSERT INTO public.api_endpoints (user_id, name, path, target_url, headers)
VALUES (:owner, 'Old', '/old', 'https://example.com', CAST(:headers AS jsonb)) RETURNING id
"""


async def test_headers_that_were_written_in_plain_text_are_sealed(policies_database: DatabaseSettings) -> None:
    sealer = Sealer(["a key"])
    owner = uuid4()

    def migrated(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
        connection.execute(
            text("INSERT INTO auth.users (id, email) VALUES (:owner, 'old@example.com')"), {"owner": owner}
        )
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # as before there were triggers
        made = connection.execute(text(INSERT), {"owner": owner, "headers": json.dumps(PLAIN)}).scalar_one()
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        connection.execute(text("SET LOCAL ROLE zowner"))  # as whom migrations run
        connection.execute(text("ALTER TABLE public.api_endpoints NO FORCE ROW LEVEL SECURITY"))
        migration.seal_plain(connection, sealer)
        connection.execute(text("ALTER TABLE public.api_endpoints FORCE ROW LEVEL SECURITY"))
        connection.execute(text("RESET ROLE"))
        columns = "SELECT headers, sealed_headers FROM public.api_endpoints WHERE id = :id"
        shown, sealed = connection.execute(text(columns), {"id": made}).one()
        return shown, sealed

    engine = admin_engine(policies_database)
    async with engine.connect() as connection:
        shown, sealed = await connection.run_sync(migrated)
        await connection.rollback()
    await engine.dispose()
    assert shown == {"Authorization": "••••cdef", "X-Short": "••••", "X-Number": "••••"}
    assert open_headers(sealer, str(owner), orjson.dumps(sealed)) == {
        "Authorization": "Bearer 0123456789abcdef",
        "X-Short": "one",
        "X-Number": "7",
    }
