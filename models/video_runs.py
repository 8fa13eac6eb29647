"""How videos are processed: a run for each time, and the tracks and chunks that it has made."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Integer, text
from sqlmodel import Field

from models.base import (
    EMPTY_OBJECT,
    JSON_VALUE,
    NEW_ID,
    NOW,
    TEXT,
    TIMESTAMP,
    Table,
    default,
    not_negative,
    one_of,
    own_reference,
)
from models.platform import PRIVATE

VideoRunStatus = Literal["pending", "running", "completed", "failed", "cancelled"]
TrackKind = Literal["video", "audio", "subtitles", "storyboard"]


class VideoRun(Table, table=True):
    """One processing of one video; of a video at most one is open."""

    __tablename__ = "video_runs"
    __table_args__ = (
        one_of("status", get_args(VideoRunStatus)),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        *not_negative("source_size", "revision"),
        own_reference("video_id", "videos", ondelete="CASCADE"),
        Index("video_runs_video_id_user_id_id_idx", "video_id", "user_id", "id"),
        Index(
            "video_runs_open_idx",
            "video_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'running')"),
        ),
        Index("video_runs_user_id_idx", "user_id", "id"),
        Index(
            "video_runs_effect_key_idx",
            "user_id",
            "effect_key",
            unique=True,
            postgresql_where=text("effect_key IS NOT NULL"),
        ),
        Index("video_runs_start_due_at_idx", "start_due_at", postgresql_where=text("start_due_at IS NOT NULL")),
        PRIVATE,
    )

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    video_id: UUID
    user_id: UUID = Field(description="The video's owner")
    status: str = Field(default="pending", sa_type=TEXT, sa_column_kwargs=default("pending"))
    source_version: UUID = Field(description="Of the object in the bucket `videos`: these very bytes")
    source_size: int = Field(sa_type=BigInteger, description="Bytes")
    cancel_requested_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    progress: int = Field(default=0, sa_column_kwargs=default(0), description="Percent")
    revision: int = Field(
        default=0, sa_column_kwargs=default(0), description="Rises with each publication; 0: nothing to be played yet"
    )
    report: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="SourceReport of the contracts")
    plan: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="VideoPlan of the contracts")
    error: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="{code, message, details}")
    published: JsonValue | None = Field(
        default=None,
        sa_type=JSON_VALUE,
        description="What the video's row shows of it: {hls_url, quality, renditions, duration, thumbnail_url}",
    )
    start_due_at: datetime | None = Field(
        default=None, sa_type=TIMESTAMP, description="When a worker starts it, unless Temporal knows it by then"
    )
    effect_key: str | None = Field(default=None, sa_type=TEXT, description="Of the task that has begun it")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    completed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class VideoTrack(Table, table=True):
    """What a player chooses between: a rendition, an audio language, subtitles, the storyboard."""

    __tablename__ = "video_tracks"
    __table_args__ = (one_of("kind", get_args(TrackKind)), PRIVATE)

    run_id: UUID = Field(primary_key=True, foreign_key="private.video_runs.id", ondelete="CASCADE")
    name: str = Field(primary_key=True, sa_type=TEXT, description="`360p`, `audio-1`, `subtitles-2`, `storyboard`")
    kind: str = Field(sa_type=TEXT)
    position: int = Field(description="In the master playlist, among its kind")
    properties: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    is_complete: bool = Field(default=False, sa_column_kwargs=default(False), description="No chunk will follow")


class VideoChunk(Table, table=True):
    """One object of a track: some seconds of it, one file in the S3 store."""

    __tablename__ = "video_chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "track"], ["private.video_tracks.run_id", "private.video_tracks.name"], ondelete="CASCADE"
        ),
        PRIVATE,
    )

    run_id: UUID = Field(primary_key=True)
    track: str = Field(primary_key=True, sa_type=TEXT)
    number: int = Field(primary_key=True, description="From 0; what is published is the prefix without a gap")
    object_key: str = Field(sa_type=TEXT, description="In the platform's bucket of the S3 store")
    size: int = Field(sa_type=BigInteger, description="Bytes")
    init_size: int = Field(description="Bytes of ftyp and moov at its beginning; 0 where it is no fMP4")
    init_sha256: str = Field(default="", sa_type=TEXT, sa_column_kwargs=default(""))
    frames: int = Field(description="Samples")
    # A fragment is four numbers: offset in the file, bytes, ticks, and bytes from the offset to the end of its first
    # sample, which is a keyframe.
    fragments: list[int] = Field(sa_type=ARRAY(Integer()))


class DoomedPrefix(Table, table=True):
    """Objects that nobody needs any more: the sweep deletes all whose key begins so."""

    __tablename__ = "doomed_prefixes"
    __table_args__ = (Index("doomed_prefixes_due_at_idx", "due_at"), PRIVATE)

    prefix: str = Field(primary_key=True, sa_type=TEXT)
    due_at: datetime = Field(sa_type=TIMESTAMP)
    swept_at: datetime | None = Field(
        default=None, sa_type=TIMESTAMP, description="The first time; the second, a day later, takes what came late"
    )
