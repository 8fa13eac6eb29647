"""The commands that make still pictures: a poster of the source, sheets of small ones of what has been encoded."""

from activities.media.commands.command import Command, finish, open_source
from activities.media.commands.filters import in_standard_range, sized
from activities.media.commands.graph import Option, write
from activities.media.tools import Source
from workflows.contracts.video import PictureStream, QualityClass, Rung, VideoPlan

SAMPLE_WIDTH, SAMPLE_HEIGHT = 32, 18
POSTER_SIDE = 1280
_EXACT_UP_TO = 60.0  # seconds: a short film may have no keyframe but a black one
_KEYFRAMES: dict[str, Option] = {"skip_frame": "nokey"}
_JPEG: dict[str, Option] = {"c:v": "mjpeg", "threads": 1, "map_metadata": -1, "flags": "+bitexact", "f": "image2"}
_RAW: dict[str, Option] = {"c:v": "rawvideo", "frames:v": 1, "f": "rawvideo"}


def poster_command(
    program: str, source: Source, picture: PictureStream, plan: VideoPlan, *, position: float, name: str
) -> Command:
    """The picture at a position, from 0 to 1: `{name}.jpg`, and a grey sample of it, `{name}.gray`."""
    width, height = fitted(picture.width, picture.height, POSTER_SIDE)
    size = Rung(name=name, width=width, height=height, max_bitrate=0, quality=QualityClass.SD)
    decoded = open_source(source, _seek(source, picture, position))[str(picture.index)]
    one = decoded.filter("trim", end_frame=1)  # which ends the decoder
    branches = sized(in_standard_range(one, plan, size), picture, plan, width, height).filter_multi_output("split", 2)
    sample = branches[1].filter("scale", SAMPLE_WIDTH, SAMPLE_HEIGHT, flags="area").filter("format", "gray")
    jpeg: dict[str, Option] = {**_JPEG, "q:v": 3, "frames:v": 1, "update": 1}
    return finish(program, source, [write([branches[0]], f"{name}.jpg", jpeg), write([sample], f"{name}.gray", _RAW)])


def _seek(source: Source, picture: PictureStream, position: float) -> dict[str, Option]:
    if not position:
        return {}
    at = picture.start + position * max(0.0, source.duration - picture.start)
    return {"ss": f"{at:.3f}", **(_KEYFRAMES if source.duration > _EXACT_UP_TO else {})}


def storyboard_command(program: str, film: Source, tile: tuple[int, int], grid: tuple[int, int]) -> Command:
    """Sheets of the keyframes of a file, `storyboard-000.jpg` and so on; nothing else of it is decoded."""
    sheets = (
        open_source(film, _KEYFRAMES)["v:0"]
        .filter("scale", *tile, flags="area")
        .filter("setsar", "1")
        .filter("tile", f"{grid[0]}x{grid[1]}")
    )
    options: dict[str, Option] = {**_JPEG, "q:v": 5, "fps_mode": "passthrough", "start_number": 0}
    return finish(program, film, [write([sheets], "storyboard-%03d.jpg", options)])


def fitted(width: int, height: int, most: int) -> tuple[int, int]:
    """A size with the same shape, no side of which is longer; both sides even."""
    scale = min(1.0, most / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
