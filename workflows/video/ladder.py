"""The renditions of a video: which sizes a source allows, what each may cost, and what a decoder must be able to do."""

from fractions import Fraction

from workflows.contracts.video import QualityClass, Rate, Rung

MIN_SIDE = 16  # the encoder's smallest
MOST_BLOCKS = 36_864  # of 16x16 pixels in a picture, and
MOST_BLOCKS_A_SECOND = 2_073_600  # so many a second: H.264 level 5.2, the most that decoders of players take
KEPT_FROM = Fraction(95, 100)  # of a rung's height: what is a little smaller is worth its name, at its own size
MIN_BITRATE = 96_000

# Height, the width that goes with it at 16:9, bits a second at 30 frames, class. The first three are those of the
# measured design; the others go on with its slowly falling bits a pixel.
STEPS = (
    (360, 640, 900_000, QualityClass.SD),
    (480, 854, 1_600_000, QualityClass.SD),
    (720, 1280, 3_300_000, QualityClass.HD),
    (1080, 1920, 6_500_000, QualityClass.HD),
    (1440, 2560, 10_500_000, QualityClass.HD),
    (2160, 3840, 20_000_000, QualityClass.UHD),
)

# H.264's Annex A, table A-1: level times ten, blocks a picture, blocks a second, bits a second of the High profile.
_LEVELS = (
    (10, 99, 1_485, 80_000),
    (11, 396, 3_000, 240_000),
    (12, 396, 6_000, 480_000),
    (13, 396, 11_880, 960_000),
    (20, 396, 11_880, 2_500_000),
    (21, 792, 19_800, 5_000_000),
    (22, 1_620, 20_250, 5_000_000),
    (30, 1_620, 40_500, 12_500_000),
    (31, 3_600, 108_000, 17_500_000),
    (32, 5_120, 216_000, 25_000_000),
    (40, 8_192, 245_760, 25_000_000),
    (42, 8_704, 522_240, 62_500_000),
    (50, 22_080, 589_824, 168_750_000),
    (51, 36_864, 983_040, 300_000_000),
    (52, 36_864, 2_073_600, 300_000_000),
)


def ladder_of(width: int, height: int, rate: Rate) -> tuple[Rung, ...]:
    """The rungs of a source of this size, lowest first: never larger than it, and never none."""
    short = min(width, height)
    wanted = [step for step in STEPS if short >= step[0] * KEPT_FROM]
    rungs = [_rung(width, height, rate, step) for step in wanted]
    fitting = tuple(rung for rung in rungs if _fits(rung, rate))
    return fitting or (_small(width, height, rate),)


def level_of(rung: Rung, rate: Rate) -> int:
    """The lowest H.264 level that a decoder of this rung must have, times ten: 31 is level 3.1."""
    blocks = _blocks(rung)
    a_second = blocks * rate.fraction
    side = max(rung.width, rung.height)
    for level, most, most_a_second, most_bits in _LEVELS:
        # A side may be as long as eight pictures of the level's size in a row would be wide (A.3.1).
        if blocks <= most and a_second <= most_a_second and rung.max_bitrate <= most_bits and side**2 <= 2048 * most:
            return level
    return _LEVELS[-1][0]


def codec_of(rung: Rung, rate: Rate) -> str:
    """The rung's name of RFC 6381, such as `avc1.64001e`: High profile, no constraints, its level."""
    return f"avc1.6400{level_of(rung, rate):02x}"


def _rung(width: int, height: int, rate: Rate, step: tuple[int, int, int, QualityClass]) -> Rung:
    name, wide, bitrate, quality = step
    factor = min(Fraction(1), Fraction(name, min(width, height)))
    across, down = _scaled(width, factor), _scaled(height, factor)
    bits = _bits(bitrate * Fraction(across * down, name * wide), rate)
    return Rung(name=f"{name}p", width=across, height=down, max_bitrate=bits, quality=quality)


def _small(width: int, height: int, rate: Rate) -> Rung:
    """The one rung of a source that is smaller than the lowest: at its own size, as far as a decoder takes that."""
    lowest, wide, bitrate, quality = STEPS[0]
    factor = Fraction(1)
    while True:
        across, down = _scaled(width, factor), _scaled(height, factor)
        bits = _bits(bitrate * Fraction(across * down, lowest * wide), rate)
        rung = Rung(name=f"{min(across, down)}p", width=across, height=down, max_bitrate=bits, quality=quality)
        if _fits(rung, rate):
            return rung
        factor /= 2


def _scaled(side: int, factor: Fraction) -> int:
    """The nearest even number of pixels, not more than there are, but no fewer than the encoder can do."""
    return max(MIN_SIDE, min(round(side * factor / 2) * 2, side // 2 * 2))


def _bits(at_thirty: Fraction, rate: Rate) -> int:
    """Twice the frames need half as much again, since they differ less; fewer need no less."""
    factor = 1 + max(Fraction(0), rate.fraction - 30) / 60
    return max(MIN_BITRATE, round(at_thirty * factor / 1000) * 1000)


def _blocks(rung: Rung) -> int:
    return -(-rung.width // 16) * -(-rung.height // 16)


def _fits(rung: Rung, rate: Rate) -> bool:
    blocks = _blocks(rung)
    side = max(rung.width, rung.height)
    return blocks <= MOST_BLOCKS and blocks * rate.fraction <= MOST_BLOCKS_A_SECOND and side**2 <= 2048 * MOST_BLOCKS
