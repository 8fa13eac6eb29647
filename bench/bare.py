"""The references of the workflow benchmark: what the bare SDK does with nothing of ours, served by a worker process."""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench"


@activity.defn
async def nothing() -> None:
    """An activity that does nothing."""


@workflow.defn
class Empty:
    """A workflow that returns at once."""

    @workflow.run
    async def run(self) -> None:
        return


@workflow.defn
class TenLocal:
    """Ten local activities, one after the other."""

    @workflow.run
    async def run(self) -> None:
        for _ in range(10):
            await workflow.execute_local_activity(nothing, start_to_close_timeout=timedelta(seconds=5))


async def main(address: str) -> None:
    client = await Client.connect(address)
    print("connected", flush=True)
    await Worker(client, task_queue=QUEUE, workflows=[Empty, TenLocal], activities=[nothing]).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
