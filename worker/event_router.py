"""The event router: takes events that wait, owner by owner, decides who gets them, and delivers them.

Any number of workers run it at once. What it decides is committed with the events' being routed; what it delivers is a
row until Temporal has it.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.starts import ExecutionStarts
from worker.event_decisions import Chain, Decision, Listener, TakenEvent, decide_deliveries, may_go_on
from worker.resources import Resources
from worker.trigger_decisions import TriggerState, trigger_states
from workflows.contracts.execution import Delivery
from workflows.names import DELIVER, execution_workflow_id
from workflows.starting import ANSWER_WITHIN
from zilliance.database import Connection, Database, PostgresError
from zilliance.errors import AppError
from zilliance.listener import listen
from zilliance.settings import Login

CHANNEL = "events"
POLL_SECONDS = 2.0  # the net under what PostgreSQL notifies
LONGEST_PAUSE = 10.0
LONGEST_TURN = 60.0  # seconds; what is not done by then is taken back, and tried again
EVENTS_A_TURN = 100  # of one owner, before the next one's turn
EXECUTIONS_AT_ONCE = 20
EACH_AT_ONCE = 50
TRY_AGAIN = timedelta(seconds=2)

_REASON = "events are routed for whoever owns them"
_OUTAGES = (AppError, OSError, TimeoutError)

log = logging.getLogger(__name__)


class ChainBudget(NamedTuple):
    """What one event from outside may set off: executions to begin, and events to cause."""

    executions: int
    events: int


USUAL_BUDGET = ChainBudget(10_000, 50_000)


class _ChangedError(Exception):
    """A definition was changed while its events were decided."""


class EventRouter:
    """One router on the connections of one process."""

    def __init__(self, database: Database, client: Client, most_open: int, chains: ChainBudget = USUAL_BUDGET) -> None:
        """Make a router that begins no run of an owner who has `most_open` without an end."""
        self._most_open = most_open
        self._chains = chains
        self._database = database
        self._client = client
        self._starts = ExecutionStarts(database, client)
        self._begun = False

    async def work(self) -> bool:
        """One round: a turn for every owner with events that wait, and all deliveries. Whether there were any."""
        busy = False
        owner: UUID | None = None
        while owner := await self._next_owner(owner):
            busy = await self._turn(owner) or busy
            if self._begun:
                # Where this fails, those who look for starts that are due come a little later.
                self._begun = False
                await self._starts.start_due()
            await self.deliver()
        return await self.deliver() or busy

    async def deliver(self) -> bool:
        """Bring events to the executions that wait for them, those of each in order. Whether there were any."""
        async with asyncio.timeout(LONGEST_TURN), self._database.service(reason=_REASON) as connection:
            rows = await connection.fetch(
                "SELECT * FROM private.take_deliveries($1, $2)", EXECUTIONS_AT_ONCE, EACH_AT_ONCE
            )
            by_execution = [list(group) for _, group in groupby(rows, itemgetter("execution_id"))]
            arrived = await asyncio.gather(*(self._signal(group) for group in by_execution))
            done = [identity for group in arrived for identity in group]
            late = [row["id"] for row in rows if row["id"] not in set(done)]
            await connection.execute("SELECT private.forget_deliveries($1)", done)
            await connection.execute("SELECT private.postpone_deliveries($1, $2)", late, TRY_AGAIN)
        return bool(done)

    async def _next_owner(self, after: UUID | None) -> UUID | None:
        async with self._database.service(reason=_REASON) as connection:
            return await connection.fetchval("SELECT private.owner_with_events($1)", after)

    async def _turn(self, owner: UUID) -> bool:
        """Route some of an owner's events. What fails here must not keep the others from their turn."""
        try:
            async with asyncio.timeout(LONGEST_TURN), self._database.service(reason=_REASON) as connection:
                return await self._route(connection, owner)
        except _ChangedError:
            return True  # all of the turn was taken back; the next one asks the new version
        except _OUTAGES:
            raise
        except Exception:  # the edge: what one owner's events meet, a bug of ours even, stays with them
            log.exception("events cannot be routed", extra={"owner": str(owner)})
            return False

    async def _route(self, connection: Connection, owner: UUID) -> bool:
        row = await connection.fetchrow(
            "SELECT * FROM private.take_events($1, $2, $3)", owner, EVENTS_A_TURN, self._chains.events
        )
        if row is None or row["events"] is None:
            return False
        listeners = [Listener.model_validate(each) for each in _list(row["listeners"])]
        triggers = trigger_states(_list(row["triggers"]), _list(row["consumptions"]))
        decision, spent = Decision(), frozenset(_list(row["spent"]))
        for each in _list(row["events"]):
            taken = TakenEvent.model_validate(each)
            if may_go_on(taken, decision, spent):
                decide_deliveries(taken, listeners, decision)
                if taken.execution_id is None:
                    for trigger in triggers:
                        trigger.offer(taken.event, Chain(taken.hops, taken.root))
            await asyncio.sleep(0)  # others of this process wait no longer than for one event
        await connection.execute(
            "SELECT private.route_events($1, $2, $3, $4::jsonb)",
            owner,
            decision.routed,
            decision.held,
            json.dumps(decision.deliveries),
        )
        for origin, why in decision.stopped.items():
            await connection.execute("SELECT private.stop_chain($1, $2, $3)", owner, origin, why)
        await self._begin(connection, owner, triggers)
        return True

    async def _begin(self, connection: Connection, owner: UUID, triggers: Sequence[TriggerState]) -> None:
        """Begin what was triggered, and keep what is not enough yet. Most events trigger nothing."""
        starts = [start for trigger in triggers for start in trigger.starts]
        done = [identity for trigger in triggers for identity in trigger.done]
        kept = [each for trigger in triggers for each in trigger.kept()]
        decided = {each["workflow_id"]: each["version"] for each in (*starts, *kept)}
        if decided and not await connection.fetchval(
            "SELECT private.hold_triggers($1, $2)", list(decided), list(decided.values())
        ):
            raise _ChangedError
        if done or kept:
            await connection.execute(
                "SELECT private.keep_consumptions($1, $2, $3::jsonb)", owner, done, json.dumps(kept)
            )
        if starts:
            await connection.execute(
                "SELECT private.begin_triggered($1, $2::jsonb, $3, $4)",
                owner,
                json.dumps(starts),
                self._most_open,
                self._chains.executions,
            )
            self._begun = True

    async def _signal(self, rows: Sequence[Any]) -> list[int]:
        """Signal one execution, in order; the ids of what has arrived, or can arrive nowhere."""
        handle = self._client.get_workflow_handle(execution_workflow_id(rows[0]["execution_id"]))
        arrived: list[int] = []
        for row in rows:
            delivery = Delivery(key=row["key"], id=row["identity"], body=row["body"])
            try:
                await handle.signal(DELIVER, delivery, rpc_timeout=ANSWER_WITHIN)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    log.warning("an event cannot be delivered now: %s", error)
                    break
            arrived.append(row["id"])
        return arrived


