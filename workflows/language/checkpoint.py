"""A running execution as data: all that another run needs to go on from where this one stood."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Ref = int  # the position of a value in `Checkpoint.values`


class _Part(BaseModel):
    """Parts only grow: a new field has a default, and an unknown one is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ListPlace(_Part):
    """In a task list, before the task at `index` or inside it; `data` is that task's raw input.

    Attributes:
        scopes: of the journal, that are open around it.
    """

    kind: Literal["list"] = "list"
    index: int
    rounds: int = 0
    scopes: tuple[int, ...] = ()
    data: Ref


class TaskPlace(_Part):
    """Inside a task.

    Attributes:
        entry: its entry in the log.
        input: transformed.
        context: `$context` as the task's expressions see it.
        expires: when its timeout strikes, in seconds of the epoch, and `seconds` how long it was given.
    """

    kind: Literal["task"] = "task"
    entry: int
    input: Ref
    context: Ref
    expires: float | None = None
    seconds: float | None = None


class LoopPlace(_Part):
    """In the iteration `index` of a `for`."""

    kind: Literal["for"] = "for"
    items: Ref
    index: int


class TryPlace(_Part):
    """In a `try`: in the attempt after so many retries, or, when there is a `problem`, in `catch.do`.

    Attributes:
        began: when the first attempt did, as ISO 8601.
        expires: when the attempt's timeout strikes, and `seconds` how long it was given.
    """

    kind: Literal["try"] = "try"
    began: str
    retry: int
    expires: float | None = None
    seconds: float | None = None
    problem: Ref | None = None


class CallPlace(_Part):
    """In a function of the document; `data` is its raw input."""

    kind: Literal["call"] = "call"
    data: Ref


Place = Annotated[ListPlace | TaskPlace | LoopPlace | TryPlace | CallPlace, Field(discriminator="kind")]


class SavedEntry(_Part):
    """An entry of the task log. `logged` is False for one that is beyond the log's bound and still open."""

    name: str
    reference: str
    status: str
    started_at: str
    completed_at: str | None = None
    iteration: str | None = None
    input: Ref
    output: Ref
    error: Ref
    logged: bool = True
    origin: str | None = None


class SavedRetry(_Part):
    """How often an undo is tried."""

    attempts: int
    delay: float
    backoff: str


class SavedUndo(_Part):
    """An entry of the journal.

    Attributes:
        tasks: the reference of the task whose own `compensate` undoes it.
        definition: of that list, where the workflow's own document does not have it: in a function that others publish.
        retry: of such a list; the others' are found with their task.
    """

    key: str
    entry: int
    scopes: tuple[int, ...] = ()
    path: str = ""
    tasks: str | None = None
    definition: Ref | None = None
    retry: SavedRetry | None = None
    execution_id: str | None = None
    data: Ref
    variables: Ref
    context: Ref


class SavedRollback(_Part):
    """How the execution ended that is being rolled back, and the steps of the rollback so far."""

    status: str
    problem: dict[str, Any] | None = None  # a JSON edge
    steps: list[dict[str, Any]]


class Checkpoint(_Part):
    """Made between two tasks, with nothing under way.

    Attributes:
        values: JSON values, each once however often it is referred to.
        path: from the workflow's `do` down to the list whose next task is to run.
        context: `$context`.
        expires: when the workflow's timeout strikes, in seconds of the epoch, and `seconds` how long it was given.
        log_left: bytes that the task log may still take.
        scopes: rollback scopes opened so far.
        library: the documents of the outside that were read, by address.
        steps: expression steps used up, and `runs` the tasks run.
        entered: the execution is visibly running.
        rollback: it is being rolled back, and the journal has what is left to undo; there is no path then.
    """

    values: list[Any]  # a JSON edge
    path: list[Place]
    context: Ref
    expires: float | None = None
    seconds: float | None = None
    log: list[SavedEntry]
    log_left: int
    journal: list[SavedUndo]
    scopes: int
    steps: int
    runs: int
    entered: bool
    library: dict[str, Ref] = {}
    rollback: SavedRollback | None = None

    def as_json(self) -> dict[str, object]:
        # The values are JSON already, and deeper than pydantic would go.
        return {**self.model_dump(exclude={"values"}), "values": self.values}


class CheckpointReached(Exception):  # noqa: N818  on its way up, it is no error
    """The execution goes on in another run, from this checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__("a checkpoint was reached")
        self.checkpoint = checkpoint
