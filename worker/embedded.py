"""A worker as a part of a process: the worker's own, or the API's when executions are to start eagerly."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.worker import Worker

from worker.registry import WORKFLOWS, activities
from worker.resources import Resources
from worker.sandbox import runner
from workflows.names import TaskQueue

# How long a workflow waits for the process that has it in memory before any other takes it over.
STICKY_TIMEOUT = timedelta(seconds=5)
GRACE = timedelta(seconds=5)  # shorter than what a supervisor gives a process between SIGTERM and SIGKILL

# Workflows that compute take turns with the event loop: at Python's 5 ms a turn, ten of them made every other execution
# wait for seconds.
TURN_SECONDS = 0.0005


def make_worker(resources: Resources) -> Worker:
    """The worker of the `platform` queue."""
    sys.setswitchinterval(TURN_SECONDS)
    return Worker(
        resources.client,
        task_queue=TaskQueue.PLATFORM,
        workflows=WORKFLOWS,
        activities=activities(resources),
        workflow_runner=runner(),
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=GRACE,
        max_concurrent_workflow_tasks=50,
        max_concurrent_local_activities=50,
        max_concurrent_activities=50,
    )


@asynccontextmanager
async def run_worker(resources: Resources) -> AsyncGenerator[Worker]:
    """Run a worker while the block runs. A worker that fails for good ends the block with its error."""
    async with make_worker(resources) as worker:
        yield worker
