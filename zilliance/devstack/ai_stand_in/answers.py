"""What the stand-in says, in the shapes of chat completions, and how many tokens it says that this took."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from zilliance.ai_settings import STAND_IN
from zilliance.devstack.ai_stand_in.instances import instance_of
from zilliance.devstack.ai_stand_in.scenes import Scene, UsageShape

Json = Mapping[str, object]

CHUNK_CHARACTERS = 24
_ABOUT_CHARACTERS = 80
_CACHED, _REASONING = 8, 16


@dataclass(slots=True)
class Call:
    """One call as the stand-in's own books have it.

    Attributes:
        status: of HTTP.
        is_whole: all of the answer was sent.
        prompt, cached, completion, reasoning: tokens; those that were read include the cached ones, those that were
            written include those of reasoning.
        idempotency_key: as it came.
        message: the last one; `first` is the first that a user said.
        parameters: names of what came beside model and messages.
    """

    number: int
    message: str
    model: str
    format: str
    status: int = 200
    is_whole: bool = False
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    idempotency_key: str | None = None
    first: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"stand-in-{self.number}"


def tokens_of(text: str) -> int:
    return math.ceil(len(text.encode("utf-8", "replace")) / 4)


def prompt_tokens(messages: list[Json]) -> int:
    return sum(tokens_of(str(message.get("content", ""))) for message in messages)


def text_for(body: Json, scene: Scene, message: str) -> str:
    """What to answer. Raises NoInstanceError."""
    if scene.text is not None:
        return scene.text
    about = " ".join(_subject(message).split())[:_ABOUT_CHARACTERS]
    wanted = cast("Json", body.get("response_format") or {})
    kind = str(wanted.get("type", "text"))
    if kind in scene.ignores:
        kind = "text"
    if kind == "json_schema":
        schema = cast("Json", cast("Json", wanted["json_schema"])["schema"])
        return json.dumps(instance_of(schema, about), ensure_ascii=False)
    if kind == "json_object":
        return json.dumps({"from": STAND_IN, "about": about})
    return (
        f"This is the stand-in of the development stack, not a language model. You asked: {about}. "
        "Set AI_API_KEY, and AI_BASE_URL for a gateway of your own, to be answered by a model."
    )


def _subject(message: str) -> str:
    """What a message is about: the `topic` of a JSON object that has one, or all of it."""
    try:
        topic = cast("object", json.loads(message).get("topic"))
    except (ValueError, AttributeError, RecursionError):
        return message
    return topic if isinstance(topic, str) else message


def usage_of(call: Call, shape: UsageShape) -> Json | None:
    """The `usage` of a call in one of the shapes."""
    if shape is UsageShape.NONE:
        return None
    if shape is UsageShape.REASONING_APART:
        return {
            "prompt_tokens": call.prompt,
            "completion_tokens": call.completion - call.reasoning,
            "reasoning_tokens": call.reasoning,
            "total_tokens": call.prompt + call.completion,
        }
    usage: dict[str, object] = {
        "prompt_tokens": call.prompt,
        "completion_tokens": call.completion,
        "total_tokens": call.prompt + call.completion,
    }
    if shape is UsageShape.CACHED:
        usage["prompt_tokens_details"] = {"cached_tokens": call.cached}
    if shape is UsageShape.CACHED_FLAT:
        usage["prompt_cache_hit_tokens"] = call.cached
    if shape is UsageShape.REASONING:
        usage["completion_tokens_details"] = {"reasoning_tokens": call.reasoning}
    return usage


def count(call: Call, text: str, shape: UsageShape) -> None:
    """Write into the books what an answer takes."""
    call.cached = min(_CACHED, call.prompt) if shape in {UsageShape.CACHED, UsageShape.CACHED_FLAT} else 0
    call.reasoning = _REASONING if shape in {UsageShape.REASONING, UsageShape.REASONING_APART} else 0
    call.completion = tokens_of(text) + call.reasoning


def pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), CHUNK_CHARACTERS):
        yield text[start : start + CHUNK_CHARACTERS]


def completion(call: Call, text: str, scene: Scene) -> Json:
    """The whole answer of a call that does not stream."""
    message = {"role": "assistant", "content": None, "refusal": text} if scene.refusal else _message(text)
    return {
        **_head(call, "chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": scene.finish or "stop"}],
        "usage": usage_of(call, scene.usage),
    }


def chunk(call: Call, delta: Json, finish: str | None = None, usage: Json | None = None) -> Json:
    """One chunk of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_head(call, "chat.completion.chunk"), "choices": [choice], "usage": usage}


def telling_chunk(call: Call, finish: str, usage: Json | None) -> Json:
    """The chunk that ends a choice, with the usage inside the choice."""
    choice: Json = {"index": 0, "delta": {}, "finish_reason": finish, "usage": usage}
    return {**_head(call, "chat.completion.chunk"), "choices": [choice]}


def last_chunk(call: Call, usage: Json) -> Json:
    """The chunk that has the usage alone."""
    return {**_head(call, "chat.completion.chunk"), "choices": [], "usage": usage}


def _message(text: str) -> Json:
    return {"role": "assistant", "content": text}


def _head(call: Call, kind: str) -> Json:
    return {"id": call.id, "object": kind, "created": int(time.time()), "model": STAND_IN}
