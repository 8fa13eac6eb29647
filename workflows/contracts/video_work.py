"""What the workflow of a video asks of its activities, and what little they answer: tables of fragments go to rows."""

from typing import ClassVar, Literal
from uuid import UUID

from workflows.contracts.execution import Contract
from workflows.contracts.video import QualityClass, SourceReport, VideoPlan


class SourceInput(Contract):
    """The bytes of a run's source: the upload's, or those of the container that it was copied into.

    Attributes:
        key: in the S3 store; what is there never changes.
    """

    run_id: UUID
    key: str
    size: int


class Inspection(Contract):
    """What is there, and what the operator set that the plan depends on."""

    report: SourceReport
    preset: str = "veryfast"


class RemuxInput(Contract):
    """A source that cannot be sought in, and what was found in it."""

    source: SourceInput
    report: SourceReport


class PlanInput(Contract):
    """What was found and how it will be encoded, for the run's row."""

    stays_local: ClassVar[bool] = True
    run_id: UUID
    report: SourceReport
    plan: VideoPlan


class ChunkInput(Contract):
    """One chunk, of all rungs of one class: they share a decode."""

    source: SourceInput
    chunk: int
    quality: QualityClass


class ChunkResult(Contract):
    """How many frames of the grid there were; fewer than planned where the source ends before it said."""

    frames: int


class SoundInput(Contract):
    """One audio stream, by its place among `plan.sounds`."""

    source: SourceInput
    place: int


class SoundResult(Contract):
    """How much of it there was; nothing where not a sample could be decoded. If not whole, it ends too early."""

    seconds: float
    is_whole: bool = True


class ExtrasResult(Contract):
    """What could not be made of what is nice to have, as sentences for the owner."""

    warnings: tuple[str, ...] = ()


class CompletionInput(Contract):
    """Nothing will follow in these tracks.

    Attributes:
        chunks: that count; later ones were begun before the source's end was known. None: all.
    """

    run_id: UUID
    video_id: UUID
    tracks: tuple[str, ...]
    chunks: int | None = None


class FinishVideoInput(Contract):
    """All is there.

    Attributes:
        leftover_key: an object that was only needed until now; empty: none.
    """

    run_id: UUID
    video_id: UUID
    warnings: tuple[str, ...] = ()
    leftover_key: str = ""


class FailVideoInput(Contract):
    """It will not be; what there is of it goes.

    Attributes:
        code: UPPER_SNAKE, as the API says it.
        message: a sentence that the owner understands.
    """

    run_id: UUID
    status: Literal["failed", "cancelled"]
    code: str
    message: str


class VideoSummary(Contract):
    """How a run ended; its rows have the rest."""

    run_id: UUID
    warnings: tuple[str, ...] = ()
