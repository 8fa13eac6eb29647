"""What the interpreter asks of the world: one protocol, so that the language itself stays pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workflows.language.late import Hole


@dataclass(frozen=True, slots=True)
class Late:
    """What a call leaves to its activity to evaluate, because it reads secrets.

    Attributes:
        holes: the places of the arguments, which hold null so far, and the expression of each.
        dot: the data that the expressions see as `.`.
        variables: the values of the other variables that they read.
        now: what `now` yields in them, in seconds.
    """

    holes: tuple[Hole, ...]
    dot: object
    variables: Mapping[str, object]
    now: float


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call to the outside, evaluated as far as the workflow may know it.

    Attributes:
        kind: `http`, `openapi`, ...: the activity `call.{kind}` makes it.
        arguments: the task's `with`; endpoints are `{uri, authentication}`, and named policies stand in place.
        late: what is missing in the arguments; None when nothing is.
        secrets: the names of the secrets that the call needs.
        policy: where the arguments have the authentication policy that `$authorization` is about.
        summary: what operators see of it.
        repeatable: doing it twice is doing it once, and it ends soon.
    """

    kind: str
    arguments: Mapping[str, object]
    late: Late | None = None
    secrets: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    summary: str = ""
    repeatable: bool = False


class Events(Protocol):
    """The stream of CloudEvents of the execution's owner."""

    async def emit(self, event: Mapping[str, object], *, key: str) -> None:
        """Publish a whole event, once however often this is repeated."""
        ...

    async def subscribe(self, filters: Sequence[Mapping[str, object]], *, key: str) -> None:
        """From now on what any of the narrowed filters takes is delivered to the task with this key."""
        ...

    async def unsubscribe(self, *, key: str) -> None:
        """The task listens no longer."""
        ...


class Invitations(Protocol):
    """What people and other systems outside may answer."""

    async def invite(self, name: str, arguments: Mapping[str, object], *, key: str) -> object:
        """Write down who may answer the task with this key and how, and tell them; what the task may tell further.

        `name` is the function of the catalogue that asks. The answer comes as a delivery.
        """
        ...

    async def withdraw(self, name: str, *, key: str, expired: bool) -> list[object]:
        """Nobody may answer any longer; nothing where nobody was asked. `expired`: its own time was up.

        What was answered before that, which may not have been delivered: one answer or none.
        """
        ...


@dataclass(frozen=True, slots=True)
class SubWorkflow:
    """Which definition of the owner's to run, on what.

    Attributes:
        version: of the document, or `latest`.
        waits: somebody waits for its end, and undoes it with his own rollback.
    """

    namespace: str
    name: str
    version: str
    input: object
    waits: bool


class SubWorkflows(Protocol):
    """Executions that an execution begins."""

    async def start(self, wanted: SubWorkflow, *, key: str) -> str:
        """The id of the execution, which runs by now; raises `WorkflowFault`. Not to be cancelled half-way."""
        ...

    async def result(self, execution_id: str, *, cancelled: bool) -> tuple[object, bool]:
        """Its output once it has completed; raises the `WorkflowFault` that it ended with.

        Cancellation, or `cancelled`, cancels it, and is raised when it has ended and rolled itself back. One that
        completed all the same says so with its output.
        """
        ...

    async def roll_back(self, execution_id: str, cause: Mapping[str, object] | None) -> None:
        """Undo what a completed one has done; raises `WorkflowFault` when some of it could not be undone."""
        ...


class Effects(Protocol):
    """The world of one execution. Every method must be deterministic on replay.

    Keys are `{reference}#{path}`: unique within the execution and the same on every replay, so that an effect
    recorded under its key is never done twice. Those of compensating tasks begin with `compensate:`; a compensation
    that is tried again uses the same keys again.
    """

    @property
    def stream(self) -> Events:
        """What the execution publishes and listens to."""
        ...

    @property
    def invitations(self) -> Invitations:
        """What the execution asks of people."""
        ...

    @property
    def sub_workflows(self) -> SubWorkflows:
        """What the execution begins."""
        ...

    def now(self) -> datetime:
        """The execution's clock, with a time zone."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait durably."""
        ...

    async def breathe(self) -> None:
        """Give up the processor: called between stretches of pure work."""
        ...

    async def entered(self) -> None:
        """Called once, before the first effect or wait: from now on the execution is visibly running."""
        ...

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109 - the longest that the call itself may take
    ) -> object:
        """Call a function of the catalogue; raises `WorkflowFault`."""
        ...

    async def call_service(self, call: ServiceCall, *, key: str, timeout: float | None) -> object:  # noqa: ASYNC109
        """Make one call; raises `WorkflowFault`."""
        ...

    async def receive(self, key: str) -> object:
        """The next delivery from outside for the waiting task with this key, in order of arrival, each only once.

        Who invites deliveries writes that down first; whoever answers has written the answer down before it comes.
        """
        ...

    def ignore(self, key: str) -> None:
        """The task waits no longer: drop what has come for it and was not taken."""
        ...

    async def undo(self, key: str) -> None:
        """Undo the table effect recorded under `key`; raises `WorkflowFault`.

        A key under which nothing was recorded is not an error: a call that was interrupted may never have happened.
        """
        ...
