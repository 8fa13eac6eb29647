"""`/storage/v1/upload/multipart`: large files go to the S3 store itself, in parts, by URLs that are signed here."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import State
from api.envelopes import MULTIPART
from api.json_input import read_json
from api.json_models import as_model, body_of, documented
from api.routers.storage.deps import Caller
from api.schemas.errors import refusals
from api.schemas.multipart import (
    MOST_URLS,
    BegunMultipart,
    CompleteMultipart,
    MultipartState,
    MultipartUpload,
    NewMultipart,
    ReceivedPart,
    SignedPart,
    SignedParts,
)
from api.storage.multipart.service import MultipartUploads, PartUrls, cut_of
from api.storage.resumable.admission import Uploader
from models.queries.uploads import Upload

FIRST_URLS = 100

router = APIRouter(
    prefix=MULTIPART.removeprefix("/storage/v1"),
    responses=refusals(400, 401, 403, 404, 409, 413, 503)
    | {410: {"description": "It has expired, or cannot go on; begin a new one"}},
)
_PARTS: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "parts": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["number", "etag"],
                                "properties": {"number": {"type": "integer"}, "etag": {"type": "string"}},
                            },
                        }
                    },
                }
            }
        }
    }
}


async def _uploads(state: State) -> MultipartUploads:
    return MultipartUploads(state)


async def _uploader(identity: Caller) -> Uploader:
    return Uploader(identity, identity.user_id, upsert=False)


Uploads = Annotated[MultipartUploads, Depends(_uploads)]
By = Annotated[Uploader, Depends(_uploader)]


@router.post(
    "",
    status_code=201,
    openapi_extra=documented(NewMultipart),
    responses=refusals(429),
    summary="Begin a direct upload",
)
async def create(
    wanted: Annotated[NewMultipart, Depends(body_of(NewMultipart))], uploads: Uploads, identity: Caller
) -> BegunMultipart:
    """Permitted as any upload: by the policies and the rules of the bucket. With the URLs of the first 100 parts."""
    upload = await uploads.create(Uploader(identity, identity.user_id, wanted.upsert), wanted)
    signed = await uploads.sign(upload, 1, FIRST_URLS)
    return BegunMultipart(**_described(upload), **_signed(signed).model_dump())


@router.get("/{upload_id}", summary="Look at a direct upload")
async def look(upload_id: UUID, uploads: Uploads, by: By) -> MultipartState:
    """Which parts the store has: a client that was interrupted puts the others."""
    upload = await uploads.find(by, upload_id)
    parts = [
        ReceivedPart(number=part.number, size=part.size, etag=part.etag) for part in await uploads.received(upload)
    ]
    return MultipartState(**_described(upload), parts=parts)


@router.get("/{upload_id}/urls", summary="Get URLs of more parts")
async def urls(
    upload_id: UUID,
    uploads: Uploads,
    by: By,
    first: Annotated[int, Query(ge=1, le=10_000, description="The number of the first part")] = 1,
    limit: Annotated[int, Query(ge=1, le=MOST_URLS)] = FIRST_URLS,
) -> SignedParts:
    """A batch, good for an hour. The upload itself expires a day after the last one."""
    return _signed(await uploads.sign(await uploads.prolong(by, upload_id), first, limit))


@router.post("/{upload_id}/complete", openapi_extra=_PARTS, summary="Complete a direct upload")
async def complete(request: Request, upload_id: UUID, uploads: Uploads, by: By) -> MultipartUpload:
    """Make one object of the parts: now readers find it. Refused while a part is missing or not what it must be.

    Asking again answers the same. An object that its bucket does not take is gone, and the upload with it.
    """
    asked = as_model(CompleteMultipart, await read_json(request)) if await request.body() else CompleteMultipart()
    told = None if asked.parts is None else {part.number: part.etag.strip('"') for part in asked.parts}
    return MultipartUpload(**_described(await uploads.complete(by, upload_id, told)))


@router.delete("/{upload_id}", status_code=204, summary="End a direct upload")
async def abort(upload_id: UUID, uploads: Uploads, by: By) -> Response:
    """Forget it, and what was put. An object that is there already stays."""
    await uploads.abort(by, upload_id)
    return Response(status_code=204)


def _described(upload: Upload) -> dict[str, Any]:
    cut = cut_of(upload)
    return {
        "id": upload.id,
        "bucket": upload.bucket_id,
        "name": upload.name,
        "size": cut.size,
        "part_size": cut.part_size,
        "part_count": cut.count,
        "status": "completed" if upload.finished else "uploading",
        "expires_at": upload.expires_at,
    }


def _signed(batch: PartUrls) -> SignedParts:
    urls = [SignedPart(number=each.number, size=each.size, url=each.url) for each in batch.urls]
    return SignedParts(urls=urls, urls_expire_at=batch.expires_at)
