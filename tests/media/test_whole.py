"""Every source of the corpus that is a video becomes one: inspected, planned, encoded to the very pictures it has."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from activities.media.captions import extract_captions
from activities.media.encoding import encode_chunk
from activities.media.inspection import inspect
from activities.media.poster import take_poster
from activities.media.remux import remux
from activities.media.sound import encode_sound, measure_loudness
from activities.media.source_limits import SourceLimits
from activities.media.tools import EncodedFile, MediaTools, Source
from tests.media.corpus import SHAPES, Taken
from tests.media.footage import decoded, picture_hashes
from tests.media.making import Kitchen
from workflows.contracts.video import Rung, SourceReport, ToneMap, VideoPlan
from workflows.video.planning import plan_video

NAMES = [name for name, shape in SHAPES.items() if isinstance(shape, Taken)]
LONG = {"long.mp4"}  # five hours: its first and its last chunk tell enough
DAMAGED = {"flipped.mkv", "flipped.mp4", "hollow.mp4"}  # not all of it can be decoded, nor always to the same pictures
LARGE = {"large.mp4", "uhd.mp4"}


@dataclass(frozen=True)
class Prepared:
    """A source as the pipeline has it: copied if it must be, with its report and its plan."""

    source: Source
    report: SourceReport
    plan: VideoPlan

    @property
    def chunks(self) -> list[int]:
        return list(range(len(self.plan.chunk_ends)))


async def prepare(tools: MediaTools, path: Path, folder: Path) -> Prepared:
    report = await inspect(tools, str(path), SourceLimits())
    if report.needs_remux:
        folder.mkdir()  # noqa: ASYNC240
        copy = await remux(tools, Source(location=str(path)), described=report, folder=folder)
        path, report = copy, await inspect(tools, str(copy), SourceLimits())
    source = Source(location=str(path), picture=report.picture, duration=report.duration)
    return Prepared(source, report, plan_video(report))


async def encode(
    tools: MediaTools, prepared: Prepared, chunk: int, rungs: list[Rung], folder: Path
) -> list[EncodedFile]:
    folder.mkdir()  # noqa: ASYNC240
    return await encode_chunk(tools, prepared.source, plan=prepared.plan, chunk=chunk, rungs=rungs, folder=folder)


def whole_decode(prepared: Prepared, rung: Rung) -> list[str]:
    """What the first size is to show: a decode from beginning to end, without a seek."""
    picture, plan = prepared.report.picture, prepared.plan
    assert picture is not None
    matrix = {"bt709": "bt709", "bt2020nc": "bt2020"}.get(picture.matrix, "bt601")
    deinterlace = "bwdif=mode=send_frame:deint=interlaced," if plan.deinterlace else ""
    filters = (
        f"{deinterlace}fps={plan.rate.numerator}/{plan.rate.denominator}:start_time=0,trim=end_frame={plan.frames},"
        f"scale={rung.width}:{rung.height}:flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv,"
        "setsar=1,format=yuv420p"
    )
    place = ("-copyts", "-start_at_zero", "-i", prepared.source.location, "-map", f"0:{picture.index}")
    return picture_hashes(*place, "-vf", filters, "-fps_mode", "passthrough")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG | LARGE])
async def test_a_source_becomes_a_video_picture_by_picture(
    name: str, tools: MediaTools, exact: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    prepared = await prepare(tools, kitchen.path(name), tmp_path / "copy")
    plan = prepared.plan
    if not plan.rungs:
        assert prepared.report.picture is None
        return
    made = [
        file
        for chunk in prepared.chunks
        for file in await encode(exact, prepared, chunk, [plan.rungs[0]], tmp_path / str(chunk))
    ]
    assert len({file.init_sha256 for file in made}) == 1
    there = [each for file in made for each in decoded(file.path)]
    assert sum(file.frames for file in made) == len(there)
    # The grid is as long as the longest stream: sound may end a little after the pictures.
    assert len(there) in range(1 if name in DAMAGED else plan.frames - 2, plan.frames + 1)
    if plan.tone_map is ToneMap.NONE and name not in DAMAGED:
        assert there == whole_decode(prepared, plan.rungs[0])
    (tmp_path / "poster").mkdir()
    assert (await take_poster(tools, prepared.source, plan=plan, folder=tmp_path / "poster")).stat().st_size > 100


@pytest.mark.parametrize("name", sorted(LARGE))
async def test_all_sizes_of_a_class_have_the_same_frames(
    name: str, tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    prepared = await prepare(tools, kitchen.path(name), tmp_path / "copy")
    frames: set[tuple[int, ...]] = set()
    for quality in {rung.quality for rung in prepared.plan.rungs}:
        rungs = [rung for rung in prepared.plan.rungs if rung.quality is quality]
        made = await encode(tools, prepared, 0, rungs, tmp_path / quality)
        assert [file.track for file in made] == [rung.name for rung in rungs]
        frames |= {(file.start, file.frames, *(fragment.ticks for fragment in file.fragments)) for file in made}
    assert len(frames) == 1


@pytest.mark.parametrize("name", sorted(LONG))
async def test_the_end_of_a_long_source_is_encoded_without_its_middle(
    name: str, tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    prepared = await prepare(tools, kitchen.path(name), tmp_path / "copy")
    last = prepared.chunks[-1]
    for chunk in (0, last):
        (file,) = await encode(tools, prepared, chunk, [prepared.plan.rungs[0]], tmp_path / str(chunk))
        assert file.frames == len(prepared.plan.span(chunk))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG | LARGE])
async def test_every_sound_and_every_caption_of_a_source_becomes_a_track(
    name: str, tools: MediaTools, kitchen: Kitchen, tmp_path: Path
) -> None:
    prepared = await prepare(tools, kitchen.path(name), tmp_path / "copy")
    source = prepared.source
    (tmp_path / "made").mkdir()
    for number, index in enumerate(prepared.plan.sounds, 1):
        gain = (await measure_loudness(tools, source, index, tmp_path / "made")).gain
        sounds = encode_sound(tools, source, index=index, track=f"audio-{number}", gain=gain, folder=tmp_path / "made")
        pieces = [piece async for piece in sounds]
        assert pieces[0].codec == "mp4a.40.2"
        assert pieces[0].start == 48_000 - 1024
    for number, index in enumerate(prepared.plan.captions, 1):
        made = await extract_captions(tools, source, index=index, track=f"subtitles-{number}", folder=tmp_path / "made")
        assert made is not None
