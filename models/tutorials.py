"""Tutorials: written by hand or by `generate-tutorial`."""

from typing import Literal, get_args

from pydantic import JsonValue
from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    EMPTY_LIST,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    TEXT_LIST,
    URL,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
    not_negative,
    one_of,
)

CONTENT = 1_000_000
TutorialStatus = Literal["draft", "published", "archived"]


class TutorialBase(SQLModel):
    """What its owner writes."""

    title: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    content: str | None = Field(default=None, max_length=CONTENT, sa_type=TEXT, description="Markdown")
    steps: JsonValue = Field(
        default_factory=list, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_ARRAY, description="In order"
    )
    status: TutorialStatus = Field(
        default="draft",
        sa_type=TEXT,
        sa_column_kwargs=default("draft"),
        description="Everybody reads what is published; moderators may set it on any tutorial",
    )
    thumbnail_url: str | None = Field(default=None, max_length=URL, sa_type=TEXT)
    tags: list[str] = Field(default_factory=list, sa_type=TEXT_LIST, sa_column_kwargs=EMPTY_LIST)
    level: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT, description="Whom it is for")
    prerequisites: list[str] = Field(
        default_factory=list, sa_type=TEXT_LIST, sa_column_kwargs=EMPTY_LIST, description="What a reader should know"
    )
    summary: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)


class TutorialCounts(SQLModel):
    """What the platform writes."""

    model: str | None = Field(default=None, sa_type=TEXT, description="The model that wrote it, if one did")
    views: int = Field(default=0, sa_column_kwargs=default(0))
    likes: int = Field(default=0, sa_column_kwargs=default(0))


class Tutorial(Timestamped, TutorialCounts, TutorialBase, Owned, table=True):
    """A row of `tutorials`."""

    __tablename__ = "tutorials"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        one_of("status", get_args(TutorialStatus)),
        *lengths(at_least=1, title=SHORT),
        *lengths(description=LONG, content=CONTENT, thumbnail_url=URL, level=SHORT, summary=LONG),
        *not_negative("views", "likes"),
        newest_first("tutorials"),
        Index("tutorials_status_created_at_idx", "status", text("created_at DESC"), "id"),
    )


class TutorialCreate(CreateShape, TutorialBase):
    """What an insert takes."""


class TutorialUpdate(UpdateShape, TutorialBase):
    """What an update takes."""


class TutorialPublic(PublicShape, TutorialCounts, TutorialBase):
    """A tutorial as it is answered."""
