"""Copies of sources in which nobody can seek: nothing known of a stream is lost, and every sound has a place."""

from pathlib import Path

import pytest

from activities.media.inspection import inspect
from activities.media.remux import remux
from activities.media.sound import encode_sound
from activities.media.source_limits import SourceLimits
from activities.media.tools import MediaTools, Source
from tests.media.footage import H264, ffmpeg, pictures, tone
from workflows.contracts.video import SourceReport

FLASH = ("-c:v", "flv1", "-ar", "22050")
DISC = ("-c:v", "mpeg2video", "-ar", "48000", "-ac", "2")


async def copied(tools: MediaTools, path: Path, folder: Path) -> tuple[Path, SourceReport]:
    """The copy of a source, and what its own inspection says."""
    folder.mkdir()  # noqa: ASYNC240
    described = await inspect(tools, str(path), SourceLimits())
    assert described.needs_remux
    source = Source(location=str(path), picture=described.picture, duration=described.duration)
    copy = await remux(tools, source, described=described, folder=folder)
    return copy, await inspect(tools, str(copy), SourceLimits())


async def test_a_copy_keeps_languages_and_titles(tools: MediaTools, tmp_path: Path) -> None:
    path = tmp_path / "source.mkv"
    said = ("-metadata:s:a:0", "language=ger", "-metadata:s:a:0", "title=Kommentar", "-metadata", "title=Mine")
    ffmpeg(*pictures(seconds=2), *tone(2), *H264, *said, "-live", "1", path)
    copy, report = await copied(tools, path, tmp_path / "copy")
    assert [(sound.language, sound.title) for sound in report.sounds] == [("de", "Kommentar")]
    assert b"Mine" not in copy.read_bytes()


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("nellymoser.flv", (*FLASH, "-c:a", "nellymoser")),
        ("adpcm.flv", (*FLASH, "-c:a", "adpcm_swf")),
        ("disc.vob", (*DISC, "-c:a", "pcm_dvd")),
        ("bluray.m2ts", (*H264, "-ar", "48000", "-ac", "2", "-c:a", "pcm_bluray")),
        ("studio.ts", (*DISC, "-c:a", "s302m", "-strict", "-2")),
    ],
)
async def test_sound_that_a_copy_has_no_place_for_is_decoded_for_it(
    name: str, codecs: tuple[str, ...], tools: MediaTools, tmp_path: Path
) -> None:
    path = tmp_path / name
    ffmpeg(*pictures(seconds=2), *tone(2), *codecs, path)
    copy, report = await copied(tools, path, tmp_path / "copy")
    (sound,) = report.sounds
    assert sound.codec == "pcm_s16le"
    (tmp_path / "made").mkdir()
    source = Source(location=str(copy), picture=report.picture, duration=report.duration)
    made = encode_sound(tools, source, index=sound.index, track="audio-1", gain=0, folder=tmp_path / "made")
    ticks = [fragment.ticks async for piece in made for fragment in piece.fragments]
    assert sum(ticks) / 48_000 == pytest.approx(2, abs=0.25)
