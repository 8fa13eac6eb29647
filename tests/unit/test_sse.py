"""Events of a server, however their bytes are cut."""

from collections.abc import AsyncIterator, Iterable

import pytest

from activities.protocols.sse import MOST_LINE_BYTES, event_data

EVENTS = b": hello\n\ndata: a\ndata:b\n\nevent: x\rdata: c\r\rid: 1\r\ndata:  d\r\n\r\ndata: e\n\rdata: f"


async def heard(chunks: Iterable[bytes]) -> list[str]:
    async def coming() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [data async for data in event_data(coming())]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(EVENTS)])
async def test_events_are_the_same_however_their_bytes_are_cut(size: int) -> None:
    chunks = [EVENTS[place : place + size] for place in range(0, len(EVENTS), size)]
    assert await heard(chunks) == ["a\nb", "c", " d", "e"]


async def test_an_event_has_come_with_its_last_byte() -> None:
    assert await heard([b"data: a\r", b"", b"\n", b"\r"]) == ["a"]


async def test_long_lines_may_come_byte_by_byte() -> None:
    # Who reads such a line from its beginning with every byte needs minutes for each, more than a test has for three.
    text = "x" * (MOST_LINE_BYTES - 6)
    event = f"data: {text}\n\n".encode() * 3
    assert await heard(bytes([byte]) for byte in event) == [text] * 3


async def test_a_line_that_never_ends_is_where_the_stream_stops() -> None:
    chunks = [b"data: a\n\n", b"data: ", b"x" * MOST_LINE_BYTES, b"\n\n", b"data: b\n\n"]
    assert await heard(chunks) == ["a"]
