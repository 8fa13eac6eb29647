"""Headers that every answer carries, and the answer to browsers that ask first (CORS)."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.envelopes import RESUMABLE

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD"

# What the official clients send and read. Without Content-Range in the second list a browser's `count` is null, without
# x-supabase-api-version it loses the codes of account errors, without location and upload-* uploads cannot resume.
ALLOWED = (
    "authorization, x-client-info, apikey, content-type, accept, x-retry-count, traceparent, tracestate, baggage, "
    "prefer, accept-profile, content-profile, range, range-unit, x-upsert, x-metadata, cache-control, "
    "content-encoding, x-supabase-api-version, x-region, x-signature, tus-resumable, upload-length, upload-offset, "
    "upload-metadata, upload-defer-length, x-http-method-override, x-api-key, x-request-id, idempotency-key, "
    "if-none-match, if-modified-since, if-match"
)
EXPOSED = (
    "content-range, content-location, location, preference-applied, link, x-total-count, x-supabase-api-version, "
    "x-relay-error, upload-offset, upload-length, upload-defer-length, upload-metadata, upload-expires, tus-resumable, "
    "tus-version, tus-extension, tus-max-size, etag, content-disposition, retry-after, x-request-id, x-sb-error-code, "
    "accept-ranges, content-length, last-modified, proxy-status, ratelimit, ratelimit-policy, x-ratelimit-limit, "
    "x-ratelimit-remaining, x-ratelimit-reset, age, allow"
)

_ALWAYS: list[tuple[bytes, bytes]] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_NO_STORE = (b"cache-control", b"no-store")
_DAY = b"86400"
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


class AnswerHeaders:
    """Answers preflight requests before anything looks for a key: browsers send none with them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and not _asks_for_abilities(scope):
            await _preflight(scope, send)
            return

        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                stored = any(name.lower() == b"cache-control" for name, _ in headers)
                message["headers"] = [*headers, *_ALWAYS] if stored else [*headers, *_ALWAYS, _NO_STORE]
            await send(message)

        await self._app(scope, receive, send_complete)


def _asks_for_abilities(scope: Scope) -> bool:
    """Whether it is the question of the TUS protocol, and not a browser's."""
    names = {name for name, _ in scope["headers"]}
    path: str = scope["path"]
    return path.startswith(RESUMABLE) and b"access-control-request-method" not in names


async def _preflight(scope: Scope, send: Send) -> None:
    """Any origin, the methods there are, and the headers that the browser asks for."""
    allowed = ALLOWED.encode()
    for name, value in scope["headers"]:
        if name == b"access-control-request-headers" and _NAMES.fullmatch(value):
            allowed = allowed + b", " + value
    headers = [
        *_ALWAYS,
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", _DAY),
        (b"allow", METHODS.encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
