"""The rows of runs, and the drafts that come of them."""

import asyncio
import json
from uuid import UUID

from temporalio import activity

from activities.faults import of_postgres
from activities.tutorials.document import UnusableError, document_of
from activities.tutorials.faults import tutorial_fault
from activities.tutorials.sources import Sources
from workflows.contracts.ai import Code
from workflows.contracts.tutorials import (
    EndTutorialInput,
    ReadSourceInput,
    SaveTutorialInput,
    TutorialAttempt,
    TutorialProgress,
)
from workflows.json_text import storable
from workflows.language.problems import Kind
from workflows.tutorial_stubs import TutorialActivities
from zilliance.database import Database, PostgresError
from zilliance.storage import ObjectStore

_REASON = "runs are written by the platform alone"


class SqlTutorialActivities(TutorialActivities):
    """Runs on PostgreSQL."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._sources = Sources(database, store)

    @activity.defn(name="tutorial.enter")
    async def enter(self, attempt: TutorialAttempt) -> bool:
        entered = await self._database.call(
            "SELECT private.enter_tutorial_run($1, $2)", attempt.run_id, attempt.attempt, reason=_REASON
        )
        return bool(entered)

    @activity.defn(name="tutorial.read-source")
    async def read_source(self, wanted: ReadSourceInput) -> str:
        source = json.loads(wanted.source)
        return await self._sources.read(wanted.owner_id, str(source["bucket"]), str(source["path"]))

    @activity.defn(name="tutorial.show-progress")
    async def show_progress(self, progress: TutorialProgress) -> None:
        await self._database.call(
            "SELECT private.show_tutorial_progress($1, $2, $3, $4)",
            *(progress.run_id, progress.attempt, progress.progress, progress.steps_done),
            reason=_REASON,
        )

    @activity.defn(name="tutorial.save")
    async def save(self, written: SaveTutorialInput) -> UUID | None:
        try:
            document = await asyncio.to_thread(document_of, written)
        except UnusableError as error:
            raise tutorial_fault(Code.ANSWER_INVALID, Kind.RUNTIME, str(error), status=502) from error
        try:
            async with self._database.service(reason=_REASON) as connection:
                saved: UUID | None = await connection.fetchval(
                    "SELECT private.save_tutorial($1, $2, $3, $4::jsonb, $5, $6)",
                    *(written.run_id, written.attempt, written.owner_id),
                    *(storable(json.dumps(document.values)), document.content, written.model),
                )
        except PostgresError as error:
            raise of_postgres(error) or error from error
        return saved

    @activity.defn(name="tutorial.end")
    async def end(self, end: EndTutorialInput) -> None:
        error = None if end.error is None else storable(end.error)
        await self._database.call(
            "SELECT private.end_tutorial_run($1, $2, $3, $4::jsonb)",
            *(end.run_id, end.attempt, end.status, error),
            reason=_REASON,
        )
