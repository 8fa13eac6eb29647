"""Resumable uploads from their creation to their end, for callers who are known."""

from collections.abc import AsyncIterable
from uuid import UUID, uuid4

from api.state import AppState
from api.storage.resumable.admission import Admission, Uploader, admit, readmit
from api.storage.resumable.appending import Appender
from api.storage.resumable.failures import (
    SPOILED,
    elsewhere,
    expired,
    finished,
    invalid_header,
    no_such_upload,
)
from api.storage.resumable.finishing import abandon, finish
from api.storage.resumable.holding import Holding, as_platform, begun, held
from models.queries import uploads
from models.queries.uploads import NewUpload, Progress, Upload
from zilliance.enums import Role
from zilliance.errors import AppError

MAX_OPEN = 100  # of one account, and again as many by URLs that it signed; the service is nobody's account


class ResumableUploads:
    """Those of one installation. Every method raises what it refuses as an AppError with its true HTTP status."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    async def create(
        self, uploader: Uploader, metadata: str, length: int | None, chunks: AsyncIterable[bytes] | None
    ) -> Upload:
        """Begin an upload, with its first bytes where there are some. Who breaks off here has no upload."""
        admission = await admit(self._state, uploader, metadata, length)
        new = NewUpload(
            bucket_id=admission.place.bucket_id,
            name=admission.place.name,
            owner=uploader.owner,
            role=uploader.identity.role.value,
            is_signed=uploader.signed is not None,
            upsert=uploader.upsert,
            version=uuid4(),
            metadata=metadata,
            length=length,
        )
        most = None if uploader.identity.role is Role.SERVICE and uploader.owner is None else MAX_OPEN
        async with begun(self._state, new, most=most) as holding:
            try:
                if chunks is not None or length == 0:
                    await self._append(holding, admission, chunks)
            except BaseException:
                await abandon(self._state, holding)
                raise
        return holding.upload

    async def look(self, uploader: Uploader, upload_id: str) -> Upload:
        """How far an upload is. One whose last byte is safe is finished first, where a process died before that."""
        upload = await self._find(uploader, upload_id)
        if upload.finished or upload.offset != upload.length:
            return upload
        return await self._continue(uploader, upload, None, None)

    async def append(
        self, uploader: Uploader, upload_id: str, offset: int, length: int | None, chunks: AsyncIterable[bytes]
    ) -> Upload:
        """Add bytes at `offset`, which must be where the upload ends; `length` for one that had none."""
        upload = await self._find(uploader, upload_id)
        if offset != upload.offset:
            raise elsewhere(upload.offset)
        if length is not None and upload.length not in (None, length):
            raise invalid_header("Upload-Length is not the one that was given before")
        return upload if upload.finished else await self._continue(uploader, upload, length, chunks)

    async def terminate(self, uploader: Uploader, upload_id: str) -> None:
        """Forget an upload and its bytes. An object that is there already is not removed this way."""
        upload = await self._find(uploader, upload_id)
        if upload.finished:
            raise finished()
        async with held(self._state, upload.id) as holding:
            await abandon(self._state, holding)

    async def _find(self, uploader: Uploader, upload_id: str) -> Upload:
        """Raises NotFoundError for uploads of others as for those that are not, the 410 for one that is over."""
        upload = None
        if (number := _as_uuid(upload_id)) is not None:
            async with as_platform(self._state) as connection:
                upload = await uploads.get(connection, number)
        if upload is None or upload.part_size is not None or not uploader.began(upload):
            raise no_such_upload()
        if upload.expired:
            raise expired()
        return upload

    async def _continue(
        self, uploader: Uploader, found: Upload, length: int | None, chunks: AsyncIterable[bytes] | None
    ) -> Upload:
        admission = await readmit(self._state, uploader, found, length)
        async with held(self._state, found.id) as holding:
            if holding.upload.offset != found.offset:
                raise elsewhere(holding.upload.offset)
            if length is not None and holding.upload.length is None:
                await holding.advance(Progress(length=length))
            await self._append(holding, admission, chunks)
        return holding.upload

    async def _append(self, holding: Holding, admission: Admission, chunks: AsyncIterable[bytes] | None) -> None:
        length = holding.upload.length
        limit = admission.max_bytes if length is None else length
        appender = Appender(self._state.store, holding, limit, admission.check_content)
        try:
            await appender.resume()
            await appender.take(chunks)
        except AppError as error:
            if error.code in SPOILED:
                await abandon(self._state, holding)
            raise
        if holding.upload.is_complete:
            await finish(self._state, holding, admission.commit)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
