"""The task log of an execution as a stream: what begins, how it ends, what is undone, and the end of the execution.

Nothing is kept for it: each event follows from the log, and its id says how far a reader has come. So whichever process
answers next goes on from there.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from api.event_streams import STILL_THERE, event
from api.executions.executions import Executions
from api.executions.running_tasks import running_tasks
from api.wakes import LONGEST_SECONDS, Streams
from zilliance.database import READING, PostgresError
from zilliance.errors import AppError, InvalidInputError, NotFoundError
from zilliance.identity import Identity

PAUSE_SECONDS = 1.0
ROUNDS_OF_SILENCE = 15  # then a comment, so that nothing between the two takes the connection for dead

END = "end"
_UNDONE = frozenset({"compensated", "compensation_failed"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = "SELECT e.completed_at IS NOT NULL AS ended FROM public.workflow_executions AS e WHERE e.id = $1"

Entry = dict[str, Any]
Event = tuple[str, "Position", Entry]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader has come, which is the id of the last event that he has.

    Attributes:
        begun: how many tasks of the log he knows of.
        ended: when the last one ended whose end he knows, in microseconds of the epoch, and its place.
        undone: the place after the last one whose undo he knows.
    """

    begun: int = 0
    ended: tuple[int, int] = (-1, -1)
    undone: int = 0

    def __str__(self) -> str:
        return f"{self.begun}.{self.ended[0]}.{self.ended[1]}.{self.undone}"

    @classmethod
    def read(cls, text: str) -> "Position":
        """What `str` wrote. Raises InvalidInputError."""
        if not text:
            return cls()
        try:
            begun, moment, place, undone = (int(part) for part in text[:100].split("."))
            if begun < 0 or undone < 0:
                raise ValueError(text)  # noqa: TRY301  to be refused like what is no number
        except ValueError as error:
            message = "Last-Event-ID: send the id of an event of this stream, or none"
            raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "Last-Event-ID"}) from error
        return cls(begun, (moment, place), undone)


def events_after(position: Position, tasks: Sequence[Entry], *, ended: bool) -> Iterator[Event]:
    """What a log says that a reader does not know yet: its kind, where he then stands, and the task."""
    ends = sorted(
        key
        for place, task in enumerate(tasks)
        if task.get("completed_at") and not _at_once(task)
        if (key := (_moment(task["completed_at"]), place)) > position.ended
    )
    for place in range(position.begun, len(tasks)):
        task = tasks[place]
        while ends and ends[0][0] <= _moment(task["started_at"]) and ends[0][1] < place:
            position = replace(position, ended=ends.pop(0))
            yield "ended", position, _placed(tasks, position.ended[1])
        position = replace(position, begun=place + 1)
        yield (
            ("ended", position, _placed(tasks, place)) if _at_once(task) else ("began", position, _begun(tasks, place))
        )
    for key in ends:
        position = replace(position, ended=key)
        yield "ended", position, _placed(tasks, key[1])
    for place in range(position.undone, len(tasks) if ended else 0):
        if tasks[place]["status"] in _UNDONE:
            position = replace(position, undone=place + 1)
            yield "undone", position, _placed(tasks, place)


@dataclass(frozen=True, slots=True)
class TaskEvents:
    """One reader of one execution's log."""

    executions: Executions
    streams: Streams
    caller: Identity
    execution_id: UUID

    async def events(self, told: str) -> AsyncGenerator[bytes]:
        """Server-sent events after the one with the id `told`; none when that was the end.

        Raises NotFoundError, InvalidInputError, RateLimitedError.
        """
        position = Position() if told == END else Position.read(told)
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_SECONDS
        with self.streams.opened(cast("UUID", self.caller.user_id)):
            if told == END and await self._has_ended():
                return
            silence, seen = 0, await self._look()
            while seen is not None:
                row, tasks = seen
                silence += 1
                for kind, reached, task in events_after(position, tasks, ended=row is not None):
                    yield _event(kind, str(reached), task)
                    position, silence = reached, 0
                if row is not None:
                    yield _event(END, END, {name: value for name, value in row.items() if name != "tasks"})
                    return
                if silence % ROUNDS_OF_SILENCE == 1:
                    yield STILL_THERE
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.streams.closing.wait(), PAUSE_SECONDS)
                if self.streams.closing.is_set() or loop.time() > until:
                    return
                seen = await self._look_again()

    async def _look(self) -> tuple[Entry | None, list[Entry]]:
        """The row once it has ended, and the log. Raises NotFoundError."""
        row = await self._row() if await self._has_ended() else None
        return row, await self._tasks(row)

    async def _look_again(self) -> tuple[Entry | None, list[Entry]] | None:
        """None: the execution, the session, or the database has gone; the client asks again, and is told."""
        try:
            return await self._look()
        except (AppError, PostgresError):
            return None

    async def _has_ended(self) -> bool:
        async with self.executions.database.transaction(self.caller, READING) as connection:
            ended: bool | None = await connection.fetchval(_STATUS, self.execution_id)
        if ended is None:
            raise NotFoundError(f"There is no execution {self.execution_id}", code="EXECUTION_NOT_FOUND")
        return ended

    async def _row(self) -> Entry:
        return json.loads((await self.executions.find(self.caller, self.execution_id)).row)

    async def _tasks(self, row: Entry | None) -> list[Entry]:
        """Of an open one none when nobody answers: the next round asks again."""
        if row is not None:
            return row["tasks"] or []
        running = await running_tasks(self.executions.temporal, self.execution_id)
        return [] if running is None else json.loads(running.tasks)


def _event(kind: str, identity: str, data: Entry) -> bytes:
    return event(kind, json.dumps(data, separators=(",", ":")).encode(), identity)


def _at_once(task: Entry) -> bool:
    """Whether there is nothing between its begin and its end."""
    return task["status"] == "skipped" or bool(task.get("reused"))


def _placed(tasks: Sequence[Entry], place: int) -> Entry:
    return {"index": place, **tasks[place]}


def _begun(tasks: Sequence[Entry], place: int) -> Entry:
    return {**_placed(tasks, place), "status": "running", "output": None, "error": None, "completed_at": None}


def _moment(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
