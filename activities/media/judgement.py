"""What the facts of a file mean: it is refused, with its own code, or reported in the terms that plans are made of."""

from activities.media.languages import tag_of
from activities.media.lengths import duration_of, start_of, stream_duration
from activities.media.picture_judgement import picture_of
from activities.media.probe.facts import Facts, StreamFacts
from activities.media.source_limits import SourceLimits, clock
from workflows.contracts.video import CaptionStream, SoundStream, SourceReport
from workflows.video.planning import frames_of
from workflows.video.rates import output_rate
from workflows.video.refusals import Refusal, UnusableVideoError

# Seeking in these is a guess, or goes by reading all that comes before.
UNSEEKABLE = {"mpegts", "mpeg", "flv", "asf", "ogg", "mxf"}
PROTECTED = {"encv", "enca", "drmi", "drms", "drma"}
TEXT = {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "subviewer", "sami", "realtext"}


def report_of(facts: Facts, limits: SourceLimits) -> SourceReport:
    """The report of a file. Raises UnusableVideoError."""
    _refuse_protected(facts)
    start = start_of(facts)
    duration, is_cut = duration_of(facts, start)
    if facts.is_measure_guessed:
        duration = min(duration, limits.max_seconds)  # nothing is refused by a guess: its copy will know
    if duration > limits.max_seconds:
        raise UnusableVideoError(
            Refusal.TOO_LONG,
            f"The file is {clock(duration)} long, or says so; at most {clock(limits.max_seconds)} are taken.",
        )
    warnings = list[str]()
    if is_cut:
        warnings.append(
            f"The file is cut off: what is there ends after {clock(duration)}. Its upload may be incomplete."
        )
    picture = picture_of(facts, start, limits)
    report = SourceReport(
        container=facts.container,
        size=facts.size,
        duration=duration,
        start=start,
        needs_remux=picture is not None and _needs_remux(facts),
        picture=picture,
        sounds=_sounds(facts, start, limits.max_sounds, warnings),
        captions=_captions(facts, warnings),
        warnings=tuple(warnings),
    )
    _refuse_senseless(report)
    return report


def _refuse_senseless(report: SourceReport) -> None:
    """Refuse what cannot be played, and what would become thousands of times as large as it is."""
    if report.picture is None and not report.sounds:
        message = "The file has neither pictures nor sound that can be played."
        raise UnusableVideoError(Refusal.NO_MEDIA_STREAMS, message)
    if report.picture is None:
        return
    frames = frames_of(report.duration, output_rate(report.picture).fraction)
    if frames > max(report.size, 1):
        message = f"The file says that it is {clock(report.duration)} long, and has only {report.size} bytes."
        raise UnusableVideoError(Refusal.IMPLAUSIBLE_LENGTH, message)


def _refuse_protected(facts: Facts) -> None:
    if any(stream.is_protected or stream.tag in PROTECTED for stream in facts.streams):
        message = "The file is protected against copying (DRM), and cannot be converted. Upload it without."
        raise UnusableVideoError(Refusal.ENCRYPTED_MEDIA, message)


def _sounds(facts: Facts, start: float, most: int, warnings: list[str]) -> tuple[SoundStream, ...]:
    """The sounds that are kept, the default ones first."""
    all_of_them = [each for each in facts.streams if each.kind == "audio"]
    heard = [each for each in all_of_them if each.is_decodable and each.is_decoded is not False and each.channels > 0]
    if all_of_them and not heard and not _has_picture(facts):
        message = "No sound in the file can be decoded: it is damaged. Upload it again."
        raise UnusableVideoError(Refusal.CORRUPT_MEDIA, message)
    warnings += [
        f"An audio track (stream {each.index}) cannot be decoded and is left out."
        for each in all_of_them
        if each not in heard
    ]
    if len(heard) > most:
        warnings.append(f"The file has {len(heard)} audio tracks; {most} of them are kept.")
    ordered = sorted(heard, key=lambda each: not each.is_default)
    return tuple(_sound(each, start) for each in ordered[:most])


def _sound(stream: StreamFacts, start: float) -> SoundStream:
    return SoundStream(
        index=stream.index,
        codec=stream.codec,
        channels=stream.channels,
        sample_rate=stream.sample_rate,
        language=tag_of(stream.language),
        title=stream.title,
        is_default=stream.is_default,
        start=(start if stream.start is None else stream.start) - start,
        duration=stream_duration(stream),
    )


def _captions(facts: Facts, warnings: list[str]) -> tuple[CaptionStream, ...]:
    captions = tuple(
        CaptionStream(
            index=stream.index,
            codec=stream.codec,
            language=tag_of(stream.language),
            title=stream.title,
            is_default=stream.is_default,
            is_forced=stream.is_forced,
            is_text=stream.codec in TEXT,
        )
        for stream in facts.streams
        if stream.kind == "subtitle"
    )
    pictures = [str(each.index) for each in captions if not each.is_text]
    if pictures:
        warnings.append(f"Subtitles that are pictures and not text are left out (streams {', '.join(pictures)}).")
    return captions


def _needs_remux(facts: Facts) -> bool:
    """Whether chunks could not begin in its middle: no index, or one that a seek does not come out by."""
    if facts.container in UNSEEKABLE or not facts.is_seekable or facts.duration is None:
        return True
    videos = [each for each in facts.streams if each.kind == "video" and not each.is_attached_picture]
    # Fragments of MP4 are found one after the other, and AVI may come without its index.
    unlisted = any(each.frames == 0 for each in videos) if facts.container == "mov" else False
    return unlisted or (facts.container == "avi" and any(each.indexed_end is None for each in videos))


def _has_picture(facts: Facts) -> bool:
    return any(each.picture is not None for each in facts.streams)
