"""Direct uploads from their creation to their end: only the bytes themselves do not come through here.

The row of an upload, its lease, its expiry and the sweep that follows are those of resumable uploads.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import orjson

from api.schemas.multipart import NewMultipart
from api.state import AppState
from api.storage.contents import HEAD_BYTES
from api.storage.multipart.parts import PART_BYTES, Cut
from api.storage.resumable.admission import Admission, Uploader, admit, readmit
from api.storage.resumable.failures import expired, finished, lost, no_such_upload
from api.storage.resumable.finishing import abandon, finish
from api.storage.resumable.holding import as_platform, begun, held
from api.storage.resumable.service import MAX_OPEN
from models.queries import uploads
from models.queries.uploads import NewUpload, Progress, Upload
from zilliance.enums import Role
from zilliance.signed_objects import ObjectUrls
from zilliance.storage import MissingObjectError, Part, RefusedByStoreError, Stored, object_key

URL_SECONDS = 3600  # whoever holds one can put that part, and no other


@dataclass(frozen=True, slots=True)
class PartUrl:
    """Where one part is put, with a body of so many bytes."""

    number: int
    size: int
    url: str


@dataclass(frozen=True, slots=True)
class PartUrls:
    """URLs of one batch."""

    urls: Sequence[PartUrl]
    expires_at: datetime


class MultipartUploads:
    """Those of one installation. Every method raises what it refuses as an AppError with its true HTTP status."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._urls = ObjectUrls(state.settings.storage)

    async def create(self, uploader: Uploader, wanted: NewMultipart) -> Upload:
        """Permit and begin an upload; its row is tried before."""
        metadata = _metadata(wanted)
        admission = await admit(self._state, uploader, metadata, wanted.size)
        new = NewUpload(
            bucket_id=admission.place.bucket_id,
            name=admission.place.name,
            owner=uploader.owner,
            role=uploader.identity.role.value,
            is_signed=False,
            upsert=uploader.upsert,
            version=uuid4(),
            metadata=metadata,
            length=wanted.size,
            part_size=PART_BYTES,
        )
        most = None if uploader.identity.role is Role.SERVICE and uploader.owner is None else MAX_OPEN
        async with begun(self._state, new, most=most) as holding:
            try:
                began = await self._state.store.begin_parts(object_key(new.version))
                await holding.advance(Progress(s3_upload_id=began))
            except BaseException:
                await abandon(self._state, holding)
                raise
        return holding.upload

    async def sign(self, upload: Upload, first: int, limit: int) -> PartUrls:
        """URLs of some parts from number `first` on."""
        cut = cut_of(upload)
        now = datetime.now(UTC).replace(microsecond=0)
        numbers = range(first, min(first + limit, cut.count + 1))
        key, began = object_key(upload.version), upload.s3_upload_id or ""
        urls = [
            PartUrl(
                number,
                cut.bytes_of(number),
                self._urls.sign(
                    key,
                    seconds=URL_SECONDS,
                    method="PUT",
                    query={"partNumber": str(number), "uploadId": began},
                    at=now,
                    size=cut.bytes_of(number),
                ),
            )
            for number in numbers
        ]
        return PartUrls(urls, now + timedelta(seconds=URL_SECONDS))

    async def prolong(self, uploader: Uploader, upload_id: UUID) -> Upload:
        """An upload that goes on, which is kept for another while."""
        found = await self.find(uploader, upload_id)
        if found.finished:
            raise finished()
        async with as_platform(self._state) as connection:
            kept = await uploads.prolong(connection, upload_id, self._state.settings.storage.upload_expiry_seconds)
        if kept is None:
            raise expired()
        return kept

    async def find(self, uploader: Uploader, upload_id: UUID) -> Upload:
        """Raises NotFoundError for uploads of others as for those that are not, the 410 for one that is over."""
        async with as_platform(self._state) as connection:
            upload = await uploads.get(connection, upload_id)
        if upload is None or upload.part_size is None or not uploader.began(upload):
            raise no_such_upload()
        if upload.expired:
            raise expired()
        return upload

    async def received(self, upload: Upload) -> list[Part]:
        """The parts that the store has; none once they are one object."""
        if upload.finished:
            return []
        try:
            return await self._state.store.list_parts(object_key(upload.version), upload.s3_upload_id or "")
        except MissingObjectError:
            return []

    async def complete(self, uploader: Uploader, upload_id: UUID, told: Mapping[int, str] | None) -> Upload:
        """Make one object of the parts, and give it its row. Once more is the same. `told` are ETags by number.

        An upload whose row or content is refused is over; one that lacks parts goes on.
        """
        found = await self.find(uploader, upload_id)
        if found.finished:
            return found
        admission = await readmit(self._state, uploader, found, None)
        async with held(self._state, upload_id) as holding:
            holding.upload = await self._checked(holding.upload, told)

            write_row = admission.commit

            async def look_and_write(version: UUID, stored: Stored) -> None:
                await self._check_head(admission, version)
                await write_row(version, stored)

            try:
                await finish(self._state, holding, look_and_write)
            except RefusedByStoreError as error:
                raise lost() from error
        return holding.upload

    async def abort(self, uploader: Uploader, upload_id: UUID) -> None:
        """Forget an upload and its bytes. An object that is there already is not removed this way."""
        if (await self.find(uploader, upload_id)).finished:
            raise finished()
        async with held(self._state, upload_id) as holding:
            await abandon(self._state, holding)

    async def _checked(self, upload: Upload, told: Mapping[int, str] | None) -> Upload:
        """With its parts. Raises InvalidPart. Where a process died after it had joined them, none is to be joined."""
        try:
            found = await self._state.store.list_parts(object_key(upload.version), upload.s3_upload_id or "")
        except MissingObjectError:
            return replace(upload, s3_upload_id=None)
        cut_of(upload).check(found, told)
        return replace(upload, parts=tuple(found))

    async def _check_head(self, admission: Admission, version: UUID) -> None:
        async with self._state.store.read(object_key(version), last=HEAD_BYTES - 1) as chunks:
            admission.check_content(b"".join([chunk async for chunk in chunks]))


def cut_of(upload: Upload) -> Cut:
    return Cut(upload.length or 0, upload.part_size or 1)


def _metadata(wanted: NewMultipart) -> str:
    """As the header of a resumable upload tells it, so that both are read, and kept, in one way."""
    told = {
        "bucketName": wanted.bucket,
        "objectName": wanted.name,
        "contentType": wanted.content_type or "",
        "cacheControl": "" if wanted.cache_control is None else str(wanted.cache_control),
        "metadata": "" if wanted.metadata is None else orjson.dumps(wanted.metadata).decode(),
    }
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items() if value)
