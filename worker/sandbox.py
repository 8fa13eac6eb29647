"""The sandbox that workflow code runs in: what it shares with the process, each name with its reason."""

from dataclasses import replace

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

# The sandbox imports a workflow's modules anew for every run unless they are named here. All of these are pure or read
# what they need once, at import; and plans that are kept across runs must find the same classes in every run.
PASSED_THROUGH: dict[str, str] = {
    "workflows.children": "reaches the run as workflows.temporal_effects does",
    "workflows.contracts": "pydantic models: a payload must decode to the class that the workflow compares",
    "workflows.endings": "pure functions over outcomes",
    "workflows.execute_workflow": "importing it anew for each run took a third of what a run costs in all",
    "workflows.event_effects": "reaches the run as workflows.temporal_effects does",
    "workflows.faults": "pure functions over exceptions",
    "workflows.function_activities": "names of activities by kind of function",
    "workflows.invitation_effects": "reaches the run as workflows.temporal_effects does",
    "workflows.handover": "pure functions over the state of a run",
    "workflows.json_text": "pure functions over text",
    "workflows.language": "the interpreter: pure, and costly to import",
    "workflows.names": "constants",
    "workflows.options": "constants",
    "workflows.phases": "reaches the run through temporalio.workflow, which knows the current one",
    "workflows.plans": "keeps compiled documents across runs",
    "workflows.retrying": "reaches the run through temporalio.workflow, as workflows.temporal_effects does",
    "workflows.run_control": "reaches the run through temporalio.workflow, as workflows.temporal_effects does",
    "workflows.room": "reaches the run as workflows.temporal_effects does",
    "workflows.starts": "pure functions over contracts",
    "workflows.sub_workflow_effects": "reaches the run as workflows.temporal_effects does",
    "workflows.stubs": "abstract classes that only give names",
    "workflows.video": "pure functions over contracts",
    "workflows.video_options": "constants, and functions that fill them in",
    "workflows.video_stubs": "abstract classes that only give names",
    "workflows.ai_stubs": "abstract classes that only give names",
    "workflows.tutorial_effects": "reaches the run as workflows.temporal_effects does",
    "workflows.tutorial_stubs": "abstract classes that only give names",
    "workflows.tutorials": "reaches the run through temporalio.workflow, and compiles its schemas once",
    "workflows.temporal_effects": "reaches the run through temporalio.workflow, which knows the current one",
    "zilliance.enums": "enumerations shared with tables and activities",
    "zilliance.errors": "what refusals of videos are errors of",
    "zilliance.tutorial_rules": "bounds shared with tables and activities",
    "zilliance": "the empty package around zilliance.enums",
    "workflows": "the empty package around the above",
    "purejq": "the expression engine reads os.environ once, which the sandbox refuses; the guard removes its access",
    "re2": "a compiled extension",
    "_re2": "the extension itself",
    "jsonschema_rs": "a compiled extension",
    "isodate": "pure parsing of durations, costly to import",
}

_WHOLE_PACKAGES = [name for name in PASSED_THROUGH if name not in {"workflows", "zilliance"}]


def runner() -> SandboxedWorkflowRunner:
    """The sandbox of this platform: an import that nobody listed fails when the worker starts, not in production."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_WHOLE_PACKAGES)
    return SandboxedWorkflowRunner(
        restrictions=replace(
            restrictions,
            import_notification_policy=SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
            | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH,
        )
    )
