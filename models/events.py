"""Events: the stream of every owner's CloudEvents, who wants what of it, and what is on its way to them."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field

from models.base import JSON_VALUE, NOW, TEXT, TIMESTAMP, Table, default, one_of, own_reference

PRIVATE = {"schema": "private"}


def cursor() -> Column[int]:
    """A primary key that counts up. A transaction may commit after one that took a higher number."""
    return Column(BigInteger, Identity(always=True), primary_key=True)


class Event(Table, table=True):
    """A CloudEvent of one owner. Append only: what happens to it on its way is all that changes."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("user_id", "source", "event_id"),
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        one_of("status", ("pending", "held", "routed")),
        CheckConstraint(
            "octet_length(source) <= 1024 AND octet_length(event_id) <= 512 AND octet_length(type) <= 512",
            name="length",
        ),
        Index("events_user_id_cursor_idx", "user_id", "cursor"),
        Index("events_execution_id_idx", "execution_id", "user_id", postgresql_where=text("execution_id IS NOT NULL")),
        Index("events_origin_idx", "origin", "status", postgresql_where=text("origin IS NOT NULL")),
        Index("events_held_idx", "execution_id", postgresql_where=text("status = 'held'::text")),
        # What the router looks through, however many there are.
        Index("events_pending_idx", "user_id", "cursor", postgresql_where=text("status = 'pending'::text")),
        PRIVATE,
    )

    cursor: int = Field(sa_column=cursor())
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    source: str = Field(sa_type=TEXT)
    event_id: str = Field(sa_type=TEXT, description="Its `id`, which is one source's: a repeat is dropped")
    type: str = Field(sa_type=TEXT)
    event: JsonValue = Field(nullable=False, sa_type=JSON_VALUE, description="The whole CloudEvent, in JSON format")
    execution_id: UUID | None = Field(description="The one execution that it is for; null: whoever listens")
    hops: int = Field(
        sa_type=SmallInteger, sa_column_kwargs=default(0), description="How many executions lie between it and a person"
    )
    origin: int | None = Field(
        sa_type=BigInteger, description="The event that set its chain off; null: itself, or none"
    )
    status: str = Field(
        sa_type=TEXT,
        sa_column_kwargs=default("routed"),
        description="pending: somebody may want it; held: its execution does not listen yet",
    )
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class Change(Table, table=True):
    """One change of a row, written by its own transaction. Append only, and no foreign keys: bulk inserts stay fast."""

    __tablename__ = "change_log"
    __table_args__ = (one_of("operation", ("insert", "update", "delete")), PRIVATE)

    xid: int = Field(
        sa_column=Column(BigInteger, primary_key=True, server_default=text("(pg_current_xact_id()::text)::bigint")),
        description="The transaction: cursors alone do not follow the order of commits",
    )
    cursor: int = Field(sa_column=cursor())
    user_id: UUID
    table_name: str = Field(sa_type=TEXT)
    row_id: UUID
    operation: str = Field(sa_type=TEXT, description="insert, update or delete")
    record: JsonValue | None = Field(sa_type=JSON_VALUE, description="The row now, without large and secret columns")
    old_record: JsonValue | None = Field(sa_type=JSON_VALUE, description="What of it was otherwise before")
    execution_id: UUID | None = Field(description="The execution that made the change")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class EventInterest(Table, table=True):
    """One filter of a listener: a task of an execution that waits, or the trigger of a definition."""

    __tablename__ = "event_interests"
    __table_args__ = (
        own_reference("workflow_id", "workflows", ondelete="CASCADE"),
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        CheckConstraint("num_nonnulls(workflow_id, execution_id) = 1", name="listener"),
        Index("event_interests_user_id_type_idx", "user_id", "type"),
        Index("event_interests_workflow_id_idx", "workflow_id", "user_id", "position", unique=True),
        Index("event_interests_execution_id_idx", "execution_id", "user_id", "key", "position", unique=True),
        PRIVATE,
    )

    id: int = Field(sa_column=cursor())
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    type: str = Field(sa_type=TEXT, description="The only type it takes; empty: those of a pattern; *: any")
    workflow_id: UUID | None
    execution_id: UUID | None
    key: str | None = Field(sa_type=TEXT, description="The effect key of the task that waits")
    position: int = Field(description="Which of the listener's filters")
    filter: JsonValue = Field(nullable=False, sa_type=JSON_VALUE)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class EventDelivery(Table, table=True):
    """An event on its way to a task that waits. Gone when it has arrived."""

    __tablename__ = "event_deliveries"
    __table_args__ = (
        own_reference("execution_id", "workflow_executions", ondelete="CASCADE"),
        Index("event_deliveries_execution_id_idx", "execution_id", "user_id", "key", "cursor", unique=True),
        Index("event_deliveries_user_id_idx", "user_id"),
        Index("event_deliveries_cursor_idx", "cursor"),
        PRIVATE,
    )

    id: int = Field(sa_column=cursor())
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    execution_id: UUID
    key: str = Field(sa_type=TEXT)
    cursor: int = Field(sa_type=BigInteger, description="Of the event")
    due_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class EventConsumption(Table, table=True):
    """What the trigger of a definition has consumed so far, when one event is not enough."""

    __tablename__ = "event_consumptions"
    __table_args__ = (
        own_reference("workflow_id", "workflows", ondelete="CASCADE"),
        Index("event_consumptions_workflow_id_idx", "workflow_id", "user_id"),
        Index("event_consumptions_user_id_idx", "user_id"),
        PRIVATE,
    )

    id: int = Field(sa_column=cursor())
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    workflow_id: UUID
    version: int = Field(description="Of the definition; another version begins anew")
    state: JsonValue = Field(nullable=False, sa_type=JSON_VALUE)
    hops: int = Field(sa_type=SmallInteger, sa_column_kwargs=default(0))
    origin: int | None = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class ExecutionHops(Table, table=True):
    """How many executions lie between one that an event began and whoever began it all."""

    __tablename__ = "execution_hops"
    __table_args__ = (
        Index("execution_hops_origin_idx", "origin", postgresql_where=text("origin IS NOT NULL")),
        PRIVATE,
    )

    execution_id: UUID = Field(primary_key=True, foreign_key="workflow_executions.id", ondelete="CASCADE")
    hops: int = Field(sa_type=SmallInteger)
    origin: int | None = Field(sa_type=BigInteger, description="The event that began it all")
