"""What is done to pictures between decoder and encoder, as edges of a graph of ffmpeg's filters."""

from collections.abc import Sequence

from activities.media.commands.graph import Picture
from workflows.contracts.video import PictureStream, Rung, ToneMap, VideoPlan

TELEVISION_LINES = 576  # up to here, pictures that do not say their colours have those of old television
_OLD_MATRICES = {"bt470bg", "smpte170m", "fcc", "smpte240m"}
_TRANSFERS = {ToneMap.PQ: "smpte2084", ToneMap.HLG: "arib-std-b67"}
_NOMINAL_PEAK = 100  # candela per square metre of the white that is kept


def on_grid(picture: Picture, plan: VideoPlan, frames: range, *, sought: bool) -> Picture:
    """The frames of the output that are asked for, by their number, whichever way the decoder came to them.

    The filter `fps` counts from the file's zero. Before the first picture it repeats that one; after a seek it must
    not, since there a hole would mean that the seek missed.
    """
    if plan.deinterlace:
        # It looks at three pictures at once, which must have one size; `scale` keeps to that of the first.
        picture = picture.filter("scale", interl=-1).filter("bwdif", mode="send_frame", deint="interlaced")
    rate = f"{plan.rate.numerator}/{plan.rate.denominator}"
    picture = picture.filter("fps", fps=rate) if sought else picture.filter("fps", fps=rate, start_time=0)
    return picture.filter("trim", start_pts=frames.start, end_pts=frames.stop)


def in_standard_range(picture: Picture, plan: VideoPlan, rung: Rung) -> Picture:
    """High dynamic range, if it is that, brought down; at no more than the size that is needed, as it is costly."""
    if plan.tone_map is ToneMap.NONE:
        return picture
    return (
        picture.filter("scale", rung.width, rung.height, flags="bicubic")
        .filter(
            "zscale",
            transferin=_TRANSFERS[plan.tone_map],
            primariesin="bt2020",
            matrixin="bt2020nc",
            rangein="tv",
            transfer="linear",
            npl=_NOMINAL_PEAK,
        )
        .filter("format", "gbrpf32le")
        .filter("zscale", primaries="bt709")
        .filter("tonemap", "hable", desat=0)
        .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
        .filter("format", "yuv420p")
    )


def sized(picture: Picture, stream: PictureStream, plan: VideoPlan, width: int, height: int) -> Picture:
    """One size of it: square pixels, 4:2:0, the colours of high definition within the range of television."""
    matrix = "bt709" if plan.tone_map is not ToneMap.NONE else _matrix(stream)
    colours = {"in_color_matrix": matrix, "out_color_matrix": "bt709", "out_range": "tv"}
    return (
        picture.filter("scale", width, height, flags="bicubic", **colours)
        .filter("setsar", "1")
        .filter("format", "yuv420p")
    )


def in_every_size(largest: Picture, rungs: Sequence[Rung]) -> list[Picture]:
    """The pictures of each rung, from the lowest to the highest; `largest` are those of the last.

    Each is made of the next larger one: to bring a large picture down costs as much as to decode it.
    """
    made: list[Picture] = []
    for rung in reversed(rungs[:-1]):
        branches = largest.filter_multi_output("split", 2)
        made.append(branches[0])
        largest = branches[1].filter("scale", rung.width, rung.height, flags="bicubic").filter("setsar", "1")
    return [largest, *reversed(made)]


def _matrix(stream: PictureStream) -> str:
    if stream.matrix in _OLD_MATRICES:
        return "smpte240m" if stream.matrix == "smpte240m" else "bt601"
    if stream.matrix.startswith("bt2020"):
        return "bt2020"
    return "bt601" if not stream.matrix and min(stream.width, stream.height) <= TELEVISION_LINES else "bt709"
