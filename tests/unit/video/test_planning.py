"""Plans: the ladder, the grid of frames and its cuts, for every size, rate and length that is taken."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.video.reports import picture_of, report_of
from workflows.contracts.video import CaptionStream, QualityClass, Rate, SoundStream, ToneMap, VideoPlan
from workflows.video.ladder import STEPS, codec_of, ladder_of, level_of
from workflows.video.planning import plan_video
from workflows.video.rates import STANDARD, output_rate, timescale_of
from workflows.video.refusals import Refusal, UnusableVideoError

SIDES = st.integers(min_value=2, max_value=8192)
RATES = st.one_of(
    st.sampled_from([Rate(numerator=each.numerator, denominator=each.denominator) for each in STANDARD]),
    st.builds(
        Rate,
        numerator=st.integers(min_value=1, max_value=1_000_000),
        denominator=st.integers(min_value=1, max_value=1001),
    ),
)
SECONDS = st.floats(min_value=0.001, max_value=6 * 3600)
THIRTY = Rate(numerator=30)


def plan_of(width: int, height: int, rate: Rate = THIRTY, seconds: float = 10) -> VideoPlan:
    return plan_video(report_of(picture_of(width, height, rate=rate), duration=seconds))


def sizes(width: int, height: int, rate: Rate = THIRTY) -> list[str]:
    return [f"{rung.name} {rung.width}x{rung.height}" for rung in ladder_of(width, height, rate)]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1920, 1080, ["360p 640x360", "480p 854x480", "720p 1280x720", "1080p 1920x1080"]),
        (1280, 720, ["360p 640x360", "480p 854x480", "720p 1280x720"]),
        (1024, 576, ["360p 640x360", "480p 854x480"]),
        (720, 1280, ["360p 360x640", "480p 480x854", "720p 720x1280"]),
        (854, 470, ["360p 654x360", "480p 854x470"]),
        (854, 455, ["360p 676x360"]),
        (620, 345, ["360p 620x344"]),
        (321, 181, ["180p 320x180"]),
        (1000, 20, ["20p 1000x20"]),
        (2, 2, ["16p 16x16"]),
        (3840, 2160, [*(f"{step[0]}p {step[1]}x{step[0]}" for step in STEPS)]),
        (8192, 16, ["16p 8192x16"]),
    ],
)
def test_a_source_is_offered_at_the_sizes_below_its_own(width: int, height: int, expected: list[str]) -> None:
    assert sizes(width, height) == expected


def test_a_rung_that_no_player_could_decode_is_left_out() -> None:
    assert sizes(8192, 4320)[-1] == "2160p 4096x2160"
    assert sizes(8192, 2160)[-1] == "1440p 5462x1440"


@given(width=SIDES, height=SIDES, rate=RATES)
def test_a_ladder_never_enlarges_is_even_and_rises(width: int, height: int, rate: Rate) -> None:
    rate = output_rate(picture_of(width, height, rate=rate))
    rungs = ladder_of(width, height, rate)
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 16 <= rung.width <= max(16, width)
        assert 16 <= rung.height <= max(16, height)
        assert level_of(rung, rate) <= 52
    for below, above in pairwise(rungs):
        assert below.width <= above.width
        assert below.height < above.height or below.width < above.width
        assert below.max_bitrate < above.max_bitrate
        assert list(QualityClass).index(below.quality) <= list(QualityClass).index(above.quality)
    assert len({rung.name for rung in rungs}) == len(rungs)


@given(width=SIDES, height=SIDES, rate=RATES, seconds=SECONDS)
def test_chunks_cover_every_frame_once_and_begin_with_a_group(
    width: int, height: int, rate: Rate, seconds: float
) -> None:
    plan = plan_of(width, height, rate, seconds)
    covered = 0
    for chunk in range(len(plan.chunk_ends)):
        span = plan.span(chunk)
        assert span.start == covered
        assert span.start % plan.gop_frames == 0
        assert len(span) > 0
        covered = span.stop
    assert covered == plan.frames >= 1
    # The last is no crumb, unless there is nothing else.
    assert len(plan.chunk_ends) == 1 or len(plan.span(len(plan.chunk_ends) - 1)) >= plan.gop_frames


@given(width=SIDES, height=SIDES, rate=RATES)
def test_a_frame_is_a_whole_number_of_ticks_and_a_group_about_two_seconds(width: int, height: int, rate: Rate) -> None:
    plan = plan_of(width, height, rate)
    assert Fraction(plan.timescale) / plan.rate.fraction == plan.frame_ticks >= 1
    assert 1000 <= plan.timescale < 2**32
    assert 1 <= plan.rate.fraction <= 60
    assert 1.5 <= plan.gop_frames / plan.rate.fraction <= 2.5


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Rate(numerator=24_000, denominator=1001), Rate(numerator=24_000, denominator=1001)),
        (Rate(numerator=2997, denominator=100), Rate(numerator=30_000, denominator=1001)),
        (Rate(numerator=29_916, denominator=1000), Rate(numerator=30_000, denominator=1001)),
        (Rate(numerator=240), Rate(numerator=60)),
        (Rate(numerator=120_000, denominator=1001), Rate(numerator=60_000, denominator=1001)),
        (Rate(numerator=100), Rate(numerator=50)),
        (Rate(numerator=25, denominator=2), Rate(numerator=25, denominator=2)),
        (Rate(numerator=1000, denominator=77), Rate(numerator=1000, denominator=77)),
        (Rate(numerator=1), Rate(numerator=1)),
        (Rate(numerator=1, denominator=72_000), Rate(numerator=1)),
        (Rate(numerator=15), Rate(numerator=15)),
    ],
)
def test_a_rate_snaps_to_one_of_film_or_television(rate: Rate, expected: Rate) -> None:
    assert output_rate(picture_of(640, 360, rate=rate)) == expected


@pytest.mark.parametrize(
    ("rate", "timescale"),
    [
        (THIRTY, 30_000),
        (Rate(numerator=24_000, denominator=1001), 24_000),
        (Rate(numerator=25, denominator=2), 25_000),
        (Rate(numerator=1000, denominator=77), 1_000_000),
    ],
)
def test_a_timescale_follows_from_the_rate(rate: Rate, timescale: int) -> None:
    assert timescale_of(rate) == timescale


def test_the_first_chunks_are_short_so_that_playing_begins_soon() -> None:
    plan = plan_of(1920, 1080, seconds=150)
    assert plan.chunk_ends == (60, 180, 720, 1260, 2880, 3600, 3960, 4140, 4320, 4500)
    assert plan.segment_fragments == 3


@given(seconds=SECONDS)
def test_the_last_chunks_are_short_so_that_no_machine_waits_for_another(seconds: float) -> None:
    plan = plan_of(1920, 1080, seconds=seconds)
    segment = plan.gop_frames * plan.segment_fragments
    for chunk in range(2, len(plan.chunk_ends) - 1):
        assert len(plan.span(chunk)) <= max(segment, plan.frames - plan.span(chunk).stop)


def test_the_chunks_of_large_pictures_stay_short() -> None:
    plan = plan_of(3840, 2160, seconds=80)
    assert plan.chunk_ends == (60, 180, 720, 1260, 1800, 1980, 2160, 2400)


def test_a_rest_shorter_than_a_group_stays_with_the_chunk_before() -> None:
    assert plan_of(640, 360, seconds=6.9).chunk_ends == (60, 207)


def test_pictures_decide_how_many_frames_there_are_and_not_the_sound_that_goes_on() -> None:
    picture = picture_of(640, 360, start=3, duration=2)
    sound = SoundStream(index=1, codec="aac", channels=2, sample_rate=48_000)
    assert plan_video(report_of(picture, sound, duration=60)).frames == 150


def test_slow_pictures_are_encoded_without_b_frames() -> None:
    assert not plan_of(640, 360, Rate(numerator=10)).b_frames
    assert plan_of(640, 360, Rate(numerator=15)).b_frames


@pytest.mark.parametrize(
    ("transfer", "expected"),
    [("smpte2084", ToneMap.PQ), ("arib-std-b67", ToneMap.HLG), ("bt709", ToneMap.NONE), ("", ToneMap.NONE)],
)
def test_high_dynamic_range_is_brought_down(transfer: str, expected: ToneMap) -> None:
    assert plan_video(report_of(picture_of(640, 360, transfer=transfer))).tone_map is expected


def test_interlaced_pictures_are_deinterlaced() -> None:
    assert plan_video(report_of(picture_of(640, 360, is_interlaced=True))).deinterlace


def test_the_default_sound_comes_first() -> None:
    sounds = [
        SoundStream(index=index, codec="aac", channels=2, sample_rate=48_000, is_default=index == 4)
        for index in range(1, 6)
    ]
    assert plan_video(report_of(None, *sounds)).sounds == (4, 1, 2, 3, 5)


def test_captions_that_are_pictures_are_left_out() -> None:
    captions = (
        CaptionStream(index=1, codec="subrip"),
        CaptionStream(index=2, codec="hdmv_pgs_subtitle", is_text=False),
    )
    report = report_of(picture_of(640, 360)).model_copy(update={"captions": captions})
    assert plan_video(report).captions == (1,)


def test_sound_alone_has_a_plan_without_pictures() -> None:
    plan = plan_video(report_of(None, SoundStream(index=0, codec="mp3", channels=2, sample_rate=44_100)))
    assert (plan.rungs, plan.chunk_ends, plan.frames, plan.sounds) == ((), (), 0, (0,))


def test_nothing_to_be_seen_or_heard_is_no_video() -> None:
    with pytest.raises(UnusableVideoError, match="neither") as refused:
        plan_video(report_of(None))
    assert refused.value.code == Refusal.NO_MEDIA_STREAMS


@pytest.mark.parametrize(
    ("width", "height", "rate", "expected"),
    [
        (640, 360, THIRTY, "avc1.64001e"),
        (1280, 720, THIRTY, "avc1.64001f"),
        (1280, 720, Rate(numerator=60), "avc1.640020"),
        (1920, 1080, THIRTY, "avc1.640028"),
        (1920, 1080, Rate(numerator=60), "avc1.64002a"),
        (3840, 2160, THIRTY, "avc1.640033"),
    ],
)
def test_a_rung_says_what_its_decoder_must_be_able_to_do(width: int, height: int, rate: Rate, expected: str) -> None:
    assert codec_of(ladder_of(width, height, rate)[-1], rate) == expected
