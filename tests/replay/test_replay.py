"""Executions that older code began go on under this code: recorded histories replay without a difference."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.replay.documents import DOCUMENTS
from worker.registry import WORKFLOWS
from worker.sandbox import runner
from zilliance.temporal import pydantic_data_converter

HISTORIES = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "histories").glob("*.json"))}


def test_every_document_has_a_history() -> None:
    assert {name.split(".")[0] for name in HISTORIES} == set(DOCUMENTS)


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_recorded_history_replays(name: str) -> None:
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=runner(), data_converter=pydantic_data_converter)
    await replayer.replay_workflow(WorkflowHistory.from_json("replayed", json.loads(HISTORIES[name])))
