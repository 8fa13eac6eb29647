"""Fragments of a track put together to the segments of its playlist, and the bits a second that these take. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api.video.published import FRAGMENT_FIELDS, Chunk, Track

DEFAULT_FRAGMENTS = 3  # of a segment: six seconds of fragments of two


class Segment(NamedTuple):
    """Some bytes of one chunk, which begin with a keyframe. Of two hours there are thousands: hence no dataclass."""

    chunk: Chunk
    offset: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Bits a second: the most over about one target duration, and on the average."""

    peak: int
    average: int

    def __add__(self, other: "Bandwidth") -> "Bandwidth":
        return Bandwidth(self.peak + other.peak, self.average + other.average)


NO_BANDWIDTH = Bandwidth(0, 0)


def segments_of(track: Track) -> list[Segment]:
    """A segment is at most `segment_fragments` fragments of one chunk."""
    count, timescale = _segment_fragments(track), track.timescale
    segments: list[Segment] = []
    for chunk in track.chunks:
        offsets, sizes, ticks, _ = (chunk.fragments[field::FRAGMENT_FIELDS] for field in range(FRAGMENT_FIELDS))
        segments += [
            Segment(chunk, offsets[at], sum(sizes[at : at + count]), sum(ticks[at : at + count]) / timescale)
            for at in range(0, len(offsets), count)
        ]
    return segments


def keyframes_of(track: Track) -> list[Segment]:
    """The keyframe of each fragment, which is shown for as long as the fragment lasts."""
    timescale = track.timescale
    keyframes: list[Segment] = []
    for chunk in track.chunks:
        offsets, _, ticks, ends = (chunk.fragments[field::FRAGMENT_FIELDS] for field in range(FRAGMENT_FIELDS))
        keyframes += [
            Segment(chunk, offset, end, each / timescale)
            for offset, each, end in zip(offsets, ticks, ends, strict=True)
        ]
    return keyframes


def target_duration(track: Track, segments: Sequence[Segment]) -> int:
    """Whole seconds that no segment exceeds when rounded.

    From the longest that a segment could be, so that it stays the same while the playlist grows, as it must.
    """
    longest = max((max(chunk.fragments[2::FRAGMENT_FIELDS], default=0) for chunk in track.chunks), default=0)
    foreseen = _rounded(longest * _segment_fragments(track) / track.timescale)
    return max(1, foreseen, *(_rounded(segment.seconds) for segment in segments))


def segments_bandwidth(segments: Sequence[Segment], target: float) -> Bandwidth:
    return bandwidth_of([segment.size for segment in segments], [segment.seconds for segment in segments], target)


def keyframes_bandwidth(track: Track) -> Bandwidth:
    sizes: list[int] = []
    ticks: list[int] = []
    for chunk in track.chunks:
        sizes += chunk.fragments[3::FRAGMENT_FIELDS]
        ticks += chunk.fragments[2::FRAGMENT_FIELDS]
    timescale = track.timescale
    seconds = [each / timescale for each in ticks]
    return bandwidth_of(sizes, seconds, max(1.0, max(seconds, default=0.0)))


def bandwidth_of(sizes: Sequence[int], seconds: Sequence[float], target: float) -> Bandwidth:
    """The peak is over any run of segments that takes 0.5 to 1.5 target durations, as RFC 8216 defines it."""
    length = sum(seconds)
    if length <= 0:
        return NO_BANDWIDTH
    average = sum(sizes) * 8 / length
    return Bandwidth(round(_peak(sizes, seconds, target) * 8 or average), round(average))


def _peak(sizes: Sequence[int], seconds: Sequence[float], target: float) -> float:
    """Bytes a second; 0 where all together are too short. By hand: there are thousands, in each of many renditions."""
    shortest, longest = 0.5 * target, 1.5 * target
    peak, count = 0.0, len(sizes)
    for start in range(count):
        size, time, at = 0, 0.0, start
        while at < count and at - start < _MOST_OF_A_RUN:
            size += sizes[at]
            time += seconds[at]
            at += 1
            if time > longest:
                break
            if time >= shortest and size > peak * time:
                peak = size / time
    return peak


_MOST_OF_A_RUN = 64  # segments: a bound for what nobody should send


def _segment_fragments(track: Track) -> int:
    return max(1, int(track.properties.get("segment_fragments") or DEFAULT_FRAGMENTS))


def _rounded(seconds: float) -> int:
    """To the nearest whole number, a half upwards, as players do."""
    return int(seconds + 0.5)
