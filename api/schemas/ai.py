"""What an account used of language models, as it is answered."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class ModelUsage(BaseModel):
    """What was used of one model on one day (UTC)."""

    day: date
    model: str
    calls: int
    prompt_tokens: Annotated[int, Field(description="With those that came from the provider's cache")]
    cached_tokens: int
    completion_tokens: Annotated[int, Field(description="With those of reasoning")]
    reasoning_tokens: int
    cost: Annotated[float, Field(description="In the currency of the operator's price table")]


class Used(BaseModel):
    """What was used of a budget, and what it is; null: no limit."""

    used: float
    limit: float | None


class AiUsage(BaseModel):
    """Use by day and model, the newest day first, and the budgets."""

    items: list[ModelUsage]
    tokens_today: Used
    cost_this_month: Used


class AiCall(BaseModel):
    """One call of a provider. Calls that are open, and those of a worker that died, have what they read at least."""

    id: UUID
    run_id: Annotated[UUID, Field(description="What the call was for: an execution or a tutorial, by `kind`")]
    step: str
    kind: str
    attempt: int
    turn: Annotated[int, Field(description="1 asks, 2 asks to mend the answer to the first")]
    model: str
    outcome: Literal["open", "completed", "invalid", "refused", "failed", "cut", "cancelled", "lost"]
    code: str | None
    message: str | None
    status: Annotated[int | None, Field(description="Of HTTP")]
    request_id: Annotated[str | None, Field(description="The provider's")]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    is_estimated: Annotated[bool, Field(description="The provider did not say: counted from the text")]
    cost: Annotated[float | None, Field(description="Null: the model has no price")]
    first_text_ms: int | None
    latency_ms: int | None
    started_at: datetime
    ended_at: datetime | None


class AiCallPage(BaseModel):
    """A page of calls, newest first."""

    items: list[AiCall]
    next: UUID | None
