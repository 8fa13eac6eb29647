"""What a video is published without, if need be: its poster, its captions and its storyboard."""

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from temporalio import activity

from activities.media.boxes import write_beside
from activities.media.captions import CaptionFile, extract_captions
from activities.media.faults import MediaFailedError
from activities.media.poster import take_poster
from activities.media.publication import EncodedChunk, Made, Work
from activities.media.storyboard import StoryboardLayout, lay_out, make_storyboard
from activities.media.workshop import Bench, Workshop
from activities.objects import object_metadata
from activities.video_urls import thumbnail_url
from workflows.contracts.video_work import ExtrasResult, SourceInput
from workflows.video.failures import run_is_over
from workflows.video.tracks import Track, caption_track
from workflows.video_stubs import ExtraActivities
from zilliance.database import Database
from zilliance.settings import Settings
from zilliance.storage import ObjectStore, object_key

_REASON = "the object is written as the video's owner, whose role the function takes itself"
FRAGMENTS_AT_ONCE = 8
STORYBOARD = "storyboard"

log = logging.getLogger(__name__)


class FfmpegExtraActivities(ExtraActivities):
    """By ffmpeg, on this host."""

    def __init__(self, shop: Workshop, database: Database, store: ObjectStore, settings: Settings) -> None:
        self._shop = shop
        self._database = database
        self._store = store
        self._settings = settings

    @activity.defn(name="media.take-poster")
    async def take_poster(self, source: SourceInput) -> ExtrasResult:
        work = await self._shop.publication.work(source.run_id)
        async with self._shop.at_work(source, at_once=True) as bench:
            path = await take_poster(self._shop.tools, bench.source(work), plan=work.plan, folder=bench.folder)
            await self._publish_poster(work, path)
        return ExtrasResult()

    @activity.defn(name="media.extract-captions")
    async def extract_captions(self, source: SourceInput) -> ExtrasResult:
        work = await self._shop.publication.work(source.run_id)
        streams = {stream.index: stream for stream in work.report.captions}
        empty = 0
        warnings: list[str] = []
        async with self._shop.at_work(source) as bench:
            for place, index in enumerate(work.plan.captions):
                track = caption_track(place, streams[index])
                try:
                    found = await extract_captions(
                        self._shop.tools, bench.source(work), index=index, track=track.name, folder=bench.folder
                    )
                except MediaFailedError as error:
                    if error.fault.is_temporary:
                        raise
                    log.warning("captions cannot be read: %s", error, extra={"run": str(work.run_id)})
                    warnings.append(f"The captions {place + 1} ({streams[index].language}) could not be read.")
                    continue
                if found is None:
                    empty += 1
                else:
                    await self._publish_captions(work, track, found, bench.folder)
        if empty:
            warnings.append(f"{empty} caption tracks are empty and left out.")
        return ExtrasResult(warnings=tuple(warnings))

    @activity.defn(name="media.make-storyboard")
    async def make_storyboard(self, source: SourceInput) -> ExtrasResult:
        work = await self._shop.publication.work(source.run_id)
        rung = work.plan.rungs[0]
        async with self._shop.at_work_on_results(source.run_id) as bench:
            chunks = await self._shop.publication.chunks(work, rung.name)
            layout = lay_out(work.plan, rung, [len(chunk.fragments) for chunk in chunks])
            film = await self._film(bench, chunks, layout)
            made = bench.folder / "made"
            await asyncio.to_thread(made.mkdir)
            sheets = await make_storyboard(self._shop.tools, film, layout, made)
            await self._publish_storyboard(work, layout, sheets)
        return ExtrasResult()

    async def _publish_poster(self, work: Work, path: Path) -> None:
        # An attempt whose answer was lost has left its bytes: those that no row takes are swept.
        version = uuid4()
        await self._database.call("SELECT private.doom_version($1, $2)", version, work.owner_id, reason=_REASON)
        stored = await self._shop.publication.put(object_key(version), path)
        name = f"{work.owner_id}/{work.video_id}/{work.run_id}.jpg"
        done = await self._database.call(
            "SELECT private.put_video_poster($1, $2, $3, $4, $5::jsonb, $6)",
            work.run_id,
            work.owner_id,
            name,
            version,
            json.dumps(object_metadata("image/jpeg", stored)),
            thumbnail_url(self._settings.api_url, name),
            reason=_REASON,
        )
        if not done:
            raise run_is_over()

    async def _publish_captions(self, work: Work, track: Track, found: CaptionFile, folder: Path) -> None:
        path = folder / f"{track.name}.published.vtt"
        await asyncio.to_thread(write_beside, path, found.content)
        made = Made(path=path, name=f"{track.name}.vtt", track=track.name, number=0, columns={"frames": found.cues})
        await self._shop.publication.add(work, [made], tracks=[track], complete=[track.name])

    async def _publish_storyboard(self, work: Work, layout: StoryboardLayout, sheets: Sequence[Path]) -> None:
        properties = {
            "tile_width": layout.tile_width,
            "tile_height": layout.tile_height,
            "columns": layout.columns,
            "rows": layout.rows,
            "interval_seconds": layout.interval_seconds,
            "pictures": layout.pictures,
        }
        made = [
            Made(path=sheet, name=f"{STORYBOARD}/{number:03d}.jpg", track=STORYBOARD, number=number)
            for number, sheet in enumerate(sheets)
        ]
        track = Track(STORYBOARD, STORYBOARD, 0, properties)
        await self._shop.publication.add(work, made, tracks=[track], complete=[STORYBOARD])

    async def _film(self, bench: Bench, chunks: Sequence[EncodedChunk], layout: StoryboardLayout) -> Path:
        """The chosen fragments, fetched a few at a time, one after the other behind the first chunk's beginning."""
        film = bench.folder / "film.mp4"
        await _append(film, await self._span(chunks[0].key, 0, chunks[0].init_size))
        for first in range(0, layout.pictures, FRAGMENTS_AT_ONCE):
            chosen = [
                (chunks[chunk].key, chunks[chunk].fragments[number])
                for chunk, number in layout.chosen[first : first + FRAGMENTS_AT_ONCE]
            ]
            spans = await asyncio.gather(*(self._span(key, each.offset, each.size) for key, each in chosen))
            await _append(film, b"".join(spans))
            bench.report(first / layout.pictures)
        return film

    async def _span(self, key: str, offset: int, size: int) -> bytes:
        async with self._store.read(key, first=offset, last=offset + size - 1) as chunks:
            return b"".join([chunk async for chunk in chunks])


async def _append(film: Path, data: bytes) -> None:
    def append() -> None:
        with film.open("ab") as file:
            file.write(data)

    await asyncio.to_thread(append)
