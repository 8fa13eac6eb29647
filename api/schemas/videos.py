"""Runs of the processing of videos, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from models.video_runs import TrackKind, VideoRunStatus
from models.videos import VideoQuality, VideoStatus

_STRICT = ConfigDict(extra="forbid")


class ProcessVideo(BaseModel):
    """Which video is to be processed."""

    video_id: Annotated[UUID, Field(alias="videoId", description="The id of a row of `videos`")]


class ProcessAgain(BaseModel):
    """How a video is to be processed."""

    model_config = _STRICT

    force: Annotated[bool, Field(description="Also one that is ready; what there is can be played meanwhile")] = False


class VideoRunError(BaseModel):
    """Why a run failed; the message is for the video's owner."""

    code: str
    message: str
    details: JsonValue = None


class VideoRunSummary(BaseModel):
    """One processing of a video."""

    id: UUID
    video_id: UUID
    status: VideoRunStatus
    progress: Annotated[int, Field(description="Percent")]
    revision: Annotated[int, Field(description="Rises with each publication; 0: nothing can be played yet")]
    source_size: Annotated[int, Field(description="Bytes of the upload")]
    error: VideoRunError | None
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class VideoRunPage(BaseModel):
    """A page of runs, newest first."""

    items: list[VideoRunSummary]
    next: Annotated[UUID | None, Field(description="What to send as `after` for the next page")]


class VideoRunTrack(BaseModel):
    """What there is of one rendition, one language of sound or subtitles, or of the storyboard."""

    name: str
    kind: TrackKind
    is_complete: bool
    chunks: int
    bytes: int


class VideoRunDetail(VideoRunSummary):
    """A run with what was found in the source, how it is encoded, and what there is of it."""

    report: Annotated[JsonValue, Field(description="Container, streams, duration and warnings of the upload")]
    plan: Annotated[JsonValue, Field(description="Renditions, frame rate and chunks")]
    tracks: list[VideoRunTrack]


class ProgressRun(BaseModel):
    """The last run, as an event of progress tells of it."""

    id: UUID
    status: VideoRunStatus
    progress: int
    revision: int
    error: VideoRunError | None


class VideoProgress(BaseModel):
    """The data of an event of progress."""

    video_id: UUID
    status: VideoStatus
    progress: Annotated[int, Field(description="Percent")]
    error_message: str | None
    hls_url: str | None
    thumbnail_url: str | None
    quality: VideoQuality
    duration: float | None
    renditions: JsonValue
    run: ProgressRun | None
