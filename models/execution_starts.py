"""Accepted runs that wait: for Temporal to be told of them, or for another run of their definition to end."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from models.base import TIMESTAMP, Table
from models.platform import PRIVATE


class ExecutionStart(Table, table=True):
    """A run that Temporal may not know yet; written with its row, gone when it is known to be started."""

    __tablename__ = "execution_starts"
    __table_args__ = (Index("execution_starts_due_at_idx", "due_at"), PRIVATE)

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    due_at: datetime = Field(sa_type=TIMESTAMP, description="When a worker starts it, if nobody has by then")


class QueuedExecution(Table, table=True):
    """A run that waits because as many of its definition are under way as may be."""

    __tablename__ = "queued_executions"
    __table_args__ = (Index("queued_executions_workflow_id_execution_id_idx", "workflow_id", "execution_id"), PRIVATE)

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    workflow_id: UUID
