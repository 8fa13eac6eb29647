"""What libav says of a source: its container, its streams, and how far its index reaches."""

import math
import re
from bisect import bisect_left
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from activities.media.probe.facts import Facts, Order, Ratio, StreamFacts
from activities.media.probe.measuring import decoded, is_sought, measured_end
from activities.media.probe.signatures import HEAD_BYTES, demuxer_of
from activities.media.probe.source import Source
from workflows.video.refusals import Refusal, UnusableVideoError

DEFAULT, FORCED, ATTACHED_PICTURE = 0x1, 0x40, 0x400  # of libav's dispositions
PROGRESSIVE = {0, 1}  # of libav's field orders: unknown, and progressive
SEEKS_FROM = 4.0  # seconds: in what is shorter, nobody seeks
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_OPTIONS: Final = {"protocol_whitelist": "none", "enable_drefs": "0"}  # what is open is all that may be read


def read_facts(source: Source, order: Order) -> Facts:
    """The facts of a source. Raises UnusableVideoError where there are none worth having."""
    demuxer = demuxer_of(source.at(0, min(source.size, HEAD_BYTES)))
    options = _OPTIONS | {"format_whitelist": demuxer}
    try:
        with av.open(
            source,
            mode="r",
            format=demuxer,
            options=options,
            metadata_errors="replace",
            buffer_size=64 * 1024,
        ) as container:
            return _facts(container, source, order, demuxer)
    except MemoryError as error:
        message = "Looking into the file takes more memory than a file is given: it is damaged, or made to do harm."
        raise UnusableVideoError(Refusal.TOO_EXPENSIVE, message) from error
    except (FFmpegError, ValueError, EOFError, IndexError) as error:
        message = f"The file cannot be read: it is damaged or incomplete ({_reason(error)}). Upload it again."
        raise UnusableVideoError(Refusal.CORRUPT_MEDIA, message) from error


def _facts(container: InputContainer, source: Source, order: Order, demuxer: str) -> Facts:
    if len(container.streams) > order.max_streams:
        message = f"The file has {len(container.streams)} streams; at most {order.max_streams} are taken."
        raise UnusableVideoError(Refusal.TOO_MANY_STREAMS, message)
    begins = cast("int | None", container.start_time)  # None for some bare sound, whatever PyAV's stub says
    start = None if begins is None else begins / av.time_base
    duration = None if container.duration is None else container.duration / av.time_base
    streams = [_stream(stream, source.size) for stream in container.streams]
    facts = Facts(container=demuxer, size=source.size, duration=duration, start=start, streams=tuple(streams))
    if any(_is_too_large(each, order) for each in streams):
        return facts  # it will be refused for its size: not even one picture of it is decoded
    facts = replace(facts, streams=decoded(container, facts.streams, order.seconds))
    return _measured(container, facts, order)


def _is_too_large(stream: StreamFacts, order: Order) -> bool:
    sides = stream.width, stream.height
    return not stream.is_attached_picture and (max(sides) > order.max_side or math.prod(sides) > order.max_pixels)


def _measured(container: InputContainer, facts: Facts, order: Order) -> Facts:
    """The facts, with what only reading on or seeking shows."""
    picture = next((each for each in facts.streams if each.picture is not None), None)
    longest = max((each.duration or 0 for each in facts.streams), default=0) or facts.duration or 0
    if longest == 0:
        end, is_guess = measured_end(container, order.seconds, facts.size)
        facts = replace(facts, measured_end=end, is_measure_guessed=is_guess)
    if picture is None or longest < SEEKS_FROM:
        return facts
    middle = (facts.start or 0) + longest / 2
    return replace(facts, is_seekable=is_sought(container, picture.index, middle))


def _stream(stream: Stream, size: int) -> StreamFacts:
    context = stream.codec_context
    base = stream.time_base
    indexed, present = _index_ends(stream, size)
    length = None if stream.duration is None or base is None else float(stream.duration * base)
    facts = StreamFacts(
        index=stream.index,
        kind=stream.type,
        # PyAV has no context where libav has no decoder for it.
        is_decodable=context is not None,  # pyright: ignore[reportUnnecessaryComparison]
        codec="" if context is None else context.codec.canonical_name,  # pyright: ignore[reportUnnecessaryComparison]
        tag="" if context is None else _tag(context),  # pyright: ignore[reportUnnecessaryComparison]
        language=_text(stream.metadata.get("language")),
        title=_text(stream.metadata.get("title")),
        is_default=bool(stream.disposition & DEFAULT),
        is_forced=bool(stream.disposition & FORCED),
        is_attached_picture=bool(stream.disposition & ATTACHED_PICTURE),
        start=None if stream.start_time is None or base is None else float(stream.start_time * base),
        duration=_tagged(stream.metadata) if length is None else length,
        indexed_end=indexed,
        present_end=present,
        frames=stream.frames,
    )
    if isinstance(stream, av.VideoStream) and facts.is_decodable:
        return replace(
            facts,
            width=max(stream.codec_context.width, stream.codec_context.coded_width),
            height=max(stream.codec_context.height, stream.codec_context.coded_height),
            sample_aspect=_ratio(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio),
            average_rate=_ratio(stream.average_rate),
            base_rate=_ratio(stream.base_rate),
            is_interlaced=stream.codec_context.field_order not in PROGRESSIVE,
        )
    if isinstance(stream, av.AudioStream) and facts.is_decodable:
        return replace(facts, channels=stream.codec_context.channels, sample_rate=stream.codec_context.sample_rate)
    return facts


def _tag(context: CodecContext) -> str:
    """What is no text is none of the tags that say something: stream types of MPEG, and numbers of AVI's."""
    try:
        return context.codec_tag
    except UnicodeDecodeError:
        return ""


def _index_ends(stream: Stream, size: int) -> tuple[float | None, float | None]:
    """When the last sample of the index begins, in seconds; and the last one whose bytes are there, if some are not."""
    entries = stream.index_entries
    count = len(entries)
    if count == 0 or stream.time_base is None:
        return None, None
    last = entries[count - 1]
    indexed = float(last.timestamp * stream.time_base)
    if last.pos + last.size <= size:
        return indexed, None
    # Samples lie in the file in the order of their times, as far as one can tell without reading them.
    kept = bisect_left(range(count), True, key=lambda place: entries[place].pos + entries[place].size > size)
    return indexed, float(entries[min(kept, count - 1)].timestamp * stream.time_base)


def _tagged(metadata: dict[str, str]) -> float | None:
    """How long a stream of Matroska is, which says so in a tag."""
    found = _CLOCK.match(metadata.get("DURATION", ""))
    return None if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def _ratio(fraction: Fraction | None) -> Ratio | None:
    return None if not fraction else (fraction.numerator, fraction.denominator)


def _text(value: str | None) -> str:
    """One line of a title or name, without what cannot be printed."""
    return "".join(each for each in (value or "")[:200] if each.isprintable()).strip()


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)[:100]
