"""Chunks of pictures: laid end to end they are the whole video, to the very picture, whatever the source is like."""

from pathlib import Path

import pytest

from activities.media.boxes import open_made, read_fragments, read_init
from activities.media.encoding import encode_chunk, read_made
from activities.media.faults import MediaFailedError, MediaFault
from activities.media.tools import EncodedFile, MediaTools, Source
from tests.media.footage import (
    FULL,
    H264,
    SMALL,
    decoded,
    ffmpeg,
    picture,
    picture_hashes,
    pictures,
    plan,
    tone,
    tools,
)
from workflows.contracts.video import PictureStream, VideoPlan

VARYING = "setpts='if(lt(N,60),N/30,2+(N-60)/10)/TB'"
STILL = "setpts='if(lt(N,30),N/30,if(lt(N,60),3+N/30,5+N/30))/TB'"

SHAPES: dict[str, tuple[str, list[str], str, dict[str, object]]] = {
    "long groups of pictures": ("mp4", [*pictures(), *H264, "-bf", "3", "-g", "250"], "30", {}),
    "short groups of pictures": ("mp4", [*pictures(), *tone(), *H264, "-g", "10"], "30", {}),
    "varying rate": ("mp4", [*pictures(seconds=3), "-vf", VARYING, "-fps_mode", "vfr", *H264, "-g", "20"], "30", {}),
    "a screen that stands still": (
        "mkv",
        [*pictures(seconds=3), "-vf", STILL, "-fps_mode", "vfr", *H264, "-g", "8"],
        "30",
        {},
    ),
    "pictures that begin late": (
        "mkv",
        [*tone(), "-itsoffset", "3", *pictures(seconds=2), "-map", "1:v", "-map", "0:a", *H264, "-g", "15"],
        "30",
        {"start": 3.0},
    ),
    "television of the cinema": ("mp4", [*pictures("24000/1001"), *H264, "-g", "48"], "24000/1001", {}),
    "television": ("mov", [*pictures("30000/1001"), *H264, "-g", "30"], "30000/1001", {}),
    "few pictures": ("mp4", [*pictures("12.5", 12), *H264, "-g", "25"], "25", {}),
    "very many pictures": ("mp4", [*pictures("240"), *H264, "-g", "120"], "60", {}),
    "vp9 in webm": (
        "webm",
        [*pictures(), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "30"],
        "30",
        {},
    ),
    "mpeg-4 in avi": ("avi", [*pictures(), "-c:v", "mpeg4", "-bf", "0", "-g", "24"], "30", {}),
    "hevc of ten bits": (
        "mp4",
        [
            *pictures(),
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p10le",
            "-x265-params",
            "log-level=error:keyint=30",
        ],
        "30",
        {"bits": 10},
    ),
    "prores": ("mov", [*pictures(), "-c:v", "prores_ks", "-profile:v", "0"], "30", {}),
    "odd size and full colour": (
        "mkv",
        [*pictures(), "-vf", "scale=161:91,format=yuv444p", *H264[:4], "-g", "30"],
        "30",
        {},
    ),
    "wide pixels": ("mp4", [*pictures(), "-vf", "setsar=64/45", *H264, "-g", "30"], "30", {}),
    "a camera's mxf": ("mxf", [*pictures("25"), "-c:v", "mpeg2video", "-g", "12"], "25", {}),
    "a gif": ("gif", [*pictures("25", 4)], "25", {}),
    "flash video": (
        "flv",
        [*pictures(), *tone(), "-c:v", "flv1", "-c:a", "pcm_s16le", "-ar", "44100", "-g", "30"],
        "30",
        {},
    ),
}


@pytest.fixture(params=SHAPES, ids=list(SHAPES))
def shape(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, PictureStream, VideoPlan]:
    suffix, arguments, rate, fields = SHAPES[request.param]
    path = tmp_path / f"source.{suffix}"
    ffmpeg(*arguments, path)
    return path, picture(rate, **fields), plan(rate)


async def encode(
    media: MediaTools, source: Source, whole: VideoPlan, folder: Path, chunks: range | None = None
) -> list[list[EncodedFile]]:
    made: list[list[EncodedFile]] = []
    for chunk in chunks or range(len(whole.chunk_ends)):
        place = folder / f"chunk-{chunk}"
        place.mkdir()
        made.append(await encode_chunk(media, source, plan=whole, chunk=chunk, rungs=whole.rungs, folder=place))
    return made


