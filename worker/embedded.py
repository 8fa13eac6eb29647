"""A worker as a part of a process: the worker's own, or the API's when executions are to start eagerly."""

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.worker import FixedSizeSlotSupplier, Worker, WorkerTuner

from activities.large_results import large_results
from worker.event_router import routing
from worker.registry import WORKFLOWS, activities
from worker.resources import Resources
from worker.sandbox import runner
from worker.yielding import YieldingSlots
from workflows.names import TaskQueue

# How long a workflow waits for the process that has it in memory before any other takes it over.
STICKY_TIMEOUT = timedelta(seconds=5)
GRACE = timedelta(seconds=5)  # shorter than what a supervisor gives a process between SIGTERM and SIGKILL

# How late an activity may hear that it is cancelled. As shipped, heartbeats are held back for most of their timeout: a
# model goes on for a quarter of a minute with what nobody will read, and somebody pays for.
HEARTBEAT_INTERVAL = timedelta(seconds=2)

# Workflows that compute take turns with the event loop: at Python's 5 ms a turn, ten of them made every other execution
# wait for seconds.
TURN_SECONDS = 0.0005


# Of each kind: workflow tasks, local activities, activities.
AT_ONCE = 50


def make_worker(resources: Resources, *, is_pressed: Callable[[], bool] | None = None) -> Worker:
    """The worker of the `platform` queue; while `is_pressed` says so, it takes up no new workflow tasks."""
    sys.setswitchinterval(TURN_SECONDS)
    fixed = FixedSizeSlotSupplier(AT_ONCE)
    tuner = WorkerTuner.create_composite(
        workflow_supplier=YieldingSlots(AT_ONCE, is_pressed) if is_pressed else fixed,
        activity_supplier=fixed,
        local_activity_supplier=fixed,
        nexus_supplier=fixed,
    )
    return Worker(
        resources.client,
        task_queue=TaskQueue.PLATFORM,
        workflows=WORKFLOWS,
        activities=activities(resources),
        interceptors=[large_results(resources.client)],
        workflow_runner=runner(),
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=HEARTBEAT_INTERVAL,
        tuner=tuner,
    )


@asynccontextmanager
async def run_worker(resources: Resources) -> AsyncGenerator[Worker]:
    """Run a worker while the block runs. A worker that fails for good ends the block with its error."""
    async with make_worker(resources) as worker, routing(resources):
        yield worker
