"""What OpenAPI says about the headers and statuses of resumable uploads."""

from typing import Any

from api.storage.resumable.protocol import OFFSET_TYPE, VERSION

Documentation = dict[str, Any]

_BODY = {"content": {OFFSET_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


def _header(name: str, description: str, *, required: bool = False) -> Documentation:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _statuses(told: dict[int, str]) -> dict[int | str, Documentation]:
    return {status: {"description": text} for status, text in told.items()}


def _route(
    summary: str, refused: dict[int | str, Documentation], *parameters: Documentation, has_body: bool = False
) -> Documentation:
    extra: Documentation = {"parameters": [_VERSION, *parameters]}
    return {
        "summary": summary,
        "responses": refused,
        "openapi_extra": extra | ({"requestBody": _BODY} if has_body else {}),
    }


_VERSION = _header("Tus-Resumable", f"`{VERSION}`", required=True)
_LENGTH = _header("Upload-Length", "All bytes of the object")
_DEFERRED = _header("Upload-Defer-Length", "`1`: the length is told later")
_OFFSET = _header("Upload-Offset", "Where the body goes: after what is there", required=True)
_UPSERT = _header("x-upsert", "`true`: it may take the place of another object")
_SIGNATURE = _header("x-signature", "The token of a signed upload URL", required=True)
_METADATA = _header(
    "Upload-Metadata",
    "`bucketName`, `objectName`, `contentType`, `cacheControl` (seconds), `contentEncoding`, `metadata` (JSON),"
    " each followed by its value in base64, with commas between them",
    required=True,
)

_REFUSED_CREATIONS = _statuses(
    {
        400: "A header is missing or not valid",
        403: "The caller may not write there",
        404: "No such bucket",
        409: "The name is taken",
        412: "Another version of TUS",
        413: "More bytes than the bucket takes",
        415: "Not a type that the bucket takes",
        429: "Too many uploads are open",
    }
)
_REFUSED = _statuses(
    {
        400: "A header is missing or not valid",
        403: "The caller may not write there any more",
        404: "No such upload",
        409: "It does not end at this offset, or the name was taken meanwhile",
        410: "The upload has expired",
        412: "Another version of TUS",
        413: "More bytes than were announced",
        415: "Not the type of a body, or not a file of its type",
        423: "Another request writes to it",
    }
)

# What each route is declared with.
CREATE = _route("Begin a resumable upload", _REFUSED_CREATIONS, _LENGTH, _DEFERRED, _METADATA, _UPSERT, has_body=True)
LOOK = _route("How far a resumable upload is", _REFUSED)
APPEND = _route("Continue a resumable upload", _REFUSED, _OFFSET, _LENGTH, has_body=True)
END = _route("End a resumable upload", _REFUSED)


def signed(route: Documentation) -> Documentation:
    """The same for callers with a signed upload URL."""
    extra = {**route["openapi_extra"], "parameters": [*route["openapi_extra"]["parameters"], _SIGNATURE]}
    return {**route, "summary": f"{route['summary']}, by a signed URL", "openapi_extra": extra}
