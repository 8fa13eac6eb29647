"""Server-sent events: the data of each event in a stream of bytes."""

from collections.abc import AsyncIterator

MOST_LINE_BYTES = 512 * 1024


async def event_data(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of each event that has any, whatever its type. A line that never ends is where the stream stops."""
    pending, data = b"", list[str]()
    async for chunk in chunks:
        # A line ends with CR, LF or both; a CR at the end waits for what follows.
        pending += chunk
        *lines, pending = _lines(pending)
        for line in lines:
            if line:
                _take(line, data)
            elif data:
                yield "\n".join(data)
                data = []
        if len(pending) > MOST_LINE_BYTES:
            return


def _lines(text: bytes) -> list[bytes]:
    """The lines so far; the last one is not complete."""
    held = text.endswith(b"\r")
    parts = (text[:-1] if held else text).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return [*parts[:-1], parts[-1] + b"\r"] if held else parts


def _take(line: bytes, data: list[str]) -> None:
    name, _, value = line.partition(b":")
    if name == b"data":
        data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
