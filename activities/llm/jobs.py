"""One answer that is wanted, checked: what is sent for it, turn by turn, and what its text says."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from activities.llm import structured, usage
from activities.llm.failures import ChatError, Outcome
from activities.llm.ledger import Ending
from activities.llm.provider import Reply, Request
from workflows.contracts.ai import ChatInput, ChatMessage, ChatOutput, Code, TokenUsage
from workflows.json_text import read_json, storable, write_json
from workflows.language.schemas import Schema, SchemaError, compile_schema
from zilliance.ai_settings import STAND_IN, AiSettings, Gateway

MOST_MESSAGES = 200
MOST_PROMPT_BYTES = 2 * 1024 * 1024
MOST_SCHEMA_BYTES = 64 * 1024
HOTTEST = 2.0

Json = Mapping[str, object]


@dataclass(slots=True)
class Job:
    """A request that may be made.

    Attributes:
        model: that is asked; `shown` is the one that the ledger and the answer name.
        lacking: parameters that were refused while this was asked.
    """

    wanted: ChatInput
    model: str
    shown: str
    max_tokens: int
    schema: Json | None
    validator: Schema | None
    lacking: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, wanted: ChatInput, settings: AiSettings, gateway: Gateway) -> "Job":
        """Raises ChatError for what can never be answered."""
        model = wanted.model or settings.default_model
        if model not in settings.models:
            detail = f"the model {model!r:.100} is not one of {', '.join(settings.models)}"
            raise ChatError(Code.MODEL_NOT_ALLOWED, detail)
        _check_request(wanted)
        schema, validator = _schema(wanted.answer_schema)
        most = min(wanted.max_tokens or settings.max_tokens, settings.max_tokens)
        return cls(wanted, model, STAND_IN if gateway.is_stand_in else model, most, schema, validator)

    @property
    def prompt_tokens(self) -> int:
        """Of the first turn, about. The schema counts whichever way it is sent: providers bill it as words, too."""
        messages = self.wanted.messages
        schema = 0 if self.schema is None else usage.estimated_tokens(structured.instruction(self.schema))
        return usage.estimated_prompt(messages) + schema

    def request(self, turn: int, before: str | None, known_lacking: frozenset[str]) -> Request:
        """What is sent. `before` is the answer to the turn before this one, which is to be mended."""
        lacking = known_lacking | self.lacking
        rung = None if self.schema is None else structured.rung_of(self.schema, lacking)
        messages = self.wanted.messages
        if self.schema is not None and rung != structured.JSON_SCHEMA:
            messages = (ChatMessage(role="system", content=structured.instruction(self.schema)), *messages)
        effect = f"{self.wanted.run_id}#{self.wanted.step}#{turn}"
        return Request(
            model=self.model,
            messages=(*messages, *_mending(before)),
            max_tokens=self.max_tokens,
            key=hashlib.sha256(effect.encode()).hexdigest(),
            temperature=self.wanted.temperature,
            response_format=None if self.schema is None else structured.response_format(self.schema, rung),
            lacking=lacking,
        )

    def ending(self, request: Request, reply: Reply, before: str | None) -> Ending:
        """What a whole answer means, and what is kept of it."""
        took = reply.usage or usage.estimated(request.messages, reply.text + reply.refusal)
        value, code, message = self._judged(reply)
        outcome = {None: Outcome.COMPLETED, Code.CONTENT_REFUSED: Outcome.REFUSED}.get(code, Outcome.INVALID)
        body = {
            "text": reply.text,
            "value": value,
            "model": self.shown,
            "usage": _total(took, before).model_dump(),
            "finish_reason": reply.finish_reason or "stop",
            "code": code,
            "message": message,
        }
        is_valid = outcome is not Outcome.INVALID  # a refusal stands: to ask again would be to pay again
        return Ending(outcome, took, code, message, 200, json.dumps(body), is_valid)

    def _judged(self, reply: Reply) -> tuple[str | None, Code | None, str | None]:
        """The value as JSON text, and the code and the reason when the answer is no good."""
        if reply.refusal or reply.finish_reason == "content_filter":
            return None, Code.CONTENT_REFUSED, f"the model declines: {reply.refusal or 'its filter stopped it':.300}"
        if not reply.text.strip():
            return None, Code.ANSWER_EMPTY, "the answer is empty"
        if self.validator is None:
            return None, None, None
        value, fault = structured.value_of(reply.text, self.validator)
        if fault is None:
            return storable(write_json(value)), None, None
        if reply.finish_reason == "length":
            detail = f"the answer was cut at {self.max_tokens} tokens: ask for less, or allow more"
            return None, Code.ANSWER_TRUNCATED, detail
        return None, Code.ANSWER_INVALID, f"the answer is not what the schema asks for: {fault}"


def output_of(body: str) -> ChatOutput:
    """An answer that was kept. Raises ChatError for one that ends the matter."""
    kept = cast("Json", read_json(body))
    if kept.get("code") is not None:
        raise ChatError(Code(str(kept["code"])), str(kept.get("message")))
    return ChatOutput.model_validate(kept)


def _check_request(wanted: ChatInput) -> None:
    fault = None
    size = sum(len(each.content.encode("utf-8", "replace")) for each in wanted.messages)
    if not 1 <= len(wanted.messages) <= MOST_MESSAGES or not any(each.content.strip() for each in wanted.messages):
        fault = f"messages: from 1 to {MOST_MESSAGES}, and one at least that says something"
    elif size > MOST_PROMPT_BYTES:
        fault = f"messages: {MOST_PROMPT_BYTES // 1024} KiB at most, all together"
    elif wanted.temperature is not None and not 0 <= wanted.temperature <= HOTTEST:
        fault = f"temperature: from 0 to {HOTTEST:g}"
    elif wanted.max_tokens is not None and wanted.max_tokens < 1:
        fault = "max_tokens: 1 or more"
    if fault:
        raise ChatError(Code.REQUEST_INVALID, fault)


def _schema(text: str | None) -> tuple[Json | None, Schema | None]:
    if text is None:
        return None, None
    try:
        if len(text.encode()) > MOST_SCHEMA_BYTES:
            raise SchemaError(f"larger than {MOST_SCHEMA_BYTES // 1024} KiB")
        schema = read_json(text)
        if not isinstance(schema, Mapping):
            raise SchemaError("it is no object")
        return cast("Json", schema), compile_schema(cast("Json", schema))
    except (ValueError, RecursionError) as error:
        raise ChatError(Code.SCHEMA_INVALID, f"the schema of the answer: {error!s:.300}") from None


def _mending(before: str | None) -> tuple[ChatMessage, ...]:
    """What asks for a better answer than the one before."""
    if before is None:
        return ()
    kept = cast("Json", read_json(before))
    text = str(kept.get("text") or "")
    if not text.strip():
        return ()  # it said nothing: the same once more
    said = f"That cannot be used: {kept.get('message')}. Answer again, with nothing but what was asked for."
    return ChatMessage(role="assistant", content=text), ChatMessage(role="user", content=said)


def _total(took: TokenUsage, before: str | None) -> TokenUsage:
    """With what the turn before took."""
    if before is None:
        return took
    return usage.together(TokenUsage.model_validate(cast("Json", read_json(before)).get("usage")), took)
