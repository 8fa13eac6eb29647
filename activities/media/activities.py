"""Media work as Temporal's activities: the engine does it, and what comes of it is published."""

from contextlib import aclosing
from dataclasses import dataclass

from temporalio import activity

from activities.media.encoding import encode_chunk
from activities.media.faults import MediaFailedError
from activities.media.inspection import inspect
from activities.media.publication import Made, Work
from activities.media.refusals import OF_THE_SOURCE
from activities.media.remux import remux
from activities.media.sound import encode_sound, measure_loudness
from activities.media.source_limits import SourceLimits
from activities.media.tools import Source
from activities.media.workshop import Bench, Workshop
from workflows.contracts.video_work import (
    ChunkInput,
    ChunkResult,
    Inspection,
    RemuxInput,
    SoundInput,
    SoundResult,
    SourceInput,
)
from workflows.video.pieces import Piece, pieces_of, rungs_of
from workflows.video.tracks import SOUND_RATE, sound_track
from workflows.video_stubs import MediaActivities
from zilliance.settings import Settings

SOUND_PERCENT = 95  # of the whole processing, where there is nothing but sound


@dataclass
class _Heard:
    """How much of a sound players have by now."""

    ticks: int = 0
    is_whole: bool = True


class FfmpegMediaActivities(MediaActivities):
    """By ffmpeg, on this host."""

    def __init__(self, shop: Workshop, settings: Settings) -> None:
        self._shop = shop
        self._settings = settings

    @activity.defn(name="media.inspect")
    async def inspect(self, source: SourceInput) -> Inspection:
        limits = SourceLimits.of(self._settings.video, store=self._settings.storage.endpoint)
        async with self._shop.at_work(source, at_once=True) as bench:
            report = await inspect(self._shop.tools, bench.location, limits)
        return Inspection(report=report, preset=self._settings.video.preset)

    @activity.defn(name="media.remux")
    async def remux(self, copied: RemuxInput) -> SourceInput:
        run_id = copied.source.run_id
        async with self._shop.at_work(copied.source) as bench:
            source = Source(location=bench.location, picture=copied.report.picture, duration=copied.report.duration)
            copy = await remux(
                self._shop.tools, source, described=copied.report, folder=bench.folder, report=bench.report
            )
            key = f"video/{run_id}/source.mkv"
            stored = await self._shop.publication.put(key, copy)
            await self._shop.publication.discard_unwanted(run_id, key)
        return SourceInput(run_id=run_id, key=key, size=stored.size)

    @activity.defn(name="media.encode-chunk")
    async def encode_chunk(self, chunk: ChunkInput) -> ChunkResult:
        work = await self._shop.publication.work(chunk.source.run_id)
        is_first = Piece(chunk.quality, chunk.chunk) == pieces_of(work.plan)[0]
        async with self._shop.at_work(chunk.source, at_once=is_first) as bench:
            files = await encode_chunk(
                self._shop.tools,
                bench.source(work),
                plan=work.plan,
                chunk=chunk.chunk,
                rungs=rungs_of(work.plan, chunk.quality),
                folder=bench.folder,
                report=bench.report,
            )
            if files:
                await self._shop.publication.add(work, [Made.of(file, chunk.chunk) for file in files])
        return ChunkResult(frames=files[0].frames if files else 0)

    @activity.defn(name="media.encode-sound")
    async def encode_sound(self, sound: SoundInput) -> SoundResult:
        work = await self._shop.publication.work(sound.source.run_id)
        done = _Heard()
        async with self._shop.at_work(sound.source, at_once=True) as bench:
            try:
                await self._encode_sound(bench, work, sound.place, done)
            except MediaFailedError as error:
                is_all_there_is = not work.plan.rungs and len(work.plan.sounds) == 1
                if is_all_there_is or error.fault not in OF_THE_SOURCE:
                    raise
                activity.logger.warning("a sound is left out from %d ticks on: %s", done.ticks, error.message)
                done.is_whole = False
            await self._shop.publication.complete(work, sound_track(sound.place))
        return SoundResult(seconds=done.ticks / SOUND_RATE, is_whole=done.is_whole)

    async def _encode_sound(self, bench: Bench, work: Work, place: int, done: _Heard) -> None:
        source, index, number = bench.source(work), work.plan.sounds[place], 0
        loudness = await measure_loudness(self._shop.tools, source, index, bench.folder)
        encoding = encode_sound(
            self._shop.tools,
            source,
            index=index,
            track=sound_track(place),
            gain=loudness.gain,
            first_only=loudness.first_only,
            folder=bench.folder,
            report=bench.report,
        )
        async with aclosing(encoding) as pieces:
            async for piece in pieces:
                ticks = done.ticks + sum(fragment.ticks for fragment in piece.fragments)
                percent = 0 if work.plan.rungs else self._percent_of(ticks, work.report.duration)
                await self._shop.publication.add(work, [Made.of(piece, number)], progress=percent)
                piece.path.unlink()
                number, done.ticks = number + 1, ticks

    @staticmethod
    def _percent_of(ticks: int, duration: float) -> int:
        return round(SOUND_PERCENT * min(1.0, ticks / SOUND_RATE / max(duration, 1.0)))
