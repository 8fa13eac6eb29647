"""From what an inspection found to how a source is encoded: rate, grid of frames, chunks, renditions, sounds, captions.

It only reckons: the same report gives the same plan, wherever and whenever.
"""

from fractions import Fraction

from workflows.contracts.execution import Contract
from workflows.contracts.video import PictureStream, Rung, SoundStream, SourceReport, ToneMap, VideoPlan
from workflows.video.ladder import ladder_of
from workflows.video.rates import output_rate, timescale_of
from workflows.video.refusals import Refusal, UnusableVideoError

GOP_SECONDS = 2
SEGMENT_FRAGMENTS = 3

# Groups of pictures in each chunk: the first ones are short so that playing begins soon. From the second on a chunk
# ends where a segment does. Large pictures take long, and a chunk is what a dead worker loses, so theirs stay short.
FIRST_GROUPS = (1, 2, 9, 9)
GROUPS, LARGE_GROUPS = 30, 9
LARGE_SIDE = 1440  # the short side of a rung from which chunks stay small
B_FRAMES_FROM = 15  # frames a second: below, the gap that reordering leaves at the start is longer than players skip

_TONE_MAPS = {"smpte2084": ToneMap.PQ, "arib-std-b67": ToneMap.HLG}


class PlanOptions(Contract):
    """What the operator decides of all plans.

    Attributes:
        preset: of x264, which trades time for size; `crf` is its constant quality, lower is better.
    """

    preset: str = "veryfast"
    crf: int = 23


def plan_video(report: SourceReport, options: PlanOptions | None = None) -> VideoPlan:
    """The plan of a source. Raises UnusableVideoError where nothing in it can be shown or heard."""
    options = options or PlanOptions()
    plan = VideoPlan(
        sounds=_in_order(report.sounds),
        captions=tuple(each.index for each in report.captions if each.is_text),
        preset=options.preset,
        crf=options.crf,
    )
    if report.picture is not None:
        return _with_picture(plan, report.picture, report)
    if not plan.sounds:
        raise UnusableVideoError(
            Refusal.NO_MEDIA_STREAMS, "The file has neither pictures nor sound that can be played."
        )
    return plan


def chunk_ends_of(frames: int, gop_frames: int, rungs: tuple[Rung, ...]) -> tuple[int, ...]:
    """The frame after the last of each chunk. A rest that is no segment of its own stays with the last chunk.

    A chunk takes at most half of what is left, so that those who encode the last ones end at about the same time.
    """
    large = any(min(rung.width, rung.height) >= LARGE_SIDE for rung in rungs)
    usual = LARGE_GROUPS if large else GROUPS
    ends = list[int]()
    end = 0
    while end < frames:
        groups = FIRST_GROUPS[len(ends)] if len(ends) < len(FIRST_GROUPS) else usual
        half = (frames - end) // gop_frames // 2
        groups = min(groups, max(SEGMENT_FRAGMENTS, half - half % SEGMENT_FRAGMENTS))
        end += groups * gop_frames
        crumb = min(groups, SEGMENT_FRAGMENTS) * gop_frames
        end = frames if end + crumb > frames else end
        ends.append(end)
    return tuple(ends)


def frames_of(seconds: float, rate: Fraction) -> int:
    """How many frames of a grid a picture of this length fills; never none."""
    return max(1, round(Fraction(seconds).limit_denominator(1_000_000) * rate))


def _with_picture(plan: VideoPlan, picture: PictureStream, report: SourceReport) -> VideoPlan:
    rate = output_rate(picture)
    gop = max(1, round(GOP_SECONDS * rate.fraction))
    ends = report.duration if picture.duration is None else max(0.0, picture.start) + picture.duration
    frames = frames_of(min(ends, report.duration), rate.fraction)
    rungs = ladder_of(picture.width, picture.height, rate)
    return plan.model_copy(
        update={
            "rate": rate,
            "timescale": timescale_of(rate),
            "frames": frames,
            "gop_frames": gop,
            "segment_fragments": SEGMENT_FRAGMENTS,
            "chunk_ends": chunk_ends_of(frames, gop, rungs),
            "rungs": rungs,
            "deinterlace": picture.is_interlaced,
            "tone_map": _TONE_MAPS.get(picture.transfer, ToneMap.NONE),
            "b_frames": rate.fraction >= B_FRAMES_FROM,
        }
    )


def _in_order(sounds: tuple[SoundStream, ...]) -> tuple[int, ...]:
    """The indexes of the audio streams: the default first, the others as they come."""
    return tuple(sound.index for sound in sorted(sounds, key=lambda sound: not sound.is_default))
