"""Projects of the app builder."""

from pydantic import JsonValue
from sqlmodel import Field, SQLModel

from models.base import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    JSON_VALUE,
    LONG,
    SHORT,
    TEXT,
    URL,
    CreateShape,
    Owned,
    PublicShape,
    Timestamped,
    UpdateShape,
    default,
    lengths,
    newest_first,
)


class AppProjectBase(SQLModel):
    """What its owner writes."""

    name: str = Field(min_length=1, max_length=SHORT, sa_type=TEXT)
    description: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    template_id: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    config: JsonValue = Field(default_factory=dict, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_OBJECT)
    components: JsonValue = Field(
        default_factory=list, nullable=False, sa_type=JSON_VALUE, sa_column_kwargs=EMPTY_ARRAY
    )
    is_published: bool = Field(default=False, sa_column_kwargs=default(False))


class AppProjectFacts(SQLModel):
    """What the platform writes."""

    published_url: str | None = Field(default=None, sa_type=TEXT)


class AppProject(Timestamped, AppProjectFacts, AppProjectBase, Owned, table=True):
    """A row of `app_projects`."""

    __tablename__ = "app_projects"
    __table_args__ = (
        *lengths(at_least=1, name=SHORT),
        *lengths(description=LONG, template_id=SHORT, published_url=URL),
        newest_first("app_projects"),
    )


class AppProjectCreate(CreateShape, AppProjectBase):
    """What an insert takes."""


class AppProjectUpdate(UpdateShape, AppProjectBase):
    """What an update takes."""


class AppProjectPublic(PublicShape, AppProjectFacts, AppProjectBase):
    """A project as it is answered."""
