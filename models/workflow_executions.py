"""Executions of workflow definitions: written by the platform alone, from the accepted request to the last task."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    JSON_VALUE,
    SHORT,
    TEXT,
    TIMESTAMP,
    Owned,
    PublicShape,
    Timestamped,
    default,
    lengths,
    newest_first,
    not_negative,
    one_of,
    own_reference,
)
from zilliance.enums import ExecutionPhase, ExecutionStatus


class WorkflowExecutionBase(SQLModel):
    """All of it."""

    workflow_id: UUID
    status: ExecutionStatus = Field(
        default=ExecutionStatus.PENDING, sa_type=TEXT, sa_column_kwargs=default(ExecutionStatus.PENDING)
    )
    phase: ExecutionPhase | None = Field(
        default=ExecutionPhase.PENDING,
        sa_type=TEXT,
        sa_column_kwargs=default(ExecutionPhase.PENDING),
        description="While it is open: whether it runs, waits or is suspended",
    )
    version: int = Field(default=1, sa_column_kwargs=default(1), description="Of the definition, when this began")
    trigger: str = Field(
        default="manual",
        max_length=SHORT,
        sa_type=TEXT,
        sa_column_kwargs=default("manual"),
        description="What began it",
    )
    retry_of: UUID | None = Field(default=None, description="The execution that this one retries, if any")
    trigger_data: JsonValue = Field(
        default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT
    )
    result_data: JsonValue | None = Field(default=None, sa_type=JSON_VALUE)
    error: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="An object of RFC 7807")
    error_message: str | None = Field(default=None, sa_type=TEXT)
    tasks: JsonValue = Field(
        default_factory=list,
        nullable=False,
        sa_type=JSON_VALUE,
        sa_column_kwargs=EMPTY_ARRAY,
        description="In order: name, reference, status, input, output, error, started_at, completed_at",
    )
    parent_execution_id: UUID | None = Field(default=None, description="The execution whose task began this one")
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    completed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    duration_ms: int | None = Field(default=None, sa_type=BigInteger)


class WorkflowExecution(Timestamped, WorkflowExecutionBase, Owned, table=True):
    """A row of `workflow_executions`."""

    __tablename__ = "workflow_executions"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        own_reference("workflow_id", "workflows", ondelete="CASCADE"),
        own_reference("parent_execution_id", "workflow_executions", ondelete="SET NULL (parent_execution_id)"),
        one_of("status", ExecutionStatus),
        one_of("phase", ExecutionPhase),
        CheckConstraint("version > 0", name="version"),
        *lengths(at_least=1, trigger=SHORT),
        *not_negative("duration_ms"),
        newest_first("workflow_executions"),
        Index("workflow_executions_workflow_id_idx", "user_id", "workflow_id", text("created_at DESC")),
        # What runs of a definition and of an owner are counted by, however many have ended.
        Index(
            "workflow_executions_open_by_owner_idx",
            "user_id",
            "workflow_id",
            "id",
            postgresql_where=text("status = ANY (ARRAY['pending'::text, 'running'::text])"),
        ),
        Index(
            "workflow_executions_completed_at_idx",
            "completed_at",
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
        Index(
            "workflow_executions_parent_execution_id_idx",
            "parent_execution_id",
            "user_id",
            postgresql_where=text("parent_execution_id IS NOT NULL"),
        ),
        # What the reconciler looks through, however many have ended.
        Index(
            "workflow_executions_open_idx",
            "created_at",
            postgresql_where=text("status = ANY (ARRAY['pending'::text, 'running'::text])"),
        ),
    )


class WorkflowExecutionPublic(PublicShape, WorkflowExecutionBase):
    """An execution as it is answered."""
