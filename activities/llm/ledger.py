"""The ledger: admission, answers and costs of calls, each in one statement of PostgreSQL."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from activities.llm import usage
from activities.llm.failures import ChatError, Outcome
from activities.llm.provider import Reply
from workflows.contracts.ai import ChatInput, Code, TokenUsage
from workflows.json_text import storable
from zilliance.ai_settings import STAND_IN, AiSettings, Price
from zilliance.database import Database

MOST_TURNS = 2  # an answer that is not what was asked for is mended once
_BEGIN = f"SELECT * FROM private.begin_ai_call({', '.join(f'${place}' for place in range(1, 16))})"  # noqa: S608  numbers of places
_FINISH = f"SELECT private.finish_ai_call({', '.join(f'${place}' for place in range(1, 24))})"
_REASON = "the ledger is the platform's own, and written for whoever the run belongs to"
_FREE = Price(prompt=Decimal(0), completion=Decimal(0))
_LEASE_GRACE = timedelta(minutes=2)  # after which a call that says nothing has ended with its worker

_NO_ROOM = {
    "open": (Code.TOO_MANY_CALLS, "an account may have {} calls of models under way at once: wait for one to end"),
    "calls": (Code.TOO_MANY_CALLS, "an account may make {} calls of models a minute: wait {:.0f} s"),
    "tokens": (
        Code.TOKENS_EXHAUSTED,
        "an account may use {} tokens a day, and this call could take more: wait {:.0f} s",
    ),
    "cost": (Code.BUDGET_EXHAUSTED, "an account may use models for {} a month, and this call could take more"),
}


@dataclass(frozen=True, slots=True)
class Begun:
    """What there is when a call may begin.

    Attributes:
        call_id: None when there is nothing to be called: `answer` is final.
        model: as the ledger names it.
        attempt: how many calls there were for this step, with this one.
        answer: what was answered to the turn before, as JSON text, or the final answer.
    """

    call_id: UUID | None
    turn: int
    answer: str | None
    model: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, and the answer to keep: with it, nobody pays again for this turn."""

    outcome: Outcome
    usage: TokenUsage
    code: Code | None = None
    message: str | None = None
    status: int | None = None
    answer: str | None = None
    is_valid: bool = False
    last_text: str | None = None  # what readers have not been told yet; None: nobody reads


class Ledger:
    """Rows of private.ai_calls and private.ai_answers."""

    def __init__(self, database: Database, settings: AiSettings) -> None:
        self._database = database
        self._settings = settings
        self._lease = timedelta(seconds=settings.total_seconds) + _LEASE_GRACE

    def price_of(self, model: str) -> Price | None:
        return _FREE if model == STAND_IN else self._settings.prices.get(model)

    async def begin(self, wanted: ChatInput, model: str, prompt: int, max_tokens: int) -> Begun:
        """Write a call down that may be sent now, or find the answer. Raises ChatError when there is no room for it.

        `prompt` is in tokens; the answer of a turn before, which is sent with the next, is added to it.
        """
        price = self.price_of(model)
        read = usage.cost(TokenUsage(prompt=prompt), price)
        reserved = usage.cost(TokenUsage(prompt=prompt, completion=max_tokens), price) or Decimal(0)
        at_once = self._settings.calls_at_once
        limits = (at_once, self._settings.calls_a_minute, self._settings.tokens_a_day, self._settings.cost_a_month)
        row = await self._database.fetch_one(
            _BEGIN,
            *(wanted.owner_id, wanted.run_id, wanted.step, wanted.kind, model, prompt, prompt + max_tokens),
            *(read, reserved, *limits, self._lease, MOST_TURNS),
            reason=_REASON,
        )
        if row["outcome"] in _NO_ROOM:
            code, sentence = _NO_ROOM[row["outcome"]]
            limit = dict(zip(_NO_ROOM, limits, strict=True))[row["outcome"]]
            wait = float(row["wait_seconds"])
            raise ChatError(code, sentence.format(limit, wait), wait_seconds=wait)
        return Begun(row["call_id"], row["turn"], row["answer"], model, row["attempt"] or 0)

    async def finish(self, wanted: ChatInput, begun: Begun, reply: Reply, end: Ending) -> str | None:
        """Write down how a call ended, with its answer; the answer that stands."""
        spent = usage.cost(end.usage, self.price_of(begun.model))
        text = await self._database.call(
            _FINISH,
            *(begun.call_id, wanted.owner_id, wanted.run_id, wanted.step, wanted.kind, begun.turn, begun.model),
            *(end.outcome.value, end.code, _short(end.message), end.status, _short(reply.request_id, 200)),
            *(end.usage.prompt, end.usage.cached, end.usage.completion, end.usage.reasoning, end.usage.is_estimated),
            *(spent, reply.first_text_ms, reply.latency_ms),
            *(None if end.answer is None else storable(end.answer), end.is_valid, end.last_text),
            reason=_REASON,
        )
        return None if text is None else str(text)

    async def keep_delta(self, call_id: UUID, text: str) -> None:
        """Keep a piece of text for those who follow the run."""
        await self._database.call("SELECT private.keep_ai_delta($1, $2)", call_id, text, reason=_REASON)


def _short(text: str | None, most: int = 2000) -> str | None:
    return None if text is None else text.replace("\0", "")[:most]
