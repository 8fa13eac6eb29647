"""A model's answer for a run and a step: from the ledger when it was paid for, else asked for and kept at once."""

import asyncio
import logging
from dataclasses import replace
from uuid import UUID

from temporalio import activity

from activities.faults import of_postgres
from activities.heartbeat import heartbeating
from activities.llm import usage
from activities.llm.deltas import Deltas
from activities.llm.failures import ChatError, Outcome
from activities.llm.function import chat_of, result_text
from activities.llm.jobs import Job, output_of
from activities.llm.ledger import MOST_TURNS, Begun, Ending, Ledger
from activities.llm.provider import Provider, Reply, Request
from workflows.ai_stubs import AiActivities
from workflows.contracts.ai import ChatInput, ChatOutput, Code, TokenUsage
from workflows.contracts.execution import FunctionCallInput
from zilliance.ai_settings import AiSettings
from zilliance.database import PostgresError
from zilliance.errors import UnavailableError
from zilliance.unbroken import unbroken

log = logging.getLogger(__name__)

# Two turns, and each parameter that a gateway may not take refused once.
MOST_CALLS = 8
MOST_ATTEMPTS = 12  # calls of a provider for one answer in each round, whatever came of them
LONGEST_LOOK = 15.0
# An answer that was paid for is held until the database is back.
KEEP_TRIES, LONGEST_PAUSE = 200, 5.0
_TOO_SLOW = "57014"  # a statement was cancelled for its time: a slow disk, a lock; it may be repeated


class LedgeredAiActivities(AiActivities):
    """Answers by way of the ledger. `provider` is None when no gateway is set up."""

    def __init__(self, provider: Provider | None, ledger: Ledger, settings: AiSettings) -> None:
        self._provider = provider
        self._ledger = ledger
        self._settings = settings
        self._lacking: dict[str, set[str]] = {}  # what the gateway was found not to take, by model

    @activity.defn(name="ai.chat")
    async def chat(self, wanted: ChatInput) -> ChatOutput:
        try:
            async with heartbeating():
                return await self._answer(wanted)
        except ChatError as error:
            fault = error.as_fault()
        except PostgresError as error:
            fault = of_postgres(error) or error
        raise fault

    @activity.defn(name="ai.call")
    async def call(self, call: FunctionCallInput) -> str:
        return result_text(await self.chat(chat_of(call)))

    async def _answer(self, wanted: ChatInput) -> ChatOutput:
        if self._provider is None:
            detail = "no gateway of language models is set up: the operator sets ZILLIANCE_AI__API_KEY"
            raise ChatError(Code.NOT_CONFIGURED, detail)
        job = Job.of(wanted, self._settings, self._provider.gateway)
        for _ in range(MOST_CALLS):
            begun = await self._begin(job)
            if begun.call_id is None:
                return output_of(str(begun.answer))
            answer = await self._ask(self._provider, job, begun, begun.call_id)
            if answer is not None:
                return output_of(answer)
        raise ChatError(Code.REQUEST_REFUSED, "the gateway refuses one parameter after the other")

    async def _begin(self, job: Job) -> Begun:
        """Raises ChatError. Who waits for calls under way to end looks again less and less often."""
        try:
            return await self._ledger.begin(job.wanted, job.shown, job.prompt_tokens, job.max_tokens)
        except ChatError as error:
            if error.code is Code.TOO_MANY_CALLS:
                least = min(float(activity.info().attempt), LONGEST_LOOK)
                error.wait_seconds = max(error.wait_seconds or 0.0, least)
            raise

    async def _ask(self, provider: Provider, job: Job, begun: Begun, call_id: UUID) -> str | None:
        """One call of the provider; its answer, or None when another call is to follow. Raises ChatError."""
        reply = Reply()
        deltas = Deltas((lambda text: self._ledger.keep_delta(call_id, text)) if job.wanted.keeps_deltas else None)
        request = await self._request(job, begun, deltas)
        problem: ChatError | asyncio.CancelledError | None = None
        try:
            await provider.ask(request, reply, deltas.say)
            ending = job.ending(request, reply, begun.answer)
        except (ChatError, asyncio.CancelledError) as error:
            problem, ending = error, _broken_off(request, reply, error)
        answer = await unbroken(self._finish(job.wanted, begun, reply, deltas, ending))
        if isinstance(problem, ChatError) and problem.lacks is not None:
            self._remember(job, problem.lacks, always=problem.always_lacks)
            return None
        if problem is not None:
            raise _ended(problem, begun.attempt, job.wanted.round)
        return answer if ending.is_valid or begun.turn >= MOST_TURNS else None

    async def _request(self, job: Job, begun: Begun, deltas: Deltas) -> Request:
        """Raises ChatError, once the call that will not be made has ended: nothing else ends its row for minutes."""
        try:
            return job.request(begun.turn, begun.answer, frozenset(self._lacking.get(job.model, ())))
        except Exception as error:  # whatever it is, it would be the same again
            log.exception("a request cannot be written", extra={"call_id": str(begun.call_id)})
            problem = ChatError(Code.REQUEST_INVALID, f"the request cannot be written: {type(error).__name__}")
            ending = Ending(problem.outcome, TokenUsage(), problem.code, problem.detail)
            await unbroken(self._finish(job.wanted, begun, Reply(), deltas, ending))
            raise problem from error

    async def _finish(
        self, wanted: ChatInput, begun: Begun, reply: Reply, deltas: Deltas, ending: Ending
    ) -> str | None:
        """Write the row and the answer, however long the database is away: both were paid for."""
        ending = replace(ending, last_text=await deltas.rest())
        pause = 0.1
        for _ in range(KEEP_TRIES):
            try:
                return await self._ledger.finish(wanted, begun, reply, ending)
            except PostgresError as error:
                if error.sqlstate != _TOO_SLOW and of_postgres(error) is not None:
                    raise
            except UnavailableError:
                log.warning("the database is away; call %s is held until it can be written down", begun.call_id)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return await self._ledger.finish(wanted, begun, reply, ending)

    def _remember(self, job: Job, parameter: str, *, always: bool) -> None:
        job.lacking.add(parameter)
        if always:
            self._lacking.setdefault(job.model, set()).add(parameter)


def _ended(problem: ChatError | asyncio.CancelledError, attempt: int, round_: int) -> BaseException:
    """The same; final after so many calls."""
    if isinstance(problem, ChatError) and problem.is_passing and attempt >= MOST_ATTEMPTS * round_:
        problem.is_last = True
    return problem


def _broken_off(request: Request, reply: Reply, error: ChatError | asyncio.CancelledError) -> Ending:
    """How a call ended that has no whole answer: the provider bills what it had said by then."""
    outcome = error.outcome if isinstance(error, ChatError) else Outcome.CANCELLED
    was_working = bool(reply.parts) or outcome in {Outcome.CUT, Outcome.CANCELLED}
    nothing = TokenUsage()
    took = reply.usage or (usage.estimated(request.messages, reply.text) if was_working else nothing)
    if not isinstance(error, ChatError):
        return Ending(outcome, took, message="the run was cancelled, or its worker stopped")
    reply.request_id = reply.request_id or error.request_id
    return Ending(outcome, took, error.code, error.detail, error.status)
