"""What writing tutorials asks of the world, as abstract activity classes; `activities.tutorials` implements them."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from workflows.contracts.tutorials import (
    BeginTutorialInput,
    EndTutorialInput,
    GenerateTutorialInput,
    ReadSourceInput,
    ReconcileTutorialsResult,
    SaveTutorialInput,
    TutorialAttempt,
    TutorialOutcomeInput,
    TutorialProgress,
)


class TutorialActivities(ABC):
    """The row of a run, and the tutorial that comes of it. Faults are as those of `workflows.ai_stubs`."""

    @abstractmethod
    @activity.defn(name="tutorial.enter")
    async def enter(self, attempt: TutorialAttempt) -> bool:
        """The row says `running`. False: it is not to be begun any more."""

    @abstractmethod
    @activity.defn(name="tutorial.read-source")
    async def read_source(self, wanted: ReadSourceInput) -> str:
        """The text of a file that the owner may read, without the marks of captions, cut to what a model is given."""

    @abstractmethod
    @activity.defn(name="tutorial.show-progress")
    async def show_progress(self, progress: TutorialProgress) -> None:
        """The row says how far it has come."""

    @abstractmethod
    @activity.defn(name="tutorial.save")
    async def save(self, written: SaveTutorialInput) -> UUID | None:
        """Save a draft of the owner's and complete the run, once; its id. None: the run has ended otherwise."""

    @abstractmethod
    @activity.defn(name="tutorial.end")
    async def end(self, end: EndTutorialInput) -> None:
        """The row says why there is no tutorial; the first end wins."""


class TutorialTaskActivities(ABC):
    """Tutorials that tasks of executions want."""

    @abstractmethod
    @activity.defn(name="tutorial.begin-for")
    async def begin_for(self, wanted: BeginTutorialInput) -> GenerateTutorialInput:
        """Insert the run, or find the one that the key began before."""

    @abstractmethod
    @activity.defn(name="tutorial.outcome")
    async def outcome(self, wanted: TutorialOutcomeInput) -> str:
        """How it ended, as JSON text `{status, error, result}`; from then on the execution can undo it."""


class TutorialUpkeepActivities(ABC):
    """Housekeeping of runs on a schedule."""

    @abstractmethod
    @activity.defn(name="upkeep.reconcile-tutorials")
    async def reconcile_tutorials(self) -> ReconcileTutorialsResult:
        """Start what was committed and not started, close what is gone, and cancel what somebody wants cancelled."""
