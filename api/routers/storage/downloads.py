"""Reading objects: by everybody, by whom row security lets, and by who holds a signed URL."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.deps import State
from api.routers.storage.answers import answer
from api.routers.storage.deps import REFUSALS, BucketId, Caller, ObjectName, Token
from api.schemas.storage import ObjectInfo, StorageError
from api.storage import objects, signing
from api.storage.access import SERVICE
from api.storage.downloads import Manner
from api.storage.objects import Found

_PLACE = "{bucket}/{path:path}"
_BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **REFUSALS,
    200: {"description": "The object", **_BYTES},
    206: {"description": "The range of bytes that was asked for", **_BYTES},
    304: {"description": "The asker has it already"},
    416: {"model": StorageError, "description": "The object has none of these bytes"},
}

# Decorators work from the last to the first, so the long paths stand below the short ones that would fit them, too.
info_router = APIRouter(responses=REFUSALS)
router = APIRouter(responses=_ANSWERS, default_response_class=Response)

Download = Annotated[str | None, Query(description="Save it under this name; empty: under its own")]


async def _readable(caller: Caller, bucket: BucketId, path: ObjectName, state: State) -> Found:
    return await objects.find(state, caller, bucket, path)


async def _public(bucket: BucketId, path: ObjectName, state: State) -> Found:
    return await objects.find_public(state, bucket, path)


async def _signed(bucket: BucketId, path: ObjectName, token: Token, state: State) -> Found:
    signing.check_download(state.tokens.urls, token, bucket, path)
    return await objects.find(state, SERVICE, bucket, path)


Readable = Annotated[Found, Depends(_readable)]
Public = Annotated[Found, Depends(_public)]
Signed = Annotated[Found, Depends(_signed)]


@info_router.head(f"/object/info/public/{_PLACE}", summary="Whether there is a public object")
@info_router.get(f"/object/info/public/{_PLACE}", summary="Read about a public object")
async def public_info(found: Public) -> ObjectInfo:
    """No key and no token: the bucket is public."""
    return _info(found)


@info_router.head(f"/object/info/{_PLACE}", summary="Whether there is an object (short path)")
@info_router.get(f"/object/info/{_PLACE}", summary="Read about an object (short path)")
@info_router.head(f"/object/info/authenticated/{_PLACE}", summary="Whether there is an object")
@info_router.get(f"/object/info/authenticated/{_PLACE}", summary="Read about an object")
async def info(found: Readable) -> ObjectInfo:
    """What the caller may read, it may read about."""
    return _info(found)


@router.head(f"/object/public/{_PLACE}", summary="The headers of a public object")
@router.get(f"/object/public/{_PLACE}", summary="Download a public object")
async def public_object(request: Request, found: Public, state: State, download: Download = None) -> Response:
    """No key and no token: the bucket is public."""
    return answer(request, state, found, Manner(is_public=True, download=download))


@router.head(f"/object/sign/{_PLACE}", summary="The headers by a signed URL")
@router.get(f"/object/sign/{_PLACE}", summary="Download by a signed URL")
async def signed_object(request: Request, found: Signed, state: State, download: Download = None) -> Response:
    """The token in the URL is the permission."""
    return answer(request, state, found, Manner(is_public=False, download=download))


@router.head(f"/object/{_PLACE}", summary="The headers of an object (short path)")
@router.get(f"/object/{_PLACE}", summary="Download an object (short path)")
@router.head(f"/object/authenticated/{_PLACE}", summary="The headers of an object")
@router.get(f"/object/authenticated/{_PLACE}", summary="Download an object")
async def own_object(request: Request, found: Readable, state: State, download: Download = None) -> Response:
    """An object that the caller may read; any other is answered as one that is not there."""
    return answer(request, state, found, Manner(is_public=False, download=download))


def _info(found: Found) -> ObjectInfo:
    return ObjectInfo(
        id=found.id,
        name=found.name,
        version=found.version,
        bucket_id=found.bucket_id,
        size=found.size,
        content_type=found.content_type,
        cache_control=found.cache_control,
        etag=found.etag,
        metadata=found.user_metadata,
        last_modified=found.modified,
        created_at=found.created,
    )
