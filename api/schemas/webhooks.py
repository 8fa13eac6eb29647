"""Webhooks of definitions, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.webhooks import Respond, SignatureScheme

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Secret = Annotated[str, Field(min_length=16, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class HookRequest(BaseModel):
    """A webhook to make."""

    model_config = ConfigDict(extra="forbid")

    scheme: Annotated[SignatureScheme, Field(description="How calls are signed")] = "standard-webhooks"
    secret: Annotated[Secret | None, Field(description="That the caller signs with; left out, one is made")] = None
    methods: Annotated[list[Method], Field(min_length=1, max_length=5)] = ["POST"]
    respond: Annotated[Respond, Field(description="`accepted`: 202 at once; `result`: wait for the end")] = "accepted"
    rate_limit: Annotated[int, Field(ge=1, le=600_000, description="Calls a minute")] = 60_000


class RotateRequest(BaseModel):
    """Another secret for a webhook."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret | None = None
    overlap_seconds: Annotated[int, Field(ge=0, le=604_800, description="The old one is taken so long")] = 86_400


class HookAnswer(BaseModel):
    """A webhook as it stands."""

    id: UUID
    workflow_id: UUID
    scheme: SignatureScheme
    methods: list[Method]
    respond: Respond
    rate_limit: int
    created_at: datetime
    previous_secret_until: datetime | None


class NewHookAnswer(HookAnswer):
    """A webhook that was just made: its address and its secret are shown once."""

    url: str
    secret: str | None


class RotatedHookAnswer(HookAnswer):
    """A webhook with its new secret, which is shown once."""

    secret: str


class HookPage(BaseModel):
    """Newest first; `next` is the `after` of the page that follows."""

    items: list[HookAnswer]
    next: UUID | None


class HookQuery(BaseModel):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: UUID | None = None
