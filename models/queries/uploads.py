"""Resumable uploads in SQL: every statement that reads or writes `storage.uploads`.

Triggers register an upload's version as bytes that nobody owns yet, so whatever dies in between, the sweep finds them.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from zilliance.database import Connection
from zilliance.storage import Part


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as it stands in the database, which is never ahead of what the store holds.

    Attributes:
        owner, role: who began it, and alone may go on.
        is_signed: whether a signed upload URL was the permission; `owner` is whom the object will belong to then.
        metadata: the `Upload-Metadata` header as it was sent.
        length: how many bytes there will be, None as long as the client has not said.
        offset: how many bytes are safe: those of `parts`, then the first `tail_size` of the tail.
        s3_upload_id: the store's multipart upload, None before the first part.
        part_size: of the parts that the client puts into the store itself, None where they come through here.
        finished: whether the object is there for its readers.
        expired: whether it is too late to go on.
    """

    id: UUID
    bucket_id: str
    name: str
    owner: UUID | None
    role: str
    is_signed: bool
    upsert: bool
    version: UUID
    metadata: str
    length: int | None
    offset: int
    parts: tuple[Part, ...]
    tail_size: int
    s3_upload_id: str | None
    part_size: int | None
    expires_at: datetime
    finished: bool
    expired: bool

    @property
    def is_complete(self) -> bool:
        """Whether the parts have every byte; an empty one has a part, too. The object may not be there yet."""
        return bool(self.parts) and self.offset == self.length and self.tail_size == 0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, for as long as the holder shows that it lives.

    Attributes:
        seconds: until another may take it, from the last statement with it.
        kept_seconds: until the upload expires, likewise.
    """

    id: UUID
    seconds: float
    kept_seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """What has become true of an upload; None leaves a value as it is. `part` is one more, after those there are."""

    length: int | None = None
    s3_upload_id: str | None = None
    part: Part | None = None
    tail_size: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What is known when an upload begins."""

    bucket_id: str
    name: str
    owner: UUID | None
    role: str
    is_signed: bool
    upsert: bool
    version: UUID
    metadata: str
    length: int | None
    part_size: int | None = None


# Where the process died between the object's row and this one, that row alone knows.
_COLUMNS = """
id, bucket_id, name, owner, role, is_signed, upsert, version, metadata, length, "offset", parts::text AS parts,
tail_size, s3_upload_id, part_size, expires_at, expires_at <= now() AS expired,
finished_at IS NOT NULL OR EXISTS (SELECT FROM storage.objects WHERE version = uploads.version) AS finished
"""

_INSERT = f"""
INSERT INTO storage.uploads
    (bucket_id, name, owner, role, is_signed, upsert, version, metadata, length, lease, leased_until, expires_at,
     part_size)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(secs => $11), now() + make_interval(secs => $12),
    $14
WHERE $13::int IS NULL OR $13 > (
    SELECT count(*) FROM storage.uploads
    WHERE owner IS NOT DISTINCT FROM $3 AND role = $4 AND finished_at IS NULL AND expires_at > now())
RETURNING {_COLUMNS}
"""  # noqa: S608

_GET = f"SELECT {_COLUMNS} FROM storage.uploads WHERE id = $1"  # noqa: S608

_CLAIM = f"""
UPDATE storage.uploads
SET lease = $2, leased_until = now() + make_interval(secs => $3),
    expires_at = greatest(expires_at, now() + make_interval(secs => $4))
WHERE id = $1 AND finished_at IS NULL AND expires_at > now() AND (leased_until IS NULL OR leased_until <= now())
RETURNING {_COLUMNS}
"""  # noqa: S608

_ADVANCE = f"""
UPDATE storage.uploads
SET leased_until = now() + make_interval(secs => $3),
    expires_at = greatest(expires_at, now() + make_interval(secs => $4)),
    length = coalesce($5, length), s3_upload_id = coalesce($6, s3_upload_id), parts = parts || $7::text::jsonb,
    tail_size = coalesce($8, tail_size), "offset" = coalesce($9, "offset")
WHERE id = $1 AND lease = $2
RETURNING {_COLUMNS}
"""  # noqa: S608

_PROLONG = f"""
UPDATE storage.uploads SET expires_at = greatest(expires_at, now() + make_interval(secs => $2))
WHERE id = $1 AND finished_at IS NULL AND expires_at > now()
RETURNING {_COLUMNS}
"""  # noqa: S608

_RELEASE = "UPDATE storage.uploads SET leased_until = NULL WHERE id = $1 AND lease = $2"

_FINISH = "UPDATE storage.uploads SET finished_at = now() WHERE id = $1"

_DROP = "DELETE FROM storage.uploads WHERE id = $1 AND lease = $2 RETURNING version"

_IS_LIVE = "SELECT EXISTS (SELECT FROM storage.objects WHERE version = $1)"


async def insert(connection: Connection, new: NewUpload, lease: Lease, *, most: int | None) -> Upload | None:
    """Begin an upload under `lease`; None when its owner has `most` or more that are open."""
    row = await connection.fetchrow(
        _INSERT,
        new.bucket_id,
        new.name,
        new.owner,
        new.role,
        new.is_signed,
        new.upsert,
        new.version,
        new.metadata,
        new.length,
        lease.id,
        lease.seconds,
        lease.kept_seconds,
        most,
        new.part_size,
    )
    return _upload(row.items()) if row else None


async def get(connection: Connection, upload_id: UUID) -> Upload | None:
    row = await connection.fetchrow(_GET, upload_id)
    return _upload(row.items()) if row else None


async def claim(connection: Connection, upload_id: UUID, lease: Lease) -> Upload | None:
    """Take the right to write; None when somebody else has it, or nothing is left to write."""
    row = await connection.fetchrow(_CLAIM, upload_id, lease.id, lease.seconds, lease.kept_seconds)
    return _upload(row.items()) if row else None


async def advance(connection: Connection, upload_id: UUID, lease: Lease, progress: Progress) -> Upload | None:
    """Write down what is true now, and live on; None when the right to write has passed to somebody else."""
    row = await connection.fetchrow(
        _ADVANCE,
        upload_id,
        lease.id,
        lease.seconds,
        lease.kept_seconds,
        progress.length,
        progress.s3_upload_id,
        json.dumps([asdict(progress.part)] if progress.part else []),
        progress.tail_size,
        progress.offset,
    )
    return _upload(row.items()) if row else None


async def prolong(connection: Connection, upload_id: UUID, seconds: float) -> Upload | None:
    """Keep it for so long from now on; None when nothing is left of it to go on with."""
    row = await connection.fetchrow(_PROLONG, upload_id, seconds)
    return _upload(row.items()) if row else None


async def release(connection: Connection, upload_id: UUID, lease: Lease) -> None:
    await connection.execute(_RELEASE, upload_id, lease.id)


async def finish(connection: Connection, upload_id: UUID) -> None:
    """Keep the upload until it expires as one that is done, for a client whose answer got lost."""
    await connection.execute(_FINISH, upload_id)


async def drop(connection: Connection, upload_id: UUID, lease: Lease) -> bool:
    """Forget the upload. Whether its bytes are nobody's and never will be: the sweep, too, removes them."""
    version = await connection.fetchval(_DROP, upload_id, lease.id)
    return version is not None and not await connection.fetchval(_IS_LIVE, version)


def _upload(columns: Iterable[tuple[str, Any]]) -> Upload:
    values = dict(columns)
    values["parts"] = tuple(Part(**part) for part in json.loads(values["parts"]))
    return Upload(**values)
