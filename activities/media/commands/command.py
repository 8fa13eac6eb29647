"""A command line of ffmpeg, as our own runner starts it.

No text of a user's ever comes into one: streams go by number, what is made has a name of ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from activities.media.commands.graph import Option, Output, Picture, compiled, open_input
from activities.media.probe.signatures import DEMUXERS
from activities.media.source_limits import MAX_PIXELS
from activities.media.tools import Source

MAX_ALLOCATION = 2_000_000_000  # bytes at a time
FIRST_DESCRIPTOR = 3
HTTP_MICROSECONDS = 20_000_000
_ALWAYS = (
    *("-hide_banner", "-nostdin", "-nostats", "-stats_period", "0.5", "-progress", "pipe:1"),
    # One thread each, so that another attempt writes the same bytes: x264's output depends on their number.
    *("-filter_threads", "1", "-filter_complex_threads", "1"),
    # However much of it is damaged: a piece with nothing in it is told by its frames, and what is around it plays.
    *("-max_error_rate", "1"),
)


# Times stay those of the file, which begins at zero, wherever reading begins. Its progress then says no time.
ON_FILES_CLOCK = ("-copyts", "-start_at_zero")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is run, and the files that are opened for it as descriptors 3 and up."""

    arguments: Sequence[str]
    reads: Sequence[Path] = ()
    is_remote: bool = False


def open_source(source: Source, options: Mapping[str, Option] | None = None, *, number: int = 0) -> Picture:
    """An input of a graph, the `number`th. What is a file is handed over opened, so that no other can be named."""
    if source.is_remote:
        secure = source.location.startswith("https://")
        where: dict[str, Option] = {
            "protocol_whitelist": "https,tls,tcp" if secure else "http,tcp",
            "rw_timeout": HTTP_MICROSECONDS,
        }
    else:
        where = {"protocol_whitelist": "fd", "fd": FIRST_DESCRIPTOR + number}
    fences: dict[str, Option] = {
        "format_whitelist": DEMUXERS,
        "max_pixels": MAX_PIXELS,
        "max_alloc": MAX_ALLOCATION,
        "threads": 1,
    }
    return open_input(source.location if source.is_remote else "fd:", {**where, **fences, **(options or {})})


def finish(
    program: str,
    source: Source,
    outputs: Sequence[Output],
    *,
    inputs: int = 1,
    verbosity: str = "error",
    more: Sequence[str] = (),
) -> Command:
    """The command line of a whole graph that opens its source so many times; `more` are options for all of it."""
    arguments = compiled(outputs, program, [*_ALWAYS, "-v", verbosity, *more])
    return Command(arguments=arguments, reads=source.paths * inputs, is_remote=source.is_remote)
