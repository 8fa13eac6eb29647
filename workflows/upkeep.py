"""Housekeeping that runs on Temporal Schedules."""

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ReconcileResult
from workflows.contracts.invitations import AnswersResult
from workflows.contracts.tutorials import ReconcileTutorialsResult
from workflows.contracts.upkeep import ExpiryResult, SweepResult, TrimResult
from workflows.names import (
    DELIVER_ANSWERS,
    EXPIRE_EXECUTIONS,
    RECONCILE_EXECUTIONS,
    RECONCILE_TUTORIALS,
    RECONCILE_VIDEOS,
    SWEEP_OBJECTS,
    TRIM_EVENTS,
)
from workflows.stubs import (
    AnswerUpkeepActivities,
    EventUpkeepActivities,
    RetentionActivities,
    StorageUpkeepActivities,
    UpkeepActivities,
    VideoUpkeepActivities,
)
from workflows.tutorial_stubs import TutorialUpkeepActivities


@workflow.defn(name=RECONCILE_EXECUTIONS)
class ReconcileExecutions:
    """Closes the two gaps between a row and its workflow: committed but not started, ended but still open."""

    @workflow.run
    async def run(self) -> ReconcileResult:
        return await workflow.execute_activity_method(UpkeepActivities.reconcile_executions, **options.UPKEEP)


@workflow.defn(name=RECONCILE_VIDEOS)
class ReconcileVideos:
    """The same for the processing of videos."""

    @workflow.run
    async def run(self) -> ReconcileResult:
        return await workflow.execute_activity_method(VideoUpkeepActivities.reconcile_videos, **options.UPKEEP)


@workflow.defn(name=SWEEP_OBJECTS)
class SweepObjects:
    """Deletes the bytes of versions that no object has: overwritten, deleted, or never come to their end."""

    @workflow.run
    async def run(self) -> SweepResult:
        return await workflow.execute_activity_method(StorageUpkeepActivities.sweep_objects, **options.UPKEEP)


@workflow.defn(name=DELIVER_ANSWERS)
class DeliverAnswers:
    """Closes the gap between an answer that is written down and the execution that waits for it; likewise for mail."""

    @workflow.run
    async def run(self) -> AnswersResult:
        return await workflow.execute_activity_method(AnswerUpkeepActivities.deliver_answers, **options.UPKEEP)


@workflow.defn(name=EXPIRE_EXECUTIONS)
class ExpireExecutions:
    """Deletes executions that ended longer ago than they are kept."""

    @workflow.run
    async def run(self) -> ExpiryResult:
        return await workflow.execute_activity_method(RetentionActivities.expire_executions, **options.UPKEEP)


@workflow.defn(name=TRIM_EVENTS)
class TrimEvents:
    """Deletes events and changes that are older than they need be kept."""

    @workflow.run
    async def run(self) -> TrimResult:
        return await workflow.execute_activity_method(EventUpkeepActivities.trim_events, **options.UPKEEP)


@workflow.defn(name=RECONCILE_TUTORIALS)
class ReconcileTutorials:
    """Closes the gaps between the row of a tutorial's run and its workflow."""

    @workflow.run
    async def run(self) -> ReconcileTutorialsResult:
        return await workflow.execute_activity_method(TutorialUpkeepActivities.reconcile_tutorials, **options.UPKEEP)
