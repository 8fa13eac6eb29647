"""The calls of one attempt: a plan, then its steps, so many at the same time, each paid for once whatever happens."""

import asyncio
from collections.abc import Mapping

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows import options
from workflows.ai_stubs import AiActivities
from workflows.contracts.ai import ChatInput, ChatMessage, ChatOutput, Code
from workflows.contracts.tutorials import GenerateTutorialInput
from workflows.json_text import read_json, write_json
from workflows.language.shapes import as_list, as_map
from workflows.names import GENERATE_TUTORIAL
from workflows.tutorials.failures import MENDABLE, TutorialFailedError, failure_of
from workflows.tutorials.prompts import outline_messages, repair_messages, step_messages
from workflows.tutorials.schema import STEP_SCHEMA, outline_schema

AT_ONCE = 4


class Writing:
    """What one attempt asks of the model. `model` is the one that answered first."""

    def __init__(self, wanted: GenerateTutorialInput) -> None:
        self._wanted = wanted
        self._room = asyncio.Semaphore(AT_ONCE)
        self._failed = False
        self.model = ""

    async def outline(self, source: str | None) -> Mapping[str, object]:
        """The plan. Raises TutorialFailedError."""
        wanted = self._wanted
        schema = outline_schema(wanted.steps)
        asked = outline_messages(wanted.topic, wanted.level, wanted.steps, source)
        return await self._answer("outline", asked, write_json(schema))

    async def step(self, outline: Mapping[str, object], number: int) -> Mapping[str, object] | None:
        """One step, from 1. Raises TutorialFailedError; None when another step has failed before this one began."""
        wanted = self._wanted
        titles = [str(as_map(step, "step").get("title")) for step in as_list(outline.get("steps"), "steps")][
            : wanted.steps
        ]
        asked = step_messages(wanted.topic, wanted.level, outline, titles, number)
        async with self._room:
            if self._failed:
                return None
            try:
                return await self._answer(f"step-{number}", asked, write_json(STEP_SCHEMA))
            except TutorialFailedError:
                # What is under way is paid for: it ends, and a resumed run has it. Nothing more begins.
                self._failed = True
                raise

    async def _answer(self, step: str, asked: tuple[ChatMessage, ...], schema: str) -> Mapping[str, object]:
        """A valid answer: asked for, and once more with what was wrong with it; a resumed run may once more still.

        An answer that was paid for comes again from the ledger, a bad one, too: so each try has a key of its own.
        """
        messages, faults = asked, ""
        for repair in range(self._wanted.attempt + 1):
            try:
                answer = await self._chat(f"{step}/repair-{repair}" if repair else step, messages, schema)
            except TutorialFailedError as failure:
                if failure.code not in MENDABLE:
                    raise
                faults = failure.message
                messages = repair_messages(asked, faults)
            else:
                self.model = self.model or answer.model
                return as_map(read_json(answer.value or ""), step)
        message = f"The model's answer for {step} does not match its schema: {faults}"
        raise TutorialFailedError(Code.ANSWER_INVALID, message)

    async def _chat(self, key: str, messages: tuple[ChatMessage, ...], schema: str) -> ChatOutput:
        wanted = self._wanted
        asked = ChatInput(
            owner_id=wanted.owner_id,
            run_id=wanted.run_id,
            step=key,
            kind=GENERATE_TUTORIAL,
            messages=messages,
            model=wanted.model,
            answer_schema=schema,
            keeps_deltas=True,
            round=wanted.attempt,
        )
        try:
            return await workflow.execute_activity_method(AiActivities.chat, asked, **options.model(key))
        except FailureError as error:
            raise failure_of(error) from error
