"""The processing of a video: look into it, let it be watched from its lowest rendition on, make the rest, or undo."""

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from workflows import options, video_options
from workflows.contracts.video import ProcessVideoInput, QualityClass, VideoProgress
from workflows.contracts.video_work import (
    ChunkInput,
    CompletionInput,
    FailVideoInput,
    FinishVideoInput,
    Inspection,
    PlanInput,
    RemuxInput,
    SoundInput,
    SourceInput,
    VideoSummary,
)
from workflows.language.concurrency import begin, cancel_all, shielded
from workflows.names import PROCESS_VIDEO
from workflows.video.details import details_of
from workflows.video.extras import CAPTIONS, POSTER, STORYBOARD, Extra
from workflows.video.failures import Failure, UndecodableError, failure_of, is_over, run_is_over
from workflows.video.pieces import Piece, pieces_of, rungs_of, seconds_of
from workflows.video.planning import PlanOptions, plan_video
from workflows.video_stubs import MediaActivities, VideoRunActivities

# Chunks of one video that are encoded or queue for it at the same time. More would only let it crowd the queue: every
# slot of a few machines is kept busy, and videos that come later need not wait behind all of an earlier one's.
LANES = 8
STAGGER = 0.03  # seconds from one to the next: pieces that are queued at the same time are encoded in any order
TRUNCATED = "The file ends before it says it does: what was there is published."


