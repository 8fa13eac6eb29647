"""What a retry takes over from the execution that it retries: outputs of tasks that need not be done again."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from workflows.language.calls.effect import EffectBody
from workflows.language.compensation import Journal
from workflows.language.leaves import gives_input_on, is_free, is_leaf
from workflows.language.nodes import Task
from workflows.language.runs.workflow import WorkflowBody
from workflows.language.steps import Step, Taken

REUSED = "reused:"  # before the key of an effect: the one of the origin, which the retry has taken over

_INDEX = re.compile(r"/(do|try|branches|before|after|compensate)/\d+(?=/)")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A task that the origin completed.

    Attributes:
        key: of its run there, `{reference}#{iteration}`.
        origin: the execution that really ran it and its key there, `{id}:{key}`.
        child: the sub-workflow that it ran.
        whole: False when the output is too large for the log and has to be fetched.
    """

    key: str
    origin: str
    output: object = None
    whole: bool = True
    child: str | None = None


class Reuse:
    """The completed tasks of one origin, each taken over at most once.

    Attributes:
        definition: the origin's document when this run has another version of it; None when they are the same.
    """

    def __init__(
        self,
        recorded: Iterable[Recorded],
        fetch: Callable[[Recorded], Awaitable[Taken | None]],
        *,
        definition: Mapping[str, object] | None = None,
    ) -> None:
        self._recorded = {each.key: each for each in recorded}
        self._by_name = _by_name(self._recorded.values()) if definition is not None else {}
        self._fetch = fetch
        self._definition = definition
        self._changed = False
        self._again: dict[str, str] = {}

    async def take(self, step: Step, journal: Journal) -> Taken | None:
        """What a task gave in the origin; None when it is to be done."""
        task = step.task
        if not is_leaf(task) or step.frame.compensating:
            return None
        found = None if step.frame.anew else self._find(step)
        # What is computed or read would go on saying what a task that was done again no longer says.
        if found is not None and not (is_free(task) and (self._changed or self._differs(found, task))):
            taken = await self._taken(found, step)
            if taken is not None:
                step.entry.origin = found.origin
                _adopt(found, step, journal)
                return taken
            self._again[step.key] = found.origin
        self._changed = True
        return None

    async def _taken(self, found: Recorded, step: Step) -> Taken | None:
        if gives_input_on(step.task):
            return Taken(step.input, raw=True)  # it is over, and gives what it gets now
        return Taken(found.output) if found.whole else await self._fetch(found)

    def go_on(self) -> None:
        """After a checkpoint nobody knows any more whether something was done again; to say so is always right."""
        self._changed = True

    def repeats(self, key: str) -> str | None:
        """The key under which the origin made this call, when nobody knows what was answered: it is the same call."""
        return self._again.get(key)

    def _find(self, step: Step) -> Recorded | None:
        found = self._recorded.get(step.key) or self._by_name.get(_named(step.key))
        return found if found is not None and self._same_kind(found, step.task) else None

    def _same_kind(self, found: Recorded, task: Task) -> bool:
        before = self._before(found)
        return before is None or (task.type in before and before.get("call") == task.definition.get("call"))

    def _differs(self, found: Recorded, task: Task) -> bool:
        before = self._before(found)
        return before is not None and before != task.definition

    def _before(self, found: Recorded) -> Mapping[str, object] | None:
        """The task as the origin's document has it; None when that is this one."""
        if self._definition is None:
            return None
        return _at(self._definition, found.key.partition("#")[0])


def _adopt(found: Recorded, step: Step, journal: Journal) -> None:
    """Let a rollback undo what the origin did, unless the author has an undo of his own or wants none."""
    body = step.task.body
    if isinstance(body, WorkflowBody) and body.waits and found.child is not None and step.task.compensate is None:
        journal.register_adopted(step, f"{REUSED}{found.key}", execution_id=found.child)
    if isinstance(body, EffectBody) and body.undoable and step.task.compensate is None:
        arguments = step.task.definition.get("with")
        kept = isinstance(arguments, Mapping) and cast("Mapping[str, object]", arguments).get("rollback") == "none"
        if not kept:
            journal.register_adopted(step, f"{REUSED}{found.key}")


def _by_name(recorded: Iterable[Recorded]) -> dict[str, Recorded]:
    """Tasks by the names on the way to them; one of several with the same way is none."""
    found: dict[str, Recorded] = {}
    several: set[str] = set()
    for each in recorded:
        name = _named(each.key)
        if name in found:
            several.add(name)
        found[name] = each
    return {name: each for name, each in found.items() if name not in several}


def _named(key: str) -> str:
    """A key without the places in lists, which move when a task is put before another."""
    return _INDEX.sub(r"/\1", key)


def _at(document: object, pointer: str) -> Mapping[str, object] | None:
    """What a JSON pointer points at, if it is an object."""
    node = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping):
            node = cast("Mapping[str, object]", node).get(name)
        elif isinstance(node, list) and name.isdigit() and int(name) < len(cast("list[object]", node)):
            node = cast("list[object]", node)[int(name)]
        else:
            return None
    return cast("Mapping[str, object]", node) if isinstance(node, Mapping) else None
