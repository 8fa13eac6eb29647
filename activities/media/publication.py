"""What media work is done for, and what comes of it: a run's plan out of PostgreSQL; objects, and then their rows."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from activities.media.boxes import open_made
from activities.media.tools import EncodedFile
from activities.video_urls import master_url
from workflows.contracts.video import Fragment, SourceReport, VideoPlan
from workflows.video.failures import run_is_over
from workflows.video.tracks import Track
from zilliance.database import Database
from zilliance.storage import CHUNK_BYTES, ObjectStore, Stored

_REASON = "the platform writes what it makes of a video"


@dataclass(frozen=True, kw_only=True)
class Work:
    """A run that is under way: whose video, and how it is encoded."""

    run_id: UUID
    video_id: UUID
    owner_id: UUID
    report: SourceReport
    plan: VideoPlan


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file that becomes an object of a track.

    Attributes:
        name: of the object, below the run's prefix.
        columns: of its row in `private.video_chunks`, beside the key and the size.
    """

    path: Path
    name: str
    track: str
    number: int
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, file: EncodedFile, number: int) -> "Made":
        columns = {
            "init_size": file.init_size,
            "init_sha256": file.init_sha256,
            "frames": file.frames,
            "fragments": [
                value
                for each in file.fragments
                for value in (each.offset, each.size, each.ticks, each.first_sample_end)
            ],
        }
        return cls(
            path=file.path, name=f"{file.track}/{number:05d}.mp4", track=file.track, number=number, columns=columns
        )


@dataclass(frozen=True, kw_only=True)
class EncodedChunk:
    """An object of a track that is there."""

    key: str
    init_size: int
    fragments: Sequence[Fragment]


class Publication:
    """Objects go first and their rows after them. Nothing is written for a run that is over."""

    def __init__(self, database: Database, store: ObjectStore, api_url: str) -> None:
        self._database = database
        self._store = store
        self._api_url = api_url

    async def work(self, run_id: UUID) -> Work:
        """Raises an error of type `VideoRunOver`."""
        rows = await self._database.fetch("SELECT * FROM private.video_work($1)", run_id, reason=_REASON)
        if not rows:
            raise run_is_over()
        (row,) = rows
        return Work(
            run_id=run_id,
            video_id=row["video_id"],
            owner_id=row["owner_id"],
            report=SourceReport.model_validate_json(row["report"]),
            plan=VideoPlan.model_validate_json(row["plan"]),
        )

    async def is_open(self, run_id: UUID) -> bool:
        return bool(await self._database.fetch("SELECT FROM private.video_work($1)", run_id, reason=_REASON))

    async def add(
        self,
        work: Work,
        made: Sequence[Made],
        *,
        tracks: Sequence[Track] = (),
        complete: Sequence[str] = (),
        progress: int = 0,
    ) -> None:
        """Store files and tell players of them. `tracks` are new with them, `complete` are those that end with them.

        Raises an error of type `VideoRunOver`, and then nothing of them is left, unless the run is complete:
        another attempt has brought the same.
        """
        keys = [f"video/{work.run_id}/{each.name}" for each in made]
        stored = await self._put_all(keys, made)
        chunks = [_row(each, key, size.size) for each, key, size in zip(made, keys, stored, strict=True)]
        added = await self._database.call(
            "SELECT private.add_video_chunks($1, $2, $3::jsonb, $4::jsonb, $5, $6)",
            work.run_id,
            master_url(self._api_url, work.video_id),
            json.dumps(chunks),
            json.dumps([track.as_json() for track in tracks]),
            list(complete),
            progress,
            reason=_REASON,
        )
        if not added:
            await self._take_back(work.run_id, keys)
            raise run_is_over()

    async def discard_unwanted(self, run_id: UUID, key: str) -> None:
        """Take back an object that no row will name, where the run is over: that, too, is then raised."""
        if not await self.is_open(run_id):
            await self._store.delete([key])
            raise run_is_over()

    async def complete(self, work: Work, track: str) -> None:
        """Nothing follows in this track. Raises an error of type `VideoRunOver`."""
        done = await self._database.call(
            "SELECT private.complete_video_tracks($1, $2, $3, NULL)",
            work.run_id,
            master_url(self._api_url, work.video_id),
            [track],
            reason=_REASON,
        )
        if not done:
            raise run_is_over()

    async def chunks(self, work: Work, track: str) -> list[EncodedChunk]:
        """All of a track, in their order."""
        rows = await self._database.fetch(
            "SELECT * FROM private.video_track_chunks($1, $2)", work.run_id, track, reason=_REASON
        )
        return [
            EncodedChunk(key=row["object_key"], init_size=row["init_size"], fragments=_fragments(row["fragments"]))
            for row in rows
        ]

    async def put(self, key: str, path: Path) -> Stored:
        """Store a file that a program made. An attempt that is thought dead may be storing the same."""
        with await asyncio.to_thread(open_made, path) as file:
            return await self._store.put(key, _chunks(file), is_shared=True)

    async def _put_all(self, keys: Sequence[str], made: Sequence[Made]) -> list[Stored]:
        """All of them, or the first failure when the others have ended, too: nothing is stored behind an attempt."""
        putting = [asyncio.ensure_future(self.put(key, each.path)) for key, each in zip(keys, made, strict=True)]
        try:
            return await asyncio.gather(*putting)
        finally:
            await asyncio.gather(*putting, return_exceptions=True)

    async def _take_back(self, run_id: UUID, keys: Sequence[str]) -> None:
        """An attempt that was thought dead may come when another has brought the same, and all is complete."""
        if not await self._database.call("SELECT private.is_video_run_kept($1)", run_id, reason=_REASON):
            await self._store.delete(keys)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk


def _fragments(values: Sequence[int]) -> list[Fragment]:
    return [
        Fragment(offset=offset, size=size, ticks=ticks, first_sample_end=end)
        for offset, size, ticks, end in zip(*(values[place::4] for place in range(4)), strict=True)
    ]


def _row(made: Made, key: str, size: int) -> dict[str, Any]:
    nothing = {"init_size": 0, "init_sha256": "", "frames": 0, "fragments": list[int]()}
    return {**nothing, **made.columns, "track": made.track, "number": made.number, "key": key, "size": size}