def expected(path: Path, stream: PictureStream, whole: VideoPlan) -> list[str]:
    """Every picture of the grid, by a decode of the whole source without any seek."""
    rate = f"{whole.rate.numerator}/{whole.rate.denominator}"
    matrix = "bt709" if stream.matrix == "bt709" else "bt601"
    filters = (
        f"fps={rate}:start_time=0,trim=end_frame={whole.frames},scale=160:90:flags=bicubic:in_color_matrix={matrix}"
        ":out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p"
    )
    return picture_hashes(
        *(
            "-copyts",
            "-start_at_zero",
            "-reinit_filter",
            "0",
            "-i",
            path,
            "-map",
            f"0:{stream.index}",
            "-vf",
            filters,
            "-fps_mode",
            "passthrough",
        )
    )


async def test_chunks_laid_end_to_end_are_the_pictures_of_the_whole(
    shape: tuple[Path, PictureStream, VideoPlan], exact: MediaTools, tmp_path: Path
) -> None:
    path, stream, whole = shape
    made = await encode(exact, Source(location=str(path), picture=stream, duration=5), whole, tmp_path)
    there = [each for files in made for file in files if file.track == FULL.name for each in decoded(file.path)]
    assert there == expected(path, stream, whole)


def changing(path: Path, *sizes: str) -> None:
    """A source whose pictures change their size every two seconds."""
    parts = [path.with_name(f"{number}.ts") for number in range(len(sizes))]
    for part, size in zip(parts, sizes, strict=True):
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d=2", *H264, "-g", "30", part)
    ffmpeg("-i", f"concat:{'|'.join(map(str, parts))}", "-c", "copy", path)


async def test_a_source_that_changes_its_size_gives_every_picture_once(exact: MediaTools, tmp_path: Path) -> None:
    path, whole = tmp_path / "source.mkv", plan(ends=(30, 75, 120, 180))
    changing(path, "160x90", "320x180", "80x46")
    made = await encode(exact, Source(location=str(path), picture=picture(), duration=6), whole, tmp_path)
    assert [file.frames for files in made for file in files if file.track == FULL.name] == [30, 45, 45, 60]
    there = [each for files in made for file in files if file.track == FULL.name for each in decoded(file.path)]
    assert there == expected(path, picture(), whole)


async def test_a_source_of_half_pictures_may_change_its_size_too(tmp_path: Path) -> None:
    path, whole = tmp_path / "source.mkv", plan(ends=(75, 180), deinterlace=True)
    changing(path, "320x180", "80x46", "160x90")
    made = await encode(tools(), Source(location=str(path), picture=picture(), duration=6), whole, tmp_path)
    assert [file.frames for files in made for file in files] == [75, 75, 105, 105]


async def test_more_frames_than_a_chunk_has_are_refused(tmp_path: Path) -> None:
    """Pictures that are turned are filtered anew where they change, and counted anew."""
    upright, path = tmp_path / "upright.mp4", tmp_path / "source.mp4"
    changing(upright, "160x90", "320x180")
    ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", path)
    source = Source(location=str(path), picture=picture(rotation=270), duration=4)
    with pytest.raises(MediaFailedError) as failed:
        await encode(tools(), source, plan(ends=(60, 120)), tmp_path, range(1))
    assert failed.value.fault is MediaFault.BAD_INPUT


async def test_every_file_of_a_track_has_the_same_beginning_and_its_times_go_on_where_the_last_ended(
    tmp_path: Path,
) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures(), *H264, path)
    whole = plan()
    made = await encode(tools(), Source(location=str(path), picture=picture()), whole, tmp_path)
    for number, rung in enumerate(whole.rungs):
        files = [chunk[number] for chunk in made]
        assert {file.track for file in files} == {rung.name}
        assert len({file.init_sha256 for file in files}) == 1
        assert files[0].start == whole.timescale
        assert [file.frames for file in files] == [len(whole.span(chunk)) for chunk in range(4)]
        decoding = None
        for file in files:
            with open_made(file.path) as opened:
                init = read_init(opened, file.size)
                assert init is not None
                assert (init.timescale, init.codec) == (whole.timescale, file.codec)
                for found in read_fragments(opened, init.size, file.size):
                    assert decoding in {None, found.decoded_at}
                    decoding = found.decoded_at + found.fragment.ticks
    assert [[file.frames for file in chunk] for chunk in made] == [[30, 30], [45, 45], [45, 45], [30, 30]]


