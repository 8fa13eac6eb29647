"""A file of sound that still grows, cut where fragments end: the first piece can be played before the last is there."""

import os
from collections.abc import Sequence
from pathlib import Path

from activities.media.boxes import FoundFragment, Init, open_made, read_fragments, read_init, write_beside
from activities.media.tools import EncodedFile

FIRST_PIECE = 3  # fragments of two seconds: one segment of the playlist
PIECE = 30  # a minute


class PieceCutter:
    """Cuts one file, by the number of fragments alone: the pieces are the same whenever they are cut.

    Args:
        grown: what the encoder writes.
        track: such as `audio-1`; the pieces are called `audio-1-00000.mp4` and so on, and lie beside it.
    """

    def __init__(self, grown: Path, track: str) -> None:
        self._grown = grown
        self._track = track
        self._init: Init | None = None
        self._head = b""
        self._waiting: list[FoundFragment] = []
        self._read = 0
        self._pieces = 0

    def cut(self, *, ended: bool) -> list[EncodedFile]:
        """The pieces that have become whole since the last call; with `ended`, what is left, too."""
        try:
            file = open_made(self._grown)
        except FileNotFoundError:  # the encoder has not begun
            return []
        with file:
            end = os.fstat(file.fileno()).st_size
            if self._init is None:
                self._init = read_init(file, end)
                if self._init is None:
                    return []
                self._read = self._init.size
                file.seek(0)
                self._head = file.read(self._init.size)
            found = read_fragments(file, self._read, end)
            self._waiting += found
            self._read = found[-1].fragment.offset + found[-1].fragment.size if found else self._read
            made: list[EncodedFile] = []
            while len(self._waiting) >= self._wanted or (ended and self._waiting):
                taken, self._waiting = self._waiting[: self._wanted], self._waiting[self._wanted :]
                first, last = taken[0].fragment, taken[-1].fragment
                file.seek(first.offset)
                made.append(self._piece(self._init, taken, file.read(last.offset + last.size - first.offset)))
            return made

    @property
    def _wanted(self) -> int:
        return (FIRST_PIECE, PIECE - FIRST_PIECE)[self._pieces] if self._pieces < 2 else PIECE  # noqa: PLR2004

    def _piece(self, init: Init, taken: Sequence[FoundFragment], data: bytes) -> EncodedFile:
        path = self._grown.with_name(f"{self._track}-{self._pieces:05d}.mp4")
        self._pieces += 1
        write_beside(path, self._head, data)
        moved = taken[0].fragment.offset - init.size
        return EncodedFile(
            path=path,
            track=self._track,
            codec=init.codec,
            size=init.size + len(data),
            init_size=init.size,
            init_sha256=init.sha256,
            start=taken[0].start,
            frames=sum(each.frames for each in taken),
            fragments=[each.fragment.model_copy(update={"offset": each.fragment.offset - moved}) for each in taken],
        )
