"""What the platform keeps about definitions that run by themselves, beside the definitions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.base import LONG, NOW, TEXT, TIMESTAMP, Table, lengths
from models.platform import PRIVATE


class ScheduleChange(Table, table=True):
    """A definition whose schedule on Temporal may no longer be what its row says. It may be gone itself."""

    __tablename__ = "schedule_changes"
    __table_args__ = (Index("schedule_changes_changed_at_idx", "changed_at"), PRIVATE)

    workflow_id: UUID = Field(primary_key=True)
    changed_at: datetime = Field(sa_type=TIMESTAMP)


class SchedulePause(Table, table=True):
    """A schedule that its owner has paused."""

    __tablename__ = "schedule_pauses"
    __table_args__ = (*lengths(note=LONG), PRIVATE)

    workflow_id: UUID = Field(primary_key=True, foreign_key="workflows.id", ondelete="CASCADE")
    note: str | None = Field(default=None, sa_type=TEXT)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
