"""The one door from a worker to this platform's own API, which it calls as the service: never to a host users name."""

import asyncio
from dataclasses import dataclass

import aiohttp

_CONNECT_SECONDS = 5.0
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the API answered."""

    status: int
    body: bytes


class OwnApiError(Exception):
    """No answer came.

    Attributes:
        was_sent: the request may have reached the API, and what it asked for may have been done.
    """

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class OwnApi:
    """Calls of the API with the service-role key; one a process, made inside the running loop and closed with it."""

    def __init__(self, url: str, service_key: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            headers={"apikey": service_key, "Authorization": f"Bearer {service_key}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        )

    async def close(self) -> None:
        await self._session.close()

    async def post(self, path: str, body: bytes, *, seconds: float, max_bytes: int) -> OwnAnswer:
        """Send JSON. Raises OwnApiError when no answer comes, TimeoutError when none comes in time."""
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.post(
                    self._url + path, data=body, headers={"Content-Type": "application/json"}, allow_redirects=False
                ) as response,
            ):
                return OwnAnswer(response.status, await _read(response, max_bytes))
        except aiohttp.ClientConnectorError as error:
            raise OwnApiError("the platform's own API cannot be reached", was_sent=False) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise OwnApiError("the platform's own API broke off", was_sent=True) from error


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            message = f"the platform's own API answered with more than {most} bytes"
            raise OwnApiError(message, was_sent=True)
    return bytes(body)
