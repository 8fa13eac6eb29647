"""The command that encodes one chunk: so many frames of the output's grid, in every size of one class at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from activities.media.commands.command import ON_FILES_CLOCK, Command, finish, open_source
from activities.media.commands.filters import in_every_size, in_standard_range, on_grid, sized
from activities.media.commands.graph import Option, Output, Picture, write
from activities.media.tools import Source
from workflows.contracts.video import PictureStream, Rung, VideoPlan

SEEK_MARGIN = Fraction(2)  # seconds: containers round, and pictures are shown later than they are decoded
OFFSET_SECONDS = 1  # at which every track begins
FRAGMENTED = "+empty_moov+default_base_moof+frag_discont+skip_trailer"
# Constant offset and no edit list: every reader then agrees on what belongs together in time.
TIMING: dict[str, Option] = {"avoid_negative_ts": "disabled", "output_ts_offset": OFFSET_SECONDS, "use_editlist": 0}
COLOURS: dict[str, Option] = {
    "colorspace": "bt709",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "color_range": "tv",
}
# Where size or colours change, ffmpeg would build its filters anew, and those count their frames from the beginning
# again. `scale` follows by itself. What turns pictures does not, and ffmpeg puts that before all filters of ours.
_ONE_GRAPH: dict[str, Option] = {"reinit_filter": 0}


@dataclass(frozen=True, kw_only=True)
class ChunkWork:
    """What one chunk command does.

    Attributes:
        frames: of the output's grid.
        rungs: of one class, from the lowest to the highest.
    """

    source: Source
    picture: PictureStream
    plan: VideoPlan
    frames: range
    rungs: Sequence[Rung]

    @property
    def seek(self) -> Fraction | None:
        """Where in the source to begin to read; None when it is not worth a seek."""
        target = self.frames.start / self.plan.rate.fraction - SEEK_MARGIN
        return target if target > max(0, Fraction(self.picture.start)) else None


def chunk_command(program: str, work: ChunkWork, *, from_beginning: bool = False) -> Command:
    """One decode of the source, one encoder a rung, one file each: `360p.mp4`.

    With `from_beginning`, everything before the chunk is decoded, too, as seeking did not lead to it.
    """
    seek = None if from_beginning else work.seek
    # The picture on which a seek lands may have to stand for a long time: it is not dropped for being early.
    options: dict[str, Option] = {} if seek is None else {"ss": f"{float(seek):.6f}", "noaccurate_seek": None}
    if not work.picture.rotation:
        options |= _ONE_GRAPH
    decoded = open_source(work.source, options)[str(work.picture.index)]
    framed = on_grid(decoded, work.plan, work.frames, sought=seek is not None)
    top = work.rungs[-1]
    shown = in_standard_range(framed, work.plan, top)
    pictures = in_every_size(sized(shown, work.picture, work.plan, top.width, top.height), work.rungs)
    outputs = [_output(picture, work.plan, rung) for picture, rung in zip(pictures, work.rungs, strict=True)]
    return finish(program, work.source, outputs, more=ON_FILES_CLOCK)


def _output(picture: Picture, plan: VideoPlan, rung: Rung) -> Output:
    return write(
        [picture],
        f"{rung.name}.mp4",
        {
            "c:v": "libx264",
            "preset": plan.preset,
            "profile:v": "high",
            "crf": plan.crf,
            "maxrate": rung.max_bitrate,
            "bufsize": 2 * rung.max_bitrate,
            "g": plan.gop_frames,
            "keyint_min": plan.gop_frames,
            "sc_threshold": 0,
            "flags": "+cgop",
            "threads": 1,
            "fps_mode": "passthrough",
            "enc_time_base": f"{plan.rate.denominator}:{plan.rate.numerator}",
            "video_track_timescale": plan.timescale,
            "map_metadata": -1,
            "map_chapters": -1,
            "movflags": f"+frag_keyframe{FRAGMENTED}",
            "f": "mp4",
            **({} if plan.b_frames else {"bf": 0}),
            **COLOURS,
            **TIMING,
        },
    )
