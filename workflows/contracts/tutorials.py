"""What travels for tutorials that a model writes. What the model wrote travels as JSON text, as values of users do."""

from uuid import UUID

from workflows.contracts.execution import Contract


class GenerateTutorialInput(Contract):
    """One attempt at one run: what its row says is wanted.

    Attributes:
        attempt: counts how often the run was begun; what an earlier attempt still writes changes nothing.
        model: None for the operator's default.
        source: JSON text of `{bucket, path}`: a file of the owner's that the tutorial is about.
    """

    run_id: UUID
    owner_id: UUID
    attempt: int = 1
    topic: str
    level: str
    steps: int
    model: str | None = None
    source: str | None = None


class TutorialAttempt(Contract):
    """Which attempt something is about."""

    run_id: UUID
    attempt: int


class TutorialProgress(TutorialAttempt):
    """How far an attempt has come, in percent and in steps that are written."""

    progress: int
    steps_done: int


class ReadSourceInput(Contract):
    """A file of the owner's to read as text; `source` as above."""

    owner_id: UUID
    source: str


class SaveTutorialInput(TutorialAttempt):
    """What a model wrote: `outline` is JSON text, and `steps` are one JSON text each, in order."""

    owner_id: UUID
    topic: str
    level: str
    model: str
    outline: str
    steps: list[str]


class EndTutorialInput(TutorialAttempt):
    """The end of an attempt that saved nothing: `cancelled`, or `failed` with its error as JSON text."""

    status: str
    error: str | None = None


class TutorialSummary(Contract):
    """How a run ended; its row has the rest. `tutorial_id` is None when somebody else ended it first."""

    tutorial_id: UUID | None = None


class BeginTutorialInput(Contract):
    """A tutorial that a task of an execution wants, once for its key. `arguments` is JSON text."""

    execution_id: UUID
    owner_id: UUID
    key: str
    arguments: str


class TutorialOutcomeInput(Contract):
    """The run of a task whose end is asked for."""

    execution_id: UUID
    key: str
    run_id: UUID


class ReconcileTutorialsResult(Contract):
    """What a pass over open runs did: started, closed, cancelled, looked at."""

    started: int = 0
    closed: int = 0
    cancelled: int = 0
    seen: int = 0
