"""Requests with a place for a secret in them, and every byte of what comes back."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import httpx
import orjson

NEEDLE = "NEEDLE"
_VOLATILE = {b"date", b"x-request-id"}
Headers = dict[str, str]
Needles = Mapping[str, tuple[str, str]]  # secrets by their kind, each with a decoy of the same form


@dataclass(frozen=True)
class Ask:
    """A request. Where it says NEEDLE, a secret of another tenant goes in, or a decoy of the same form.

    Attributes:
        needle: which of a row's secrets goes in; None for a request that knows nothing.
    """

    method: str
    path: str
    needle: str | None = None
    headers: Headers = field(default_factory=dict)
    body: Any = None

    def __str__(self) -> str:
        more = {**self.headers, **({} if self.body is None else {"body": self.body})}
        return f"{self.method} {self.path} {more or ''}"

    def request(self, client: httpx.AsyncClient, who: Headers, needle: str = "") -> httpx.Request:
        headers = {key: value.replace(NEEDLE, needle) for key, value in self.headers.items()}
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        return client.build_request(
            self.method,
            self.path.replace(NEEDLE, needle),
            headers={"content-type": "application/json", **who, **headers},
            content=None if self.body is None else body.replace(NEEDLE.encode(), needle.encode()),
        )


@dataclass(frozen=True)
class Secrets:
    """What one caller may not be told.

    Attributes:
        words: in lower case.
    """

    words: frozenset[bytes]

    def told(self, request: httpx.Request, answer: bytes) -> list[str]:
        """The secrets in an answer that were not in its request."""
        found = [word for word in self.words if word in answer.lower()]
        if not found:
            return []
        asked = b"\n".join([request.url.raw_path, *(value for _, value in request.headers.raw), request.content])
        return [word.decode() for word in found if word not in asked.lower()]


@dataclass(frozen=True)
class Caller:
    """Somebody on the wire, who is held to what they may know.

    Attributes:
        stride: only each so many-th request is sent, by callers whom little tells from one who sends all.
    """

    client: httpx.AsyncClient
    headers: Headers
    secrets: Secrets
    stride: int = 1

    async def search(self, root: str, asks: Iterable[Ask], needles: Needles) -> list[str]:
        """What the answers to requests below `root` give away: by their bytes, or by their difference from others."""
        found: list[str] = []
        for ask in islice(asks, 0, None, self.stride):
            real, decoy = needles[ask.needle] if ask.needle else ("", "")
            found += await self.faults(replace(ask, path=f"{root}/{ask.path}"), real, decoy)
        return found

    async def faults(self, ask: Ask, real: str = "", decoy: str = "") -> list[str]:
        """What the answer to one request gives away, with a secret in it and with a decoy."""
        tried = (real, decoy) if ask.needle else ("",)
        told = await asyncio.gather(*(self._told(ask, needle) for needle in tried))
        found = [fault for _, faults in told for fault in faults]
        answers = {answer for answer, _ in told}
        if len(answers) > 1:
            found.append(f"{ask} tells {real} from {decoy}:\n" + "\n---\n".join(map(repr, answers)))
        return found

    async def _told(self, ask: Ask, needle: str) -> tuple[bytes, list[str]]:
        """The answer without the needle, and what is wrong with it in itself."""
        request = ask.request(self.client, self.headers, needle)
        response = await self.client.send(request)
        answer = every_byte(response)
        faults = [f"{ask} tells {word}" for word in self.secrets.told(request, answer)]
        if response.is_server_error:
            faults.append(f"{ask} is answered with {response.status_code}")
        return answer.replace(needle.encode(), NEEDLE.encode()) if needle else answer, faults


def every_byte(answer: httpx.Response) -> bytes:
    """Status line, headers and body; without the headers that differ between any two answers."""
    lines = [f"{answer.http_version} {answer.status_code} {answer.reason_phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.headers.raw if name.lower() not in _VOLATILE]
    return b"\n".join([*lines, b"", answer.content])
