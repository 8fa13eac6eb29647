"""What is in a fragmented MP4 file of ours (ISO/IEC 14496-12): its beginning, and each fragment's place and times."""

import hashlib
import os
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workflows.contracts.video import Fragment

MOST_BOX = 64 * 1024**2  # of those that are read whole: moov and moof
_HEADER = 8
_ENTRY_SKIP = {b"avc1": 78, b"mp4a": 28}  # of a sample entry, before the boxes that are in it
_AVC_CONFIGURATION, _DECODER_SPECIFIC = 4, 5
_HAS_OFFSET, _HAS_FLAGS, _HAS_DURATION, _HAS_SIZE, _HAS_SAMPLE_FLAGS, _HAS_COMPOSITION = (
    1,
    4,
    0x100,
    0x200,
    0x400,
    0x800,
)


class BrokenFileError(Exception):
    """A file that our own encoder made is not what it should be."""


@dataclass(frozen=True, kw_only=True)
class Init:
    """The beginning of a file: what a decoder must know before the first fragment."""

    size: int
    sha256: str
    codec: str
    timescale: int


@dataclass(frozen=True, kw_only=True)
class FoundFragment:
    """A fragment, and what the file alone says of it, in ticks.

    Attributes:
        start: when its first sample is shown.
        decoded_at: when that one is decoded, which is earlier where samples are not shown in order.
        frames: its samples.
    """

    fragment: Fragment
    start: int
    decoded_at: int
    frames: int


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    offset: int
    body: int
    end: int


@contextmanager
def _believing() -> Generator[None]:
    """A file of ours has what it must have; one that has not is broken, whatever it is that is missing."""
    try:
        yield
    except (struct.error, LookupError, StopIteration) as error:
        raise BrokenFileError(f"a box ends too early or is missing: {error}") from error


def open_made(path: Path) -> BinaryIO:
    """Open what a program made, which may be anything, such as a link to what is not its own."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def write_beside(path: Path, *parts: bytes) -> None:
    """Make a file in a folder that is a program's as well: a link that it may have left there is not written through.

    Raises FileExistsError.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        for part in parts:
            file.write(part)


def read_init(file: BinaryIO, end: int) -> Init | None:
    """The beginning; None while it is not there wholly. Raises BrokenFileError."""
    for box in _boxes(file, 0, end):
        if box.kind == b"moov":
            file.seek(0)
            data = file.read(box.end)
            moov = data[box.body :]
            with _believing():
                return Init(
                    size=box.end,
                    sha256=hashlib.sha256(data).hexdigest(),
                    codec=_codec(_inside(moov, b"trak", b"mdia", b"minf", b"stbl", b"stsd")),
                    timescale=_timescale(_inside(moov, b"trak", b"mdia", b"mdhd")),
                )
    return None


def read_fragments(file: BinaryIO, offset: int, end: int) -> list[FoundFragment]:
    """The fragments that lie wholly between two places of a file. Raises BrokenFileError."""
    found: list[FoundFragment] = []
    moof: _Box | None = None
    for box in _boxes(file, offset, end):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None:
            with _believing():
                found.append(_fragment(file, moof, box.end))
            moof = None
    return found


def _boxes(file: BinaryIO, offset: int, end: int) -> Iterator[_Box]:
    """The boxes that are there to their ends."""
    while offset + 8 <= end:
        file.seek(offset)
        size, kind = struct.unpack(">I4s", file.read(8))
        body = offset + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        if size < body - offset or (kind in {b"moov", b"moof"} and size > MOST_BOX):
            raise BrokenFileError(f"a box {kind!r} of {size} bytes at {offset}")
        if offset + size > end:
            return
        yield _Box(kind, offset, body, offset + size)
        offset += size


def _children(data: bytes, offset: int = 0) -> Iterator[tuple[bytes, bytes]]:
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        if size < _HEADER:
            raise BrokenFileError(f"a box {kind!r} of {size} bytes")
        yield kind, data[offset + 8 : offset + size]
        offset += size


