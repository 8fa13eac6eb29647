"""One request at a time writes to an upload: it holds a lease, which ends by itself when its holder dies."""

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from uuid import UUID, uuid4

from api.state import AppState
from api.storage.access import SERVICE
from api.storage.resumable.failures import locked, too_many
from models.queries import uploads
from models.queries.uploads import Lease, NewUpload, Progress, Upload
from zilliance.database import Connection
from zilliance.errors import UnavailableError

LEASE_SECONDS = 20.0
RENEW_SECONDS = 5.0


class Holding:
    """An upload while one request writes to it.

    Attributes:
        upload: what the database last said.
        may_be_live: whether a row may have taken the bytes, so that nobody may remove them any more.
    """

    def __init__(self, state: AppState, upload: Upload, lease: Lease) -> None:
        self.upload = upload
        self.may_be_live = False
        self._state = state
        self._lease = lease
        self._renewed = time.monotonic()

    async def advance(self, progress: Progress) -> None:
        """Write down what is true now. Raises the 423 when somebody else writes by now."""
        async with as_platform(self._state) as connection:
            upload = await uploads.advance(connection, self.upload.id, self._lease, progress)
        if upload is None:
            raise locked()
        self.upload = upload
        self._renewed = time.monotonic()

    async def stay(self) -> None:
        """Show that the holder lives, at most every few seconds."""
        if time.monotonic() - self._renewed > RENEW_SECONDS:
            await self.advance(Progress())

    async def finish(self) -> None:
        """Say that the object has its row."""
        async with as_platform(self._state) as connection:
            await uploads.finish(connection, self.upload.id)
        self.upload = replace(self.upload, finished=True)

    async def drop(self) -> bool:
        """Forget the upload. Whether its bytes are nobody's and never will be."""
        async with as_platform(self._state) as connection:
            return await uploads.drop(connection, self.upload.id, self._lease)

    async def release(self) -> None:
        """Let others write; where the database is away the lease ends by itself."""
        with suppress(UnavailableError):
            async with as_platform(self._state) as connection:
                await uploads.release(connection, self.upload.id, self._lease)


@asynccontextmanager
async def begun(state: AppState, new: NewUpload, *, most: int | None) -> AsyncGenerator[Holding]:
    """A new upload, held until the block ends. Raises the 429 when its owner has `most` that are open."""
    lease = _lease(state)
    async with as_platform(state) as connection:
        upload = await uploads.insert(connection, new, lease, most=most)
    if upload is None:
        raise too_many(most or 0)
    async with _released(Holding(state, upload, lease)) as holding:
        yield holding


@asynccontextmanager
async def held(state: AppState, upload_id: UUID) -> AsyncGenerator[Holding]:
    """The right to write to an upload, until the block ends. Raises the 423 when somebody else has it."""
    lease = _lease(state)
    async with as_platform(state) as connection:
        upload = await uploads.claim(connection, upload_id, lease)
    if upload is None:
        raise locked()
    async with _released(Holding(state, upload, lease)) as holding:
        yield holding


def as_platform(state: AppState) -> AbstractAsyncContextManager[Connection]:
    """Rows of uploads under way are the platform's own: who asks is compared with the row."""
    return state.transaction(SERVICE)


@asynccontextmanager
async def _released(holding: Holding) -> AsyncGenerator[Holding]:
    try:
        yield holding
    finally:
        await holding.release()


def _lease(state: AppState) -> Lease:
    return Lease(uuid4(), LEASE_SECONDS, state.settings.storage.upload_expiry_seconds)
