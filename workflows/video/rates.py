"""Frames a second of the output: the grid on which every rendition of a video and every cut lies."""

from fractions import Fraction

from workflows.contracts.video import PictureStream, Rate

STANDARD = tuple(
    Fraction(*pair)
    for pair in (
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (48, 1),
        (50, 1),
        (60_000, 1001),
        (60, 1),
    )
)
SLOWEST = Fraction(1)  # a segment of three groups then has six seconds, as all others
FASTEST = Fraction(60)  # of HLS
NEAR = Fraction(1, 200)  # 29.97 and 30 lie 1/1000 apart: the nearest wins
FINEST = 1001  # denominators above are made by clocks that were measured, not by a rate that was meant
MIN_TIMESCALE = 10_000


def output_rate(picture: PictureStream) -> Rate:
    """The source's rate snapped to that of television or film, where one is near, and at most 60."""
    rate = picture.rate.fraction
    while rate > FASTEST * (1 + NEAR):
        rate /= 2
    rate = max(rate, SLOWEST)
    nearest = min(STANDARD, key=lambda standard: abs(standard - rate))
    if abs(nearest - rate) <= nearest * NEAR:
        rate = nearest
    rate = min(rate.limit_denominator(FINEST), FASTEST)
    return Rate(numerator=rate.numerator, denominator=rate.denominator)


def timescale_of(rate: Rate) -> int:
    """Ticks a second such that a frame is a whole number of them: 30 a second has 30000, 24000/1001 has 24000."""
    return rate.numerator if rate.numerator >= MIN_TIMESCALE else rate.numerator * 1000
