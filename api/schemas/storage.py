"""What storage is asked and what it answers, under the names of the official clients."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer
from pydantic.alias_generators import to_camel

MAX_SECONDS = 365 * 24 * 3600
MAX_LISTED = 1000
MAX_REMOVED = 1000

Timestamp = Annotated[
    datetime,
    PlainSerializer(
        lambda time: time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"), return_type=str
    ),
]
Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS, description="How long the URL is good")]


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Message(BaseModel):
    """That it was done."""

    message: str


class StorageError(BaseModel):
    """A refusal. The HTTP status is 400 for most; the true one is in `statusCode`."""

    statusCode: str  # noqa: N815  as the clients read it
    error: str
    message: str
    code: str
    details: JsonValue = None


class Bucket(BaseModel):
    """A bucket as its administrators see it."""

    id: str
    name: str
    owner: str
    public: bool
    file_size_limit: int | None = Field(description="Bytes; null: only the limit of the installation")
    allowed_mime_types: list[str] | None = Field(description="null: every type")
    created_at: Timestamp
    updated_at: Timestamp


class ListedBucket(Bucket):
    """A bucket in a list."""

    type: Literal["STANDARD"] = "STANDARD"


class BucketRules(BaseModel):
    """What may be said about a bucket. What is not said stays as it is."""

    public: bool | None = None
    file_size_limit: int | str | None = Field(None, description="Bytes, or a text such as `10MB`; null: no own limit")
    allowed_mime_types: list[str] | None = Field(
        None, max_length=100, description="Such as `image/png` or `image/*`; null: every type"
    )


class BucketCreate(BucketRules):
    """A new bucket."""

    id: str | None = Field(None, description="The same as the name, unless said")
    name: str


class BucketUpdate(BucketRules):
    """Changes of a bucket."""


class BucketName(BaseModel):
    """The bucket that was made."""

    name: str


class Uploaded(BaseModel):
    """The object that was stored."""

    Id: UUID | None
    Key: str = Field(description="Bucket and name")


class UploadedKey(BaseModel):
    """The object that was stored."""

    Key: str = Field(description="Bucket and name")


class ObjectInfo(BaseModel):
    """What is known about an object; `metadata` is what its uploader told."""

    id: UUID
    name: str
    version: UUID
    bucket_id: str
    size: int
    content_type: str
    cache_control: str
    etag: str
    metadata: dict[str, JsonValue] | None
    last_modified: Timestamp
    created_at: Timestamp


class ObjectRow(BaseModel):
    """The row of an object."""

    id: UUID
    name: str
    bucket_id: str
    owner: UUID | None
    owner_id: str | None
    version: UUID
    metadata: dict[str, JsonValue] | None
    user_metadata: dict[str, JsonValue] | None
    created_at: Timestamp
    updated_at: Timestamp
    last_accessed_at: Timestamp


class Copied(ObjectRow):
    """The object that was made, with its row."""

    Id: UUID
    Key: str


class Moved(Message):
    """The object under its new name."""

    Id: UUID
    Key: str


class Relocation(_Camel):
    """From where to where."""

    bucket_id: str
    source_key: str
    destination_key: str
    destination_bucket: str | None = Field(None, description="The same bucket, unless said")


class CopiedMetadata(_Camel):
    """What the copy is to say about itself instead of what the original says."""

    cache_control: str | None = None
    mimetype: str | None = None


class CopyRequest(Relocation):
    """A copy to make."""

    copy_metadata: bool = True
    metadata: CopiedMetadata = CopiedMetadata()


class Removal(BaseModel):
    """The names of the objects to delete. They are whole names, in spite of the field's."""

    prefixes: Annotated[list[str], Field(min_length=1, max_length=MAX_REMOVED)]


class SortBy(BaseModel):
    """An order."""

    column: Literal["name", "updated_at", "created_at", "last_accessed_at"] = "name"
    order: Literal["asc", "desc"] = "asc"


class Listing(_Camel):
    """A folder to list."""

    prefix: str = Field("", description="The folder")
    limit: int = Field(100, ge=1)
    offset: int = Field(0, ge=0, le=2**31 - 1)
    sort_by: SortBy = SortBy()
    search: str = Field("", description="What the names in the folder begin with")


class ListedObject(BaseModel):
    """An object; or a folder, which has a name alone."""

    name: str
    id: UUID | None
    updated_at: Timestamp | None
    created_at: Timestamp | None
    last_accessed_at: Timestamp | None
    metadata: dict[str, JsonValue] | None


class PagedListing(BaseModel):
    """A page of what begins with a prefix."""

    model_config = ConfigDict(populate_by_name=True)

    prefix: str = Field("", description="What the names begin with, to the letter")
    limit: int = Field(MAX_LISTED, ge=1)
    cursor: str | None = Field(None, max_length=4096, description="`nextCursor` of the page before")
    with_delimiter: bool = Field(False, description="Folders stand for what they hold")
    sort_by: SortBy = Field(SortBy(), alias="sortBy")


class PagedFolder(BaseModel):
    """A folder, with its slash."""

    name: str
    key: str


class PagedObject(BaseModel):
    """An object under its whole name."""

    id: UUID
    name: str
    key: str
    updated_at: Timestamp
    created_at: Timestamp
    last_accessed_at: Timestamp
    metadata: dict[str, JsonValue] | None


class Page(_Camel):
    """A page, and where the next one begins."""

    has_next: bool
    next_cursor: str | None = None
    next_cursor_key: str | None = None
    folders: list[PagedFolder]
    objects: list[PagedObject]


class SignRequest(_Camel):
    """A URL to sign."""

    expires_in: Seconds
    transform: None = Field(None, description="Images are not transformed here")


class SignManyRequest(SignRequest):
    """URLs to sign."""

    paths: Annotated[list[str], Field(min_length=1, max_length=MAX_LISTED)]


class SignedUrl(BaseModel):
    """A URL below `/storage/v1`."""

    signedURL: str  # noqa: N815


class SignedUrlOrError(BaseModel):
    """A URL, or why there is none."""

    error: str | None
    path: str
    signedURL: str | None  # noqa: N815


class SignedUpload(BaseModel):
    """A URL below `/storage/v1` that takes one upload, and the token in it."""

    url: str
    token: str
