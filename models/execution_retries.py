"""Retries of executions."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.base import TEXT, Table
from models.platform import PRIVATE


class ExecutionRetry(Table, table=True):
    """From where an execution retries another one. `root_id` is the first of them all, and goes last."""

    __tablename__ = "execution_retries"
    __table_args__ = (
        Index("execution_retries_origin_id_idx", "origin_id"),
        Index("execution_retries_root_id_idx", "root_id"),
        PRIVATE,
    )

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    origin_id: UUID
    root_id: UUID
    point: str = Field(sa_type=TEXT, description="`failed`, `trigger`, or a task's reference in the origin")
    iteration: str | None = Field(default=None, sa_type=TEXT)
