"""What of a video can be played now, as the rows say it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

FRAGMENT_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """One object of a track.

    Attributes:
        number: from 0, without a gap.
        init_size: bytes of what a decoder needs before the first fragment, at the object's beginning.
        fragments: four integers each: offset, bytes, ticks, and bytes up to the end of the first sample.
    """

    number: int
    object_key: str
    size: int
    init_size: int
    init_sha256: str
    fragments: Sequence[int]

    @property
    def ticks(self) -> int:
        return sum(self.fragments[2::FRAGMENT_FIELDS])


@dataclass(frozen=True, slots=True)
class Track:
    """What a player chooses between. `is_complete`: no chunk will follow."""

    name: str
    kind: str
    position: int
    properties: dict[str, Any]
    is_complete: bool
    chunks: tuple[Chunk, ...] = ()

    @property
    def timescale(self) -> int:
        return int(self.properties.get("timescale", 0)) or 1

    @property
    def seconds(self) -> float:
        return sum(chunk.ticks for chunk in self.chunks) / self.timescale


@dataclass(frozen=True, slots=True)
class Published:
    """The newest run of a video that can be played.

    Attributes:
        generation: of the grants that are good; ending all of them makes it another.
        revision: rises with each publication.
        duration: seconds, as far as anybody knows by now.
    """

    video_id: UUID
    owner_id: UUID
    generation: int
    run_id: UUID
    revision: int
    duration: float
    poster_url: str | None
    tracks: tuple[Track, ...]

    def of_kind(self, kind: str) -> list[Track]:
        return sorted((track for track in self.tracks if track.kind == kind), key=lambda track: track.position)
