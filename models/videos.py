"""Videos: uploaded by their owner, processed to HLS by `process-video`."""

from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Double, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    URL,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
    not_negative,
    one_of,
)

OBJECT_KEY = 1024
VideoStatus = Literal["uploading", "processing", "ready", "error"]
VideoQuality = Literal["sd", "hd", "4k"]


class VideoBase(SQLModel):
    """What its owner writes."""

    title: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    filename: str | None = Field(default=None, max_length=OBJECT_KEY, sa_type=TEXT)
    file_size: int | None = Field(default=None, ge=0, sa_type=BigInteger, description="Bytes")
    thumbnail_url: str | None = Field(default=None, max_length=URL, sa_type=TEXT)
    quality: VideoQuality = Field(default="hd", sa_type=TEXT, sa_column_kwargs=default("hd"))
    storage_path: str | None = Field(
        default=None,
        max_length=OBJECT_KEY,
        sa_type=TEXT,
        description="Where the upload lies in the bucket `videos`; starts with the owner's id and a slash",
    )


class VideoFacts(SQLModel):
    """What the platform finds out."""

    status: VideoStatus = Field(default="uploading", sa_type=TEXT, sa_column_kwargs=default("uploading"))
    duration: float | None = Field(default=None, sa_type=Double, description="Seconds")
    hls_url: str | None = Field(default=None, sa_type=TEXT, description="The master playlist")
    views: int = Field(default=0, sa_column_kwargs=default(0))
    watch_time: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=default(0), description="Seconds")
    progress: int = Field(default=0, sa_column_kwargs=default(0), description="Percent of the processing")
    error_message: str | None = Field(default=None, sa_type=TEXT)
    renditions: JsonValue = Field(
        default_factory=list, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_ARRAY
    )


class Video(Timestamped, VideoFacts, VideoBase, Owned, table=True):
    """A row of `videos`."""

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        one_of("status", get_args(VideoStatus)),
        one_of("quality", get_args(VideoQuality)),
        *lengths(at_least=1, title=SHORT),
        *lengths(description=LONG, filename=OBJECT_KEY, thumbnail_url=URL, hls_url=URL, storage_path=OBJECT_KEY),
        *not_negative("file_size", "duration", "views", "watch_time"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        # The processing reads this object as the platform: a path into another's folder would hand it over.
        CheckConstraint(
            "starts_with(storage_path, user_id::text || '/') AND storage_path !~ '(^|/)[.]{0,2}(/|$)'",
            name="storage_path_own",
        ),
        newest_first("videos"),
        Index("videos_user_id_status_idx", "user_id", "status"),
    )


class VideoCreate(CreateShape, VideoBase):
    """What an insert takes."""


class VideoUpdate(UpdateShape, VideoBase):
    """What an update takes."""


class VideoPublic(PublicShape, VideoFacts, VideoBase):
    """A video as it is answered."""