async def test_fragments_cover_a_file_and_each_begins_with_its_only_keyframe(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures(), *H264, path)
    whole = plan()
    source = Source(location=str(path), picture=picture())
    for file in (await encode(tools(), source, whole, tmp_path, range(1, 2)))[0]:
        offset, data = file.init_size, file.path.read_bytes()
        assert [fragment.ticks for fragment in file.fragments] == [15 * whole.frame_ticks] * 3
        for fragment in file.fragments:
            assert fragment.offset == offset
            assert 0 < fragment.first_sample_end < fragment.size
            first, offset = offset, offset + fragment.size
            alone = tmp_path / "fragment.mp4"
            alone.write_bytes(data[: file.init_size] + data[first:offset])
            kinds = ffmpeg(
                "-i", alone, "-vf", "select='eq(pict_type,I)'", "-fps_mode", "passthrough", "-f", "framemd5", "-"
            )
            assert len([line for line in kinds.splitlines() if not line.startswith(b"#")]) == 1
        assert offset == file.size == len(data)


async def test_a_file_of_which_a_byte_is_wrong_is_told_or_read_but_never_breaks_its_reader(tmp_path: Path) -> None:
    path, spoilt = tmp_path / "source.mp4", tmp_path / "spoilt.mp4"
    ffmpeg(*pictures(seconds=1), *H264, path)
    source = Source(location=str(path), picture=picture())
    (file, _) = (await encode(tools(), source, plan(ends=(30,)), tmp_path))[0]
    good, refused = file.path.read_bytes(), 0
    for place in range(file.init_size + 300):
        spoilt.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        try:
            read_made(spoilt, "90p")
        except MediaFailedError:
            refused += 1
    assert refused > 50


async def test_another_attempt_writes_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures(), *H264, path)
    source = Source(location=str(path), picture=picture())
    attempts: list[list[bytes]] = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made = await encode(tools(), source, plan(), tmp_path / name, range(2, 3))
        attempts.append([file.path.read_bytes() for file in made[0]])
    assert attempts[0] == attempts[1]


async def test_a_source_in_which_seeking_leads_astray_is_decoded_from_its_beginning(
    exact: MediaTools, tmp_path: Path
) -> None:
    path = tmp_path / "source.ts"
    ffmpeg(*pictures(seconds=10), *H264, "-g", "240", "-output_ts_offset", "100", path)
    whole = plan(ends=(30, 150, 200, 300))
    made = await encode(exact, Source(location=str(path), picture=picture(), duration=10), whole, tmp_path)
    there = [each for files in made for each in decoded(files[1].path)]
    assert there == expected(path, picture(), whole)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_a_source_that_is_cut_off_gives_what_is_there(container: str, tmp_path: Path) -> None:
    path, half = tmp_path / f"source.{container}", tmp_path / "half"
    ffmpeg(*pictures(seconds=10), *H264, "-g", "30", *(["-movflags", "+faststart"] if container == "mp4" else []), path)
    data = path.read_bytes()
    half.write_bytes(data[: len(data) // 2])
    whole = plan(ends=(30, 120, 210, 270, 300))
    made = await encode(tools(), Source(location=str(half), picture=picture(), duration=10), whole, tmp_path)
    counts = [[file.frames for file in files] for files in made]
    assert counts[0] == [30, 30]
    assert 30 < sum(count[0] for count in counts if count) < 300
    assert all(len(set(count)) <= 1 for count in counts)
    assert counts[-1] == []


async def test_a_part_that_was_never_downloaded_shows_the_picture_before_it(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    ffmpeg(*pictures(seconds=12), *H264, "-g", "15", "-movflags", "+faststart", path)
    data = bytearray(path.read_bytes())
    hole = range(len(data) * 3 // 10, len(data) * 8 // 10)
    data[hole.start : hole.stop] = bytes(len(hole))
    path.write_bytes(data)
    whole = plan(ends=(60, 210, 240, 360))
    made = await encode(tools(), Source(location=str(path), picture=picture(), duration=12), whole, tmp_path)
    assert [[file.frames for file in files] for files in made] == [[60, 60], [150, 150], [30, 30], [120, 120]]


async def test_a_report_rises_to_the_whole(tmp_path: Path) -> None:
    path, heard = tmp_path / "source.mp4", list[float]()
    ffmpeg(*pictures(), *H264, path)
    (tmp_path / "made").mkdir()
    await encode_chunk(
        tools(),
        Source(location=str(path), picture=picture()),
        plan=plan(),
        chunk=0,
        rungs=[SMALL],
        folder=tmp_path / "made",
        report=heard.append,
    )
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
