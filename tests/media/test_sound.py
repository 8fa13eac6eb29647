"""Sound: one loudness, one encoder from beginning to end, pieces without a gap, in step with the pictures."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from activities.media.encoding import encode_chunk
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.pieces import PieceCutter
from activities.media.remux import remux
from activities.media.runner import GIBIBYTE, EncodeLimits
from activities.media.sound import Loudness, encode_sound, measure_loudness
from activities.media.tools import EncodedFile, Source
from tests.media.footage import H264, ffmpeg, picture, plan, tone, tools
from tests.unit.living import alive
from workflows.contracts.video import SoundStream, SourceReport

TARGET = -16.0


async def encode(path: Path, folder: Path, *, index: int = 0, gain: float = 0, seconds: float = 5) -> list[EncodedFile]:
    folder.mkdir()  # noqa: ASYNC240
    source = Source(location=str(path), duration=seconds)
    pieces = encode_sound(tools(), source, index=index, track="audio-1", gain=gain, folder=folder)
    return [piece async for piece in pieces]


async def loudness(path: Path, folder: Path, *, index: int = 0, seconds: float = 5) -> Loudness:
    folder.mkdir()  # noqa: ASYNC240
    return await measure_loudness(tools(), Source(location=str(path), duration=seconds), index, folder)


def samples(path: Path) -> bytes:
    return ffmpeg("-i", path, "-map", "0:a:0", "-f", "s16le", "-")


async def test_pieces_laid_end_to_end_are_one_stream_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "source.wav"
    ffmpeg(*tone(75), path)
    pieces = await encode(path, tmp_path / "made", seconds=75)
    assert [len(piece.fragments) for piece in pieces] == [3, 27, 8]
    assert pieces[0].start == 48_000 - 1024
    for earlier, later in pairwise(pieces):
        assert later.start == earlier.start + sum(fragment.ticks for fragment in earlier.fragments)
    assert {(piece.init_sha256, piece.codec, piece.track) for piece in pieces} == {
        (pieces[0].init_sha256, "mp4a.40.2", "audio-1")
    }
    whole = pieces[0].path.read_bytes()[: pieces[0].init_size]
    for piece in pieces:
        data, offset = piece.path.read_bytes(), piece.init_size
        assert len(data) == piece.size
        for fragment in piece.fragments:
            assert fragment.offset == offset
            offset += fragment.size
        assert offset == piece.size
        whole += data[piece.init_size :]
    assert whole == (tmp_path / "made" / "audio-1.mp4").read_bytes()


async def test_pieces_are_the_same_however_far_the_encoder_had_come(tmp_path: Path) -> None:
    path, growing = tmp_path / "source.wav", tmp_path / "growing" / "audio-1.mp4"
    ffmpeg(*tone(70), path)
    pieces = await encode(path, tmp_path / "made", seconds=70)
    grown = (tmp_path / "made" / "audio-1.mp4").read_bytes()
    growing.parent.mkdir()
    cutter, cut = PieceCutter(growing, "audio-1"), list[EncodedFile]()
    assert cutter.cut(ended=False) == []
    for end in range(0, len(grown), 7_919):
        growing.write_bytes(grown[:end])
        cut += cutter.cut(ended=False)
    growing.write_bytes(grown)
    cut += cutter.cut(ended=True)
    assert [piece.path.read_bytes() for piece in cut] == [piece.path.read_bytes() for piece in pieces]


async def test_another_attempt_writes_the_same_sound(tmp_path: Path) -> None:
    path = tmp_path / "source.wav"
    ffmpeg(*tone(9), path)
    first, second = [await encode(path, tmp_path / name, gain=3.5, seconds=9) for name in ("first", "second")]
    assert [piece.path.read_bytes() for piece in first] == [piece.path.read_bytes() for piece in second]


@pytest.mark.parametrize("volume", [0.2, 0.5, 6])
async def test_whatever_is_loud_or_low_comes_to_the_same_loudness(tmp_path: Path, volume: float) -> None:
    path = tmp_path / "source.wav"
    ffmpeg(*tone(5, volume), "-c:a", "pcm_f32le", path)
    gain = (await loudness(path, tmp_path / "heard")).gain
    await encode(path, tmp_path / "made", gain=gain)
    after = await loudness(tmp_path / "made" / "audio-1.mp4", tmp_path / "after")
    assert after.integrated == pytest.approx(TARGET, abs=0.5)


async def test_a_gain_has_its_bounds_and_silence_stays_silent(tmp_path: Path) -> None:
    assert Loudness(integrated=-60).gain == 20
    assert Loudness(integrated=10).gain == -20
    path = tmp_path / "source.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=3", path)
    heard = await loudness(path, tmp_path / "heard")
    assert heard.gain == 0
    assert set(samples((await encode(path, tmp_path / "made"))[0].path)) <= {0, 1, 255}


async def test_of_a_long_source_samples_from_all_over_are_listened_to(tmp_path: Path) -> None:
    path = tmp_path / "source.mka"
    loud_in_the_middle = "volume='if(between(t,200,400),1,0.05)':eval=frame"
    ffmpeg(*tone(600), "-af", loud_in_the_middle, "-ar", "16000", "-c:a", "flac", path)
    sampled = await loudness(path, tmp_path / "sampled", seconds=600)
    whole = await loudness(path, tmp_path / "whole", seconds=0)
    assert sampled.integrated == pytest.approx(whole.integrated, abs=1)


async def test_what_has_more_channels_becomes_stereo_and_is_measured_as_such(tmp_path: Path) -> None:
    path = tmp_path / "source.mka"
    ffmpeg(*tone(), "-af", "aformat=channel_layouts=mono,pan=5.1|FC=c0|LFE=c0|BL=c0", "-c:a", "ac3", path)
    gain = (await loudness(path, tmp_path / "heard")).gain
    await encode(path, tmp_path / "made", gain=gain)
    made = tmp_path / "made" / "audio-1.mp4"
    assert (await loudness(made, tmp_path / "after")).integrated == pytest.approx(TARGET, abs=0.5)
    assert len(samples(made)) == pytest.approx(5 * 48_000 * 2 * 2, rel=0.02)


async def test_sound_all_around_is_heard_by_its_first_channel(tmp_path: Path) -> None:
    path = tmp_path / "source.mka"
    ffmpeg(
        *tone(3, 0.5),
        *("-af", "pan=4c|c0=c0|c1=0*c0|c2=0*c0|c3=0*c0", "-ar", "48000"),
        *("-c:a", "libopus", "-mapping_family", "2", path),
    )
    heard = await loudness(path, tmp_path / "heard", seconds=3)
    (tmp_path / "made").mkdir()
    source = Source(location=str(path), duration=3)
    pieces = encode_sound(
        tools(),
        source,
        index=0,
        track="audio-1",
        gain=heard.gain,
        first_only=heard.first_only,
        folder=tmp_path / "made",
    )
    assert [len(piece.fragments) async for piece in pieces] == [2]
    after = await loudness(tmp_path / "made" / "audio-1.mp4", tmp_path / "after", seconds=3)
    assert after.integrated == pytest.approx(TARGET, abs=0.5)


@pytest.mark.parametrize("container", ["caf", "aiff"])
async def test_sound_of_apples_containers_is_taken(tmp_path: Path, container: str) -> None:
    path = tmp_path / f"source.{container}"
    ffmpeg(*tone(3), path)
    (piece,) = await encode(path, tmp_path / "made", seconds=3)
    assert len(piece.fragments) == 2


async def test_one_of_several_streams_is_taken_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "source.mka"
    ffmpeg(*tone(5, 0.05), *tone(5, 0.8), "-map", "0", "-map", "1", path)
    first, second = [await loudness(path, tmp_path / str(index), index=index) for index in (0, 1)]
    assert second.integrated - first.integrated == pytest.approx(24, abs=1)


async def test_who_leaves_the_loop_ends_the_encoder(tmp_path: Path) -> None:
    path = tmp_path / "source.wav"
    ffmpeg(*tone(600), "-ar", "8000", path)
    source = Source(location=str(path), duration=600)
    pieces = encode_sound(tools(), source, index=0, track="audio-97531", gain=0, folder=tmp_path)
    first = await anext(pieces)
    await pieces.aclose()
    assert len(first.fragments) == 3
    assert alive("audio-97531") == []


async def test_sound_may_change_its_channels_on_the_way(tmp_path: Path) -> None:
    parts = [tmp_path / f"{number}.ac3" for number in range(3)]
    for part, channels in zip(parts, ("2", "6", "1"), strict=True):
        ffmpeg(*tone(2), "-ac", channels, "-ar", "48000", "-c:a", "ac3", part)
    whole, path = tmp_path / "whole.ac3", tmp_path / "source.mka"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    ffmpeg("-itsoffset", "0.7", "-i", whole, *tone(1), "-map", "0", "-map", "1", "-c", "copy", "-c:a:1", "flac", path)
    pieces = await encode(path, tmp_path / "made", seconds=7)
    assert pieces[0].start == 48_000 - 1024
    assert sum(piece.frames for piece in pieces) * 1024 / 48_000 == pytest.approx(6.7, abs=0.1)
    assert sum(fragment.ticks for piece in pieces for fragment in piece.fragments) / 48_000 == pytest.approx(
        6.7, abs=0.1
    )


def gapped(path: Path, gap: int) -> Path:
    """Half a second of eight channels, with a gap of so many seconds in it that takes no bytes."""
    late = f"setts=ts='TS+if(gt(N,3),{gap}/TB,0)'"
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=0.5:r=192000", "-ac", "8", "-c:a", "flac", "-bsf:a", late, path)
    return path


async def test_a_gap_is_filled_with_no_more_memory_than_stereo_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.media.sound._LIMITS", EncodeLimits(memory_bytes=GIBIBYTE))
    pieces = await encode(gapped(tmp_path / "source.mka", 100), tmp_path / "made", seconds=100)
    assert sum(fragment.ticks for piece in pieces for fragment in piece.fragments) / 48_000 == pytest.approx(
        100.5, abs=0.1
    )


async def test_a_gap_that_cannot_be_filled_is_no_sound_out_of_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.media.sound._LIMITS", EncodeLimits(memory_bytes=GIBIBYTE))
    with pytest.raises(MediaFailedError) as failed:
        await encode(gapped(tmp_path / "source.mka", 5000), tmp_path / "made", seconds=5000)
    assert failed.value.fault is MediaFault.BAD_INPUT


FLASH = "color=black:s=160x90:r={rate}:d=5,drawbox=c=white:t=fill:enable='eq(mod(n,{rate}),{half})'"
BEEP = "aevalsrc='if(between(mod(t,1),0.5,0.6),sin(2*PI*1000*t),0)':d=5:s=48000"


def first_flash(path: Path) -> Fraction:
    """When the first bright picture is shown, as ffmpeg reads the file."""
    lines = (
        ffmpeg("-copyts", "-i", path, "-map", "0:v:0", "-f", "framemd5", "-fps_mode", "passthrough", "-")
        .decode()
        .splitlines()
    )
    base = Fraction(next(line for line in lines if line.startswith("#tb 0:")).rpartition(" ")[2])
    times = [int(line.split(",")[2]) * base for line in lines if not line.startswith("#")]
    light = ffmpeg(
        "-i", path, "-map", "0:v:0", "-vf", "scale=1:1,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-"
    )
    return times[next(number for number, luma in enumerate(light) if luma > 100)]


def first_beep(path: Path) -> Fraction:
    """When the first loud sample is heard, as ffmpeg reads the file."""
    form = ("-map", "0:a:0", "-ac", "1", "-ar", "48000")
    lines = ffmpeg("-copyts", "-i", path, *form, "-f", "framemd5", "-").decode().splitlines()
    start = next(int(line.split(",")[2]) for line in lines if not line.startswith("#"))
    sound = memoryview(ffmpeg("-i", path, *form, "-f", "s16le", "-")).cast("h")
    return Fraction(start + next(number for number, sample in enumerate(sound) if abs(sample) > 3000), 48_000)


@pytest.mark.parametrize(("container", "rate"), [("mp4", 30), ("mkv", 25), ("ts", 25)])
async def test_pictures_and_sound_stay_in_step_at_every_size(tmp_path: Path, container: str, rate: int) -> None:
    path = tmp_path / f"source.{container}"
    ffmpeg(
        *("-f", "lavfi", "-i", FLASH.format(rate=rate, half=rate // 2), "-f", "lavfi", "-i", BEEP),
        *H264,
        "-bf",
        "2",
        "-c:a",
        "aac",
        *(["-output_ts_offset", "100"] if container == "ts" else []),
        path,
    )
    before = first_beep(path) - first_flash(path)
    whole = plan(str(rate), (2 * rate, 5 * rate), gop_frames=rate)
    source = Source(location=str(path), picture=picture(str(rate)), duration=5)
    if container == "ts":
        described = SourceReport(
            container="mpegts",
            size=path.stat().st_size,
            duration=5,
            picture=source.picture,
            sounds=(SoundStream(index=1, codec="aac", channels=1, sample_rate=48_000),),
        )
        (tmp_path / "copy").mkdir()
        copy = await remux(tools(), source, described=described, folder=tmp_path / "copy")
        source = Source(location=str(copy), picture=source.picture, duration=5)
    (tmp_path / "chunk").mkdir()
    files = await encode_chunk(tools(), source, plan=whole, chunk=0, rungs=whole.rungs, folder=tmp_path / "chunk")
    (sound, *_) = await encode(Path(source.location), tmp_path / "sound", index=1)
    for file in files:
        after = first_beep(sound.path) - first_flash(file.path)
        assert abs(after - before) <= Fraction(20, 1000)
