"""Files: schema `storage`, and which bytes of the object store are nobody's yet or no longer."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Column, Computed, Index, Text, text
from sqlmodel import Field

from models.base import (
    EMPTY_ARRAY,
    JSON_VALUE,
    NOW,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    Identified,
    Table,
    Timestamped,
    default,
    not_negative,
)

STORAGE = {"schema": "storage"}
BUCKET_ID = 100
NAME_BYTES = 1024
BYTE_ORDER = Text(collation="C")  # a folder is then one range of the index
NEW_VERSION = {"server_default": text("gen_random_uuid()")}  # not by time: nobody can guess one


def object_name() -> list[CheckConstraint]:
    """What a name may be, whoever writes it: a path of segments that no store, shell or browser reads as another."""
    return [
        CheckConstraint(f"octet_length(name) BETWEEN 1 AND {NAME_BYTES}", name="name_length"),
        # No slash at either end, no empty segment, none that is `.` or `..`.
        CheckConstraint(r"name !~ '(^|/)\.{0,2}(/|$)'", name="name_segments"),
        CheckConstraint(r"name !~ '[\u0001-\u001f\u007f-\u009f\\\U0010ffff]'", name="name_characters"),
        CheckConstraint("name IS NFC NORMALIZED", name="name_normalized"),
    ]


class Bucket(Timestamped, table=True):
    """A set of objects with rules of its own."""

    __tablename__ = "buckets"
    __table_args__ = (
        CheckConstraint(f"char_length(id) BETWEEN 1 AND {BUCKET_ID}", name="id_length"),
        CheckConstraint(r"id ~ '^[A-Za-z0-9_!.*''() &$=@;:+,?-]+$' AND id !~ '^\.{1,2}$'", name="id"),
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {BUCKET_ID}", name="name_length"),
        CheckConstraint("file_size_limit > 0", name="file_size_limit"),
        Index("buckets_name_key", "name", unique=True),
        STORAGE,
    )

    id: str = Field(primary_key=True, sa_type=TEXT)
    name: str = Field(sa_type=TEXT)
    owner: UUID | None
    owner_id: str | None = Field(sa_type=TEXT)
    public: bool = Field(sa_column_kwargs=default(False), description="Everybody reads, without any token")
    file_size_limit: int | None = Field(sa_type=BigInteger, description="Bytes")
    allowed_mime_types: list[str] | None = Field(sa_type=TEXT_LIST, description="`image/*` stands for all images")
    verify_content_type: bool = Field(
        sa_column_kwargs=default(False), description="The first bytes must be what the content type says"
    )


class StoredObject(Timestamped, Identified, table=True):
    """A file: its row is there only when its bytes are whole."""

    __tablename__ = "objects"
    __table_args__ = (
        *object_name(),
        CheckConstraint("jsonb_typeof(metadata) = 'object'", name="metadata"),
        CheckConstraint("jsonb_typeof(user_metadata) = 'object'", name="user_metadata"),
        Index("objects_bucket_id_name_key", "bucket_id", "name", unique=True),
        Index("objects_version_key", "version", unique=True),
        STORAGE,
    )

    bucket_id: str = Field(foreign_key="storage.buckets.id", sa_type=TEXT)
    name: str = Field(sa_type=BYTE_ORDER, description="The path in the bucket")
    # No reference to auth.users: what is in a bucket that people share outlives the account that put it there.
    owner: UUID | None
    owner_id: str | None = Field(sa_type=TEXT)
    version: UUID = Field(sa_column_kwargs=NEW_VERSION, description="Which bytes; the key in the object store")
    metadata_: JsonValue = Field(sa_column=Column("metadata", JSON_VALUE), description="Size, type, entity tag")
    user_metadata: JsonValue = Field(sa_column=Column(JSON_VALUE), description="What the uploader told about it")
    path_tokens: list[str] | None = Field(
        sa_column=Column(TEXT_LIST, Computed("string_to_array(name, '/')", persisted=True))
    )
    last_accessed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class Upload(Table, table=True):
    """A resumable upload under way. The platform alone reads and writes it."""

    __tablename__ = "uploads"
    __table_args__ = (
        *object_name(),
        *not_negative("length", "tail_size"),
        CheckConstraint("part_size > 0", name="part_size"),
        CheckConstraint('"offset" >= 0', name="offset"),
        CheckConstraint("jsonb_typeof(parts) = 'array'", name="parts"),
        Index("uploads_bucket_id_name_idx", "bucket_id", "name"),
        Index("uploads_owner_role_idx", "owner", "role"),
        Index("uploads_expires_at_idx", "expires_at"),
        STORAGE,
    )

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_VERSION)
    bucket_id: str = Field(foreign_key="storage.buckets.id", ondelete="CASCADE", sa_type=TEXT)
    name: str = Field(sa_type=BYTE_ORDER)
    owner: UUID | None
    role: str = Field(sa_type=TEXT, description="Who began it, with the owner, and alone may go on")
    is_signed: bool = Field(description="A signed upload URL was the permission")
    upsert: bool = Field(sa_column_kwargs=default(False))
    version: UUID = Field(sa_column_kwargs=NEW_VERSION)
    metadata_: str = Field(sa_column=Column("metadata", TEXT, nullable=False), description="The header as it was sent")
    length: int | None = Field(sa_type=BigInteger, description="Bytes in all; null until the client tells")
    offset: int = Field(sa_type=BigInteger, sa_column_kwargs=default(0), description="Bytes that are safe")
    s3_upload_id: str | None = Field(sa_type=TEXT)
    parts: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_ARRAY)
    part_size: int | None = Field(
        sa_type=BigInteger, description="Bytes of a part that the client puts into the store itself; null: by TUS"
    )
    tail_size: int = Field(sa_column_kwargs=default(0), description="Bytes that are too few for a part yet")
    lease: UUID | None = Field(description="Which request appends, or did so last")
    leased_until: datetime | None = Field(sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    finished_at: datetime | None = Field(sa_type=TIMESTAMP, description="Kept on for a lost answer")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class DoomedVersion(Table, table=True):
    """Bytes that no row points at: a sweep deletes them when they are due. Uploads begin here and most leave again."""

    __tablename__ = "doomed_versions"
    __table_args__ = (Index("doomed_versions_due_at_idx", "due_at"), {"schema": "private"})

    version: UUID = Field(primary_key=True)
    due_at: datetime = Field(sa_type=TIMESTAMP)
    uploader: UUID | None = Field(
        description="Whose row alone may take these bytes; null: an upload without an account"
    )
    may_go_live: bool = Field(description="False once a row has left them behind, or the sweep has begun")
