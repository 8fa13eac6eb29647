"""People and companies that a user deals with."""

from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_LIST,
    EMPTY_OBJECT,
    JSON_VALUE,
    SHORT,
    TEXT,
    TEXT_LIST,
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

ContactType = Literal["individual", "company"]


class ContactBase(SQLModel):
    """What its owner writes."""

    type: ContactType = Field(default="individual", sa_type=TEXT, sa_column_kwargs=default("individual"))
    first_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    last_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    company_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    email: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    phone: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    address: JsonValue = Field(default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    tags: list[str] = Field(default_factory=list, sa_type=TEXT_LIST, sa_column_kwargs=EMPTY_LIST)
    custom_fields: JsonValue = Field(
        default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT
    )


class Contact(Timestamped, ContactBase, Owned, table=True):
    """A row of `contacts`."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        one_of("type", get_args(ContactType)),
        *lengths(first_name=SHORT, last_name=SHORT, company_name=SHORT, email=SHORT, phone=SHORT),
        newest_first("contacts"),
        Index("contacts_user_id_email_idx", "user_id", "email"),
    )


class ContactCreate(CreateShape, ContactBase):
    """What an insert takes."""


class ContactUpdate(UpdateShape, ContactBase):
    """What an update takes."""


class ContactPublic(PublicShape, ContactBase):
    """A contact as it is answered."""