def _inside(data: bytes, *path: bytes) -> bytes:
    for kind in path:
        found = next((body for name, body in _children(data) if name == kind), None)
        if found is None:
            raise BrokenFileError(f"no box {kind!r}")
        data = found
    return data


def _timescale(mdhd: bytes) -> int:
    (timescale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)
    return int(timescale)


def _codec(stsd: bytes) -> str:
    kind, entry = next(_children(stsd, 8))
    inner = dict(_children(entry, _ENTRY_SKIP.get(kind, len(entry))))
    if avc := inner.get(b"avcC"):
        return f"avc1.{avc[1:_AVC_CONFIGURATION].hex()}"
    if b"esds" in inner:
        return f"mp4a.40.{_audio_object_type(inner[b'esds'])}"
    raise BrokenFileError(f"a sample entry {kind!r}")


def _audio_object_type(esds: bytes) -> int:
    """The first five bits of the decoder's own configuration: 2 is AAC-LC. Descriptors are lengths of 7 bits a byte."""
    offset = 4
    while offset < len(esds):
        tag = esds[offset]
        offset += 1
        while esds[offset] & 0x80:
            offset += 1
        offset += 1
        if tag == _DECODER_SPECIFIC:
            return esds[offset] >> 3
        offset += {3: 3, 4: 13}.get(tag, 0)
    raise BrokenFileError("esds says nothing of its decoder")


def _fragment(file: BinaryIO, moof: _Box, end: int) -> FoundFragment:
    file.seek(moof.body)
    traf = dict(_children(_inside(file.read(moof.end - moof.body), b"traf")))
    tfdt = traf[b"tfdt"]
    (decoded_at,) = struct.unpack_from(">Q" if tfdt[0] == 1 else ">I", tfdt, 4)
    duration, size = _defaults(traf[b"tfhd"])
    run = _run(traf[b"trun"], duration, size)
    fragment = Fragment(
        offset=moof.offset, size=end - moof.offset, ticks=run.ticks, first_sample_end=run.data_offset + run.first_size
    )
    start = decoded_at + run.first_delay
    return FoundFragment(fragment=fragment, start=start, decoded_at=decoded_at, frames=run.frames)


def _defaults(tfhd: bytes) -> tuple[int, int]:
    """The duration and size that samples have which do not say their own."""
    flags = int.from_bytes(tfhd[1:4], "big")
    offset, found = 8, dict[int, int]()
    for flag, length in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4)):
        if flags & flag:
            found[flag] = int.from_bytes(tfhd[offset : offset + length], "big")
            offset += length
    return found.get(0x8, 0), found.get(0x10, 0)


@dataclass(frozen=True, slots=True)
class _Run:
    data_offset: int
    frames: int
    ticks: int
    first_size: int
    first_delay: int


def _run(trun: bytes, duration: int, size: int) -> _Run:
    """Add up a run of samples; each has up to four numbers of its own."""
    flags = int.from_bytes(trun[1:4], "big")
    (count,) = struct.unpack_from(">I", trun, 4)
    offset, data_offset = 8, 0
    if flags & _HAS_OFFSET:
        (data_offset,) = struct.unpack_from(">i", trun, offset)
        offset += 4
    offset += 4 if flags & _HAS_FLAGS else 0
    fields = [flag for flag in (_HAS_DURATION, _HAS_SIZE, _HAS_SAMPLE_FLAGS, _HAS_COMPOSITION) if flags & flag]
    numbers = struct.unpack_from(f">{count * len(fields)}I", trun, offset)

    def column(flag: int, otherwise: int) -> tuple[int, ...]:
        return numbers[fields.index(flag) :: len(fields)] if flag in fields else (otherwise,) * count

    ticks = sum(column(_HAS_DURATION, duration))
    return _Run(data_offset, count, ticks, column(_HAS_SIZE, size)[0], column(_HAS_COMPOSITION, 0)[0])
