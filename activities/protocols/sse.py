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
        if len(unfinished.text) > MOST_LINE_BYTES:
            return


@dataclass(slots=True)
class _Line:
    """A line without its end, which grows in place, in however many pieces it comes."""

    text: bytearray = field(default_factory=bytearray)
    after_return: bool = False

    def ended_by(self, chunk: bytes) -> list[bytes]:
        """The lines that end in a chunk, with CR, LF or both; what is behind the last end is the unfinished one."""
        if not chunk:
            return []
        # An end of both may be cut in two: its line ended with the CR.
        come = chunk.removeprefix(b"\n") if self.after_return else chunk
        self.after_return = come.endswith(b"\r")
        first, *others = come.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.text += first
        if not others:
            return []
        *whole, last = others
        lines = [bytes(self.text), *whole]
        self.text = bytearray(last)
        return lines


def _take(line: bytes, data: list[str]) -> None:
    name, _, value = line.partition(b":")
    if name == b"data":
        data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
