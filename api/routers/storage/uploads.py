"""Uploads in one request. The generic paths come last of all in `api.routers.storage`."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from api.deps import State
from api.routers.storage.deps import REFUSALS, BucketId, Caller, ObjectName, Token, is_upsert
from api.schemas.storage import Uploaded, UploadedKey
from api.storage import signing
from api.storage.failures import invalid_signature
from api.storage.placing import Place
from api.storage.uploads import upload

router = APIRouter(responses=REFUSALS)

_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "cacheControl": {"type": "string", "description": "Seconds, or directives of Cache-Control"},
        "metadata": {"type": "string", "description": "A JSON object, kept with the object"},
        "contentEncoding": {"type": "string"},
        "file": {"type": "string", "format": "binary", "description": "Any part with a file name"},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "*/*": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}
        for name, description in (
            ("x-metadata", "A JSON object in base64, kept with the object"),
            ("cache-control", "What answers with a raw body will carry"),
        )
    ],
}
_UPSERT = {"name": "x-upsert", "in": "header", "schema": {"type": "boolean"}, "description": "Replace what is there"}
_BODY_OR_REPLACE: dict[str, Any] = {**_BODY, "parameters": [*_BODY["parameters"], _UPSERT]}


@router.put("/object/upload/sign/{bucket}/{path:path}", openapi_extra=_BODY, summary="Upload to a signed URL")
async def upload_signed(
    request: Request, bucket: BucketId, path: ObjectName, token: Token, state: State
) -> UploadedKey:
    """Upload in the name of who signed the URL, once unless it was signed for replacing."""
    place = signing.read_upload(state.tokens.urls, token)
    if place.key != f"{bucket}/{path}":
        raise invalid_signature()
    await _upload(request, state, place)
    return UploadedKey(Key=place.key)


@router.post("/object/{bucket}/{path:path}", openapi_extra=_BODY_OR_REPLACE, summary="Upload an object")
async def upload_object(request: Request, caller: Caller, bucket: BucketId, path: ObjectName, state: State) -> Uploaded:
    """Store a file under a name that is not taken, unless `x-upsert` is true."""
    place = Place(bucket, path, caller, caller.user_id, is_upsert(request))
    return Uploaded(Id=await _upload(request, state, place), Key=place.key)


@router.put("/object/{bucket}/{path:path}", openapi_extra=_BODY, summary="Replace an object")
async def replace_object(
    request: Request, caller: Caller, bucket: BucketId, path: ObjectName, state: State
) -> Uploaded:
    """Store a file under a name, whether there is one or not."""
    place = Place(bucket, path, caller, caller.user_id, upsert=True)
    return Uploaded(Id=await _upload(request, state, place), Key=place.key)


async def _upload(request: Request, state: State, place: Place) -> UUID | None:
    return await upload(state, place, request.headers, request.stream())