def _list(text: str | None) -> list[Any]:
    return [] if text is None else json.loads(text)


async def keep_routing(resources: Resources) -> None:
    """Route until cancelled: whenever PostgreSQL says that there is something, and now and then without its word."""
    heard = asyncio.Event()
    hearing = asyncio.create_task(listen(resources.settings.database, Login.WORKER, CHANNEL, lambda _: heard.set()))
    settings = resources.settings
    chains = ChainBudget(settings.events.chain_executions, settings.events.chain_events)
    router = EventRouter(resources.database, resources.client, settings.workflow.max_open_executions, chains)
    pause = POLL_SECONDS
    try:
        while True:
            heard.clear()
            try:
                pause = 0.0 if await router.work() else POLL_SECONDS
            except (*_OUTAGES, PostgresError) as error:
                log.warning("events cannot be routed now: %s", error)
                pause = min(max(pause, POLL_SECONDS) * 2, LONGEST_PAUSE)
            except Exception:  # the edge: whatever it is, a worker that routes no more would be noticed by nobody
                log.exception("events cannot be routed now")
                pause = LONGEST_PAUSE
            with suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), pause)
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing


@asynccontextmanager
async def routing(resources: Resources) -> AsyncGenerator[None]:
    """Route events while the block runs."""
    running = asyncio.create_task(keep_routing(resources))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
