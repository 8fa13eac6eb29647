"""Executions that older code began go on under this code: recorded histories replay without a difference."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

from tests.replay.documents import BEGUN, DOCUMENTS, RUNS
from worker.registry import WORKFLOWS
from worker.sandbox import runner
from zilliance.payloads import PayloadConverter

VIDEOS = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "videos").glob("*.json"))}
HISTORIES = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "histories").glob("*.json"))}


def test_every_document_has_a_history() -> None:
    assert {name.split(".")[0] for name in HISTORIES} == {*DOCUMENTS, *RUNS, *BEGUN}


@pytest.mark.parametrize("name", VIDEOS)
async def test_a_recorded_history_of_a_video_replays(name: str) -> None:
    await _replay(VIDEOS[name])


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_recorded_history_replays(name: str) -> None:
    await _replay(HISTORIES[name])


async def _replay(history: str) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(),
        data_converter=DataConverter(payload_converter_class=PayloadConverter),
        debug_mode=True,  # no limit of seconds for a step: the machine may stand still
    )
    await replayer.replay_workflow(WorkflowHistory.from_json("replayed", json.loads(history)))
