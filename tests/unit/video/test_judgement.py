"""What facts mean where containers say too little, too much, or what cannot be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.media.judgement import report_of
from activities.media.languages import tag_of
from activities.media.probe.facts import Facts, FirstPicture, StreamFacts
from activities.media.source_limits import SourceLimits
from workflows.contracts.video import PictureStream, Rate
from workflows.video.planning import plan_video
from workflows.video.refusals import Refusal, UnusableVideoError

LIMITS = SourceLimits()
PICTURE = FirstPicture(
    width=640,
    height=360,
    rotation=0,
    is_interlaced=False,
    pixel_format="yuv420p",
    bits=8,
    transfer=1,
    primaries=1,
    matrix=1,
)
VIDEO = StreamFacts(
    index=0,
    kind="video",
    codec="h264",
    is_decodable=True,
    start=0.0,
    duration=10.0,
    frames=300,
    width=640,
    height=360,
    average_rate=(30, 1),
    base_rate=(30, 1),
    picture=PICTURE,
    is_decoded=True,
)
SOUND = StreamFacts(
    index=1, kind="audio", codec="aac", is_decodable=True, start=0.0, duration=10.0, channels=2, sample_rate=48_000
)


def facts_of(*streams: StreamFacts, size: int = 1_000_000, duration: float | None = 10.0) -> Facts:
    return Facts(container="mov", size=size, duration=duration, start=0.0, streams=streams)


def picture_with(**fields: object) -> PictureStream:
    picture = report_of(facts_of(replace(VIDEO, **fields)), LIMITS).picture  # pyright: ignore[reportArgumentType]
    assert picture is not None
    return picture


@pytest.mark.parametrize(
    ("average", "base", "interlaced", "rate", "is_variable"),
    [
        ((30, 1), (30, 1), False, "30", False),
        ((2997, 100), (30_000, 1001), False, "30000/1001", False),
        ((1_024_000, 34_173), (30, 1), False, "30", False),  # fragments say a little more than there is
        ((30_000, 1001), (30, 1), False, "30000/1001", False),
        ((25, 1), (50, 1), True, "25", False),  # fields are no frames
        ((25, 1), (50, 1), False, "50", True),
        ((20, 1), (30, 1), False, "30", True),
        ((293, 10), (90_000, 1), False, "30000/1001", True),  # a clock, as phones write it
        ((12, 1), (1000, 1), False, "24000/1001", True),
        ((120, 1), (240, 1), False, "240", True),
        ((0, 1), (0, 1), False, "25", False),
        ((0, 0), (30, 1), False, "30", False),
    ],
)
def test_a_rate_is_that_of_the_grid_on_which_the_pictures_lie(
    average: tuple[int, int], base: tuple[int, int], interlaced: bool, rate: str, is_variable: bool
) -> None:
    picture = picture_with(average_rate=average, base_rate=base, is_interlaced=interlaced)
    assert (str(picture.rate.fraction), picture.is_variable_rate) == (rate, is_variable)


@pytest.mark.parametrize(
    ("aspect", "rotation", "expected"),
    [
        ((1, 1), 0, (640, 360)),
        (None, 0, (640, 360)),
        ((4, 3), 0, (853, 360)),
        ((1, 2), 0, (320, 360)),
        ((4, 3), 90, (360, 853)),
        ((1, 1), -90, (360, 640)),
        ((1, 1), -180, (640, 360)),
        ((1000, 1), 0, (640, 360)),  # a slip of the container
    ],
)
def test_a_picture_is_as_large_as_it_is_shown(
    aspect: tuple[int, int] | None, rotation: int, expected: tuple[int, int]
) -> None:
    picture = picture_with(sample_aspect=aspect, picture=replace(PICTURE, rotation=rotation))
    assert (picture.width, picture.height) == expected


def test_the_default_video_is_taken_and_a_cover_is_none() -> None:
    cover = replace(VIDEO, is_attached_picture=True, is_default=True, picture=None)
    other, wanted = replace(VIDEO, index=1), replace(VIDEO, index=2, is_default=True)
    picture = report_of(facts_of(cover, other, wanted), LIMITS).picture
    assert picture is not None
    assert picture.index == 2


def test_what_is_there_counts_and_not_what_a_header_says() -> None:
    lying = replace(VIDEO, duration=1.0, indexed_end=59.9)
    assert report_of(facts_of(lying), LIMITS).duration == pytest.approx(59.9)
    assert report_of(facts_of(VIDEO, duration=99_999.0), LIMITS).duration == 10.0
    cut = replace(VIDEO, indexed_end=9.9, present_end=4.0)
    report = report_of(facts_of(cut, replace(SOUND, indexed_end=9.9, present_end=4.1)), LIMITS)
    assert report.duration == pytest.approx(4.1)
    assert "cut off" in report.warnings[0]
    assert plan_video(report).frames == 120


def test_nothing_is_refused_for_a_length_that_was_only_guessed() -> None:
    unsaid = replace(facts_of(replace(VIDEO, duration=None), duration=None), measured_end=99_999.0)
    report = report_of(replace(unsaid, is_measure_guessed=True), LIMITS)
    assert (report.duration, report.needs_remux) == (LIMITS.max_seconds, True)
    with pytest.raises(UnusableVideoError):
        report_of(unsaid, LIMITS)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (facts_of(VIDEO), False),
        (facts_of(replace(VIDEO, frames=0)), True),
        (facts_of(VIDEO, duration=None), True),
        (replace(facts_of(VIDEO), is_seekable=False), True),
        (replace(facts_of(VIDEO), container="mpegts"), True),
        (replace(facts_of(VIDEO), container="avi"), True),
        (replace(facts_of(replace(VIDEO, indexed_end=9.9)), container="avi"), False),
        (replace(facts_of(SOUND), container="mpegts"), False),
    ],
)
def test_what_cannot_be_sought_in_is_copied_first(facts: Facts, *, expected: bool) -> None:
    assert report_of(facts, LIMITS).needs_remux is expected


@pytest.mark.parametrize(
    ("streams", "code", "word"),
    [
        ((), Refusal.NO_MEDIA_STREAMS, "neither"),
        ((replace(VIDEO, picture=None, is_decoded=False),), Refusal.CORRUPT_MEDIA, "Not one picture"),
        ((replace(VIDEO, picture=None, is_decodable=False),), Refusal.UNSUPPORTED_MEDIA, "cannot be decoded here"),
        ((replace(SOUND, is_decoded=False),), Refusal.CORRUPT_MEDIA, "No sound"),
        ((replace(VIDEO, is_protected=True),), Refusal.ENCRYPTED_MEDIA, "DRM"),
        ((replace(SOUND, tag="drms"),), Refusal.ENCRYPTED_MEDIA, "DRM"),
        ((replace(VIDEO, width=8193),), Refusal.PICTURE_TOO_LARGE, "8192"),
        ((replace(VIDEO, sample_aspect=(16, 1)),), Refusal.PICTURE_TOO_LARGE, "10240x360"),
        ((replace(VIDEO, duration=21_601.0),), Refusal.TOO_LONG, "6:00:00"),
    ],
)
def test_what_cannot_be_played_is_refused(streams: tuple[StreamFacts, ...], code: Refusal, word: str) -> None:
    with pytest.raises(UnusableVideoError, match=word) as refused:
        report_of(facts_of(*streams), LIMITS)
    assert refused.value.code == code


def test_more_pictures_than_bytes_are_promised_by_nobody_honest() -> None:
    with pytest.raises(UnusableVideoError) as refused:
        report_of(facts_of(replace(VIDEO, duration=20_000.0), size=5_600), LIMITS)
    assert refused.value.code == Refusal.IMPLAUSIBLE_LENGTH
    report_of(facts_of(replace(VIDEO, duration=18_000.0, average_rate=(1, 1), base_rate=(1, 1)), size=254_000), LIMITS)


def test_a_sound_that_cannot_be_decoded_is_left_out_of_a_video() -> None:
    report = report_of(facts_of(VIDEO, SOUND, replace(SOUND, index=2, is_decoded=False)), LIMITS)
    assert [sound.index for sound in report.sounds] == [1]
    assert "stream 2" in report.warnings[0]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("en-US", "en-US"),
        ("zh_Hant", "zh-Hant"),
        ("gsw", "gsw"),
        ("", "und"),
        ("und", "und"),
        ("mul", "und"),
        ("xxx9", "und"),
        ('en" onload', "und"),
    ],
)
def test_a_language_is_a_tag_that_players_know(said: str, expected: str) -> None:
    assert tag_of(said) == expected


NUMBERS = st.one_of(st.none(), st.floats(min_value=-1e6, max_value=1e6))
RATIOS = st.one_of(st.none(), st.tuples(st.integers(-5, 2**31), st.integers(-5, 2**31)))
STREAMS = st.builds(
    StreamFacts,
    index=st.integers(0, 40),
    kind=st.sampled_from(["video", "audio", "subtitle", "data"]),
    is_decodable=st.booleans(),
    is_attached_picture=st.booleans(),
    start=NUMBERS,
    duration=NUMBERS,
    indexed_end=NUMBERS,
    present_end=NUMBERS,
    frames=st.integers(0, 10**9),
    width=st.integers(0, 20_000),
    height=st.integers(0, 20_000),
    sample_aspect=RATIOS,
    average_rate=RATIOS,
    base_rate=RATIOS,
    channels=st.integers(0, 64),
    language=st.text(max_size=8),
    picture=st.one_of(
        st.none(),
        st.builds(
            replace,
            st.just(PICTURE),
            width=st.integers(1, 9000),
            height=st.integers(1, 9000),
            rotation=st.integers(-360, 360),
        ),
    ),
)


@given(streams=st.lists(STREAMS, max_size=5), duration=NUMBERS, size=st.integers(0, 2**40))
def test_whatever_a_file_says_it_is_refused_or_planned(
    streams: list[StreamFacts], duration: float | None, size: int
) -> None:
    """Facts come from a child that hostile bytes may have taken over."""
    try:
        plan = plan_video(report_of(facts_of(*streams, duration=duration, size=size), LIMITS))
    except UnusableVideoError:
        return
    assert plan.rungs or plan.sounds
    assert plan.frames <= LIMITS.max_seconds * 60
    assert plan.rate != Rate(numerator=0)
