"""Tutorials that tasks of executions want: their runs, begun once for the task's key, and what came of them."""

import json
from typing import TYPE_CHECKING, Any, cast

from temporalio import activity

from activities.faults import fault, of_postgres
from workflows.contracts.tutorials import BeginTutorialInput, GenerateTutorialInput, TutorialOutcomeInput
from workflows.json_text import storable
from workflows.language.problems import Kind
from workflows.tutorial_stubs import TutorialTaskActivities
from zilliance.ai_settings import AiSettings
from zilliance.database import Database, PostgresError
from zilliance.tutorial_rules import MOST_OPEN_RUNS

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASON = "runs are written by the platform alone"


class SqlTutorialTaskActivities(TutorialTaskActivities):
    """Tasks on PostgreSQL."""

    def __init__(self, database: Database, ai: AiSettings) -> None:
        self._database = database
        self._ai = ai

    @activity.defn(name="tutorial.begin-for")
    async def begin_for(self, wanted: BeginTutorialInput) -> GenerateTutorialInput:
        asked = cast("Mapping[str, Any]", json.loads(storable(wanted.arguments)))
        source = None if "source" not in asked else json.dumps({"bucket": "documents", **asked["source"]})
        topic, model = _topic(asked["topic"]), self._model(asked.get("model"))
        level, steps = str(asked.get("level", "beginner")), int(asked.get("steps", 5))
        try:
            row = await self._database.fetch_one(
                "SELECT * FROM private.begin_tutorial_for($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)",
                *(wanted.execution_id, wanted.key, wanted.owner_id, topic, level, steps, model, source, MOST_OPEN_RUNS),
                reason=_REASON,
            )
        except PostgresError as error:
            raise of_postgres(error) or error from error
        if row["run_id"] is None:
            raise fault(Kind.RUNTIME, "the run of this task was deleted", status=410)
        return GenerateTutorialInput(
            run_id=row["run_id"],
            owner_id=wanted.owner_id,
            attempt=row["attempt"],
            topic=topic,
            level=level,
            steps=steps,
            model=model,
            source=source,
        )

    @activity.defn(name="tutorial.outcome")
    async def outcome(self, wanted: TutorialOutcomeInput) -> str:
        text = await self._database.call(
            "SELECT private.tutorial_outcome($1, $2, $3)",
            *(wanted.execution_id, wanted.key, wanted.run_id),
            reason=_REASON,
        )
        return str(text)

    def _model(self, model: str | None) -> str | None:
        if model is not None and model not in self._ai.models:
            detail = f"generate-tutorial: with.model must be one of {', '.join(self._ai.models)}"
            raise fault(Kind.VALIDATION, detail)
        return model


def _topic(text: str) -> str:
    """A line without what nobody sees. Raises a fault for one of which nothing is left."""
    topic = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not topic:
        raise fault(Kind.VALIDATION, "generate-tutorial: with.topic is empty")
    return topic
