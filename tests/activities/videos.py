"""Videos with their uploads as rows, and the two who act on them: their owner and the worker."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from tests.activities.support import Rows
from tests.identities import account
from zilliance.database import Database, Record
from zilliance.settings import DatabaseSettings

SIZE = 1234
PARTS = {"set_video_progress", "publish_video_run", "complete_video_run"}  # of functions that workers call


@dataclass(frozen=True, slots=True)
class Videos:
    """What tests do with runs of videos."""

    rows: Rows
    callers: Database
    worker: Database
    settings: DatabaseSettings

    async def upload(self, owner: UUID, name: str, bucket: str = "videos") -> UUID:
        """An object's row, as an upload leaves it; its version."""
        version = uuid4()
        async with self.rows.connection.transaction():
            await self.rows.connection.execute("SELECT private.doom_version($1, $2)", version, owner)
            await self.rows.connection.execute(
                "INSERT INTO storage.objects (bucket_id, name, owner, version, metadata) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (bucket_id, name) DO UPDATE SET version = excluded.version",
                bucket,
                name,
                owner,
                version,
                json.dumps({"size": SIZE, "mimetype": "video/mp4"}),
            )
        return version

    async def video(self, owner: UUID, *, uploaded: bool = True) -> UUID:
        path = f"{owner}/{uuid4()}.mp4"
        if uploaded:
            await self.upload(owner, path)
        return await self.rows.connection.fetchval(
            "INSERT INTO videos (user_id, title, storage_path) VALUES ($1, 'A video', $2) RETURNING id", owner, path
        )

    async def begin(
        self, owner: UUID, video: UUID, *, force: bool = False, most: int = 10, within: float = 3600
    ) -> Record:
        """By default nobody else starts it."""
        async with self.callers.transaction(account(owner)) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM private.begin_video_run($1, $2, $3, make_interval(secs => $4))",
                video,
                force,
                most,
                within,
            )
        assert row is not None
        return row

    async def begun(self, owner: UUID, video: UUID, *, force: bool = False) -> UUID:
        row = await self.begin(owner, video, force=force)
        assert row["outcome"] == "created"
        return row["run_id"]

    async def ask_cancel(self, owner: UUID, video: UUID) -> str:
        async with self.callers.transaction(account(owner)) as connection:
            return await connection.fetchval("SELECT outcome FROM private.request_video_cancel($1)", video)

    async def tell(self, function: str, run: UUID, *more: object) -> object:
        """Call a function of the runs' life as the worker; one that is a part of those, as the administrator."""
        places = "".join(f", ${place}" for place in range(2, 2 + len(more)))
        values = [json.dumps(each) if isinstance(each, dict) else each for each in more]
        statement = f"SELECT private.{function}($1{places})"
        if function not in PARTS:
            return await self.worker.call(statement, run, *values, reason="a test")
        connection = await asyncpg.connect(self.settings.admin_dsn())
        try:
            return await connection.fetchval(statement, run, *values)
        finally:
            await connection.close()

    async def row(self, video: UUID) -> dict[str, object]:
        found = await self.rows.one("videos", video)
        assert found is not None
        return found

    async def run(self, run: UUID) -> dict[str, object]:
        found = await self.rows.one("private.video_runs", run)
        assert found is not None
        return found

    async def due_at(self, run: UUID) -> object:
        """When the sweep takes what a run has made; None: it does not."""
        return await self.rows.connection.fetchval(
            "SELECT due_at FROM private.doomed_prefixes WHERE prefix = $1", f"video/{run}/"
        )

    async def poster(self, owner: UUID, video: UUID, run: UUID) -> str:
        name = f"{owner}/{video}/{run}.jpg"
        await self.upload(owner, name, "thumbnails")
        return name

    async def has_object(self, bucket: str, name: str) -> bool:
        return await self.rows.connection.fetchval(
            "SELECT EXISTS (SELECT FROM storage.objects WHERE bucket_id = $1 AND name = $2)", bucket, name
        )

    async def track(self, run: UUID) -> None:
        await self.rows.connection.execute(
            "INSERT INTO private.video_tracks (run_id, name, kind, position) VALUES ($1, '360p', 'video', 0)", run
        )

    async def tracks(self, run: UUID) -> int:
        return await self.rows.connection.fetchval("SELECT count(*) FROM private.video_tracks WHERE run_id = $1", run)
