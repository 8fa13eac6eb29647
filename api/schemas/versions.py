"""Versions of definitions, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

MOST = 2**31 - 1
VersionNumber = Annotated[int, Field(ge=1, le=MOST)]


class VersionSummary(BaseModel):
    """A version without its document; `size` is in bytes of JSON."""

    version: int
    created_at: datetime
    size: int
    is_current: bool


class VersionPage(BaseModel):
    """Newest first; `next` is the `after` of the page that follows."""

    items: list[VersionSummary]
    next: int | None


class VersionQuery(BaseModel):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[VersionNumber | None, Field(description="The `next` of the page before")] = None


class VersionAnswer(BaseModel):
    """A version with its document."""

    workflow_id: UUID
    version: int
    created_at: datetime
    is_current: bool
    config: JsonValue


class Change(BaseModel):
    """One difference. A pointer of what was removed is into the older document, any other into the newer one."""

    op: Literal["added", "removed", "changed", "moved"]
    pointer: str
    task: str | None = None
    before: Annotated[JsonValue, Field(alias="from")] = None
    after: Annotated[JsonValue, Field(alias="to")] = None


class DiffAnswer(BaseModel):
    """What makes `version` of `against`."""

    version: int
    against: int
    changes: list[Change]
    has_more: bool
