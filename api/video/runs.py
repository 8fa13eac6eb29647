"""Runs of the processing of videos: begun, started on Temporal, waited for, cancelled, listed."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.state import AppState
from api.waiting import has_closed, pauses
from workflows.contracts.video import ProcessVideoInput
from workflows.names import video_workflow_id
from workflows.video_starting import start_video, video_run_of
from zilliance.database import READING, Database
from zilliance.errors import AppError, ConflictError, NotFoundError, RateLimitedError
from zilliance.identity import Identity
from zilliance.storage import object_key

# How long this process has to start what it accepts; after that the workers do. Who does not wait leaves it to them.
OURS = timedelta(seconds=5)
ANYBODYS = timedelta(0)

_BEGIN = "SELECT * FROM private.begin_video_run($1, $2, $3, $4)"
_CANCEL = "SELECT outcome, run_id, row_json FROM private.request_video_cancel($1)"
_ROW = "SELECT row_to_json(v)::text AS row, v.status <> 'processing' AS ended FROM public.videos AS v WHERE v.id = $1"
_UNDER_WAY = ("created", "open")


@dataclass(frozen=True, slots=True)
class Answer:
    """The row of a video as JSON, and whether nothing is under way for it."""

    row: bytes
    ended: bool


@dataclass(frozen=True, slots=True)
class VideoRuns:
    """What the endpoints do, on the connections of one process.

    Attributes:
        wait_seconds: how long a caller waits for the end.
        most_open: runs that one account may have open.
    """

    database: Database
    temporal: Client
    wait_seconds: float
    most_open: int

    async def process(self, caller: Identity, video_id: UUID, *, force: bool, wait: bool) -> Answer:
        """Begin, or find what there is, and, when asked to, wait. Once this is answered, it will end.

        Raises NotFoundError, ConflictError, RateLimitedError.
        """
        async with self.database.transaction(caller) as connection:
            begun = await connection.fetchrow(_BEGIN, video_id, force, self.most_open, OURS if wait else ANYBODYS)
        if begun is None:
            raise LookupError(_BEGIN)
        if refusal := _refusal(begun["outcome"], video_id, self.most_open):
            raise refusal
        if not wait or begun["outcome"] not in _UNDER_WAY:
            return Answer(begun["row_json"].encode(), ended=begun["outcome"] not in _UNDER_WAY)
        if begun["outcome"] == "created":
            run = {**dict(begun), "video_id": video_id}
            await self._start(video_run_of(run, object_key(begun["source_version"])))
        await self._wait_for(begun["run_id"])
        return await self.find(caller, video_id)

    async def find(self, caller: Identity, video_id: UUID) -> Answer:
        """The row of a video of the caller's. Raises NotFoundError."""
        async with self.database.transaction(caller, READING) as connection:
            row = await connection.fetchrow(_ROW, video_id)
        if row is None:
            raise no_such_video(video_id)
        return Answer(row["row"].encode(), ended=row["ended"])

    async def cancel(self, caller: Identity, video_id: UUID) -> Answer:
        """Ask for the end of the open run; what it made goes. Raises NotFoundError, ConflictError."""
        async with self.database.transaction(caller) as connection:
            asked = await connection.fetchrow(_CANCEL, video_id)
        outcome = "missing" if asked is None else asked["outcome"]
        if asked is None or outcome == "missing":
            raise no_such_video(video_id)
        if outcome == "ended":
            raise ConflictError("The video is not being processed", code="VIDEO_NOT_PROCESSING")
        if outcome == "requested":
            await self._tell(asked["run_id"])
        return Answer(asked["row_json"].encode(), ended=outcome == "cancelled")

    async def page(self, caller: Identity, video_id: UUID, after: UUID | None, limit: int) -> bytes:
        """A page of a video's runs as JSON `{"items", "next"}`, newest first. Raises NotFoundError."""
        async with self.database.transaction(caller, READING) as connection:
            text = await connection.fetchval("SELECT private.video_runs_page($1, $2, $3)", video_id, after, limit)
        if text is None:
            raise no_such_video(video_id)
        return text.encode()

    async def run(self, caller: Identity, video_id: UUID, run_id: UUID) -> bytes:
        """One run with its report, plan and tracks. Raises NotFoundError."""
        async with self.database.transaction(caller, READING) as connection:
            text = await connection.fetchval("SELECT private.own_video_run($1, $2)", video_id, run_id)
        if text is None:
            raise NotFoundError(f"Video {video_id} has no run {run_id}", code="VIDEO_RUN_NOT_FOUND")
        return text.encode()

    async def _start(self, run: ProcessVideoInput) -> None:
        """Start it on Temporal; should that be away, the workers do, for the row is committed."""
        try:
            await start_video(self.temporal, run)
        except WorkflowAlreadyStartedError:
            pass
        except (RPCError, RuntimeError):  # RuntimeError: the client's first dial failed
            return
        await self.database.call(
            "SELECT private.forget_video_starts($1)", [run.run_id], reason="what waits to be started is the platform's"
        )

    async def _wait_for(self, run_id: UUID) -> None:
        """Wait for its end, for a while; how it ended, the row says."""
        handle = self.temporal.get_workflow_handle(video_workflow_id(run_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(self.wait_seconds):
                for pause in pauses():
                    if await has_closed(handle):
                        return
                    await asyncio.sleep(pause)  # a worker is about to start it

    async def _tell(self, run_id: UUID) -> None:
        """Cancel its workflow; where that does not work now, the reconciler does it: the row says so."""
        try:
            await self.temporal.get_workflow_handle(video_workflow_id(run_id)).cancel()
        except (RPCError, RuntimeError):
            return


def no_such_video(video_id: UUID) -> AppError:
    """There is none, or it is another's."""
    return NotFoundError(f"There is no video {video_id}", code="VIDEO_NOT_FOUND")


def video_runs_of(state: AppState) -> VideoRuns:
    """The runs of one process, as its settings have them."""
    settings = state.settings
    return VideoRuns(
        state.database, state.temporal, settings.workflow.wait_seconds, most_open=settings.video.max_open_runs
    )


def _refusal(outcome: str, video_id: UUID, most: int) -> AppError | None:
    match outcome:
        case "missing":
            return no_such_video(video_id)
        case "no_upload":
            message = (
                "The video has no storage_path: upload its file to the bucket `videos`, below a folder named by your"
                " id, write where it is to the video's storage_path, and call again"
            )
            return ConflictError(message, code="VIDEO_NOT_UPLOADED")
        case "no_object":
            message = (
                "Nothing lies at the video's storage_path in the bucket `videos`: finish the upload, or correct the"
                " path, and call again"
            )
            return ConflictError(message, code="VIDEO_NOT_UPLOADED")
        case "full":
            message = f"{most} videos of yours are being processed or wait for it; call again when one has ended"
            return RateLimitedError(message, code="TOO_MANY_VIDEOS", headers={"Retry-After": "30"})
        case _:
            return None
