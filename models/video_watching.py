"""Who may play a video by a grant, and who has watched which part of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Index, Integer
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlmodel import Field

from models.base import NOW, TEXT, TIMESTAMP, Table, default
from models.platform import PRIVATE


class PlaybackGeneration(Table, table=True):
    """Of which generation the grants of a video must be; without a row, of 0. The next one ends all that were given."""

    __tablename__ = "playback_generations"
    __table_args__ = PRIVATE

    video_id: UUID = Field(primary_key=True, foreign_key="videos.id", ondelete="CASCADE")
    generation: int = Field(sa_type=Integer)


class WatchSession(Table, table=True):
    """What one session of one viewer has watched of a video on one day."""

    __tablename__ = "watch_sessions"
    __table_args__ = (Index("watch_sessions_day_idx", "day"), PRIVATE)

    video_id: UUID = Field(primary_key=True, foreign_key="videos.id", ondelete="CASCADE")
    day: date = Field(primary_key=True, sa_type=Date)
    viewer: str = Field(primary_key=True, sa_type=TEXT, description="As the grant names it")
    session: str = Field(primary_key=True, sa_type=TEXT, description="As the player names it")
    started_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    watched: object = Field(sa_type=INT8MULTIRANGE, nullable=False, description="Milliseconds of the video")
    is_view: bool = Field(default=False, sa_column_kwargs=default(False))


class WatchDay(Table, table=True):
    """What all viewers together have watched of a video on one day."""

    __tablename__ = "watch_days"
    __table_args__ = (Index("watch_days_owner_id_day_idx", "owner_id", "day"), PRIVATE)

    video_id: UUID = Field(primary_key=True, foreign_key="videos.id", ondelete="CASCADE")
    owner_id: UUID = Field(description="The video's owner, who has so many sessions a day over all his videos")
    day: date = Field(primary_key=True, sa_type=Date)
    sessions: int = Field(default=0, sa_column_kwargs=default(0))
    views: int = Field(default=0, sa_column_kwargs=default(0))
    watch_time: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=default(0), description="Seconds")
    reached: list[int] = Field(
        sa_type=ARRAY(Integer()), description="For each hundredth of the video, in how many sessions it was watched"
    )
