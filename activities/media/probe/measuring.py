"""What only decoding, seeking and reading on can show: that a first picture is there, and where the file ends.

A header promises anything. A file with a broken one opens, and fails at its first picture, minutes later in an encoder.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from activities.media.probe.facts import FirstPicture, StreamFacts

if TYPE_CHECKING:
    from av.packet import Packet

MOST_BYTES = 48 * 1024 * 1024  # of packets that are read before the first frames are there
COUNTED_BYTES = 64 * 1024 * 1024  # of packets, where only they tell how long a file is
MOST_PACKETS = 500_000
MOST_ERRORS = 64  # packets that a decoder may refuse before its first frame: damage at the beginning passes
NEAR_SECONDS = 30.0  # a seek that lands further away has found no index


@dataclass
class _Attempt:
    """One stream whose first frame is wanted."""

    facts: StreamFacts
    errors: int = 0
    packets: int = 0
    is_settled: bool = False

    def take(self, packet: "Packet[Any]") -> None:
        self.packets += 1
        if packet.has_sidedata("encryption_info"):
            # Decoders make pictures of it all the same, of noise.
            self.facts = replace(self.facts, is_protected=True)
        try:
            frames = packet.decode()
        except (FFmpegError, ValueError):
            self.errors += 1
            self.is_settled = self.errors >= MOST_ERRORS
            return
        if frames:
            first = frames[0]
            picture = _picture(first) if isinstance(first, av.VideoFrame) else None
            self.facts = replace(self.facts, is_decoded=True, picture=picture)
            self.is_settled = True

    def result(self) -> StreamFacts:
        if self.facts.is_decoded or not self.packets:
            return self.facts
        return replace(self.facts, is_decoded=False)


def decoded(container: InputContainer, streams: tuple[StreamFacts, ...], seconds: float) -> tuple[StreamFacts, ...]:
    """The streams, those with pictures or sound with what came of decoding their first frame."""
    attempts = {each.index: _Attempt(each) for each in streams if _is_wanted(each)}
    for index in attempts:
        context = container.streams[index].codec_context
        context.thread_count = 1  # more would each take memory, and wait for more packets
    for packet in _packets(container, [container.streams[index] for index in attempts], seconds, MOST_BYTES):
        attempt = attempts[packet.stream.index]
        if not attempt.is_settled:
            attempt.take(packet)
        if all(each.is_settled for each in attempts.values()):
            break
    return tuple(attempts[each.index].result() if each.index in attempts else each for each in streams)


def is_sought(container: InputContainer, index: int, place: float) -> bool:
    """Whether a seek to a place comes out at a packet that is not long before it."""
    stream = container.streams[index]
    if stream.time_base is None:
        return False
    try:
        container.seek(int(place / stream.time_base), stream=stream)
        packet = next(container.demux(stream), None)
    except FFmpegError:
        return False
    if packet is None or packet.pts is None:
        return False
    return abs(float(packet.pts * stream.time_base) - place) <= NEAR_SECONDS


def measured_end(container: InputContainer, seconds: float, size: int) -> tuple[float | None, bool]:
    """Where the last packet ends; or where it would, if the rest of a large file is like its beginning (True)."""
    try:
        container.seek(0)
    except FFmpegError:
        return None, True
    end, read, until = 0.0, 0, time.monotonic() + seconds
    for packet in _packets(container, list(container.streams), seconds, COUNTED_BYTES):
        read += packet.size
        if packet.pts is not None and packet.time_base:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    if read <= COUNTED_BYTES and time.monotonic() < until:
        return end, False
    return end * size / max(read, 1), True


def _is_wanted(stream: StreamFacts) -> bool:
    return stream.is_decodable and stream.kind in {"video", "audio"} and not stream.is_attached_picture


def _packets(
    container: InputContainer, streams: list[Stream], seconds: float, most_bytes: int
) -> Iterator["Packet[Any]"]:
    """The packets of these streams from here on, as far as time and size go; damage in between ends them."""
    if not streams:
        return
    until = time.monotonic() + seconds
    read = 0
    packets = container.demux(*streams)
    for count in range(MOST_PACKETS):
        try:
            packet = next(packets, None)
        except (FFmpegError, ValueError):
            return
        if packet is None:
            return
        yield packet
        read += packet.size
        if read > most_bytes or (count % 16 == 0 and time.monotonic() > until):
            return


def _picture(frame: av.VideoFrame) -> FirstPicture:
    return FirstPicture(
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        is_interlaced=frame.interlaced_frame,
        pixel_format=frame.format.name,
        bits=max((component.bits for component in frame.format.components), default=8),
        transfer=int(frame.color_trc),
        primaries=int(frame.color_primaries),
        matrix=int(frame.colorspace),
    )
