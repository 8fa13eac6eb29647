"""What tests have the stand-in do: the faults and the shapes of usage that providers are known for."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_SCENES = 10_000


class UsageShape(StrEnum):
    """How a provider tells the tokens that a call took."""

    EMPTY_CHOICES = "empty-choices"  # OpenAI: a last chunk with no choices
    WITH_CHOICE = "with-choice"  # in the chunk that ends the choice
    IN_CHOICE = "in-choice"  # in that choice itself
    EVERY_CHUNK = "every-chunk"  # what there is so far, in each chunk
    CACHED = "cached"  # with prompt_tokens_details
    CACHED_FLAT = "cached-flat"  # with prompt_cache_hit_tokens
    REASONING = "reasoning"  # with completion_tokens_details, inside completion_tokens
    REASONING_APART = "reasoning-apart"  # reasoning_tokens beside completion_tokens, which have none of them
    NONE = "none"


class Scene(BaseModel):
    """What to do with the next calls, instead of answering them well.

    Attributes:
        match: only calls that have this in a message.
        times: for so many calls.
        status: an error of HTTP, with `headers`, and `code` and `message` in its body.
        text: what to answer.
        refusal: decline, as a model does.
        finish: another finish_reason than `stop`.
        cut_after: end the connection after so many chunks of text; `is_clean_cut`: as if the answer were over.
        is_cut_at_end: end the connection when all is said, but what it took.
        error_after: say so many chunks of text, and then that there was an error.
        garbage_after: say so many chunks of text, and then what is no JSON.
        lacks: parameters, or kinds of response_format, that are refused.
        ignores: kinds of response_format that are not heeded, or `stream`.
        raw: what to say in front of the answer, line by line, as data of events.
        is_error_whole: the error of `code` and `message`, with a status of success.
        delay: seconds before the first byte; `pace`: seconds between two chunks.
    """

    model_config = ConfigDict(extra="forbid")

    match: str | None = None
    times: Annotated[int, Field(ge=1)] = 1
    status: Annotated[int | None, Field(ge=300, le=599)] = None
    headers: dict[str, str] = {}
    code: str | None = None
    message: str = "a scripted fault of the stand-in"
    text: str | None = None
    refusal: bool = False
    finish: str | None = None
    cut_after: int | None = None
    is_clean_cut: bool = False
    is_cut_at_end: bool = False
    error_after: int | None = None
    garbage_after: int | None = None
    lacks: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()
    raw: tuple[str, ...] = ()
    is_error_whole: bool = False
    usage: UsageShape = UsageShape.EMPTY_CHOICES
    delay: Annotated[float, Field(ge=0, le=600)] = 0.0
    pace: Annotated[float, Field(ge=0, le=60)] = 0.0


class Script:
    """Scenes that are still to be played."""

    def __init__(self) -> None:
        self._scenes: list[Scene] = []

    def add(self, *scenes: Scene) -> None:
        """Raises ValueError when there are too many."""
        if len(self._scenes) + len(scenes) > MOST_SCENES:
            message = f"a script has {MOST_SCENES} scenes at most"
            raise ValueError(message)
        self._scenes += scenes

    def clear(self) -> None:
        self._scenes = []

    def next(self, said: str) -> Scene:
        """The scene for a call in which this is said."""
        for place, scene in enumerate(self._scenes):
            if scene.match is None or scene.match in said:
                if scene.times > 1:
                    self._scenes[place] = scene.model_copy(update={"times": scene.times - 1})
                else:
                    del self._scenes[place]
                return scene
        return Scene()
