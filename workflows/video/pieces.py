"""In which order a video is encoded: what lets somebody watch comes first."""

from typing import NamedTuple

from workflows.contracts.video import QualityClass, Rung, VideoPlan


class Piece(NamedTuple):
    """What one activity encodes: a chunk, of all rungs of a class."""

    quality: QualityClass
    chunk: int


def classes_of(plan: VideoPlan) -> list[QualityClass]:
    """The classes that the plan has rungs of, from the lowest."""
    present = {rung.quality for rung in plan.rungs}
    return [quality for quality in QualityClass if quality in present]


def rungs_of(plan: VideoPlan, quality: QualityClass) -> list[Rung]:
    return [rung for rung in plan.rungs if rung.quality is quality]


def pieces_of(plan: VideoPlan) -> list[Piece]:
    """All of them: the lowest class first, and each from its beginning."""
    return [Piece(quality, chunk) for quality in classes_of(plan) for chunk in range(len(plan.chunk_ends))]


def seconds_of(plan: VideoPlan, chunk: int) -> float:
    """How long a chunk lasts."""
    return float(len(plan.span(chunk)) / plan.rate.fraction)
