"""A door to the stand-in, on a real ledger, as an activity has it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.llm.chat import LedgeredAiActivities
from activities.llm.ledger import Ledger
from activities.llm.provider import Provider
from tests.activities.support import Rows
from workflows.contracts.ai import ChatInput, ChatMessage, ChatOutput
from zilliance.ai_settings import AiSettings, Gateway
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import Scene, StandInProvider

Row = dict[str, Any]
KEY = "sk-canary-3f1d9a7c5e"


@dataclass
class Door:
    """What one worker has, with an account of its own that asks."""

    owner: UUID
    rows: Rows
    stand_in: StandInProvider
    activities: LedgeredAiActivities
    run: UUID = field(default_factory=uuid4)

    def play(self, **scene: Any) -> None:
        self.stand_in.script.add(Scene(match=self.word, **scene))

    @property
    def word(self) -> str:
        """Is in every message of this account's: scenes are for it alone."""
        return self.owner.hex

    def wanted(self, step: str = "step", *, say: str = "hello", **parts: Any) -> ChatInput:
        messages = (ChatMessage(role="user", content=f"{say} {self.word}"),)
        return ChatInput(owner_id=self.owner, run_id=self.run, step=step, messages=messages, **parts)

    async def ask(self, step: str = "step", **parts: Any) -> ChatOutput:
        return await ActivityEnvironment().run(self.activities.chat, self.wanted(step, **parts))

    async def refusal(self, step: str = "step", **parts: Any) -> ApplicationError:
        with pytest.raises(ApplicationError) as raised:
            await self.ask(step, **parts)
        return raised.value

    async def ledger(self) -> list[Row]:
        """The account's rows, the oldest first."""
        rows = await self.rows.connection.fetch(
            "SELECT to_jsonb(c)::text FROM private.ai_calls AS c WHERE user_id = $1 ORDER BY id", self.owner
        )
        return [json.loads(row[0]) for row in rows]

    @property
    def books(self) -> list[Any]:
        """What the provider counted for this account."""
        return [call for call in self.stand_in.calls if self.word in call.message or self.word in call.first]


@asynccontextmanager
async def door_to(
    stand_in: StandInProvider, database: Database, rows: Rows, *, is_stand_in: bool = False, **settings: Any
) -> AsyncGenerator[Door]:
    ai = AiSettings(**settings)
    provider = Provider(Gateway(stand_in.url, SecretStr(KEY), is_stand_in=is_stand_in), ai)
    try:
        yield Door(await rows.account(), rows, stand_in, LedgeredAiActivities(provider, Ledger(database, ai), ai))
    finally:
        await provider.close()


def code_of(error: ApplicationError) -> str:
    return error.details[1]["code"]
