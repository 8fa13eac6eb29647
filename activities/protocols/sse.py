"""Server-sent events: the data of each event in a stream of bytes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

MOST_LINE_BYTES = 512 * 1024


async def event_data(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of each event that has any, whatever its type. A line that never ends is where the stream stops."""
    unfinished, data = _Line(), list[str]()
    async for chunk in chunks:
        for line in unfinished.ended_by(chunk):
            if line:
                _take(line, data)
            elif data:
                yield "\n".join(data)
                data = []
        if unfinished.size > MOST_LINE_BYTES:
            return


@dataclass(slots=True)
class _Line:
    """A line without its end, in the pieces that it came in: joined once, however many they are."""

    pieces: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    after_return: bool = False

    def ended_by(self, chunk: bytes) -> list[bytes]:
        """The lines that end in a chunk, with CR, LF or both; what is behind the last end is the unfinished one."""
        if not chunk:
            return []
        # An end of both may be cut in two: its line ended with the CR.
        text = chunk.removeprefix(b"\n") if self.after_return else chunk
        self.after_return = text.endswith(b"\r")
        first, *others = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.pieces.append(first)
        self.size += len(first)
        if not others:
            return []
        *whole, last = others
        lines = [b"".join(self.pieces), *whole]
        self.pieces, self.size = [last], len(last)
        return lines


def _take(line: bytes, data: list[str]) -> None:
    name, _, value = line.partition(b":")
    if name == b"data":
        data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
