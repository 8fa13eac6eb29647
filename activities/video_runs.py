"""Rows of the processing of videos, written for its workflow, and the objects that it takes back."""

import json
from uuid import UUID

from temporalio import activity

from activities.heartbeat import heartbeating
from activities.video_urls import master_url
from workflows.contracts.video_work import CompletionInput, FailVideoInput, FinishVideoInput, PlanInput
from workflows.json_text import storable
from workflows.video.failures import run_is_over
from workflows.video.tracks import planned_tracks
from workflows.video_stubs import VideoRunActivities
from zilliance.database import Database
from zilliance.storage import ObjectStore

_REASON = "the platform writes what becomes of a video"


class SqlVideoRunActivities(VideoRunActivities):
    """By functions of PostgreSQL, each of which may be repeated."""

    def __init__(self, database: Database, store: ObjectStore, api_url: str) -> None:
        self._database = database
        self._store = store
        self._api_url = api_url

    @activity.defn(name="video.enter")
    async def enter(self, run_id: UUID) -> bool:
        return bool(await self._database.call("SELECT private.enter_video_run($1)", run_id, reason=_REASON))

    @activity.defn(name="video.keep-plan")
    async def keep_plan(self, plan: PlanInput) -> None:
        tracks = [track.as_json() for track in planned_tracks(plan.report, plan.plan)]
        await self._of_open_run(
            "SELECT private.keep_video_plan($1, $2::jsonb, $3::jsonb, $4::jsonb)",
            plan.run_id,
            storable(plan.report.model_dump_json()),
            plan.plan.model_dump_json(),
            storable(json.dumps(tracks)),
        )

    @activity.defn(name="video.complete-tracks")
    async def complete_tracks(self, completion: CompletionInput) -> None:
        await self._of_open_run(
            "SELECT private.complete_video_tracks($1, $2, $3, $4)",
            completion.run_id,
            master_url(self._api_url, completion.video_id),
            list(completion.tracks),
            completion.chunks,
        )

    @activity.defn(name="video.finish")
    async def finish(self, end: FinishVideoInput) -> None:
        await self._of_open_run(
            "SELECT private.finish_video_run($1, $2, $3::jsonb)",
            end.run_id,
            master_url(self._api_url, end.video_id),
            storable(json.dumps(end.warnings)),
        )
        if end.leftover_key:
            await self._store.delete([end.leftover_key])

    @activity.defn(name="video.fail")
    async def fail(self, end: FailVideoInput) -> None:
        if end.status == "cancelled":
            await self._database.call("SELECT private.cancel_video_run($1)", end.run_id, reason=_REASON)
            return
        error = {"code": end.code, "message": end.message, "details": dict[str, str]()}
        await self._database.call(
            "SELECT private.fail_video_run($1, $2::jsonb)", end.run_id, storable(json.dumps(error)), reason=_REASON
        )

    @activity.defn(name="video.discard")
    async def discard(self, run_id: UUID) -> None:
        if await self._database.call("SELECT private.is_video_run_kept($1)", run_id, reason=_REASON):
            return
        async with heartbeating():
            await self._store.discard_under(f"video/{run_id}/")

    async def _of_open_run(self, statement: str, *arguments: object) -> None:
        """Raises an error of type `VideoRunOver` where the run has ended, or is to end."""
        if not await self._database.call(statement, *arguments, reason=_REASON):
            raise run_is_over()
