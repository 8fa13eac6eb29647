"""Puts a film where the processing of videos would: rows in the database, objects in the store."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from tests.activities.support import Rows
from tests.api.playback.films import Film, FilmTrack
from zilliance.storage import ObjectStore

ALL = 10_000
SUFFIXES = {"video": "mp4", "audio": "mp4", "subtitles": "vtt", "storyboard": "jpg"}


@dataclass(frozen=True)
class Run:
    """A run of the processing of a video, whose film may come piece by piece."""

    rows: Rows
    store: ObjectStore
    video_id: UUID
    run_id: UUID

    async def publish(self, film: Film, pieces: Mapping[str, int] | None = None, *, complete: bool = True) -> None:
        """Write down so many pieces of each track (all where none are said), one revision further."""
        for place, track in enumerate(film.tracks):
            count = ALL if pieces is None else pieces.get(track.name, 0)
            if count:
                await self._track(track, place, count)
        status = "completed" if complete else "running"
        await self.rows.connection.execute(
            "UPDATE private.video_runs SET revision = revision + 1, status = $2 WHERE id = $1", self.run_id, status
        )

    async def _track(self, track: FilmTrack, place: int, count: int) -> None:
        is_complete = count >= len(track.pieces)
        await self.rows.connection.execute(
            "INSERT INTO private.video_tracks (run_id, name, kind, position, properties, is_complete)"
            " VALUES ($1, $2, $3, $4, $5::jsonb, $6)"
            " ON CONFLICT (run_id, name) DO UPDATE SET is_complete = excluded.is_complete",
            *(self.run_id, track.name, track.kind, place, json.dumps(track.properties), is_complete),
        )
        for number, piece in enumerate(track.pieces[:count]):
            key = f"video/{self.run_id}/{track.name}/{number:05}.{SUFFIXES[track.kind]}"
            await self.store.put(key, _once(piece.body))
            await self.rows.connection.execute(
                "INSERT INTO private.video_chunks (run_id, track, number, object_key, size, init_size, init_sha256,"
                " frames, fragments) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                *(self.run_id, track.name, number, key, len(piece.body), piece.init_size, piece.init_sha256),
                *(piece.frames, piece.fragments),
            )


async def new_run(
    rows: Rows, store: ObjectStore, owner: UUID, *, video_id: UUID | None = None, seconds: float = 12.0
) -> Run:
    """A video, or another run of one, of which nothing is there yet."""
    video = video_id
    if video is None:
        video = await rows.connection.fetchval(
            "INSERT INTO public.videos (user_id, title, status, duration, thumbnail_url)"
            " VALUES ($1, 'A film', 'processing', $2, 'http://pictures.example.com/poster.jpg') RETURNING id",
            owner,
            seconds,
        )
    run_id = await rows.connection.fetchval(
        "INSERT INTO private.video_runs (video_id, user_id, status, source_version, source_size)"
        " VALUES ($1, $2, 'running', $3, 1) RETURNING id",
        *(video, owner, uuid4()),
    )
    assert video is not None
    return Run(rows, store, video, run_id)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
