"""`ai-chat` of the catalogue: what a task of a workflow asks, as a request, and the answer as its output."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.faults import fault, result_that_fits
from workflows.contracts.ai import ChatInput, ChatMessage, ChatOutput
from workflows.contracts.execution import FunctionCallInput
from workflows.json_text import read_json, storable, write_json
from workflows.language.problems import Kind

NAME = "ai-chat"


class AiChat(BaseModel):
    """The arguments of `ai-chat`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    prompt: str | None = None
    messages: list[ChatMessage] = Field(default_factory=list[ChatMessage])
    system: str | None = None
    model: str | None = None
    answer_schema: dict[str, Any] | None = Field(default=None, alias="schema")  # a JSON edge: the author's schema
    max_tokens: Annotated[int | None, Field(alias="maxTokens", ge=1)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None

    def conversation(self) -> tuple[ChatMessage, ...]:
        before = [] if self.system is None else [ChatMessage(role="system", content=self.system)]
        last = [] if self.prompt is None else [ChatMessage(role="user", content=self.prompt)]
        return (*before, *self.messages, *last)


def chat_of(call: FunctionCallInput) -> ChatInput:
    """Raises the fault that wrong arguments are."""
    try:
        asked = AiChat.model_validate_json(storable(call.arguments))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise fault(Kind.VALIDATION, f"{NAME}: with.{where}: {first['msg']}") from error
    return ChatInput(
        owner_id=call.owner_id,
        run_id=call.execution_id,
        step=call.key,
        messages=asked.conversation(),
        model=asked.model,
        answer_schema=None if asked.answer_schema is None else write_json(asked.answer_schema),
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
    )


def result_text(output: ChatOutput) -> str:
    """What the task answers, as JSON text."""
    usage = output.usage
    result = {
        "text": output.text,
        "value": None if output.value is None else read_json(output.value),
        "model": output.model,
        "finishReason": output.finish_reason,
        "usage": {
            "promptTokens": usage.prompt,
            "cachedTokens": usage.cached,
            "completionTokens": usage.completion,
            "reasoningTokens": usage.reasoning,
            "isEstimated": usage.is_estimated,
        },
    }
    return result_that_fits(json.dumps(result), NAME)
