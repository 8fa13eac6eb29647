"""Objects for tests, made as the platform makes them: the version is registered before the row takes it."""

from uuid import UUID, uuid4

from tests.policies.conftest import Connection

PUBLIC_BUCKETS = ("avatars", "thumbnails")
PRIVATE_BUCKETS = ("videos", "tutorials", "documents")

UPLOAD = """
INSERT INTO storage.uploads (version, bucket_id, owner, name, role, is_signed, metadata, expires_at)
VALUES ($1, $2, $3, 'clip', 'authenticated', false, '', now() + interval '1 day')
"""


async def store(connection: Connection, bucket: str, name: str, owner: UUID | None = None) -> UUID:
    """Put an object there as the administrator. Returns its version."""
    version = uuid4()
    async with connection.transaction():
        await connection.execute("SELECT private.doom_version($1, $2)", version, owner)
        await connection.execute(
            "INSERT INTO storage.objects (bucket_id, name, owner, version) VALUES ($1, $2, $3, $4)",
            bucket,
            name,
            owner,
            version,
        )
    return version


async def doomed(connection: Connection, version: UUID) -> bool | None:
    """Whether a row may still take the version; None when it has no entry: it is live, or was never heard of."""
    return await connection.fetchval("SELECT may_go_live FROM private.doomed_versions WHERE version = $1", version)
