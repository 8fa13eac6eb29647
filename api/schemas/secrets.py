"""Secrets as they are written and listed; nothing shows a value."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class SecretValue(BaseModel):
    """What a secret holds: a text such as a key, or an object such as `{"username": ..., "password": ...}`."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[JsonValue, Field(description="Any JSON but null, up to 32 KiB")]


class SecretQuery(BaseModel):
    """A page of them, by name."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str | None, Field(max_length=128, description="The `next` of the page before")] = None


class SecretSummary(BaseModel):
    """A secret without its value, which is never answered."""

    name: str
    created_at: datetime
    updated_at: datetime


class SecretPage(BaseModel):
    """A page of secrets, in order of their names."""

    items: list[SecretSummary]
    next: Annotated[str | None, Field(description="What to send as `after` for the next page")]
