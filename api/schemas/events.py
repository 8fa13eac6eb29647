"""What `/events/v1` answers."""

from pydantic import BaseModel, Field, JsonValue


class Published(BaseModel):
    """Events that are committed."""

    accepted: int = Field(description="How many the request had")
    duplicates: int = Field(description="How many of them were there already, or twice in the request")


class EventPage(BaseModel):
    """Events, newest first, each a CloudEvent in JSON."""

    items: list[dict[str, JsonValue]]
    next: str | None = Field(description="Give it as `after` for the next page; null: this is the last")
