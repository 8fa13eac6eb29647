"""What is asked of `generate-tutorial`, and runs as they are answered."""

import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from zilliance.enums import ExecutionStatus, TutorialLevel
from zilliance.tutorial_rules import LONGEST_TOPIC, MOST_STEPS


def _speakable(text: str) -> str:
    """Raises ValueError for characters that nobody sees."""
    for place, character in enumerate(text):
        if unicodedata.category(character) in {"Cc", "Cs", "Cn"}:
            message = f"must not have control characters, such as {character!a} at {place}"
            raise ValueError(message)
    return text


class TutorialSource(BaseModel):
    """A file of the caller's storage that the tutorial is to be about."""

    model_config = ConfigDict(extra="forbid")

    bucket: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,99}$")] = "documents"
    path: Annotated[
        str, Field(min_length=1, max_length=1024, description="Markdown, text, or captions as .vtt or .srt")
    ]


class TutorialRequest(BaseModel):
    """What to write a tutorial about, for whom, and in how many steps."""

    model_config = ConfigDict(extra="forbid")

    topic: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TOPIC),
        AfterValidator(_speakable),
    ]
    level: TutorialLevel = TutorialLevel.BEGINNER
    steps: Annotated[StrictInt, Field(ge=1, le=MOST_STEPS)] = 5
    model: Annotated[str | None, Field(max_length=200, description="One of those that the operator allows")] = None
    source: TutorialSource | None = None


class RunError(BaseModel):
    """Why there is no tutorial."""

    code: str
    message: str
    status: Annotated[int, Field(description="Of HTTP, which a caller who waited was answered with")]


class TutorialRun(BaseModel):
    """A run and how far it has come."""

    id: UUID
    topic: str
    level: TutorialLevel
    steps: int
    model: str | None
    source: TutorialSource | None
    status: ExecutionStatus
    progress: Annotated[int, Field(description="Percent")]
    steps_done: int
    error: RunError | None
    tutorial_id: Annotated[UUID | None, Field(description="The draft, once the run has completed")]
    attempt: int
    execution_id: Annotated[UUID | None, Field(description="The workflow that wanted it, if one did")]
    usage: "RunUsage"
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class RunUsage(BaseModel):
    """What the model has read and written for a run, as its provider counts."""

    calls: int
    prompt_tokens: int
    completion_tokens: int


class TutorialRunPage(BaseModel):
    """A page of runs, newest first."""

    items: list[TutorialRun]
    next: Annotated[UUID | None, Field(description="What to send as `after` for the next page")]
