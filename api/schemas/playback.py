"""Shapes of playback and watching over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MOST_EVENTS = 200
MOST_SECONDS = 24 * 3600
MOST_RATE = 4.0  # players go no faster; what says more is believed as this much

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Position = Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]


class PlaybackRequest(BaseModel):
    """What is to be permitted; nothing need be said.

    Attributes:
        viewer: whom it is for, in the owner's words. Left out: the owner, whose own plays are not counted.
        seconds: how long, at most as long as the installation allows.
        kind: the whole video, or its storyboard alone.
    """

    model_config = ConfigDict(extra="forbid")

    viewer: Name | None = None
    seconds: Annotated[int, Field(ge=10)] | None = None
    kind: Literal["video", "storyboard"] = "video"


class PlaybackGranted(BaseModel):
    """Where to play; whoever knows the address may, until it expires."""

    token: str
    hls_url: str | None = Field(description="The master playlist; null for a storyboard alone")
    storyboard_url: str | None = Field(description="WebVTT of preview pictures; null where there is none")
    poster_url: str | None
    expires_at: datetime


class WatchEvent(BaseModel):
    """An interval of the video that was played.

    Attributes:
        start: seconds of the video, `from` in JSON; `to` likewise.
        rate: how fast it was played.
        at: the viewer's clock; taken and not believed.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["watch"]
    start: Position = Field(alias="from")
    to: Position
    rate: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1.0
    at: Annotated[float, Field(allow_inf_nan=False)] | str | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start > self.to:
            message = "from is after to"
            raise ValueError(message)
        return self


class WatchPost(BaseModel):
    """What a player has played since its last post. `session` is a name that it gives to itself."""

    model_config = ConfigDict(extra="forbid")

    session: Name
    events: Annotated[list[WatchEvent], Field(max_length=MOST_EVENTS)]


class Watched(BaseModel):
    """How many seconds of the video this session has been believed to have watched; of the owner, none."""

    watched: float


class WatchDay(BaseModel):
    """One day, in UTC."""

    day: date
    views: int
    watch_time: int
    sessions: int


class VideoStatistics(BaseModel):
    """What came of a video.

    Attributes:
        views: ever. `watch_time` likewise, in seconds.
        sessions: in the days asked for.
        days: those on which somebody watched, the newest first.
        retention: for each hundredth of the video, the part of the sessions that watched its middle.
    """

    views: int
    watch_time: int
    sessions: int
    days: list[WatchDay]
    retention: list[float]
