"""The commands that decode no picture: subtitles as WebVTT, and a copy of a source into a container one can seek in."""

from collections.abc import Sequence

from activities.media.commands.command import Command, finish, open_source
from activities.media.commands.graph import Option, write
from activities.media.tools import Source

_BARE: dict[str, Option] = {"map_metadata": -1, "map_chapters": -1}


def captions_command(program: str, source: Source, index: int, name: str, *, encoding: str | None = None) -> Command:
    """One stream of text, in the times of the file, which begins at zero. It is UTF-8 unless an encoding is said."""
    text = open_source(source, {} if encoding is None else {"sub_charenc": encoding})[str(index)]
    return finish(program, source, [write([text], name, {**_BARE, "c:s": "webvtt", "f": "webvtt"})])


def remux_command(
    program: str, source: Source, indexes: Sequence[int], name: str, *, sounds_anew: bool = False
) -> Command:
    """The streams with these indexes, in this order, as they are. What has no times gets them from its order.

    Text is written anew: Matroska has no room for the kind that MP4 has. With `sounds_anew` sounds are, too, as they
    were before they were encoded.
    """
    opened = open_source(source, {"fflags": "+genpts"})
    streams = [opened[str(index)] for index in indexes]
    # What the file says of itself is left out; what it says of a stream is its language and its title.
    copied: dict[str, Option] = {"map_metadata:g": -1, "map_chapters": -1, "c": "copy", "c:s": "subrip"}
    if sounds_anew:
        copied["c:a"] = "pcm_s16le"
    copied |= {"f": "matroska", "avoid_negative_ts": "make_non_negative"}
    return finish(program, source, [write(streams, name, copied)])


def reach_command(program: str, source: Source, index: int) -> Command:
    """Reads a stream to its end; its progress says the time of the last picture."""
    stream = open_source(source)[str(index)]
    return finish(program, source, [write([stream], "-", {"c": "copy", "f": "null"})])
