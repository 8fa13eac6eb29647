"""Runs of `generate-tutorial`: what was asked for, how far it has come, and what came of it."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.base import JSON_VALUE, NEW_ID, NOW, TEXT, TIMESTAMP, Table, default, lengths, one_of, own_reference
from models.platform import PRIVATE
from zilliance.enums import ExecutionStatus, TutorialLevel
from zilliance.tutorial_rules import LONGEST_TOPIC, MOST_STEPS

KEY = 255


class TutorialRun(Table, table=True):
    """One tutorial to write."""

    __tablename__ = "tutorial_runs"
    __table_args__ = (
        own_reference("tutorial_id", "tutorials", ondelete="SET NULL (tutorial_id)"),
        own_reference("execution_id", "workflow_executions", ondelete="SET NULL (execution_id)"),
        one_of("status", list(ExecutionStatus)),
        one_of("level", list(TutorialLevel)),
        *lengths(at_least=1, topic=LONGEST_TOPIC, idempotency_key=KEY),
        CheckConstraint(f"steps BETWEEN 1 AND {MOST_STEPS}", name="steps"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        Index("tutorial_runs_user_id_id_idx", "user_id", "id"),
        Index("tutorial_runs_tutorial_id_idx", "tutorial_id", "user_id"),
        Index("tutorial_runs_execution_id_idx", "execution_id", "user_id"),
        Index("tutorial_runs_open_idx", "user_id", "id", postgresql_where=text("status IN ('pending', 'running')")),
        Index(
            "tutorial_runs_key_idx",
            "user_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        PRIVATE,
    )

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    topic: str = Field(sa_type=TEXT)
    level: str = Field(sa_type=TEXT)
    steps: int
    model: str | None = Field(default=None, sa_type=TEXT, description="Null: the installation's default")
    source: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="`{bucket, path}` of an own file")
    status: str = Field(sa_type=TEXT, sa_column_kwargs=default("pending"))
    progress: int = Field(sa_column_kwargs=default(0), description="Percent")
    steps_done: int = Field(sa_column_kwargs=default(0))
    error: JsonValue | None = Field(default=None, sa_type=JSON_VALUE, description="`{code, message, status}`")
    tutorial_id: UUID | None = Field(default=None)
    idempotency_key: str | None = Field(default=None, sa_type=TEXT)
    fingerprint: str | None = Field(default=None, sa_type=TEXT, description="Of the request that brought the key")
    attempt: int = Field(sa_column_kwargs=default(1), description="One more with each time that it was resumed")
    execution_id: UUID | None = Field(default=None, description="The workflow that wanted it, if one did")
    cancel_requested_at: datetime | None = Field(sa_type=TIMESTAMP)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    completed_at: datetime | None = Field(sa_type=TIMESTAMP)
