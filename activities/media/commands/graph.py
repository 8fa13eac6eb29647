"""ffmpeg-python, which has no types of its own, as far as the commands use it: graphs of filters and what they end in.

Its own ways to run a program are not used: they have no limits, and block when nobody reads what the program says.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

Option = str | int | float | None


class Picture(Protocol):
    """An edge of a graph: an input, one of its streams, or what a filter makes of it (sound, too)."""

    def filter(self, name: str, *values: Option, **options: Option) -> "Picture": ...

    def filter_multi_output(self, name: str, *values: Option) -> "Mapping[int, Picture]": ...

    def __getitem__(self, key: str) -> "Picture": ...


class Output(Protocol):
    """A file that is made, or several."""

    def global_args(self, *arguments: str) -> "Output": ...


def open_input(location: str, options: Mapping[str, Option]) -> Picture:
    """An input. An option without a value is None."""
    return cast("Picture", ffmpeg.input(location, **options))  # pyright: ignore[reportUnknownMemberType]


def joined(streams: Sequence[Picture], name: str, **options: Option) -> Picture:
    """A filter that takes several streams."""
    return cast("Picture", ffmpeg.filter(list(streams), name, **options))  # pyright: ignore[reportUnknownMemberType]


def write(streams: Sequence[Picture], name: str, options: Mapping[str, Option]) -> Output:
    """A file that is made of streams; its name is relative to the folder in which the program works."""
    return cast("Output", ffmpeg.output(*streams, name, **options))  # pyright: ignore[reportUnknownMemberType]


def compiled(outputs: Sequence[Output], program: str, arguments: Sequence[str]) -> list[str]:
    """The command line of a whole graph; files that are there are overwritten."""
    whole = outputs[0]
    if len(outputs) > 1:
        whole = cast("Output", ffmpeg.merge_outputs(*outputs))  # pyright: ignore[reportUnknownMemberType]
    whole = whole.global_args(*arguments)
    return cast("list[str]", ffmpeg.compile(whole, cmd=program, overwrite_output=True))  # pyright: ignore[reportUnknownMemberType]
