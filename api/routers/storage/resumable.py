"""`/storage/v1/upload/resumable`: uploads that survive interruptions, by the TUS protocol 1.0."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api.deps import State
from api.envelopes import RESUMABLE
from api.errors import of_postgres
from api.routers.storage import resumable_documents as docs
from api.routers.storage.deps import caller, is_upsert
from api.storage.resumable import protocol
from api.storage.resumable.admission import Uploader
from api.storage.resumable.appending import MAX_BYTES
from api.storage.resumable.service import ResumableUploads
from api.storage.signing import read_upload
from zilliance.database import PostgresError
from zilliance.errors import AppError, InvalidInputError

SIGNED = "/sign"

_NO_CONTENT = 204


class _TusRoute(APIRoute):
    """Every answer names the version of the protocol, and every request but OPTIONS must have done so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                if request.method != "OPTIONS":
                    protocol.require_version(request.headers)
                return await handle(request)
            except (AppError, PostgresError) as error:
                raise _marked(error, request) from error

        return handle_tus


router = APIRouter(prefix=RESUMABLE.removeprefix("/storage/v1"), route_class=_TusRoute)


def _marked(error: AppError | PostgresError, request: Request) -> AppError:
    if isinstance(error, PostgresError):
        error = of_postgres(error, getattr(request.state, "role", None))
    error.headers |= protocol.ALWAYS
    return error


async def _uploader(request: Request, state: State) -> Uploader:
    """Who calls: by a signed upload URL's token below `/sign`, else as everywhere in storage."""
    if request.url.path.startswith(RESUMABLE + SIGNED):
        place = read_upload(state.tokens.urls, request.headers.get("x-signature", ""))
        return Uploader(place.identity, place.owner, place.upsert, (place.bucket_id, place.name))
    identity = await caller(request, state)
    return Uploader(identity, identity.user_id, is_upsert(request))


async def _uploads(state: State) -> ResumableUploads:
    return ResumableUploads(state)


By = Annotated[Uploader, Depends(_uploader)]
Uploads = Annotated[ResumableUploads, Depends(_uploads)]


@router.options("", status_code=_NO_CONTENT, summary="What the server can do")
@router.options(SIGNED, status_code=_NO_CONTENT, include_in_schema=False)
@router.options("/{upload_id}", status_code=_NO_CONTENT, include_in_schema=False)
@router.options(SIGNED + "/{upload_id}", status_code=_NO_CONTENT, include_in_schema=False)
async def announce(state: State) -> Response:
    """The version and the extensions of TUS that are spoken here, and the most bytes that an upload may have."""
    return Response(
        status_code=_NO_CONTENT,
        headers=protocol.announcement(min(state.settings.storage.max_object_bytes, MAX_BYTES)),
    )


@router.post("", status_code=201, **docs.CREATE)
@router.post("/", status_code=201, include_in_schema=False)
@router.post(SIGNED, status_code=201, **docs.signed(docs.CREATE))
@router.post(SIGNED + "/", status_code=201, include_in_schema=False)
async def create(request: Request, state: State, uploads: Uploads, uploader: By) -> Response:
    """Answers where the upload is continued; its first bytes may come along."""
    headers = request.headers
    upload = await uploads.create(
        uploader,
        headers.get("upload-metadata", ""),
        protocol.read_length(headers),
        request.stream() if protocol.has_offset_type(headers) else None,
    )
    folder = RESUMABLE + (SIGNED if uploader.signed else "")
    location = f"{state.settings.api_url}{folder}/{upload.id}"
    return Response(status_code=201, headers={**protocol.progress_of(upload), "Location": location})


@router.head("/{upload_id}", **docs.LOOK)
@router.head(SIGNED + "/{upload_id}", **docs.signed(docs.LOOK))
async def look(upload_id: str, uploads: Uploads, uploader: By) -> Response:
    upload = await uploads.look(uploader, upload_id)
    return Response(headers=protocol.description_of(upload))


@router.patch("/{upload_id}", status_code=_NO_CONTENT, **docs.APPEND)
@router.patch(SIGNED + "/{upload_id}", status_code=_NO_CONTENT, **docs.signed(docs.APPEND))
async def append(request: Request, upload_id: str, uploads: Uploads, uploader: By) -> Response:
    """The body follows what is there. What came of it before the connection broke is kept."""
    headers = request.headers
    if not protocol.has_offset_type(headers):
        raise AppError(f"Content-Type must be {protocol.OFFSET_TYPE}", status=415, code="InvalidMimeType")
    offset = protocol.read_count(headers, "Upload-Offset")
    if offset is None:
        raise InvalidInputError("Upload-Offset is missing", code="InvalidHeader")
    length = protocol.read_count(headers, "Upload-Length")
    upload = await uploads.append(uploader, upload_id, offset, length, _what_comes(request))
    return Response(status_code=_NO_CONTENT, headers=protocol.progress_of(upload))


@router.delete("/{upload_id}", status_code=_NO_CONTENT, **docs.END)
@router.delete(SIGNED + "/{upload_id}", status_code=_NO_CONTENT, **docs.signed(docs.END))
async def terminate(upload_id: str, uploads: Uploads, uploader: By) -> Response:
    await uploads.terminate(uploader, upload_id)
    return Response(status_code=_NO_CONTENT, headers=protocol.ALWAYS)


@router.post("/{upload_id}", include_in_schema=False)
@router.post(SIGNED + "/{upload_id}", include_in_schema=False)
async def override(request: Request, upload_id: str, uploads: Uploads, uploader: By) -> Response:
    """For clients whose way to the server lets only POST and GET pass."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await append(request, upload_id, uploads, uploader)
        case "DELETE":
            return await terminate(upload_id, uploads, uploader)
        case "HEAD":
            return await look(upload_id, uploads, uploader)
        case _:
            raise AppError(
                "POST to an upload needs X-HTTP-Method-Override: PATCH, HEAD or DELETE",
                status=405,
                code="MethodNotAllowed",
                headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"},
            )


async def _what_comes(request: Request) -> AsyncGenerator[bytes]:
    """The body as far as it comes: nobody reads the answer to one that breaks off, but its bytes count."""
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            if chunk:
                yield chunk
