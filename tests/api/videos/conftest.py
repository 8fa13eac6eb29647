"""The API, and a workflow of the tests' own under the name of the real one: its videos end when a test says so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.activities.support import Rows
from tests.activities.videos import Videos
from tests.api.served import Served, served
from worker.embedded import HEARTBEAT_INTERVAL
from workflows.contracts.video import ProcessVideoInput
from workflows.names import DEFINITION, KIND, OWNER, PROCESS_VIDEO, TaskQueue
from zilliance.database import Database
from zilliance.settings import Login, Settings
from zilliance.storage import ObjectStore
from zilliance.temporal import connect

PUBLISHED = {"hls_url": "http://x/master.m3u8", "quality": "sd", "renditions": [{"name": "360p"}], "duration": 4.5}
REFUSED = {"code": "NO_PICTURE", "message": "The file holds neither picture nor sound", "details": {}}


@workflow.defn(name=PROCESS_VIDEO, sandboxed=False)
class Stand:
    """In the place of the real one: what it does is one activity."""

    @workflow.run
    async def run(self, run: ProcessVideoInput) -> None:
        await workflow.execute_activity(
            "stand.play",
            run,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=timedelta(seconds=20),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


class Stage:
    """What tests tell the workflow to do."""

    def __init__(self, videos: Videos) -> None:
        self.videos = videos
        self._ends: dict[str, asyncio.Future[str]] = {}

    def end(self, video: object) -> asyncio.Future[str]:
        return self._ends.setdefault(str(video), asyncio.get_running_loop().create_future())

    @activity.defn(name="stand.play")
    async def play(self, run: ProcessVideoInput) -> None:
        if not await self.videos.tell("enter_video_run", run.run_id):
            return
        await self.videos.tell("set_video_progress", run.run_id, 10)
        try:
            while not self.end(run.video_id).done():
                activity.heartbeat()
                await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            await self.videos.tell("cancel_video_run", run.run_id)
            raise
        if self.end(run.video_id).result() == "ready":
            await self.videos.tell("complete_video_run", run.run_id, PUBLISHED)
        else:
            await self.videos.tell("fail_video_run", run.run_id, REFUSED)


@pytest.fixture(scope="module")
async def video_settings(settings: Settings) -> Settings:
    """A namespace apart: other tests' workers know the real workflow."""
    name = f"videos-{uuid4()}"
    store = ObjectStore.of(settings.storage)
    client = await connect(settings.temporal, store)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=timedelta(days=1))  # pyright: ignore[reportArgumentType]
    )
    kinds = {key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in (OWNER, KIND, DEFINITION)}
    while True:
        with suppress(RPCError):
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=name, search_attributes=kinds)
            )
            break
        await asyncio.sleep(0.1)
    await store.close()
    workflows = settings.workflow.model_copy(update={"wait_seconds": 20.0})
    temporal = settings.temporal.model_copy(update={"namespace": name})
    return settings.model_copy(update={"temporal": temporal, "workflow": workflows})


@pytest.fixture(scope="module")
async def api(video_settings: Settings) -> AsyncGenerator[Served]:
    async with served(video_settings) as running:
        yield running


@pytest.fixture(scope="module")
async def videos(rows: Rows, video_settings: Settings) -> AsyncGenerator[Videos]:
    callers, worker = (
        Database.of(video_settings.database, login, application_name="test videos")
        for login in (Login.REQUESTS, Login.WORKER)
    )
    yield Videos(rows, callers, worker, video_settings.database)
    await callers.close()
    await worker.close()


@pytest.fixture(scope="module")
async def client(api: Served, video_settings: Settings) -> Client:
    return await connect(video_settings.temporal, api.state.store)


@pytest.fixture
async def stage(client: Client, videos: Videos) -> AsyncGenerator[Stage]:
    stage = Stage(videos)
    worker = Worker(
        client,
        task_queue=TaskQueue.PLATFORM,
        workflows=[Stand],
        activities=[stage.play],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
    )
    async with worker:
        yield stage
