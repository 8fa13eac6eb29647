"""Calls, mails, meetings, notes and tasks of the CRM: table `activities`, named apart from Temporal's activities."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.base import (
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
    own_reference,
)

CrmActivityType = Literal["call", "email", "meeting", "note", "task"]


class CrmActivityBase(SQLModel):
    """What its owner writes."""

    contact_id: UUID | None = Field(default=None, description="One of the owner's contacts")
    deal_id: UUID | None = Field(default=None, description="One of the owner's deals")
    type: CrmActivityType = Field(default="note", sa_type=TEXT, sa_column_kwargs=default("note"))
    title: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    due_date: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    completed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class CrmActivity(Timestamped, CrmActivityBase, Owned, table=True):
    """A row of `activities`."""

    __tablename__ = "activities"
    __table_args__ = (
        own_reference("contact_id", "contacts", ondelete="SET NULL (contact_id)"),
        own_reference("deal_id", "deals", ondelete="SET NULL (deal_id)"),
        one_of("type", get_args(CrmActivityType)),
        *lengths(at_least=1, title=SHORT),
        *lengths(description=LONG),
        newest_first("activities"),
        Index("activities_contact_id_idx", "user_id", "contact_id"),
        Index("activities_deal_id_idx", "user_id", "deal_id"),
        Index("activities_user_id_due_date_idx", "user_id", "due_date"),
    )


class CrmActivityCreate(CreateShape, CrmActivityBase):
    """What an insert takes."""


class CrmActivityUpdate(UpdateShape, CrmActivityBase):
    """What an update takes."""


class CrmActivityPublic(PublicShape, CrmActivityBase):
    """An activity as it is answered."""
