"""The tokens of a call, whichever way its provider tells them, and what they cost."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast

from workflows.contracts.ai import ChatMessage, TokenUsage
from zilliance.ai_settings import Price

_MILLION = Decimal(1_000_000)
_BYTES_A_TOKEN = 4
_MOST = 2**31 - 1

# Where providers put the parts: OpenAI and most gateways, then those that invented names of their own.
_CACHED = (
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),
    ("cache_read_input_tokens",),
    ("cached_tokens",),
)
_REASONING = (
    ("completion_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "reasoning_tokens"),
    ("reasoning_tokens",),
)
_PROMPT = (("prompt_tokens",), ("input_tokens",))
_BESIDE_INPUT = ("cache_read_input_tokens", "cache_creation_input_tokens")
_COMPLETION = (("completion_tokens",), ("output_tokens",))


def read_usage(told: object) -> TokenUsage | None:
    """What a `usage` object says, or None when it says nothing."""
    if not isinstance(told, Mapping):
        return None
    usage = cast("Mapping[str, object]", told)
    prompt, completion = _number(usage, _PROMPT), _number(usage, _COMPLETION)
    if not usage.get("prompt_tokens"):
        # Anthropic's shape counts what was cached beside the input, not in it.
        prompt = min(prompt + sum(_number(usage, ((name,),)) for name in _BESIDE_INPUT), _MOST)
    if not prompt and not completion:
        return None
    reasoning = _number(usage, _REASONING)
    total = _number(usage, (("total_tokens",),))
    # Some count reasoning beside what was written, some in it; the bill has it either way, and the total tells.
    if reasoning and (reasoning > completion or total == prompt + completion + reasoning):
        completion = min(completion + reasoning, _MOST)
    return TokenUsage(
        prompt=prompt, cached=min(_number(usage, _CACHED), prompt), completion=completion, reasoning=reasoning
    )


def estimated_tokens(text: str) -> int:
    return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)


def estimated_prompt(messages: Iterable[ChatMessage]) -> int:
    return sum(estimated_tokens(message.content) for message in messages)


def estimated(messages: Iterable[ChatMessage], text: str) -> TokenUsage:
    """What a call took whose provider said nothing, about."""
    return TokenUsage(prompt=estimated_prompt(messages), completion=estimated_tokens(text), is_estimated=True)


def together(first: TokenUsage, second: TokenUsage) -> TokenUsage:
    return TokenUsage(
        prompt=first.prompt + second.prompt,
        cached=first.cached + second.cached,
        completion=first.completion + second.completion,
        reasoning=first.reasoning + second.reasoning,
        is_estimated=first.is_estimated or second.is_estimated,
    )


def cost(usage: TokenUsage, price: Price | None) -> Decimal | None:
    """In the currency of the price table; None for a model that has no price."""
    if price is None:
        return None
    cached = price.prompt if price.cached is None else price.cached
    sum_of = (usage.prompt - usage.cached) * price.prompt + usage.cached * cached + usage.completion * price.completion
    return sum_of / _MILLION


def _number(usage: Mapping[str, object], places: Iterable[tuple[str, ...]]) -> int:
    """The first number that is found; what is no number, or below zero, counts as nothing."""
    for place in places:
        value = _at(usage, place)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
            return int(min(value, _MOST))
    return 0


def _at(value: object, place: tuple[str, ...]) -> object:
    for name in place:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, object]", value).get(name)
    return value
