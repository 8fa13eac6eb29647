"""Whether an upload may begin and go on: whose it is, what its bucket takes, and how its row will be written."""

from dataclasses import dataclass
from uuid import UUID

from api.state import AppState
from api.storage.contents import read_type
from api.storage.descriptions import read_cache_control, read_content_encoding, read_user_metadata
from api.storage.failures import entity_too_large, invalid_request, invalid_signature
from api.storage.names import check_key
from api.storage.placing import Description, Place, fill, try_place
from api.storage.resumable.appending import MAX_BYTES
from api.storage.resumable.protocol import read_metadata
from api.storage.rules import Rules, read_rules
from models.queries.uploads import Upload
from zilliance.identity import Identity
from zilliance.storage import Stored


@dataclass(frozen=True, slots=True)
class Uploader:
    """Who sends a request.

    Attributes:
        identity: acts on the object's row.
        owner: whom the object will belong to.
        upsert: whether an upload that begins now may take the place of another object.
        signed: the bucket and name that a signed upload URL permits, where one is the permission.
    """

    identity: Identity
    owner: UUID | None
    upsert: bool
    signed: tuple[str, str] | None = None

    def began(self, upload: Upload) -> bool:
        """Whether it is an upload of theirs."""
        is_theirs = (upload.owner, upload.role) == (self.owner, self.identity.role.value)
        if self.signed is None:
            return is_theirs and not upload.is_signed
        return is_theirs and upload.is_signed and self.signed == (upload.bucket_id, upload.name)


@dataclass(frozen=True, slots=True)
class Admission:
    """What was permitted: the object's place, what is told about it, and the rules of its bucket."""

    state: AppState
    place: Place
    description: Description
    rules: Rules

    @property
    def max_bytes(self) -> int:
        return min(self.rules.max_bytes, MAX_BYTES)

    def check_length(self, length: int | None) -> None:
        """Raises EntityTooLarge."""
        if length is not None and length > self.max_bytes:
            raise entity_too_large(self.max_bytes)

    def check_content(self, head: bytes) -> None:
        """Raises InvalidMimeType for first bytes that the bucket does not take."""
        self.rules.check_head(self.description.content_type, head)

    async def commit(self, version: UUID, stored: Stored) -> None:
        """Give the bytes their row. Raises what a trial raises."""
        await fill(self.state, self.place, version, stored, self.description)


async def admit(state: AppState, uploader: Uploader, metadata: str, length: int | None) -> Admission:
    """Permit a new upload: its row is tried. Raises what an upload in one request would."""
    place, description = _read(uploader, metadata, upsert=uploader.upsert)
    if uploader.signed not in (None, (place.bucket_id, place.name)):
        raise invalid_signature()
    admission = Admission(state, place, description, await read_rules(state, place.bucket_id))
    admission.check_length(length)
    admission.rules.check_type(description.content_type)
    await try_place(state, place, description)
    return admission


async def readmit(state: AppState, uploader: Uploader, upload: Upload, length: int | None) -> Admission:
    """Permit to go on; `length` is one that is told only now. What the row says is decided when it is written."""
    place, description = _read(uploader, upload.metadata, upsert=upload.upsert)
    admission = Admission(state, place, description, await read_rules(state, place.bucket_id))
    admission.check_length(length)
    return admission


def _read(uploader: Uploader, metadata: str, *, upsert: bool) -> tuple[Place, Description]:
    told = read_metadata(metadata)
    bucket_id = told.get("bucketName")
    if not bucket_id:
        raise invalid_request("Upload-Metadata must have bucketName and objectName")
    name = check_key(told.get("objectName", ""))
    place = Place(bucket_id, name, uploader.identity, uploader.owner, upsert)
    description = Description(
        content_type=read_type(told.get("contentType")),
        cache_control=read_cache_control(told.get("cacheControl")),
        content_encoding=read_content_encoding(told.get("contentEncoding")),
        user_metadata=read_user_metadata(told.get("metadata")),
    )
    return place, description
