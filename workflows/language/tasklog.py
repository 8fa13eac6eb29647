"""The log of an execution's tasks, in order of their start and bounded in every direction."""

from dataclasses import dataclass, replace
from datetime import datetime

from zilliance.enums import TaskStatus

from workflows.language.limits import Limits
from workflows.language.problems import Problem
from workflows.language.sizes import size_of


@dataclass(slots=True)
class TaskEntry:
    """One run of one task.

    Attributes:
        iteration: which run it was, when loops, retries or jumps make several; the second part of its effect's key.
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
        return members


class TaskLog:
    """Collects entries; what does not fit is counted, not kept."""

    def __init__(self, limits: Limits) -> None:
        self.entries: list[TaskEntry] = []
        self._limits = limits
        self._left = limits.log_total_bytes
        self._measured: tuple[object, int] = (None, 4)

    def start(self, name: str, reference: str, path: str, data: object, now: datetime) -> TaskEntry:
        entry = TaskEntry(name, reference, TaskStatus.RUNNING, now, path or None)
        if len(self.entries) < self._limits.log_entries:
            entry.input = self._shorten(data)
            self.entries.append(entry)
        elif len(self.entries) == self._limits.log_entries:
            self.entries.append(_marker(self._limits.log_entries, now))
        return entry

    def finish(self, entry: TaskEntry, status: TaskStatus, now: datetime, output: object = None) -> None:
        entry.status = status
        entry.completed_at = now
        entry.output = self._shorten(output)

    def fault(self, entry: TaskEntry, problem: Problem, now: datetime) -> None:
        entry.status = TaskStatus.FAULTED
        entry.completed_at = now
        detail = problem.detail or ""
        if len(detail) > self._left:
            problem = replace(problem, detail=f"{detail:.100} ...")
        else:
            self._left -= len(detail)
        entry.error = problem

    def measure(self, value: object) -> int:
        """Bytes of the value; one that was just measured, as a task's output is its follower's input, costs nothing."""
        if self._measured[0] is not value:
            self._measured = (value, size_of(value, self._limits.value_bytes))
        return self._measured[1]

    def _shorten(self, value: object) -> object:
        size = self.measure(value)
        if size > self._limits.log_value_bytes or size > self._left:
            return {"truncated": True, "bytes": size}
        self._left -= size
        return value


def _marker(kept: int, now: datetime) -> TaskEntry:
    return TaskEntry(
        name=f"more tasks ran: only the first {kept} are logged",
        reference="",
        status=TaskStatus.SKIPPED,
        started_at=now,
        completed_at=now,
    )
