"""Playlists as answers: compressed where that is understood, and not sent again to who has them already."""

import zlib
from collections.abc import Callable
from datetime import datetime

from fastapi import Request, Response

from api.video.packed import Packed
from api.video.published import Published, Track

PLAYLIST = "application/vnd.apple.mpegurl"
WEBVTT = "text/vtt; charset=utf-8"
GROWING = "no-store"
COMPLETE = "private, max-age=60"
_VARY = "Accept-Encoding, Authorization"
_NOT_MODIFIED = 304
_LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS


def etag_of(published: Published, hour: datetime | None, track: Track | None = None) -> str:
    """What a playlist says changes with the publication and with its track's chunks, and signed URLs with the hour."""
    suffix = "" if track is None else f"-{len(track.chunks)}{'' if track.is_complete else '+'}"
    suffix += "" if hour is None else f"-{hour:%Y%m%d%H}"
    return f'W/"{published.run_id.hex}-{published.revision}{suffix}"'


def text_response(
    request: Request, write: Callable[[], str], *, etag: str, media_type: str, is_complete: bool
) -> Response:
    """What `write` gives; it is not asked where the asker has that, or where it is kept for this etag and name."""
    if (known := not_modified(request, etag, is_complete=is_complete)) is not None:
        return known
    headers = _headers(etag, is_complete=is_complete)
    if not _takes_gzip(request):
        return Response(write(), headers=headers, media_type=media_type)
    headers["Content-Encoding"] = "gzip"
    name = request.url.path.rpartition("/")[2]
    body = _PACKED.read((etag, name), lambda: _pack(write())) if is_complete else _pack(write())
    return Response(body, headers=headers, media_type=media_type)


def not_modified(request: Request, etag: str, *, is_complete: bool) -> Response | None:
    """The answer to who has it already: for what is dear to read."""
    if etag not in {each.strip() for each in request.headers.get("if-none-match", "").split(",")}:
        return None
    return Response(status_code=_NOT_MODIFIED, headers=_headers(etag, is_complete=is_complete))


def unkept_response(request: Request, text: str, *, media_type: str) -> Response:
    """What is another text each time: there is nothing to have already."""
    headers = {"Cache-Control": GROWING, "Vary": _VARY}
    if not _takes_gzip(request):
        return Response(text, headers=headers, media_type=media_type)
    return Response(_pack(text), headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type)


_PACKED = Packed()  # of this process: an etag names the run, which is one of a kind


def _headers(etag: str, *, is_complete: bool) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": COMPLETE if is_complete else GROWING, "Vary": _VARY}


def _pack(text: str) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(text.encode()) + packer.flush()


def _takes_gzip(request: Request) -> bool:
    for each in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = each.partition(";")
        if name.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
