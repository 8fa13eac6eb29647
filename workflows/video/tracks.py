"""The tracks that players choose between, as a plan makes them: names, and what `private.video_tracks` says of each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from workflows.contracts.video import CaptionStream, Rung, SoundStream, SourceReport, VideoPlan
from workflows.video.ladder import codec_of

SOUND_RATE = 48_000
AAC = "mp4a.40.2"


class Track(NamedTuple):
    """A row of `private.video_tracks`; `position` is among its kind."""

    name: str
    kind: str
    position: int
    properties: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return self._asdict()


def planned_tracks(report: SourceReport, plan: VideoPlan) -> list[Track]:
    """Those that are there from the beginning: renditions and sounds. The others come when they are made."""
    return [*_renditions(plan), *_sounds(report, plan)]


def sound_track(place: int) -> str:
    """The name of the track of the sound at this place of `plan.sounds`."""
    return f"audio-{place + 1}"


def caption_track(place: int, stream: CaptionStream) -> Track:
    """The track of the captions at this place of `plan.captions`."""
    properties = {
        "language": stream.language,
        "title": stream.title,
        "is_default": stream.is_default,
        "is_forced": stream.is_forced,
    }
    return Track(f"subtitles-{place + 1}", "subtitles", place, properties)


def _renditions(plan: VideoPlan) -> Iterator[Track]:
    for position, rung in enumerate(plan.rungs):
        yield Track(rung.name, "video", position, _of_rung(rung, plan))


def _of_rung(rung: Rung, plan: VideoPlan) -> dict[str, Any]:
    return {
        "width": rung.width,
        "height": rung.height,
        "rate": {"numerator": plan.rate.numerator, "denominator": plan.rate.denominator},
        "timescale": plan.timescale,
        "codec": codec_of(rung, plan.rate),
        "segment_fragments": plan.segment_fragments,
        "quality": rung.quality.value,
    }


def _sounds(report: SourceReport, plan: VideoPlan) -> Iterator[Track]:
    streams = {stream.index: stream for stream in report.sounds}
    for place, index in enumerate(plan.sounds):
        yield Track(sound_track(place), "audio", place, _of_sound(streams[index], is_default=place == 0))


def _of_sound(stream: SoundStream, *, is_default: bool) -> dict[str, Any]:
    return {
        "codec": AAC,
        "channels": 2,
        "sample_rate": SOUND_RATE,
        "timescale": SOUND_RATE,
        "language": stream.language,
        "title": stream.title,
        "is_default": is_default,
    }
