"""`process-video` in workflows: waited for, once for its task, cancelled with it; its faults can be caught."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.large_results import large_results
from activities.video_starts import VideoStarts
from activities.video_tasks import SqlVideoTaskActivities
from tests.activities.videos import Videos
from tests.api.served import Served
from tests.api.videos.conftest import PUBLISHED, REFUSED, Stage, Stand
from tests.waiting import until
from tests.workflows.running import Runner, statuses
from worker.embedded import HEARTBEAT_INTERVAL
from worker.registry import activities
from worker.resources import open_resources
from worker.sandbox import runner as sandbox
from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.video_tasks import VideoRunInput
from workflows.execute_workflow import ExecuteWorkflow
from workflows.names import TaskQueue
from zilliance.settings import Settings

Row = dict[str, Any]


@pytest.fixture
async def stage(api: Served, client: Client, videos: Videos, video_settings: Settings) -> AsyncGenerator[Stage]:
    """A worker of executions, too."""
    stage = Stage(videos)
    async with open_resources(video_settings, client, api.state.store) as resources:
        worker = Worker(
            client,
            task_queue=TaskQueue.PLATFORM,
            workflows=[ExecuteWorkflow, Stand],
            activities=[*activities(resources), stage.play],
            interceptors=[large_results(client)],
            workflow_runner=sandbox(),
            max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        )
        async with worker:
            yield stage


@pytest.fixture
async def runner(videos: Videos, client: Client) -> Runner:
    return await Runner.sign_up(videos.rows, videos.callers, client)


def process(video: object, **more: Any) -> Row:
    return {"process": {"call": "process-video", "with": {"id": str(video)}, **more}}


async def last_run(videos: Videos, video: object, condition: str = "true") -> Row | None:
    row = await videos.rows.connection.fetchrow(
        "SELECT id, status, effect_key FROM private.video_runs"
        f" WHERE video_id = $1 AND {condition} ORDER BY id DESC LIMIT 1",
        video,
    )
    return None if row is None else dict(row)


async def run_of(videos: Videos, video: object) -> Row:
    """Its last run, once it is under way."""
    return await until(lambda: last_run(videos, video, "progress > 0"))


async def until_cancelled(videos: Videos, video: object) -> None:
    """Whether its last run had begun or not."""
    await until(lambda: last_run(videos, video, "status = 'cancelled'"))


async def test_a_task_gives_the_row_of_the_video_that_is_ready(runner: Runner, videos: Videos, stage: Stage) -> None:
    video = await videos.video(runner.owner)
    stage.end(video).set_result("ready")
    row = await runner.run(process(video), {"tell": {"set": "${ {status, quality, duration} }"}})
    assert (row["status"], row["result_data"]) == ("completed", {"status": "ready", "quality": "sd", "duration": 4.5})
    again = await runner.run(process(video))
    assert again["result_data"]["hls_url"] == PUBLISHED["hls_url"]
    count = "SELECT count(*) FROM private.video_runs WHERE video_id = $1"
    assert await videos.rows.connection.fetchval(count, video) == 1


async def test_a_video_that_cannot_be_processed_is_a_fault_with_its_reason(
    runner: Runner, videos: Videos, stage: Stage
) -> None:
    video = await videos.video(runner.owner)
    stage.end(video).set_result("refused")
    caught = {"try": {"try": [process(video)], "catch": {"as": "e", "do": [{"s": {"set": "${ $e.detail }"}}]}}}
    row = await runner.run(caught)
    assert row["result_data"] == f"{REFUSED['code']}: {REFUSED['message']}"


@pytest.mark.usefixtures("stage")
async def test_what_is_not_the_owners_or_not_uploaded_is_a_fault(runner: Runner, videos: Videos) -> None:
    others = await videos.video(await videos.rows.account())
    empty = await videos.video(runner.owner, uploaded=False)
    for video, status in ((others, 404), (uuid4(), 404), (empty, 409)):
        row = await runner.run(process(video))
        assert (row["status"], row["error"]["status"]) == ("failed", status)
    row = await runner.run({"p": {"call": "process-video", "with": {"id": "${ .nothing // 7 | tostring }"}}})
    assert (row["status"], row["error"]["status"]) == ("failed", 400)


async def test_a_cancelled_execution_cancels_the_run_that_its_task_began(
    runner: Runner, videos: Videos, stage: Stage
) -> None:
    video = await videos.video(runner.owner)
    execution = await runner.start(process(video))
    await run_of(videos, video)
    await runner.executions.cancel(runner.identity, execution)
    assert (await runner.ended(execution))["status"] == "cancelled"
    await until_cancelled(videos, video)
    assert not stage.end(video).done()


async def test_a_timeout_of_the_task_cancels_the_run(runner: Runner, videos: Videos, stage: Stage) -> None:
    video = await videos.video(runner.owner)
    row = await runner.run(process(video, timeout={"after": {"seconds": 15}}))
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    await until_cancelled(videos, video)
    assert not stage.end(video).done()


async def test_a_run_that_somebody_else_began_is_waited_for_and_not_cancelled(
    runner: Runner, videos: Videos, stage: Stage, client: Client
) -> None:
    video = await videos.video(runner.owner)
    await videos.begin(runner.owner, video, within=0)
    execution = await runner.start(process(video))
    waiting = asyncio.ensure_future(runner.ended(execution))
    other = await runner.start(process(video))
    await runner.executions.cancel(runner.identity, other)
    assert (await runner.ended(other))["status"] == "cancelled"
    await VideoStarts(videos.worker, client).start_due()
    run = await run_of(videos, video)
    assert run["effect_key"] is None
    stage.end(video).set_result("ready")
    row = await waiting
    assert (row["status"], statuses(row)) == ("completed", {"process": "completed"})


async def test_a_task_waits_for_no_run_that_is_to_be_cancelled(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    tasks = SqlVideoTaskActivities(videos.worker, most_open=5)

    def call(key: str) -> FunctionCallInput:
        return FunctionCallInput(
            execution_id=uuid4(), owner_id=owner, key=key, name="process-video", arguments=f'{{"id": "{video}"}}'
        )

    first = await ActivityEnvironment().run(tasks.begin_for, call("/do/0/process"))
    await videos.tell("enter_video_run", first.run.run_id)
    cancel = VideoRunInput(owner_id=owner, run_id=first.run.run_id)
    await ActivityEnvironment().run(tasks.cancel, cancel)
    second = await ActivityEnvironment().run(tasks.begin_for, call("/do/1/process"))
    assert (second.is_ours, second.is_open, second.run.run_id == first.run.run_id) == (True, True, False)
    await ActivityEnvironment().run(tasks.cancel, cancel)
    assert (await videos.run(second.run.run_id))["cancel_requested_at"] is None


async def test_a_task_begins_once_whatever_is_repeated(videos: Videos) -> None:
    owner = await videos.rows.account()
    video = await videos.video(owner)
    tasks = SqlVideoTaskActivities(videos.worker, most_open=5)
    call = FunctionCallInput(
        execution_id=uuid4(), owner_id=owner, key="/do/0/process", name="process-video",
        arguments=f'{{"id": "{video}", "force": true}}',
    )  # fmt: skip
    first, again = [await ActivityEnvironment().run(tasks.begin_for, call) for _ in range(2)]
    assert (first, again.is_ours, again.is_open) == (again, True, True)
    await videos.tell("fail_video_run", first.run.run_id, REFUSED)
    later = await ActivityEnvironment().run(tasks.begin_for, call)
    assert (later.run.run_id, later.is_open) == (first.run.run_id, False)
