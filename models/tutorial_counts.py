"""Who has looked at a tutorial and who likes it, behind the columns `views` and `likes`.

No reference to the tutorial: a trigger clears up, and a workflow may delete a tutorial that somebody likes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.base import NOW, TIMESTAMP, Table


class TutorialLike(Table, table=True):
    """One account's like."""

    __tablename__ = "tutorial_likes"
    __table_args__ = (Index("tutorial_likes_liked_by_idx", "liked_by", "tutorial_id"), {"schema": "private"})

    tutorial_id: UUID = Field(primary_key=True)
    liked_by: UUID = Field(primary_key=True, foreign_key="auth.users.id", ondelete="CASCADE")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class TutorialView(Table, table=True):
    """When a view of one viewer last counted. All viewers without an account are one: the nil UUID."""

    __tablename__ = "tutorial_views"
    __table_args__ = (Index("tutorial_views_viewer_idx", "viewer", "tutorial_id"), {"schema": "private"})

    tutorial_id: UUID = Field(primary_key=True)
    viewer: UUID = Field(primary_key=True)
    counted_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
