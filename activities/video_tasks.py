"""Runs of videos that tasks of executions have begun, as their owner."""

import json
from uuid import UUID

from temporalio import activity

from activities.faults import fault
from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.video_tasks import BegunVideo, VideoRunInput
from workflows.language.problems import Kind
from workflows.video_starting import video_run_of
from workflows.video_stubs import VideoTaskActivities
from zilliance.database import Database
from zilliance.storage import object_key

_REASON = "what tasks of executions begin is written for their owners"
_REFUSALS = {
    "missing": (404, "there is no video {id}"),
    "no_upload": (409, "video {id} has no storage_path: upload its file, and write where it is"),
    "no_object": (409, "nothing lies at the storage_path of video {id}: finish the upload first"),
    "full": (429, "{most} videos of the owner's are being processed: try again when one has ended"),
}


class SqlVideoTaskActivities(VideoTaskActivities):
    """By functions of PostgreSQL, each of which may be repeated."""

    def __init__(self, database: Database, *, most_open: int) -> None:
        self._database = database
        self._most_open = most_open

    @activity.defn(name="video-task.begin-for")
    async def begin_for(self, call: FunctionCallInput) -> BegunVideo:
        asked = json.loads(call.arguments)
        video_id = _as_uuid(asked["id"])
        key = f"{call.execution_id}#{call.key}"
        row = await self._database.fetch_one(
            "SELECT * FROM private.begin_video_run_for($1, $2, $3, $4, $5)",
            *(call.owner_id, key, video_id, bool(asked.get("force", False)), self._most_open),
            reason=_REASON,
        )
        if refusal := _REFUSALS.get(row["outcome"]):
            status, detail = refusal
            raise fault(Kind.RUNTIME, detail.format(id=video_id, most=self._most_open), status=status)
        begun = {**dict(row), "video_id": video_id, "owner_id": call.owner_id}
        run = video_run_of(begun, object_key(row["source_version"]))
        return BegunVideo(run=run, is_open=row["outcome"] in {"created", "open"}, is_ours=row["is_ours"])

    @activity.defn(name="video-task.outcome")
    async def outcome(self, asked: VideoRunInput) -> str:
        text = await self._database.call(
            "SELECT private.video_run_outcome($1, $2)", asked.owner_id, asked.run_id, reason=_REASON
        )
        return str(text)

    @activity.defn(name="video-task.cancel")
    async def cancel(self, asked: VideoRunInput) -> None:
        await self._database.call(
            "SELECT private.request_video_run_cancel($1, $2)", asked.owner_id, asked.run_id, reason=_REASON
        )


def _as_uuid(text: str) -> UUID:
    """Formats of arguments that expressions make are looked at here."""
    try:
        return UUID(text)
    except ValueError as error:
        raise fault(Kind.VALIDATION, f"process-video: with.id is not the id of a video: {text[:100]}") from error
