"""Bulk jobs over executions."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Double, Index, text
from sqlmodel import Field

from models.base import EMPTY_ARRAY, JSON_VALUE, NEW_ID, NOW, TEXT, TIMESTAMP, Table, default, one_of
from models.platform import PRIVATE

JobAction = Literal["cancel", "replay", "retry"]
JobStatus = Literal["running", "paused", "completed", "cancelled"]


class ExecutionJob(Table, table=True):
    """What is to be done with which executions, and how far that has come."""

    __tablename__ = "execution_jobs"
    __table_args__ = (
        one_of("action", get_args(JobAction)),
        one_of("status", get_args(JobStatus)),
        Index("execution_jobs_user_id_id_idx", "user_id", "id"),
        Index("execution_jobs_open_idx", "id", postgresql_where=text("status = 'running'")),
        PRIVATE,
    )

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    action: str = Field(sa_type=TEXT)
    filter: JsonValue = Field(sa_type=JSON_VALUE, nullable=False)
    point: str | None = Field(default=None, sa_type=TEXT, description="From where to retry")
    version: int | None = Field(default=None, description="Null: the origin's own; 0: the newest")
    rate: float = Field(sa_type=Double, description="Executions a second")
    status: str = Field(sa_type=TEXT, sa_column_kwargs=default("running"))
    total: int = Field(description="How many matched when the job was accepted")
    done: int = Field(sa_column_kwargs=default(0))
    failed: int = Field(sa_column_kwargs=default(0))
    skipped: int = Field(sa_column_kwargs=default(0))
    errors: JsonValue = Field(sa_type=JSON_VALUE, nullable=False, sa_column_kwargs=EMPTY_ARRAY)
    cursor_at: datetime | None = Field(sa_type=TIMESTAMP)
    cursor_id: UUID | None = Field(default=None, description="The last execution that was dealt with")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    completed_at: datetime | None = Field(sa_type=TIMESTAMP)
