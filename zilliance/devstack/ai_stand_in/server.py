"""The HTTP server of the stand-in: chat completions, the models, and a control that tests write its script with."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Self, cast

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import TypeAdapter

from zilliance.ai_settings import STAND_IN
from zilliance.devstack.ai_stand_in import answers
from zilliance.devstack.ai_stand_in.answers import Call
from zilliance.devstack.ai_stand_in.instances import NoInstanceError
from zilliance.devstack.ai_stand_in.scenes import Scene, Script, UsageShape
from zilliance.devstack.ports import LOOPBACK

MOST_BYTES = 16 * 1024 * 1024
MOST_CALLS = 10_000  # that are remembered
SCENE_HEADER = "X-Stand-In-Scene"
_SCENES = TypeAdapter(list[Scene])

Json = Mapping[str, object]


class StandInProvider:
    """A provider for those who have none. `calls` are its books, `script` is what it is to do next."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self.url = ""
        self._number = 0
        self._app = web.Application(client_max_size=MOST_BYTES, middlewares=[_only_this_machine])
        self._app.add_routes(
            [
                web.get("/", self._page),
                web.get("/v1/models", self._models),
                web.post("/v1/chat/completions", self._complete),
                web.get("/stand-in/calls", self._books),
                web.post("/stand-in/script", self._write_script),
                web.delete("/stand-in/script", self._clear_script),
            ]
        )

    @classmethod
    @asynccontextmanager
    async def listening(cls, port: int = 0) -> AsyncGenerator[Self]:
        """Serve on this machine while the block runs; its base URL is `url`."""
        provider = cls()
        runner = web.AppRunner(provider._app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
            provider.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/v1"
            yield provider
        finally:
            await runner.cleanup()

    async def _page(self, _: web.Request) -> web.Response:
        return web.json_response({"model": STAND_IN, "says": "a stand-in for a provider of language models"})

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": STAND_IN, "object": "model"}]})

    async def _books(self, _: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in self.calls])

    async def _write_script(self, request: web.Request) -> web.Response:
        try:
            self.script.add(*_SCENES.validate_json(await request.read()))
        except ValueError as error:
            return _refusal(400, str(error))
        return web.json_response({})

    async def _clear_script(self, _: web.Request) -> web.Response:
        self.script.clear()
        return web.json_response({})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = cast("Json", json.loads(await request.read()))
            messages = cast("list[Json]", body["messages"])
            message = str(messages[-1]["content"])
            scene = self._scene(request, "\n".join(str(each["content"]) for each in messages))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            return _refusal(400, f"that is no request of chat completions: {error}")
        call = self._note(request, body, messages)
        named = {"x-request-id": call.id}
        if scene.delay:
            await asyncio.sleep(scene.delay)
        refusal = _scripted(scene, call, named)
        if refusal is not None:
            return refusal
        try:
            text = answers.text_for(body, scene, message)
        except NoInstanceError as error:
            call.status, call.prompt = 400, 0
            return _refusal(400, str(error), headers=named)
        if body.get("stream") and "stream" not in scene.ignores:
            wants_usage = bool(cast("Json", body.get("stream_options") or {}).get("include_usage"))
            return await _Stream(request, call, scene, wants_usage=wants_usage).send(text)
        answers.count(call, text, scene.usage)
        call.is_whole = True
        return web.json_response(answers.completion(call, text, scene), headers=named)

    def _scene(self, request: web.Request, said: str) -> Scene:
        """The scene that the call brings, or the next one of the script. Raises ValueError."""
        brought = request.headers.get(SCENE_HEADER)
        return self.script.next(said) if brought is None else Scene.model_validate_json(brought)

    def _note(self, request: web.Request, body: Json, messages: list[Json]) -> Call:
        self._number += 1
        wanted = cast("Json", body.get("response_format") or {})
        call = Call(
            number=self._number,
            message=str(messages[-1]["content"])[:1000],
            first=next((str(each["content"]) for each in messages if each.get("role") == "user"), "")[:1000],
            parameters=tuple(sorted(body.keys() - {"model", "messages"})),
            model=str(body.get("model")),
            format=str(wanted.get("type", "text")),
            prompt=answers.prompt_tokens(messages),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        self.calls.append(call)
        return call


class _Stream:
    """One answer on its way, chunk by chunk."""

    def __init__(self, request: web.Request, call: Call, scene: Scene, *, wants_usage: bool) -> None:
        self._request = request
        self._call = call
        self._scene = scene
        self._shape = scene.usage if wants_usage else UsageShape.NONE
        self._response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "x-request-id": call.id}
        )

    async def send(self, text: str) -> web.StreamResponse:
        scene, call = self._scene, self._call
        await self._response.prepare(self._request)
        for line in scene.raw:
            await self._response.write(f"data: {line}\n\n".encode())
        said = ""
        for number, piece in enumerate(answers.pieces(text)):
            if number == scene.cut_after:
                return await self._cut()
            if number == scene.error_after:
                await self._say({"error": {"message": scene.message, "code": scene.code}})
                return self._response
            if number == scene.garbage_after:
                await self._response.write(b"data: {this is no JSON\n\n")
                return self._response
            said += piece
            answers.count(call, said, scene.usage)
            so_far = answers.usage_of(call, self._shape) if self._shape is UsageShape.EVERY_CHUNK else None
            await self._say(answers.chunk(call, {"refusal" if scene.refusal else "content": piece}, usage=so_far))
            if scene.pace:
                await asyncio.sleep(scene.pace)
        await self._end(text)
        return self._response

    async def _end(self, text: str) -> None:
        answers.count(self._call, text, self._scene.usage)
        usage = answers.usage_of(self._call, self._shape)
        apart = self._shape in {
            UsageShape.EMPTY_CHOICES, UsageShape.CACHED, UsageShape.CACHED_FLAT, UsageShape.REASONING,
        }  # fmt: skip
        finish = self._scene.finish or "stop"
        if self._shape is UsageShape.IN_CHOICE:
            await self._say(answers.telling_chunk(self._call, finish, usage))
        else:
            await self._say(answers.chunk(self._call, {}, finish, None if apart else usage))
        if self._scene.is_cut_at_end:
            await self._cut()
            return
        if apart and usage is not None:
            await self._say(answers.last_chunk(self._call, usage))
        await self._response.write(b"data: [DONE]\n\n")
        self._call.is_whole = True

    async def _cut(self) -> web.StreamResponse:
        if not self._scene.is_clean_cut and self._request.transport is not None:
            await asyncio.sleep(0.05)  # what was said is to arrive
            self._request.transport.abort()
        return self._response

    async def _say(self, value: Json) -> None:
        await self._response.write(b"data: " + json.dumps(value).encode() + b"\n\n")


@web.middleware
async def _only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A web page that points its own name at this machine must not write scripts, nor read what was asked."""
    if request.host.rpartition(":")[0] not in {LOOPBACK, "localhost"} or "Origin" in request.headers:
        return _refusal(403, f"this is for programs on this machine: http://{LOOPBACK}")
    return await handler(request)


def _scripted(scene: Scene, call: Call, named: Mapping[str, str]) -> web.Response | None:
    """The refusal that a scene wants."""
    lacking = sorted(scene.lacks & {call.format, *call.parameters})
    if scene.is_error_whole:
        call.prompt = 0
        return web.json_response({"error": {"message": scene.message, "code": scene.code}}, headers=named)
    if scene.status is None and not lacking:
        return None
    call.status, call.prompt = scene.status or 400, 0
    if scene.status is not None:
        return _refusal(scene.status, scene.message, scene.code, {**named, **scene.headers})
    return _refusal(400, f"{lacking[0]} is not supported by this model", "unsupported_parameter", named)


def _refusal(
    status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = {"error": {"message": message, "type": "stand_in", "param": None, "code": code}}
    return web.json_response(body, status=status, headers=headers)
