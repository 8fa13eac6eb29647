"""A run as server-sent events: its progress, and the text that is being written, from wherever a reader has come to.

Any process can serve any reader: pieces of text are rows with ids that rise, and an event's id follows from its
piece's: an even one for text, and the odd one behind it for the end of a step that came with it, so that a connection
may break between any two. A page of pieces is read when the reader has taken what came before it.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import orjson

from api.event_streams import STILL_THERE, event
from api.state import AppState
from api.tutorials.partial_json import PartialJson
from api.tutorials.runs import Run
from api.wakes import LONGEST_SECONDS
from zilliance.database import READING, PostgresError
from zilliance.enums import ExecutionStatus
from zilliance.errors import AppError, InvalidInputError, NotFoundError
from zilliance.identity import Identity

PAGE = 200
MOST_ID = 2**63 - 1
QUIET_SECONDS = 15.0  # then a comment says that the connection lives, and finds out when it does not
GAP_SECONDS = 0.1  # what comes within it comes together


@dataclass(slots=True)
class _Texts:
    """What is being written, step by step."""

    parts: dict[tuple[str, int], PartialJson] = field(default_factory=dict[tuple[str, int], PartialJson])

    def events(self, delta: Mapping[str, Any], after: int) -> list[bytes]:
        """What a piece is to its reader, behind the event with an id; nothing when it adds no text."""
        about = {"step": delta["step"], "attempt": delta["attempt"]}
        texts = self.parts.setdefault((delta["step"], delta["attempt"]), PartialJson()).feed(delta["text"])
        events: list[tuple[int, bytes]] = []
        if texts:
            fields = [{"path": path, "text": text} for path, text in texts]
            identity = 2 * delta["id"]
            events.append((identity, _event("delta", {**about, "fields": fields}, id_=identity)))
        if delta["outcome"] is not None:
            self.parts.pop((delta["step"], delta["attempt"]))
            identity = 2 * delta["id"] + 1
            events.append((identity, _event("step", {**about, "outcome": delta["outcome"]}, id_=identity)))
        return [each for identity, each in events if identity > after]


def last_event(text: str | None) -> int:
    """Where a reader has come to. Raises InvalidInputError."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ID)) and int(text) <= MOST_ID):
        message = "Last-Event-ID: send the id of an event of this stream, or none"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "Last-Event-ID"})
    return int(text)


async def stream(state: AppState, caller: Identity, run_id: UUID, after: int) -> AsyncGenerator[bytes]:
    """The events behind one. The first step of it raises NotFoundError, RateLimitedError."""
    texts, seen, owner = _Texts(), 0, cast("UUID", caller.user_id)
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    with state.answers.watching(run_id, owner) as woken:
        run, deltas = await _read(state, caller, run_id, 0)
        shown = _progress(run)
        yield b"retry: 1000\n\n" + shown
        while True:
            for delta in deltas:
                # What was seen before is read again for what it says about the rest.
                seen = delta["id"]
                for each in texts.events(delta, after):
                    yield each
            if len(deltas) < PAGE:  # there were no more
                if run.has_ended:
                    yield _end(run)
                    return
                if not await _wake(woken):
                    yield STILL_THERE
            if state.answers.is_closed or loop.time() > until:
                return  # the process stops, or the token may have: the reader goes on in another stream
            try:
                run, deltas = await _read(state, caller, run_id, seen)
            except (AppError, PostgresError):
                return  # the reader comes again, and is told then
            if (progress := _progress(run)) != shown:
                shown = progress
                yield shown


async def _wake(woken: asyncio.Event) -> bool:
    """Wait until there may be something; False: nothing was heard for a while."""
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            await woken.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(GAP_SECONDS)
    woken.clear()
    return True


async def _read(state: AppState, caller: Identity, run_id: UUID, after: int) -> tuple[Run, list[dict[str, Any]]]:
    async with state.database.transaction(caller, READING) as connection:
        row = await connection.fetchrow("SELECT * FROM private.tutorial_stream($1, $2, $3)", run_id, after, PAGE)
    if row is None or row["run"] is None:
        raise NotFoundError(f"There is no run {run_id}", code="RUN_NOT_FOUND")
    return Run.of(row["run"]), cast("list[dict[str, Any]]", orjson.loads(row["deltas"]))


def _progress(run: Run) -> bytes:
    names = ("status", "progress", "steps_done", "steps", "attempt")
    return _event("progress", {name: run.members[name] for name in names})


def _end(run: Run) -> bytes:
    if run.members["status"] == ExecutionStatus.COMPLETED:
        return _event("done", {"tutorial_id": run.members["tutorial_id"], "usage": run.members["usage"]})
    error = run.members["error"] or {"code": "RUN_CANCELLED", "message": "The run was cancelled"}
    return _event("error", error)


def _event(kind: str, data: Mapping[str, Any], *, id_: int | None = None) -> bytes:
    return event(kind, orjson.dumps(data), id_)
