"""Timers of the stack's Temporal last as long as they say, the short ones, too."""

import asyncio
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from zilliance.settings import Settings


@workflow.defn
class Naps:
    """Naps so often for so long."""

    @workflow.run
    async def run(self, seconds: float) -> list[float]:
        took: list[float] = []
        for _ in range(8):
            began = workflow.time()
            await asyncio.sleep(seconds)
            took.append(workflow.time() - began)
        return took


async def test_a_short_timer_does_not_take_a_second(settings: Settings) -> None:
    client = await Client.connect(settings.temporal.address, namespace=settings.temporal.namespace)
    queue = uuid4().hex
    async with Worker(client, task_queue=queue, workflows=[Naps], workflow_runner=UnsandboxedWorkflowRunner()):
        took = await client.execute_workflow(Naps.run, 0.02, id=queue, task_queue=queue)
    assert 0.02 <= min(took[1:]) < 0.9  # the least of them: the machine may be busy; as shipped, each takes a second
