"""What all tables share: how constraints are named, column types, mixins, and CHECKs made from lists."""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic_core import PydanticUndefined
from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# PostgreSQL's own way of naming, which clients of the data API write into their embedding hints
# (`contacts!deals_contact_id_fkey`).
SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

TEXT = Text()
JSON_VALUE = JSONB()
TEXT_LIST = ARRAY(Text())
TIMESTAMP = DateTime(timezone=True)
MONEY = Numeric(14, 2)

EMPTY_LIST = {"server_default": text("'{}'::text[]")}
EMPTY_ARRAY = {"server_default": text("'[]'::jsonb")}
EMPTY_OBJECT = {"server_default": text("'{}'::jsonb")}
NOW = {"server_default": text("now()")}
NEW_ID = {"server_default": text("uuidv7()")}
CALLER = {"server_default": text("auth.uid()")}

SHORT = 200  # names and titles
LONG = 10_000  # descriptions
URL = 2048


def default(value: bool | int | str) -> dict[str, object]:
    """The column's default in the database, as `sa_column_kwargs`."""
    literal = f"'{value}'::text" if isinstance(value, str) else str(value).lower()
    return {"server_default": text(literal)}


def one_of(column: str, members: Iterable[str]) -> CheckConstraint:
    """A CHECK that lists what a column may hold.

    Not an enum: its comparison is not leakproof, so under row security a filter on it could not use its index.
    """
    listed = ", ".join(f"'{member}'" for member in members)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def lengths(*, at_least: int = 0, **at_most: int) -> list[CheckConstraint]:
    """A CHECK a column that bounds its characters: `lengths(at_least=1, title=200)`."""
    return [
        CheckConstraint(
            f"char_length({column}) BETWEEN {at_least} AND {limit}"
            if at_least
            else f"char_length({column}) <= {limit}",
            name=f"{column}_length",
        )
        for column, limit in at_most.items()
    ]


def not_negative(*columns: str) -> list[CheckConstraint]:
    """A CHECK a column that refuses numbers below zero."""
    return [CheckConstraint(f"{column} >= 0", name=column) for column in columns]


def newest_first(table: str) -> Index:
    """The index of row security and of every owner's list: whose it is, then the order of the list."""
    return Index(f"{table}_user_id_created_at_idx", "user_id", text("created_at DESC"), "id")


def own_reference(column: str, table: str, *, ondelete: str) -> ForeignKeyConstraint:
    """A reference to a row of the same owner.

    A plain one accepts another tenant's row, because its check does not pass through row security.
    """
    return ForeignKeyConstraint([column, "user_id"], [f"{table}.id", f"{table}.user_id"], ondelete=ondelete)


class Table(SQLModel):
    """A class with `table=True` names its table."""

    __tablename__: ClassVar[str]  # pyright: ignore[reportIncompatibleVariableOverride]  SQLModel's own type is narrower


class Timestamped(Table):
    """When the row was made and last changed; a trigger keeps `updated_at`."""

    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class Identified(Table):
    """An id that sorts by time."""

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)


class Owned(Identified):
    """A row that belongs to one account: its maker, unless the platform says otherwise."""

    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE", sa_column_kwargs=CALLER)


class CreateShape(SQLModel):
    """Base of the shapes that an insert takes. `user_id` may be sent, and must then be the caller's."""

    user_id: UUID | None = Field(default=None, description="The caller's own id; filled in when left out")


class UpdateShape(SQLModel):
    """Base of the shapes that an update takes: all that the shape inherits becomes optional."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        for name, field in cls.model_fields.items():
            optional = copy(field)
            optional.default, optional.default_factory = None, None
            optional.annotation = None | field.annotation  # pyright: ignore[reportOperatorIssue]  a type, or a union
            cls.model_fields[name] = optional
        cls.model_rebuild(force=True)


class StoredShape(SQLModel):
    """Base of the shapes that are answered. All fields are there always, so that generated clients need not test."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        for name, field in cls.model_fields.items():
            present = copy(field)
            present.default, present.default_factory = PydanticUndefined, None
            cls.model_fields[name] = present
        cls.model_rebuild(force=True)


class PublicShape(StoredShape):
    """The columns that every owned row shows."""

    id: UUID
    user_id: UUID
    created_at: datetime
    updated_at: datetime
