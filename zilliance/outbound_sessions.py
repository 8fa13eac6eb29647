"""Sessions of the HTTP client as guarded calls need them, and what is read of the answers that come over them."""

from types import SimpleNamespace

import aiohttp

from zilliance.outbound_rules import OutboundFailedError, OutboundFailure

_CHUNK = 65_536


def session_of(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """A session that adds nothing of its own but a name, and goes nowhere by itself."""
    # The library follows redirects of WebSockets by itself, past our rules and with the caller's headers.
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        connector=connector,
        trace_configs=[trace],
        headers={"User-Agent": "Zilliance"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # the caller's own limit covers every part
    )


async def _refuse_redirect(
    _: aiohttp.ClientSession, __: SimpleNamespace, parameters: aiohttp.TraceRequestRedirectParams
) -> None:
    message = f"{parameters.url.host} redirected the opening of a WebSocket, which is not followed"
    raise OutboundFailedError(OutboundFailure.PROTOCOL, message)


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """All of an answer's body. Raises OutboundFailedError for more than `limit` bytes, counted after decompression."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            response.close()
            message = f"{response.url.host} answered with more than {limit} bytes"
            raise OutboundFailedError(OutboundFailure.TOO_LARGE, message)
    return bytes(body)


def headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    """The headers of the body as it is handed over: already decompressed, so they no longer speak of compression."""
    names = dict.fromkeys(name.lower() for name in response.headers)
    if "content-encoding" in names:
        names.pop("content-encoding")
        names.pop("content-length", None)
    return {name: ", ".join(response.headers.getall(name)) for name in names}
