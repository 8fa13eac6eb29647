"""The settings of language models: whom to ask, what a token costs, how much one account may use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

HOSTED_GATEWAY = "https://ai.gateway.lovable.dev/v1"  # the hosted original's, whose key is LOVABLE_API_KEY
ADDRESS = r"^(https?://[^\s@]+)?$"  # of a gateway; a key in it would be shown
STAND_IN = "stand-in"  # the model that an answer of the stand-in provider says, and its key


class Price(BaseModel):
    """What a million tokens of one model cost, in the currency of the budget."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Annotated[Decimal, Field(ge=0)]
    completion: Annotated[Decimal, Field(ge=0)]
    cached: Annotated[Decimal | None, Field(ge=0)] = None  # None: as the rest of the prompt


def _price(prompt: str, cached: str, completion: str) -> Price:
    return Price(prompt=Decimal(prompt), cached=Decimal(cached), completion=Decimal(completion))


# US dollars, from the makers' public price lists.
PRICES: Mapping[str, Price] = {
    "google/gemini-2.5-flash": _price("0.30", "0.03", "2.50"),
    "google/gemini-2.5-pro": _price("1.25", "0.125", "10.00"),
    "google/gemini-2.5-flash-lite": _price("0.10", "0.01", "0.40"),
    "openai/gpt-5": _price("1.25", "0.125", "10.00"),
    "openai/gpt-5-mini": _price("0.25", "0.025", "2.00"),
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """An OpenAI-compatible gateway that is set up.

    Attributes:
        is_stand_in: it is the dev stack's own, and what it answers is marked as such.
    """

    url: str
    key: SecretStr
    is_stand_in: bool = False


class AiSettings(BaseModel):
    """Language models. `base_url` is the operator's own choice, so it may be on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Annotated[str, Field(pattern=ADDRESS)] = ""  # empty, with a key: the hosted original's
    api_key: SecretStr = SecretStr("")
    stand_in_url: str = ""  # set by `make up` when nothing else is; for development alone
    default_model: str = "google/gemini-2.5-flash"
    models: Annotated[tuple[str, ...], NoDecode] = tuple(PRICES)  # that callers may name
    prices: Annotated[Mapping[str, Price], NoDecode] = PRICES
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 16_384  # that one answer may have
    connect_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    read_seconds: Annotated[float, Field(gt=0, le=600)] = 90.0  # between two pieces of an answer
    total_seconds: Annotated[float, Field(gt=0, le=1800)] = 300.0  # two such calls at most make an answer
    # Of one account; 0: no limit.
    calls_at_once: Annotated[int, Field(ge=0)] = 10
    calls_a_minute: Annotated[int, Field(ge=0)] = 60
    tokens_a_day: Annotated[int, Field(ge=0)] = 2_000_000
    cost_a_month: Annotated[Decimal, Field(ge=0)] = Decimal(50)

    @field_validator("models", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        """Read `google/gemini-2.5-flash,openai/gpt-5`."""
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value

    @field_validator("prices", mode="before")
    @classmethod
    def _table(cls, value: object) -> object:
        """Read JSON, or the file of that name."""
        if not isinstance(value, str):
            return value
        text = value.strip()
        if not text:
            return PRICES
        try:
            return json.loads(text if text.startswith("{") else Path(text).read_text())
        except (OSError, ValueError) as error:
            message = f"must be a JSON object of prices, or the path of a file with one: {error}"
            raise ValueError(message) from error

    @model_validator(mode="after")
    def _default_is_allowed(self) -> "AiSettings":
        if self.default_model not in self.models:
            message = f"ZILLIANCE_AI__DEFAULT_MODEL {self.default_model!r} is not one of ZILLIANCE_AI__MODELS"
            raise ValueError(message)
        return self
