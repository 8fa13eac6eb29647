"""Language models: the ledger of calls to providers, what they answered, and text while it is written.

Reached by functions only.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field

from models.base import NOW, TEXT, TIMESTAMP, Identified, Table, default, lengths, not_negative, one_of
from models.platform import PRIVATE

COST = Numeric(16, 8)
OUTCOMES = ("open", "completed", "invalid", "refused", "failed", "cut", "cancelled", "lost")
ZERO = default(0)


class AiCall(Identified, table=True):
    """One call of a provider: written down as `open` before it is sent, and with what it took when it ended."""

    __tablename__ = "ai_calls"
    __table_args__ = (
        UniqueConstraint("run_id", "step", "attempt"),
        one_of("outcome", OUTCOMES),
        *lengths(at_least=1, step=2000, model=200),
        *lengths(kind=100, code=100, message=2048, request_id=200),
        *not_negative("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "reserved_tokens"),
        Index("ai_calls_user_id_started_at_idx", "user_id", text("started_at DESC")),
        Index("ai_calls_user_id_id_idx", "user_id", "id"),
        Index("ai_calls_open_idx", "user_id", postgresql_where=text("outcome = 'open'")),
        Index("ai_calls_started_at_idx", "started_at"),
        PRIVATE,
    )

    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    run_id: UUID = Field(description="The row that the workflow was for")
    step: str = Field(sa_type=TEXT)
    kind: str = Field(sa_type=TEXT, description="The workflow")
    attempt: int
    turn: int = Field(description="1 asks, 2 asks to mend what was answered to the first")
    model: str = Field(sa_type=TEXT)
    outcome: str = Field(default="open", sa_type=TEXT, sa_column_kwargs=default("open"))
    code: str | None = Field(default=None, sa_type=TEXT)
    message: str | None = Field(default=None, sa_type=TEXT)
    status: int | None = Field(default=None, description="Of HTTP")
    request_id: str | None = Field(default=None, sa_type=TEXT, description="The provider's")
    prompt_tokens: int = Field(default=0, sa_column_kwargs=ZERO, description="With those that were cached")
    cached_tokens: int = Field(default=0, sa_column_kwargs=ZERO)
    completion_tokens: int = Field(default=0, sa_column_kwargs=ZERO, description="With those of reasoning")
    reasoning_tokens: int = Field(default=0, sa_column_kwargs=ZERO)
    is_estimated: bool = Field(default=True, sa_column_kwargs=default(True), description="The provider said nothing")
    cost: Decimal | None = Field(default=None, sa_type=COST, description="None: the price of the model is not known")
    reserved_tokens: int = Field(description="What it may take at most, while it is open")
    reserved_cost: Decimal = Field(sa_type=COST)
    first_text_ms: int | None = None
    latency_ms: int | None = None
    started_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")})
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class AiAnswer(Table, table=True):
    """What was answered to a turn of one step, and paid for: whoever asks again gets this."""

    __tablename__ = "ai_answers"
    __table_args__ = (
        Index("ai_answers_user_id_idx", "user_id"),
        Index("ai_answers_created_at_idx", "created_at"),
        PRIVATE,
    )

    run_id: UUID = Field(primary_key=True)
    step: str = Field(primary_key=True, sa_type=TEXT)
    turn: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    body: str = Field(sa_type=TEXT, description="JSON text")
    is_valid: bool = Field(description="It is what was asked for")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)


class AiUsage(Table, table=True):
    """What an account used of a model on one day (UTC), kept by a trigger on the calls, which it outlives."""

    __tablename__ = "ai_usage"
    __table_args__ = (PRIVATE,)

    user_id: UUID = Field(primary_key=True, foreign_key="auth.users.id", ondelete="CASCADE")
    day: date = Field(primary_key=True)
    model: str = Field(primary_key=True, sa_type=TEXT)
    calls: int
    prompt_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    completion_tokens: int = Field(sa_type=BigInteger)
    reasoning_tokens: int = Field(sa_type=BigInteger)
    cost: Decimal = Field(sa_type=COST)


class AiDelta(Table, table=True):
    """A piece of an answer while it is written, or its end. Those of one run can be seen in the order of their ids."""

    __tablename__ = "ai_deltas"
    __table_args__ = (
        Index("ai_deltas_run_id_id_idx", "run_id", "id"),
        Index("ai_deltas_user_id_idx", "user_id"),
        Index("ai_deltas_created_at_idx", "created_at"),
        one_of("outcome", OUTCOMES),
        PRIVATE,
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(always=True),))
    user_id: UUID = Field(foreign_key="auth.users.id", ondelete="CASCADE")
    run_id: UUID
    step: str = Field(sa_type=TEXT)
    attempt: int = Field(description="A higher one writes the answer anew")
    text: str = Field(sa_type=TEXT)
    outcome: str | None = Field(default=None, sa_type=TEXT, description="Of the attempt's last piece: how it ended")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
