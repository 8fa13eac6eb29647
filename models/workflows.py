"""Definitions of workflows: documents of the Serverless Workflow DSL."""

from datetime import datetime
from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_OBJECT,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    TIMESTAMP,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
    one_of,
)

WorkflowStatus = Literal["idle", "running", "completed", "failed", "cancelled"]


class WorkflowBase(SQLModel):
    """What its owner writes."""

    name: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    config: JsonValue = Field(
        default_factory=dict,
        nullable=False,
        sa_type=JSON_VALUE,
        sa_column_kwargs=EMPTY_OBJECT,
        description="A document of the Serverless Workflow DSL 1.0; written also as text, which holds YAML or JSON",
    )
    is_active: bool = Field(default=True, sa_column_kwargs=default(True))


class WorkflowState(SQLModel):
    """What the platform writes."""

    status: WorkflowStatus = Field(
        default="idle", sa_type=TEXT, sa_column_kwargs=default("idle"), description="How the last execution stands"
    )
    last_run_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    next_run_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    version: int = Field(default=1, sa_column_kwargs=default(1), description="Rises when `config` changes")


class Workflow(Timestamped, WorkflowState, WorkflowBase, Owned, table=True):
    """A row of `workflows`."""

    __tablename__ = "workflows"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        one_of("status", get_args(WorkflowStatus)),
        *lengths(at_least=1, name=SHORT),
        *lengths(description=LONG),
        CheckConstraint("version > 0", name="version"),
        newest_first("workflows"),
        Index("workflows_user_id_status_idx", "user_id", "status"),
        # What other workflows call it by.
        Index(
            "workflows_document_name_idx",
            "user_id",
            text("(config #>> '{document,namespace}'::text[])"),
            text("(config #>> '{document,name}'::text[])"),
        ),
    )


class WorkflowCreate(CreateShape, WorkflowBase):
    """What an insert takes. `status` may be sent, and must then be `idle`."""

    status: Literal["idle"] = "idle"


class WorkflowUpdate(UpdateShape, WorkflowBase):
    """What an update takes."""


class WorkflowPublic(PublicShape, WorkflowState, WorkflowBase):
    """A definition as it is answered."""
