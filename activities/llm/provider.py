"""The one place that knows the client: a call of a gateway, read as a stream from beginning to end."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from pydantic import BaseModel

from activities.llm.failures import ChatError, Outcome
from activities.llm.reading import status_error, stream_error
from activities.llm.usage import read_usage
from workflows.contracts.ai import ChatMessage, Code, TokenUsage
from zilliance.ai_settings import AiSettings, Gateway

MOST_ANSWER_BYTES = 1024 * 1024
MOST_REFUSAL = 2000
MOST_BODY_BYTES = 8 * MOST_ANSWER_BYTES  # of one that comes as a whole: JSON of text may be six times as long
Json = Mapping[str, object]
_NO_KEY = "none"  # a gateway on this machine may want none, and the client wants something
_LEAST_SECRET = 6  # a shorter key would be found in any text

log = logging.getLogger(__name__)

# The client under the client tells every request at the usual level.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a provider.

    Attributes:
        key: the same for every attempt at the same answer, for gateways that heed it.
        lacking: parameters that the gateway is known not to take.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    key: str
    temperature: float | None = None
    response_format: Mapping[str, object] | None = None
    lacking: frozenset[str] = frozenset()

    def parameters(self) -> dict[str, object]:
        """What is sent beside the model and the messages."""
        wanted: dict[str, object | None] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "stream_options": {"include_usage": True},
        }
        sent = {name: value for name, value in wanted.items() if value is not None and name not in self.lacking}
        if "max_tokens" in self.lacking:
            sent["max_completion_tokens"] = self.max_tokens  # what newer models of OpenAI take instead
        if self.response_format is not None:
            sent["response_format"] = self.response_format
        return sent

    def optional(self) -> frozenset[str]:
        """Parameters that it has and could do without."""
        names = self.parameters().keys() - {"response_format", "max_completion_tokens"}
        kind = () if self.response_format is None else (str(self.response_format["type"]),)
        return frozenset({*names, *kind})


@dataclass(slots=True)
class Reply:
    """What has come so far; also when there is no more to come."""

    parts: list[str] = field(default_factory=list[str])
    refusal: str = ""
    finish_reason: str | None = None
    usage: TokenUsage | None = None
    request_id: str | None = None
    size: int = 0
    began: float = field(default_factory=time.monotonic)
    first_text_ms: int | None = None

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def latency_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


class Provider:
    """The gateway that the operator set. Its address may be on this machine; its redirects are not followed."""

    def __init__(self, gateway: Gateway, settings: AiSettings) -> None:
        self.gateway = gateway
        self._total = settings.total_seconds
        self._secret = gateway.key.get_secret_value()
        timeout = httpx2.Timeout(settings.read_seconds, connect=settings.connect_seconds)
        self._http = httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)
        self._client = AsyncOpenAI(
            base_url=gateway.url,
            api_key=self._secret or _NO_KEY,
            max_retries=0,  # the activity's own are durable, and each call has its row
            timeout=timeout,
            http_client=self._http,
        )
        # What the client puts off until it is asked for would hold up every execution of this process then.
        self._completions = self._client.chat.completions

    async def close(self) -> None:
        await self._client.close()

    async def ask(self, request: Request, reply: Reply, said: Callable[[str], None]) -> None:
        """Fill the reply, and tell each piece of text as it comes. Raises ChatError; what has come stays in the reply.

        The stream ends with whoever waits for it.
        """
        error: ChatError | None = None
        try:
            async with asyncio.timeout(self._total):
                await self._read(request, reply, said)
        except TimeoutError:
            error = ChatError(Code.UNAVAILABLE, f"no whole answer within {self._total:g} s", outcome=Outcome.CUT)
        except APIStatusError as refusal:
            body, headers = refusal.body, refusal.response.headers
            said_of_it = self._redacted(refusal.message)
            error = status_error(refusal.status_code, body, said_of_it, headers, request.optional())
        except APIConnectionError as broken:
            error = self._broken(broken, reply)
        except APIError as told:
            reply.finish_reason = None  # whatever it said before
            error = stream_error(told.body, self._redacted(told.message))
        except ChatError:
            raise
        except Exception as strange:  # noqa: BLE001  whatever the client trips over: the call was made, and is to be booked
            kind = type(strange).__name__  # its message may quote what must not be told
            log.warning("the client failed on what the provider sent: %s", kind)
            detail = f"what the provider sent cannot be read as a stream of JSON ({kind})"
            error = ChatError(Code.STREAM_CUT, detail, outcome=Outcome.CUT)
        # A line that breaks when the model has ended takes nothing along: to ask again would be to pay again.
        if error is not None and error.outcome is Outcome.CUT and reply.finish_reason is not None:
            return
        # Raised here, so that no chain of causes carries the client's own texts into a history.
        if error is not None:
            error.request_id = error.request_id or reply.request_id
            raise error

    async def _read(self, request: Request, reply: Reply, said: Callable[[str], None]) -> None:
        # The parameters are the gateway's business: the client's types name OpenAI's alone.
        create = cast("Any", self._completions.create)
        stream = await create(
            model=request.model,
            messages=[{"role": each.role, "content": each.content} for each in request.messages],
            stream=True,
            extra_headers={"Idempotency-Key": request.key, "Accept-Encoding": "identity"},
            **request.parameters(),
        )
        reply.request_id = str(stream.response.headers.get("x-request-id", ""))[:200] or None
        async with aclosing(stream):
            if "json" in stream.response.headers.get("content-type", ""):
                # It does not stream: the answer, or an error under a status of success, comes as a whole.
                self._take_whole(json.loads(await _whole(stream.response)), reply, said)
            else:
                async for chunk in stream:
                    _take(_fields(chunk), "delta", reply, said)
        if reply.finish_reason is None:
            detail = "the provider's answer ended in the middle"
            raise ChatError(Code.STREAM_CUT, detail, outcome=Outcome.CUT)

    def _take_whole(self, body: object, reply: Reply, said: Callable[[str], None]) -> None:
        answer = _fields(body)
        if answer.get("error"):
            error = _fields(answer["error"])
            raise stream_error(error, self._redacted(str(error.get("message") or answer["error"])))
        _take(answer, "message", reply, said)

    def _broken(self, error: APIConnectionError, reply: Reply) -> ChatError:
        cause = type(error.__cause__ or error).__name__
        if reply.parts or reply.request_id:
            return ChatError(
                Code.STREAM_CUT, f"the provider's answer broke off in the middle ({cause})", outcome=Outcome.CUT
            )
        # Whoever took the request and said nothing may have worked on it.
        outcome = Outcome.CUT if "Read" in cause else Outcome.FAILED
        return ChatError(Code.UNAVAILABLE, f"the provider cannot be reached ({cause})", outcome=outcome)

    def _redacted(self, text: str) -> str:
        return text.replace(self._secret, "[key]") if len(self._secret) >= _LEAST_SECRET else text


async def _whole(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> ChatError:
    detail = f"the answer is larger than {MOST_ANSWER_BYTES // 1024} KiB: ask for less"
    return ChatError(Code.ANSWER_TOO_LARGE, detail, outcome=Outcome.CUT)


def _fields(value: object) -> Json:
    """The members of what the client read, whatever that is: it does not check what it is sent."""
    if isinstance(value, BaseModel):
        return {**dict(value), **(value.model_extra or {})}
    return cast("Json", value) if isinstance(value, Mapping) else {}


def _take(chunk: Json, place: str, reply: Reply, said: Callable[[str], None]) -> None:
    """Read one chunk, or a whole answer. Gateways leave out and add what they like, so nothing is taken for granted."""
    told = chunk.get("usage")
    choices = chunk.get("choices")
    for each in cast("list[object]", choices) if isinstance(choices, list) else ():
        choice = _fields(each)
        message = _fields(choice.get(place))
        text, refusal, finish = message.get("content"), message.get("refusal"), choice.get("finish_reason")
        if isinstance(text, str) and text:
            _add(_clean(text), reply, said)
        if isinstance(refusal, str):
            reply.refusal = (reply.refusal + _clean(refusal))[:MOST_REFUSAL]
        if isinstance(finish, str):
            reply.finish_reason = finish[:100]
        told = told or choice.get("usage")
    usage = told.model_dump(warnings="none") if isinstance(told, BaseModel) else told
    reply.usage = read_usage(usage) or reply.usage


def _add(text: str, reply: Reply, said: Callable[[str], None]) -> None:
    if reply.first_text_ms is None:
        reply.first_text_ms = reply.latency_ms
    reply.parts.append(text)
    reply.size += len(text.encode())
    if reply.size > MOST_ANSWER_BYTES:
        raise _too_large()
    said(text)


def _clean(text: str) -> str:
    """Text that PostgreSQL and a payload can hold."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
