"""Direct uploads, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from zilliance.object_rules import MAX_KEY_BYTES, MAX_TYPE_LENGTH

MOST_URLS = 1000
_MOST_BYTES = 58 * 1024**3


class _Camel(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")


class NewMultipart(_Camel):
    """A file that will be put into the store in parts."""

    bucket: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(min_length=1, max_length=MAX_KEY_BYTES, description="Its path in the bucket")]
    size: Annotated[int, Field(ge=1, le=_MOST_BYTES, description="Bytes")]
    content_type: Annotated[str | None, Field(alias="contentType", max_length=MAX_TYPE_LENGTH)] = None
    cache_control: Annotated[int | None, Field(alias="cacheControl", ge=0, le=2**31, description="Seconds")] = None
    metadata: Annotated[dict[str, JsonValue] | None, Field(description="Kept with the object; 4 KiB at most")] = None
    upsert: Annotated[bool, Field(description="It may take the place of another object")] = False


class PutPart(BaseModel):
    """A part that was put, with what the store answered to that."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, le=10_000)]
    etag: Annotated[str, Field(max_length=200, description="The header `ETag` of the answer, with or without quotes")]


class CompleteMultipart(BaseModel):
    """What was put; left out: whatever the store has is compared with the sizes alone."""

    model_config = ConfigDict(extra="forbid")

    parts: Annotated[list[PutPart] | None, Field(max_length=10_000)] = None


class SignedPart(BaseModel):
    """Where one part is put: by PUT, with a body of just this size, and no header of ours."""

    number: int
    size: int
    url: str


class SignedParts(BaseModel):
    """A batch of them."""

    urls: list[SignedPart]
    urls_expire_at: datetime


class ReceivedPart(BaseModel):
    """A part that the store has."""

    number: int
    size: int
    etag: str


class MultipartUpload(BaseModel):
    """A direct upload as it stands."""

    id: UUID
    bucket: str
    name: str
    size: int
    part_size: Annotated[int, Field(description="Of every part but the last, which has the rest")]
    part_count: int
    status: Annotated[str, Field(pattern="^(uploading|completed)$")]
    expires_at: Annotated[datetime, Field(description="Each batch of URLs moves it on")]


class BegunMultipart(MultipartUpload, SignedParts):
    """A new one, with the URLs of its first parts."""


class MultipartState(MultipartUpload):
    """With what the store has received: a client that begins again puts the rest."""

    parts: list[ReceivedPart]
