"""What the facts of a video stream mean: how large it is shown, how fast, and whether it can be decoded at all."""

from fractions import Fraction

from activities.media.lengths import stream_duration
from activities.media.probe.facts import Facts, FirstPicture, Ratio, StreamFacts
from activities.media.source_limits import SourceLimits
from workflows.contracts.video import PictureStream, Rate
from workflows.video.rates import FASTEST, STANDARD
from workflows.video.refusals import Refusal, UnusableVideoError

PLAUSIBLE_ASPECT = 16  # a pixel that is more than so many times as wide as high is a slip of the container
SAME = Fraction(1, 100)

# ISO/IEC 23091-2, as libav numbers it, to the names that filters take.
_TRANSFERS = {1: "bt709", 6: "smpte170m", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084"} | {
    4: "bt470m",
    5: "bt470bg",
    8: "linear",
    18: "arib-std-b67",
}
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 11: "smpte431", 12: "smpte432"}
_MATRICES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}


def picture_of(facts: Facts, start: float, limits: SourceLimits) -> PictureStream | None:
    videos = [each for each in facts.streams if each.kind == "video" and not each.is_attached_picture]
    if not videos:
        return None
    for each in videos:
        _refuse_large(each.width, each.height, limits)
    shown = sorted((each for each in videos if each.picture is not None), key=lambda each: not each.is_default)
    if not shown:
        raise _no_picture(videos[0])
    stream = shown[0]
    if stream.picture is None:
        return None
    width, height = _shown_size(stream, stream.picture)
    _refuse_large(width, height, limits)
    rate, is_variable = _rate(stream)
    return PictureStream(
        index=stream.index,
        codec=stream.codec,
        width=width,
        height=height,
        rate=rate,
        is_variable_rate=is_variable,
        rotation=-stream.picture.rotation % 360,
        is_interlaced=stream.is_interlaced or stream.picture.is_interlaced,
        transfer=_TRANSFERS.get(stream.picture.transfer, ""),
        primaries=_PRIMARIES.get(stream.picture.primaries, ""),
        matrix=_MATRICES.get(stream.picture.matrix, ""),
        pixel_format=stream.picture.pixel_format,
        bits=stream.picture.bits,
        start=max(0.0, (stream.start or start) - start),
        duration=stream_duration(stream),
        frames=stream.frames or None,
    )


def _refuse_large(width: int, height: int, limits: SourceLimits) -> None:
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        message = (
            f"The pictures are {width}x{height}: a side may have at most {limits.max_side} pixels, and a picture "
            f"{limits.max_pixels // 1_000_000} million."
        )
        raise UnusableVideoError(Refusal.PICTURE_TOO_LARGE, message)


def _no_picture(stream: StreamFacts) -> UnusableVideoError:
    if not stream.is_decodable:
        message = "The video is in a format that cannot be decoded here. Convert it to H.264 in MP4 and upload that."
        return UnusableVideoError(Refusal.UNSUPPORTED_MEDIA, message)
    message = f"Not one picture of the video ({stream.codec}) can be decoded: the file is damaged. Upload it again."
    return UnusableVideoError(Refusal.CORRUPT_MEDIA, message)


def _shown_size(stream: StreamFacts, picture: FirstPicture) -> tuple[int, int]:
    """With square pixels, and turned as the file says."""
    aspect = Fraction(*stream.sample_aspect) if stream.sample_aspect else Fraction(1)
    if not Fraction(1, PLAUSIBLE_ASPECT) <= aspect <= PLAUSIBLE_ASPECT:
        aspect = Fraction(1)
    width, height = max(1, round(picture.width * aspect)), picture.height
    return (height, width) if abs(picture.rotation) % 180 == 90 else (width, height)  # noqa: PLR2004  degrees


def _rate(stream: StreamFacts) -> tuple[Rate, bool]:
    """Frames a second of the grid that its pictures lie on, and whether some places of it are empty."""
    average, base = _fraction(stream.average_rate), _fraction(stream.base_rate)
    if average is None or base is None:
        return _as_rate(average or base or Fraction(25)), False
    interlaced = stream.is_interlaced or (stream.picture is not None and stream.picture.is_interlaced)
    if abs(base - average) <= average * SAME or (interlaced and abs(base - 2 * average) <= average * SAME):
        return _as_rate(base if base in STANDARD and average not in STANDARD else average), False
    if base <= FASTEST or average > FASTEST:
        return _as_rate(base), True
    # The base is a clock's tick and no rate: the slowest usual one that keeps nearly every picture.
    usual = next((each for each in STANDARD if each >= average * (1 - SAME)), FASTEST)
    return _as_rate(usual), True


def _fraction(ratio: Ratio | None) -> Fraction | None:
    return None if ratio is None or ratio[0] <= 0 or ratio[1] <= 0 else Fraction(*ratio)


def _as_rate(rate: Fraction) -> Rate:
    return Rate(numerator=rate.numerator, denominator=rate.denominator)
