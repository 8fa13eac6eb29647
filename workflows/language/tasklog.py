"""The log of an execution's tasks, in order of their start and bounded in every direction."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from zilliance.enums import TaskStatus

from workflows.language.limits import Limits
from workflows.language.problems import Problem
from workflows.language.sizes import size_of

_NOTHING = object()


@dataclass(slots=True)
class TaskEntry:
    """One run of one task.

    Attributes:
        iteration: which run it was, when loops, retries or jumps make several; the second part of its effect's key.
        exported: what became of `$context`, where the log has that.
        origin: the execution that really did this, and its key there, when this one took it over.
        leaf: it runs no other tasks, so that its output is found nowhere else in the log.
    """

    name: str
    reference: str
    status: TaskStatus
    started_at: datetime
    iteration: str | None = None
    input: object = None
    output: object = None
    error: Problem | None = None
    completed_at: datetime | None = None
    exported: object = _NOTHING
    origin: str | None = None
    leaf: bool = False

    def as_json(self) -> dict[str, object]:
        members: dict[str, object] = {
            "name": self.name,
            "reference": self.reference,
            "status": self.status.value,
            "input": self.input,
            "output": self.output,
            "error": None if self.error is None else self.error.as_json(),
            "started_at": self.started_at.isoformat(),
            "completed_at": None if self.completed_at is None else self.completed_at.isoformat(),
        }
        if self.iteration is not None:
            members["iteration"] = self.iteration
        if self.origin is not None:
            members |= {"reused": True, "origin": self.origin}
        if self.exported is not _NOTHING:
            members["export"] = self.exported
        return members


class TaskLog:
    """Collects entries; what does not fit is counted, not kept.

    Attributes:
        left: bytes of values that it may still take.
        held: bytes of outputs that are to be kept beside it.
    """

    def __init__(self, limits: Limits) -> None:
        self.entries: list[TaskEntry] = []
        self._limits = limits
        self.left = limits.log_total_bytes
        self._measured: tuple[object, int] = (None, 4)
        self._whole: list[tuple[TaskEntry, object]] = []
        self._whole_left = limits.log_whole_bytes
        self.held = 0

    def restore(self, entries: list[TaskEntry], left: int) -> None:
        """Go on with what a checkpoint kept."""
        self.entries, self.left = entries, left

    def start(
        self, name: str, reference: str, path: str, data: object, now: datetime, *, leaf: bool = False
    ) -> TaskEntry:
        entry = TaskEntry(name, reference, TaskStatus.RUNNING, now, path or None)
        if len(self.entries) < self._limits.log_entries:
            entry.leaf = leaf
            entry.input = self.shorten(data)
            self.entries.append(entry)
        elif len(self.entries) == self._limits.log_entries:
            self.entries.append(_marker(self._limits.log_entries, now))
        return entry

    def finish(self, entry: TaskEntry, status: TaskStatus, now: datetime, output: object = None) -> None:
        entry.status = status
        entry.completed_at = now
        entry.output = self.shorten(output)
        if entry.leaf and entry.output is not output:
            self._keep_whole(entry, output)

    def export(self, entry: TaskEntry, value: object) -> None:
        if self._limits.log_exports:
            entry.exported = self.shorten(value)

    def fault(self, entry: TaskEntry, problem: Problem, now: datetime) -> None:
        entry.status = TaskStatus.FAULTED
        entry.completed_at = now
        detail = problem.detail or ""
        if len(detail) > self.left:
            problem = replace(problem, detail=f"{detail:.100} ...")
        else:
            self.left -= len(detail)
        entry.error = problem

    def take_whole(self, part: str) -> list[str]:
        """The outputs that were too large, as JSON texts to be kept one behind the other; their entries then say where.

        Outputs that are no JSON are left out: nobody could read them.
        """
        texts: list[str] = []
        first = 0
        for entry, output in self._whole:
            text = _text_of(output)
            if text is None:
                continue
            texts.append(text)
            reference = f"outputs/{part}:{first}-{first + len(text) - 1}"
            entry.output = {"truncated": True, "bytes": len(text), "reference": reference}
            first += len(text)
        self._whole = []
        self.held = 0
        return texts

    def _keep_whole(self, entry: TaskEntry, output: object) -> None:
        size = self.measure(output)
        if size <= self._whole_left:
            self._whole_left -= size
            self.held += size
            self._whole.append((entry, output))

    def measure(self, value: object) -> int:
        """Bytes of the value; one that was just measured, as a task's output is its follower's input, costs nothing."""
        if self._measured[0] is not value:
            self._measured = (value, size_of(value, self._limits.value_bytes))
        return self._measured[1]

    def shorten(self, value: object) -> object:
        """The value as it is logged: one that is too large is only counted."""
        size = self.measure(value)
        if size > self._limits.log_value_bytes or size > self.left:
            return {"truncated": True, "bytes": size}
        self.left -= size
        return value


def _text_of(value: object) -> str | None:
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def _marker(kept: int, now: datetime) -> TaskEntry:
    return TaskEntry(
        name=f"more tasks ran: only the first {kept} are logged",
        reference="",
        status=TaskStatus.SKIPPED,
        started_at=now,
        completed_at=now,
    )