@workflow.defn(name=PROCESS_VIDEO)
class ProcessVideo:
    """One run of the processing of one video, in one history or in several."""

    @workflow.init
    def __init__(self, video: ProcessVideoInput) -> None:
        self._video = video
        self._warnings: list[str] = []
        self._pieces: deque[Piece] = deque()
        self._encoded: Counter[QualityClass] = Counter()
        self._last_chunk: int | None = None  # with which the source has turned out to end
        self._is_begun = asyncio.Event()  # the first pictures are there: what nobody waits for may follow

    @workflow.run
    async def run(self, video: ProcessVideoInput) -> VideoSummary:
        try:
            async with asyncio.timeout(self._seconds_left()):
                await self._enter()
                progress = video.progress or await self._prepare()
                await self._make(progress)
                await self._conclude(progress)
        except (Exception, asyncio.CancelledError) as error:
            failure = failure_of(error)
            workflow.logger.info("a video is taken back: %s", failure.code, extra={"run_id": str(video.run_id)})
            await shielded(self._roll_back(failure))
            raise _end_of(failure) from error
        return VideoSummary(run_id=video.run_id, warnings=tuple(self._warnings))

    def _seconds_left(self) -> float:
        began = self._video.progress.started_at if self._video.progress else workflow.info().start_time.timestamp()
        return video_options.LONGEST_RUN.total_seconds() - (workflow.time() - began)

    async def _enter(self) -> None:
        entered = await workflow.execute_local_activity_method(
            VideoRunActivities.enter, self._video.run_id, **options.ROW
        )
        if not entered:
            raise run_is_over()

    async def _prepare(self) -> VideoProgress:
        """Look into the source, copy it where it cannot be sought in, and plan."""
        source = SourceInput(run_id=self._video.run_id, key=self._video.source_key, size=self._video.source_size)
        inspection = await self._inspect(source)
        warnings = inspection.report.warnings
        if inspection.report.needs_remux:
            seconds = inspection.report.duration
            copied = RemuxInput(source=source, report=inspection.report)
            source = await workflow.execute_activity_method(
                MediaActivities.remux, copied, **self._light("copy into another container", seconds=seconds)
            )
            inspection = await self._inspect(source)
        report = inspection.report.model_copy(update={"warnings": warnings})
        plan = plan_video(report, PlanOptions(preset=inspection.preset))
        kept = PlanInput(run_id=self._video.run_id, report=report, plan=plan)
        await workflow.execute_local_activity_method(VideoRunActivities.keep_plan, kept, **options.ROW)
        return VideoProgress(
            report=report,
            plan=plan,
            source_key=source.key,
            source_size=source.size,
            warnings=warnings,
            started_at=workflow.info().start_time.timestamp(),
        )

    async def _make(self, progress: VideoProgress) -> None:
        """All that players need, the most wanted first; goes on in a new history where one grows too long."""
        self._resume(progress)
        work = [self._encode_pictures(progress)]
        if not progress.extras:
            work += [self._encode_sounds(progress), *(self._add_later(extra, progress) for extra in (POSTER, CAPTIONS))]
        await _together(work)
        if self._pieces:
            workflow.continue_as_new(self._video.model_copy(update={"progress": self._so_far(progress)}))

    def _resume(self, progress: VideoProgress) -> None:
        pieces = pieces_of(progress.plan)
        self._warnings = list(progress.warnings)
        self._last_chunk = progress.last_chunk
        self._encoded = Counter(piece.quality for piece in pieces[: progress.next_piece])
        self._pieces = deque(pieces[progress.next_piece :])
        self._show(progress)

    def _so_far(self, progress: VideoProgress) -> VideoProgress:
        return progress.model_copy(
            update={
                "next_piece": sum(self._encoded.values()),
                "last_chunk": self._last_chunk,
                "extras": True,
                "warnings": tuple(self._warnings),
            }
        )

    async def _encode_pictures(self, progress: VideoProgress) -> None:
        if progress.next_piece == 0:
            await self._encode_next(progress, is_first=True)  # alone: somebody waits for it
        self._is_begun.set()
        lanes = min(LANES, len(self._pieces))
        await _together([self._lane(progress, opens_after=place * STAGGER) for place in range(lanes)])

    async def _lane(self, progress: VideoProgress, *, opens_after: float) -> None:
        await asyncio.sleep(opens_after)
        while not self._is_to_hand_over():
            await self._encode_next(progress)

    def _is_to_hand_over(self) -> bool:
        info = workflow.info()
        is_long = 0 < self._video.events_a_run <= info.get_current_history_length()
        return not self._pieces or is_long or info.is_continue_as_new_suggested()

    async def _encode_next(self, progress: VideoProgress, *, is_first: bool = False) -> None:
        if not self._pieces:
            return
        piece = self._pieces.popleft()
        if self._last_chunk is None or piece.chunk <= self._last_chunk:
            await self._encode(piece, progress, is_first=is_first)
            self._is_begun.set()
        self._encoded[piece.quality] += 1
        if self._encoded[piece.quality] == len(progress.plan.chunk_ends):
            await self._complete(piece.quality, progress)
            if piece.quality is progress.plan.rungs[0].quality:
                await self._add(STORYBOARD, progress)  # is made of the lowest rendition
        self._show(progress)

    async def _encode(self, piece: Piece, progress: VideoProgress, *, is_first: bool) -> None:
        plan = progress.plan
        result = await workflow.execute_activity_method(
            MediaActivities.encode_chunk,
            ChunkInput(source=self._source(progress), chunk=piece.chunk, quality=piece.quality),
            **video_options.chunk(
                self._video.owner_id,
                f"{piece.quality}, chunk {piece.chunk + 1} of {len(plan.chunk_ends)}",
                rungs=rungs_of(plan, piece.quality),
                duration=seconds_of(plan, piece.chunk),
                is_first=is_first,
            ),
        )
        if is_first and not result.frames:
            raise UndecodableError
        # The last chunk may be a little shorter: how long a source lasts is not known to the frame.
        slack = plan.gop_frames if piece.chunk == len(plan.chunk_ends) - 1 else 0
        if result.frames < len(plan.span(piece.chunk)) - slack:
            self._ends_with(piece.chunk if result.frames else piece.chunk - 1)

    def _ends_with(self, chunk: int) -> None:
        if self._last_chunk is None:
            self._warnings.append(TRUNCATED)
        self._last_chunk = chunk if self._last_chunk is None else min(chunk, self._last_chunk)

    async def _complete(self, quality: QualityClass, progress: VideoProgress) -> None:
        completion = CompletionInput(
            run_id=self._video.run_id,
            video_id=self._video.video_id,
            tracks=tuple(rung.name for rung in rungs_of(progress.plan, quality)),
            chunks=None if self._last_chunk is None else self._last_chunk + 1,
        )
        await workflow.execute_local_activity_method(VideoRunActivities.complete_tracks, completion, **options.ROW)

    async def _encode_sounds(self, progress: VideoProgress) -> None:
        """One after the other: the first is what most people hear."""
        heard = 0.0
        for place in range(len(progress.plan.sounds)):
            summary = f"sound {place + 1} of {len(progress.plan.sounds)}"
            result = await workflow.execute_activity_method(
                MediaActivities.encode_sound,
                SoundInput(source=self._source(progress), place=place),
                **video_options.sound(self._video.owner_id, summary, duration=progress.report.duration),
            )
            heard += result.seconds
            if not result.seconds:
                self._warnings.append(f"{summary.capitalize()} could not be decoded and is left out.")
            elif not result.is_whole:
                self._warnings.append(f"{summary.capitalize()} could not be decoded to its end.")
        if not heard and not progress.plan.rungs:
            raise UndecodableError

    async def _add_later(self, extra: Extra, progress: VideoProgress) -> None:
        await self._is_begun.wait()
        await self._add(extra, progress)

    async def _add(self, extra: Extra, progress: VideoProgress) -> None:
        """What is nice to have: without it the video is published all the same, with a warning."""
        if not extra.is_wanted(progress.plan):
            return
        try:
            result = await workflow.execute_activity_method(
                extra.activity, self._source(progress), **self._light(extra.name, seconds=progress.report.duration)
            )
        except ActivityError as error:
            if is_over(error):
                raise
            self._warnings.append(extra.warning)
        else:
            self._warnings += result.warnings

    async def _conclude(self, progress: VideoProgress) -> None:
        source_key = progress.source_key
        end = FinishVideoInput(
            run_id=self._video.run_id,
            video_id=self._video.video_id,
            warnings=tuple(self._warnings),
            leftover_key="" if source_key == self._video.source_key else source_key,
        )
        await workflow.execute_local_activity_method(VideoRunActivities.finish, end, **options.ROW)

    async def _roll_back(self, failure: Failure) -> None:
        """First the rows, so that nobody plays what goes, and nothing is added any more; then the objects."""
        end = FailVideoInput(
            run_id=self._video.run_id, status=failure.status, code=failure.code, message=failure.message
        )
        await workflow.execute_local_activity_method(VideoRunActivities.fail, end, **options.ROW)
        # Where the store lets go of nothing for so long, the sweep does the rest.
        with suppress(ActivityError):
            await workflow.execute_activity_method(
                VideoRunActivities.discard, self._video.run_id, **video_options.DISCARD
            )

    async def _inspect(self, source: SourceInput) -> Inspection:
        return await workflow.execute_activity_method(MediaActivities.inspect, source, **self._light("inspect"))

    def _light(self, summary: str, *, seconds: float = 0.0) -> workflow.ActivityConfig:
        return video_options.light(self._video.owner_id, summary, seconds=seconds)

    def _source(self, progress: VideoProgress) -> SourceInput:
        return SourceInput(run_id=self._video.run_id, key=progress.source_key, size=progress.source_size)

    def _show(self, progress: VideoProgress) -> None:
        workflow.set_current_details(details_of(progress.report, progress.plan, self._encoded, self._warnings))


async def _together(works: Sequence[Coroutine[object, object, None]]) -> None:
    """All of them, or the first failure when the others have ended, too."""
    tasks = [begin(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await cancel_all(tasks)


def _end_of(failure: Failure) -> Exception:
    if failure.status == "cancelled":
        return CancelledError(failure.message)
    return ApplicationError(failure.message, type=failure.code, non_retryable=True)
