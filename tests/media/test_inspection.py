"""Every shape of the corpus is inspected: what is reported and planned, or why it is refused, and that nothing else."""

import sys
from pathlib import Path

import pytest

from activities.media.inspection import MODULE, inspect
from activities.media.source_limits import SourceLimits
from activities.media.tools import MediaTools
from tests.media.conftest import Canary
from tests.media.corpus import SHAPES, Refused, Taken
from tests.media.making import Kitchen
from tests.unit.living import alive
from workflows.contracts.video import PictureStream, SourceReport, VideoPlan
from workflows.video.planning import plan_video
from workflows.video.refusals import UnusableVideoError

CHILD = "\0".join([sys.executable, "-I", "-m", MODULE])
USUAL_PICTURE = {
    "is_variable_rate": False,
    "rotation": 0,
    "is_interlaced": False,
    "transfer": "",
    "primaries": "",
    "matrix": "",
    "pixel_format": "yuv420p",
    "bits": 8,
}
USUAL_PLAN = {"deinterlace": False, "tone_map": "none", "b_frames": True}


async def inspected(tools: MediaTools, path: Path, limits: SourceLimits | None = None) -> SourceReport:
    return await inspect(tools, str(path), limits or SourceLimits())


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if isinstance(shape, Taken)])
async def test_a_source_is_reported_and_planned_for(
    name: str, tools: MediaTools, kitchen: Kitchen, canary: Canary
) -> None:
    shape = SHAPES[name]
    assert isinstance(shape, Taken)
    report = await inspected(tools, kitchen.path(name))
    assert seen(report) == wanted(shape)
    assert report.size == kitchen.path(name).stat().st_size
    check_picture(report.picture, shape)
    check_plan(plan_video(report), report, shape)
    assert_quiet(canary)


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if isinstance(shape, Refused)])
async def test_a_source_that_cannot_become_a_video_is_refused_with_its_own_code(
    name: str, tools: MediaTools, kitchen: Kitchen, canary: Canary
) -> None:
    shape = SHAPES[name]
    assert isinstance(shape, Refused)
    with pytest.raises(UnusableVideoError) as refused:
        await inspected(tools, kitchen.path(name))
    assert refused.value.code == shape.code
    assert shape.word in refused.value.message
    assert refused.value.message.endswith(".")
    assert_quiet(canary)


def seen(report: SourceReport) -> dict[str, object]:
    return {
        "container": report.container,
        "shown": report.picture and (report.picture.width, report.picture.height),
        "seconds": round(report.duration, 3),
        "start": round(report.start, 3),
        "remuxed": report.needs_remux,
        "sounds": tuple(sound.language for sound in report.sounds),
        "captions": tuple(f"{each.language} {each.codec}" for each in report.captions if each.is_text),
    }


def wanted(shape: Taken) -> dict[str, object]:
    names = ("container", "shown", "seconds", "start", "remuxed", "sounds", "captions")
    return {name: getattr(shape, name) for name in names}


def check_picture(picture: PictureStream | None, shape: Taken) -> None:
    if picture is None:
        return
    said = picture.model_dump()
    expected = USUAL_PICTURE | dict(shape.picture)
    assert {name: said[name] for name in expected} == pytest.approx(expected)


def check_plan(plan: VideoPlan, report: SourceReport, shape: Taken) -> None:
    assert plan.frames == shape.frames
    assert plan.sounds == tuple(sound.index for sound in report.sounds)
    assert len(plan.captions) == len(shape.captions)
    assert [shape.warned in warning for warning in report.warnings] == ([True] if shape.warned else [])
    said = plan.model_dump()
    expected = USUAL_PLAN | dict(shape.plan)
    assert {name: said[name] for name in expected} == expected
    if report.picture is None:
        assert plan.rungs == ()
        return
    assert str(plan.rate.fraction) == shape.rate
    names = tuple(rung.name for rung in plan.rungs)
    low = max(16, min(report.picture.width, report.picture.height) // 2 * 2)
    assert names == (shape.rungs or (f"{low}p",))


def assert_quiet(canary: Canary) -> None:
    """Nobody was called, and no process is left."""
    assert canary.calls == 0
    assert alive(CHILD) == []
