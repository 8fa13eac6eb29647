"""Signed URLs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.deps import State
from api.json_models import documented
from api.routers.storage.deps import REFUSALS, BucketId, Caller, ObjectName, body_of, is_upsert
from api.schemas.storage import SignedUpload, SignedUrl, SignedUrlOrError, SignManyRequest, SignRequest
from api.storage import signing
from api.storage.placing import Place

router = APIRouter(responses=REFUSALS)


@router.post("/object/upload/sign/{bucket}/{path:path}", summary="Sign a URL for an upload")
async def sign_upload(
    request: Request, caller: Caller, bucket: BucketId, path: ObjectName, state: State
) -> SignedUpload:
    """Permit one upload, for two hours, to whoever holds the URL. With `x-upsert: true` it may replace."""
    place = Place(bucket, path, caller, caller.user_id, is_upsert(request))
    signed = await signing.sign_upload(state, place)
    return SignedUpload(url=signed.url, token=signed.token)


@router.post("/object/sign/{bucket}", openapi_extra=documented(SignManyRequest), summary="Sign URLs")
async def sign_many(
    caller: Caller, bucket: BucketId, wish: Annotated[SignManyRequest, Depends(body_of(SignManyRequest))], state: State
) -> list[SignedUrlOrError]:
    """Permit to download each, in the order of the paths; what the caller may not read has an error instead."""
    signed = await signing.sign_downloads(state, caller, bucket, wish.paths, wish.expires_in)
    return [
        SignedUrlOrError(error=None, path=path, signedURL=each.url)
        if each
        else SignedUrlOrError(error=signing.NOT_SIGNED, path=path, signedURL=None)
        for path, each in zip(wish.paths, signed, strict=True)
    ]


@router.post("/object/sign/{bucket}/{path:path}", openapi_extra=documented(SignRequest), summary="Sign a URL")
async def sign(
    caller: Caller,
    bucket: BucketId,
    path: ObjectName,
    wish: Annotated[SignRequest, Depends(body_of(SignRequest))],
    state: State,
) -> SignedUrl:
    """Permit to download, for `expiresIn` seconds, to whoever holds the URL."""
    signed = await signing.sign_download(state, caller, bucket, path, wish.expires_in)
    return SignedUrl(signedURL=signed.url)
