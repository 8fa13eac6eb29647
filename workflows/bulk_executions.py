"""The run of a bulk job: step after step at its rate, until its row says that it is over or paused."""

from datetime import timedelta

from temporalio import workflow

from workflows import options
from workflows.contracts.jobs import BulkJobInput, BulkJobResult
from workflows.names import BULK_EXECUTIONS
from workflows.stubs import JobActivities

STEPS_A_RUN = 500


@workflow.defn(name=BULK_EXECUTIONS)
class BulkExecutions:
    """One bulk job. All that it has done is in its row, so it may end and begin again at any step."""

    @workflow.run
    async def run(self, job: BulkJobInput) -> BulkJobResult:
        steps = 0
        while True:
            step = await workflow.execute_activity_method(JobActivities.step, job.job_id, **options.JOB)
            steps += 1
            if not step.open:
                return BulkJobResult(steps=steps)
            await workflow.sleep(timedelta(seconds=step.pause))
            if steps == STEPS_A_RUN:
                workflow.continue_as_new(job)
