"""How long a file and its streams are: what is there counts, whatever a header says of it."""

from activities.media.probe.facts import Facts, StreamFacts

SLACK_SECONDS = 0.5  # by which a header and an index may differ without either being wrong


def start_of(facts: Facts) -> float:
    starts = [each.start for each in facts.streams if each.start is not None and _is_heard_or_seen(each)]
    return facts.start if facts.start is not None else min(starts, default=0.0)


def duration_of(facts: Facts, start: float) -> tuple[float, bool]:
    """How long it is, and whether its end is missing: what is there counts, whatever the container says."""
    streams = [each for each in facts.streams if _is_heard_or_seen(each)]
    if any(each.present_end is not None for each in streams):
        ends = [each.present_end if each.present_end is not None else _end(each, start) for each in streams]
        return max(0.0, max((end or 0.0 for end in ends), default=0.0) - start), True
    ends = [_end(each, start) for each in streams]
    known = [end for end in ends if end is not None]
    longest = max(known, default=start) - start
    if facts.measured_end is not None:
        return max(longest, facts.measured_end - start, 0.0), False
    if len(known) == len(ends) and longest > 0:
        return longest, False
    return max(longest, facts.duration or 0.0), False


def _end(stream: StreamFacts, start: float) -> float | None:
    """Where a stream ends on the file's clock, by its own word or by its index, if that reaches further."""
    begins = start if stream.start is None else stream.start
    said = None if stream.duration is None else begins + stream.duration
    if stream.indexed_end is None:
        return said
    return stream.indexed_end if said is not None and stream.indexed_end > said + SLACK_SECONDS else said


def stream_duration(stream: StreamFacts) -> float | None:
    begins = stream.start or 0.0
    if stream.present_end is not None:
        return max(0.0, stream.present_end - begins)
    end = _end(stream, begins)
    return None if end is None else max(0.0, end - begins)


def _is_heard_or_seen(stream: StreamFacts) -> bool:
    return stream.kind in {"video", "audio"} and not stream.is_attached_picture
