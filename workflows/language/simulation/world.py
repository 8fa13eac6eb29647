"""The effects of a simulation: none. What is called answers as it is mocked, waits jump, and the cost is estimated."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from workflows.language.calls.http_request import read_output
from workflows.language.catalogue.function import Performer
from workflows.language.effects import ServiceCall
from workflows.language.functions import find_function
from workflows.language.inbox import Inbox
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import part
from workflows.language.simulation.clock import EPOCH
from workflows.language.simulation.invitations import Invitations
from workflows.language.simulation.mocks import Mocked, Mocks
from workflows.language.simulation.samples import sample_of
from workflows.language.simulation.stream import Stream
from workflows.language.simulation.sub_workflows import SubWorkflows

# Events of Temporal's history, as measured: the reference on Temporal has the table.
_RUN, LOCAL, ACTIVITY, TIMER, SIGNAL = 5, 1, 6, 5, 4
_SHORTEST_TIMER = 1.0

UNDOING = "undo:"  # before the key of an effect: the mock of its undo
_ROW_ID = "00000000-0000-7000-8000-000000000000"


class Unmocked(StrEnum):
    """What a call that has no mock does."""

    SYNTHESISE = "synthesise"
    FAIL = "fail"


class Simulation:
    """The world of one simulated execution; it runs on a `VirtualLoop`.

    Attributes:
        check: called at every breath; raises the fault that ends a simulation which may not go on.
        mocks: what the outside answers.
        inbox: what it delivers of its own accord.
        stream: what is published.
        events: how many events the history of such a run on Temporal would have, about.
    """

    def __init__(
        self,
        mocks: Mocks | None = None,
        *,
        unmocked: Unmocked = Unmocked.SYNTHESISE,
        began: datetime = EPOCH,
        chance: float = 0.5,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.check = check
        self.mocks = mocks or Mocks()
        self.inbox = Inbox()
        self.stream = Stream(self.inbox)
        self.invitations = Invitations(self.mocks, self.inbox, answers=unmocked is Unmocked.SYNTHESISE)
        self.sub_workflows = SubWorkflows(self.answer)
        self.events = _RUN
        self.chance = chance
        self._unmocked = unmocked
        self._began = began

    def now(self) -> datetime:
        return self._began + timedelta(seconds=asyncio.get_running_loop().time())

    def random(self) -> float:
        return self.chance

    async def sleep(self, seconds: float) -> None:
        self.events += TIMER if seconds >= _SHORTEST_TIMER else LOCAL
        await asyncio.sleep(seconds)

    async def breathe(self) -> None:
        self.check()
        await asyncio.sleep(0)

    async def entered(self) -> None:
        self.events += LOCAL

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ARG002, ASYNC109  the interpreter ends the wait
    ) -> object:
        self.events += LOCAL
        return await self.answer(key, lambda: function_sample(name, arguments))

    async def call_service(self, call: ServiceCall, *, key: str, timeout: float | None) -> object:  # noqa: ARG002, ASYNC109
        self.events += ACTIVITY
        return await self.answer(key, lambda: _service_sample(call))

    async def undo(self, key: str) -> None:
        """Nothing was done, so nothing is undone; a mock for `undo:{key}` can say that it fails."""
        self.events += LOCAL
        mocked = self.mocks.take(f"{UNDOING}{key}")
        if mocked is not None:
            await _told(mocked)

    async def receive(self, key: str) -> object:
        """The delivery that the task's mock says, else one that somebody put into the inbox."""
        self.events += SIGNAL
        mocked = self.mocks.take(key)
        return await self.inbox.take(key) if mocked is None else await _told(mocked)

    def ignore(self, key: str) -> None:
        self.inbox.forget(key)

    async def answer(self, key: str, sample: Callable[[], object]) -> object:
        """What the outside answers under a key: its mock, else a sample or a fault. Every kind of call ends here."""
        mocked = self.mocks.take(key)
        if mocked is not None:
            return await _told(mocked)
        if self._unmocked is Unmocked.FAIL:
            reference = key.partition("#")[0]
            raise WorkflowFault.of(Kind.CONFIGURATION, f"there is no mock for {reference}, and unmocked calls fail")
        return sample()


async def _told(mocked: Mocked) -> object:
    if mocked.delay:
        await asyncio.sleep(mocked.delay)
    if mocked.problem is not None:
        raise WorkflowFault(mocked.problem)
    return mocked.output


def function_sample(name: str, arguments: Mapping[str, object]) -> object:
    """What a function of the catalogue might answer: for a row, the values that it was given."""
    if name == "query-rows":
        return []
    function = find_function(name)
    if function is not None and function.performer is Performer.MODEL:
        answer = cast("Mapping[str, object]", sample_of(function.output))
        return {**answer, "value": sample_of(arguments.get("schema"))}
    if function is not None and function.performer is not Performer.ROWS:
        return sample_of(function.output)
    return {"id": arguments.get("id", _ROW_ID), **part(arguments, "values")}


def _service_sample(call: ServiceCall) -> object:
    """What a call might answer, as far as its form is known: of HTTP that is what its `output` says."""
    output = read_output(call.arguments)
    if output == "raw":
        return ""
    if output == "content":
        return {}
    endpoint = part(call.arguments, "endpoint")
    sent = {
        "method": call.arguments.get("method"),
        "uri": endpoint.get("uri"),
        "headers": dict(part(call.arguments, "headers")),
    }
    return {"request": sent, "statusCode": 200, "headers": {}, "content": {}}
