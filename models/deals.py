"""Deals and where they stand in the pipeline."""

from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import (
    LONG,
    MONEY,
    SHORT,
    TEXT,
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

DealStage = Literal["lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost"]


class DealBase(SQLModel):
    """What its owner writes."""

    contact_id: UUID | None = Field(default=None, description="One of the owner's contacts")
    title: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    amount: Decimal = Field(
        default=Decimal(0), max_digits=14, decimal_places=2, sa_type=MONEY, sa_column_kwargs=default(0)
    )
    stage: DealStage = Field(default="lead", sa_type=TEXT, sa_column_kwargs=default("lead"))
    probability: int = Field(default=0, ge=0, le=100, sa_column_kwargs=default(0), description="Percent")
    expected_close_date: date | None = None


class Deal(Timestamped, DealBase, Owned, table=True):
    """A row of `deals`."""

    __tablename__ = "deals"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        own_reference("contact_id", "contacts", ondelete="SET NULL (contact_id)"),
        one_of("stage", get_args(DealStage)),
        *lengths(at_least=1, title=SHORT),
        *lengths(description=LONG),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
        newest_first("deals"),
        Index("deals_user_id_stage_idx", "user_id", "stage"),
        Index("deals_contact_id_idx", "user_id", "contact_id"),
    )


class DealCreate(CreateShape, DealBase):
    """What an insert takes."""


class DealUpdate(UpdateShape, DealBase):
    """What an update takes."""


class DealPublic(PublicShape, DealBase):
    """A deal as it is answered."""
