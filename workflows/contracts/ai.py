"""What travels to a language model and back. Schemas and values of users travel as JSON text, as everywhere."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from workflows.contracts.execution import Contract


class ChatMessage(Contract):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatInput(Contract):
    """One answer that is wanted of a model, and paid for once.

    Attributes:
        owner_id: whose budget it is on.
        run_id, step: what the ledger knows it by: an answer that was paid for is given again, whoever asks.
        kind: the workflow that asks, for readers of the ledger.
        model: None for the operator's default.
        answer_schema: JSON Schema of the answer as JSON text; None for plain text.
        max_tokens: that the model may write; None for the operator's limit.
        keeps_deltas: readers may follow the text while it is written (`private.ai_deltas`).
        round: how often somebody had the run go on, with this time: each has its tries of a provider anew.
    """

    owner_id: UUID
    run_id: UUID
    step: str
    kind: str = "execute-workflow"
    messages: tuple[ChatMessage, ...]
    model: str | None = None
    answer_schema: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    keeps_deltas: bool = False
    round: int = 1


class TokenUsage(Contract):
    """Tokens of one call, or of all that one answer took.

    Attributes:
        prompt: all that was read; `cached` of these were read from the provider's cache.
        completion: all that was written; `reasoning` of these are no part of the text.
        is_estimated: the provider said nothing, so these are counted from the text.
    """

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    is_estimated: bool = False


class ChatOutput(Contract):
    """What a model answered.

    Attributes:
        value: when a schema was given, the answer as JSON text that is valid against it; None otherwise.
        model: the one that answered; `stand-in` when none is set up.
        finish_reason: `stop`, or `length` when the text was cut at `max_tokens`.
    """

    text: str
    value: str | None = None
    model: str
    usage: TokenUsage = TokenUsage()
    finish_reason: str = "stop"


class Code(StrEnum):
    """Why there is no answer: the second detail of the fault has it as `{"code": ...}`."""

    NOT_CONFIGURED = "AI_NOT_CONFIGURED"
    MODEL_NOT_ALLOWED = "AI_MODEL_NOT_ALLOWED"
    SCHEMA_INVALID = "AI_SCHEMA_INVALID"
    REQUEST_INVALID = "AI_REQUEST_INVALID"
    TOO_MANY_CALLS = "AI_TOO_MANY_CALLS"  # of the account, in this minute
    TOKENS_EXHAUSTED = "AI_TOKENS_EXHAUSTED"  # of the account, today
    BUDGET_EXHAUSTED = "AI_BUDGET_EXHAUSTED"  # of the account, this month
    RATE_LIMITED = "AI_RATE_LIMITED"  # by the provider
    CREDITS_EXHAUSTED = "AI_CREDITS_EXHAUSTED"  # of the operator
    KEY_REFUSED = "AI_KEY_REFUSED"
    UNAVAILABLE = "AI_UNAVAILABLE"
    STREAM_CUT = "AI_STREAM_CUT"
    REDIRECTED = "AI_REDIRECTED"
    REQUEST_REFUSED = "AI_REQUEST_REFUSED"
    CONTEXT_TOO_LONG = "AI_CONTEXT_TOO_LONG"
    CONTENT_REFUSED = "AI_CONTENT_REFUSED"
    ANSWER_TOO_LARGE = "AI_ANSWER_TOO_LARGE"
    ANSWER_TRUNCATED = "AI_ANSWER_TRUNCATED"
    ANSWER_EMPTY = "AI_ANSWER_EMPTY"
    ANSWER_INVALID = "AI_ANSWER_INVALID"
