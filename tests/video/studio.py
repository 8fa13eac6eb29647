"""Somebody who brings videos, and what can be seen of their processing: rows and objects."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.testing import ActivityEnvironment

from activities.storage_upkeep import S3StorageUpkeepActivities
from activities.video_runs import SqlVideoRunActivities
from tests.activities.support import Rows
from tests.identities import account
from workflows.contracts.video import ProcessVideoInput
from workflows.names import PROCESS_VIDEO, TaskQueue, video_workflow_id
from zilliance.database import Database
from zilliance.storage import ObjectStore, object_key

Row = dict[str, Any]


@dataclass
class Studio:
    """One account."""

    owner: UUID
    rows: Rows
    callers: Database
    client: Client
    store: ObjectStore
    platform: Database  # as the workers log in

    @classmethod
    async def sign_up(
        cls, rows: Rows, callers: Database, client: Client, store: ObjectStore, platform: Database
    ) -> "Studio":
        return cls(await rows.account(), rows, callers, client, store, platform)

    async def upload(self, path: Path) -> UUID:
        """A video whose bytes are there, as an upload leaves it."""
        version, name = uuid4(), f"{self.owner}/{uuid4()}{path.suffix}"
        stored = await self.store.put(object_key(version), _chunks(path))
        async with self.rows.connection.transaction():
            await self.rows.connection.execute("SELECT private.doom_version($1, $2)", version, self.owner)
            await self.rows.connection.execute(
                "INSERT INTO storage.objects (bucket_id, name, owner, version, metadata)"
                " VALUES ('videos', $1, $2, $3, $4)",
                name,
                self.owner,
                version,
                json.dumps({"size": stored.size, "mimetype": "video/mp4"}),
            )
        return await self.rows.connection.fetchval(
            "INSERT INTO videos (user_id, title, storage_path) VALUES ($1, 'A video', $2) RETURNING id",
            self.owner,
            name,
        )

    async def begin(self, video: UUID, *, events_a_run: int = 0) -> UUID:
        """Begin a run as the API does, and tell Temporal; its id."""
        async with self.callers.transaction(account(self.owner)) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM private.begin_video_run($1, true, 1000, interval '1 hour')", video
            )
        assert row is not None
        assert row["outcome"] == "created"
        await self.client.start_workflow(
            PROCESS_VIDEO,
            ProcessVideoInput(
                run_id=row["run_id"],
                video_id=video,
                owner_id=self.owner,
                source_key=object_key(row["source_version"]),
                source_size=row["source_size"],
                events_a_run=events_a_run,
            ),
            id=video_workflow_id(row["run_id"]),
            task_queue=TaskQueue.PLATFORM,
        )
        return row["run_id"]

    def handle(self, run: UUID) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(video_workflow_id(run))

    async def process(self, path: Path, *, events_a_run: int = 0) -> tuple[Row, UUID]:
        """Upload and process to the end; the video's row, and the run's id."""
        video = await self.upload(path)
        run = await self.begin(video, events_a_run=events_a_run)
        await self.handle(run).result()
        return await self.row(video), run

    async def row(self, video: UUID) -> Row:
        row = await self.rows.one("videos", video)
        assert row is not None
        return row

    async def run(self, run: UUID) -> Row:
        row = await self.rows.one("private.video_runs", run)
        assert row is not None
        return row

    async def tracks(self, run: UUID) -> list[Row]:
        return await self._fetch("SELECT * FROM private.video_tracks WHERE run_id = $1 ORDER BY kind, position", run)

    async def chunks(self, run: UUID, track: str) -> list[Row]:
        return await self._fetch(
            "SELECT * FROM private.video_chunks WHERE run_id = $1 AND track = $2 ORDER BY number", run, track
        )

    async def objects(self, run: UUID) -> list[str]:
        """Keys of what the store has of a run."""
        return await asyncio.to_thread(self.store._bucket.keys, f"video/{run}/")

    async def replace_upload(self, video: UUID, path: Path) -> None:
        """Other bytes under the video's path."""
        version = uuid4()
        stored = await self.store.put(object_key(version), _chunks(path))
        async with self.rows.connection.transaction():
            await self.rows.connection.execute("SELECT private.doom_version($1, $2)", version, self.owner)
            await self.rows.connection.execute(
                "UPDATE storage.objects o SET version = $2,"
                " metadata = metadata || jsonb_build_object('size', $3::bigint) FROM videos v"
                " WHERE v.id = $1 AND o.bucket_id = 'videos' AND o.name = v.storage_path",
                video,
                version,
                stored.size,
            )

    async def discard_upload(self, video: UUID) -> None:
        """The bytes go, as when they were deleted a moment after the run began."""
        version = await self.rows.connection.fetchval(
            "SELECT o.version FROM storage.objects o JOIN videos v ON o.name = v.storage_path WHERE v.id = $1", video
        )
        await self.store.discard(object_key(version))

    async def discard(self, run: UUID) -> None:
        await ActivityEnvironment().run(SqlVideoRunActivities(self.platform, self.store, "").discard, run)

    async def sweep(self, run: UUID) -> None:
        """What is due of a run goes, without waiting for its grace."""
        await self.rows.connection.execute(
            "UPDATE private.doomed_prefixes SET due_at = now() WHERE prefix = $1", f"video/{run}/"
        )
        await ActivityEnvironment().run(S3StorageUpkeepActivities(self.platform, self.store).sweep_objects)

    async def version_bytes(self, version: UUID) -> bytes:
        return await self.store.fetch(object_key(version))

    async def first_history(self, run: UUID) -> WorkflowHistory:
        """The oldest history of a run that may have several."""
        query = f"WorkflowId = '{video_workflow_id(run)}'"
        async with asyncio.timeout(60):
            while len(found := [each async for each in self.client.list_workflows(query)]) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        oldest = min(found, key=lambda each: each.start_time)
        return await self.client.get_workflow_handle(oldest.id, run_id=oldest.run_id).fetch_history()

    async def ended(self, run: UUID) -> None:
        """Wait for the end of a run by its row, whatever is away meanwhile."""
        async with asyncio.timeout(800):
            while (await self.run(run))["status"] in {"pending", "running"}:  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def until(self, run: UUID, condition: str) -> None:
        """Wait until an SQL condition holds of the run's row."""
        async with asyncio.timeout(600):
            while not await self.rows.connection.fetchval(  # noqa: ASYNC110  rows send no event
                f"SELECT EXISTS (SELECT FROM private.video_runs r WHERE id = $1 AND {condition})", run
            ):
                await asyncio.sleep(0.05)

    async def _fetch(self, statement: str, *arguments: object) -> list[Row]:
        return [dict(row) for row in await self.rows.connection.fetch(statement, *arguments)]


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)
