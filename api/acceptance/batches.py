"""Callers who come while others are being accepted are accepted together: one statement, one commit to the disk.

The runs of one definition begin one at a time, each with a commit of its own, which is what two hundred callers at
once would wait for. A caller who comes alone waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from zilliance.database import Database, Record
from zilliance.errors import UnavailableError

# Each lane is one statement under way; more of them would only wait for each other at the definitions' rows.
LANES = 2
MOST = 64

_REASON = "a run is begun in one statement that commits by itself, for a caller whose token was verified"
_ONE = "SELECT * FROM private.accept_execution($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)"
_MANY = """
SELECT accepted.*
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[],
              $10::interval[])
       WITH ORDINALITY
       AS one (owner, session, workflow, trigger, data, key, fingerprint, version, checked, within, place),
       LATERAL private.accept_execution(
           one.owner, one.session, one.workflow, one.trigger, one.data::jsonb, one.key, one.fingerprint, one.version,
           one.checked, one.within
       ) AS accepted
 ORDER BY one.place
"""


@dataclass(frozen=True, slots=True)
class Acceptable:
    """The arguments of private.accept_execution, in its order."""

    owner: UUID
    session: UUID | None
    workflow: UUID
    trigger: str
    data: str
    key: str | None
    fingerprint: str | None
    version: int | None
    checked: int | None
    within: timedelta

    def arguments(self) -> tuple[object, ...]:
        return (
            *(self.owner, self.session, self.workflow, self.trigger, self.data),
            *(self.key, self.fingerprint, self.version, self.checked, self.within),
        )


@dataclass(slots=True)
class _Waiting:
    wanted: Acceptable
    answer: asyncio.Future[Record] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Batches:
    """The acceptances of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def accept(self, wanted: Acceptable) -> Record:
        """The row that `private.accept_execution` answers. Raises what that statement alone would raise."""
        one = _Waiting(wanted)
        self._waiting.append(one)
        if len(self._lanes) < LANES:
            # A task of its own: a caller who goes away must not take the others of his batch along.
            lane = asyncio.create_task(self._work())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await one.answer

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            await (self._alone(batch[0]) if len(batch) == 1 else self._together(batch))

    async def _alone(self, one: _Waiting) -> None:
        try:
            row = await self._database.fetch_one(_ONE, *one.wanted.arguments(), reason=_REASON)
        except Exception as error:  # noqa: BLE001  whatever it is, it is the caller's, who waits for it
            _raise_for(one, error)
        else:
            if not one.answer.done():
                one.answer.set_result(row)

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        """All of them, or each alone where one of them keeps the statement from working."""
        # In one order everywhere: two statements that lock the same definitions then never wait for each other.
        ordered = sorted(batch, key=lambda one: one.wanted.workflow)
        columns = [list(column) for column in zip(*(one.wanted.arguments() for one in ordered), strict=True)]
        try:
            rows = await self._database.fetch(_MANY, *columns, reason=_REASON)
        except UnavailableError as error:
            # It may have been committed, so it is not said again: as with a statement of one.
            for one in ordered:
                _raise_for(one, error)
        except Exception:  # noqa: BLE001  the statement was refused whole, and each says what is wrong with its own
            for one in ordered:
                await self._alone(one)
        else:
            for one, row in zip(ordered, rows, strict=True):
                if not one.answer.done():
                    one.answer.set_result(row)


def _raise_for(one: _Waiting, error: Exception) -> None:
    if not one.answer.done():
        one.answer.set_exception(error)
