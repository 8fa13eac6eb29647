"""The storyboard: which part of which picture shows a moment, as WebVTT. Pure."""

from collections.abc import Iterator

from api.video.media_playlists import ChunkUrl
from api.video.published import Track


def storyboard_document(track: Track, duration: float, url_of: ChunkUrl) -> str:
    """A cue for each tile of each sheet, in the order of rows."""
    return "\n".join(["WEBVTT", "", *_cues(track, duration, url_of)])


def _cues(track: Track, duration: float, url_of: ChunkUrl) -> Iterator[str]:
    properties = track.properties
    width, height, columns = (int(properties[name]) for name in ("tile_width", "tile_height", "columns"))
    a_sheet = columns * int(properties["rows"])
    interval = float(properties["interval_seconds"])
    left = int(properties.get("pictures") or a_sheet * len(track.chunks))
    for chunk in track.chunks:
        url = url_of(chunk)
        for tile in range(min(left, a_sheet)):
            start = (chunk.number * a_sheet + tile) * interval
            end = min(start + interval, duration) if duration > start else start + interval
            row, column = divmod(tile, columns)
            yield f"{_clock(start)} --> {_clock(end)}\n{url}#xywh={column * width},{row * height},{width},{height}\n"
        left -= a_sheet


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
