"""Every workflow and every activity of the platform, written out once."""

from collections.abc import Callable, Sequence
from typing import Any

from activities.answers import TemporalAnswerUpkeepActivities
from activities.calls.caller import Caller
from activities.calls.http import HttpCallActivities
from activities.calls.reading import ReadingActivities
from activities.event_upkeep import SqlEventUpkeepActivities
from activities.events import SqlEventActivities
from activities.gateway import ApiGatewayActivities
from activities.invitations import PeopleInvitationActivities
from activities.jobs import SqlJobActivities
from activities.llm.chat import LedgeredAiActivities
from activities.llm.ledger import Ledger
from activities.long_executions import StoredLongExecutionActivities
from activities.mail import SmtpMailActivities
from activities.objects import StoredObjectActivities
from activities.pauses import ClockPauseActivities
from activities.postman import Postman
from activities.protocols.calls import LocalProgramActivities, OutboundProtocolActivities
from activities.records import SqlExecutionActivities, SqlFunctionActivities
from activities.retention import StoredRetentionActivities
from activities.schedules import SqlScheduleActivities
from activities.secrets import SecretReader
from activities.starts import ExecutionStarts
from activities.storage_upkeep import S3StorageUpkeepActivities
from activities.sub_workflows import SqlSubWorkflowActivities
from activities.tutorials.rows import SqlTutorialActivities
from activities.tutorials.tasks import SqlTutorialTaskActivities
from activities.tutorials.upkeep import TemporalTutorialUpkeepActivities
from activities.upkeep import TemporalUpkeepActivities
from activities.video_runs import SqlVideoRunActivities
from activities.video_starts import TemporalVideoUpkeepActivities
from activities.video_tasks import SqlVideoTaskActivities
from worker.resources import Resources
from workflows.bulk_executions import BulkExecutions
from workflows.execute_workflow import ExecuteWorkflow
from workflows.generate_tutorial import GenerateTutorial
from workflows.process_video import ProcessVideo
from workflows.roll_back_execution import RollBackExecution
from workflows.scheduled_runs import FireSchedule, RunAfter
from workflows.upkeep import (
    DeliverAnswers,
    ExpireExecutions,
    ReconcileExecutions,
    ReconcileTutorials,
    ReconcileVideos,
    SweepObjects,
    TrimEvents,
)
from zilliance.mail import MailDoor
from zilliance.sealing import Sealer
from zilliance.tokens import CallbackTokens, TokenAuthority

WORKFLOWS: Sequence[type] = [
    ExecuteWorkflow,
    RollBackExecution,
    BulkExecutions,
    ExpireExecutions,
    FireSchedule,
    RunAfter,
    GenerateTutorial,
    ReconcileTutorials,
    ReconcileExecutions,
    ReconcileVideos,
    SweepObjects,
    DeliverAnswers,
    TrimEvents,
    ProcessVideo,
]


def activities(resources: Resources) -> list[Callable[..., Any]]:
    """The implementations of `workflows.stubs`, one line each."""
    starts = ExecutionStarts(resources.database, resources.client)
    executions = SqlExecutionActivities(resources.database, starts)
    functions = SqlFunctionActivities(resources.database)
    events = SqlEventActivities(resources.database, resources.settings.events.max_pending)
    secrets = SecretReader(resources.database, Sealer.of(resources.settings.secrets))
    caller = Caller(resources.outbound, secrets)
    calls = HttpCallActivities(caller)
    reading = ReadingActivities(caller)
    protocols = OutboundProtocolActivities(caller, resources.programs)
    programs = LocalProgramActivities(caller, resources.programs)
    long_executions = StoredLongExecutionActivities(resources.database, resources.store)
    pauses = ClockPauseActivities()
    most_open = resources.settings.workflow.max_open_executions
    schedules = SqlScheduleActivities(resources.database, resources.client, most_open)
    upkeep = TemporalUpkeepActivities(resources.database, resources.client)
    event_upkeep = SqlEventUpkeepActivities(resources.database, resources.settings)
    storage_upkeep = S3StorageUpkeepActivities(resources.database, resources.store)
    days = resources.settings.workflow.retention_days
    retention = StoredRetentionActivities(resources.database, resources.store, days=days)
    jobs = SqlJobActivities(resources.database, resources.client, starts)
    return [
        jobs.step,
        retention.expire_executions,
        executions.load,
        executions.take_over,
        executions.recorded_answer,
        executions.enter,
        executions.finish,
        long_executions.show_phase,
        long_executions.keep_outputs,
        long_executions.recorded_output,
        functions.call,
        functions.undo,
        calls.http,
        calls.openapi,
        protocols.grpc,
        protocols.asyncapi,
        protocols.a2a,
        protocols.mcp,
        programs.script,
        programs.shell,
        programs.container,
        reading.resource,
        events.publish,
        events.subscribe,
        events.unsubscribe,
        *_activities_of_functions(resources),
        *_activities_of_videos(resources),
        pauses.sleep,
        pauses.breathe,
        schedules.begin,
        schedules.is_open,
        schedules.after,
        upkeep.reconcile_executions,
        TemporalVideoUpkeepActivities(resources.database, resources.client).reconcile_videos,
        storage_upkeep.sweep_objects,
        event_upkeep.trim_events,
    ]


def _activities_of_videos(resources: Resources) -> list[Callable[..., Any]]:
    """What the workflow of a video writes and takes back; what is done to files is for worker.media."""
    runs = SqlVideoRunActivities(resources.database, resources.store, resources.settings.api_url)
    return [runs.enter, runs.keep_plan, runs.complete_tracks, runs.finish, runs.fail, runs.discard]


def _activities_of_functions(resources: Resources) -> list[Callable[..., Any]]:
    """What functions of the catalogue and sub-workflows need beside statements of PostgreSQL."""
    sub_workflows = SqlSubWorkflowActivities(resources.database)
    postman = Postman(resources.database, MailDoor(resources.settings.mail))
    mail = SmtpMailActivities(postman)
    invitations = PeopleInvitationActivities(
        resources.database,
        postman,
        CallbackTokens(resources.settings.auth.jwt_secret.get_secret_value()),
        resources.settings.api_url,
    )
    ai = resources.settings.ai
    models = LedgeredAiActivities(resources.provider, Ledger(resources.database, ai), ai)
    objects = StoredObjectActivities(
        resources.database, resources.store, TokenAuthority(resources.settings).urls, resources.settings
    )
    answers = TemporalAnswerUpkeepActivities(resources.database, resources.client, postman)
    videos = SqlVideoTaskActivities(resources.database, most_open=resources.settings.video.max_open_runs)
    return [
        sub_workflows.begin,
        sub_workflows.outcome,
        sub_workflows.load_journal,
        sub_workflows.rolled_back,
        mail.send,
        models.chat,
        models.call,
        objects.call,
        ApiGatewayActivities(resources.api).call,
        invitations.invite,
        invitations.withdraw,
        answers.deliver_answers,
        *_activities_of_tutorials(resources),
        videos.begin_for,
        videos.outcome,
        videos.cancel,
    ]


def _activities_of_tutorials(resources: Resources) -> list[Callable[..., Any]]:
    """What tutorials need that a model writes, beside the model."""
    rows = SqlTutorialActivities(resources.database, resources.store)
    tasks = SqlTutorialTaskActivities(resources.database, resources.settings.ai)
    upkeep = TemporalTutorialUpkeepActivities(resources.database, resources.client)
    return [
        rows.enter,
        rows.read_source,
        rows.show_progress,
        rows.save,
        rows.end,
        tasks.begin_for,
        tasks.outcome,
        upkeep.reconcile_tutorials,
    ]
