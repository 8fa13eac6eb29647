"""The worker's registry and health: every stub has its implementation, and a supervisor is answered."""

import asyncio
import inspect

from temporalio import activity

from tests.ports import free_port
from worker.health import health_server
from worker.registry import WORKFLOWS, activities
from worker.resources import Resources
from workflows import ai_stubs, gateway_stubs, stubs, tutorial_stubs, video_stubs

STUBS = (stubs, ai_stubs, gateway_stubs, tutorial_stubs, video_stubs)
# What is done to files, on the queues of the media worker.
ELSEWHERE = {video_stubs.MediaActivities, video_stubs.ExtraActivities}


def name_of(function: object) -> str | None:
    definition = activity._Definition.from_callable(function)  # pyright: ignore[reportUnknownMemberType, reportArgumentType]
    return None if definition is None else definition.name


def test_every_stub_is_implemented_and_registered_under_its_name(resources: Resources) -> None:
    wanted = {
        f"{owner.__name__}.{method}": name_of(function)
        for module in STUBS
        for _, owner in inspect.getmembers(module, inspect.isclass)
        if owner.__module__ == module.__name__ and owner not in ELSEWHERE
        for method, function in inspect.getmembers(owner, inspect.isfunction)
    }
    registered = activities(resources)
    assert None not in wanted.values()
    names = sorted(name_of(function) or "" for function in registered)
    assert len(names) == len(set(names))
    assert set(wanted.values()) <= set(names)
    # The kinds of calls are an open set: they share the contract of `call.http`, and only that has a stub.
    assert all(name.startswith("call.") for name in set(names) - set(wanted.values()))
    assert len(WORKFLOWS) == len(set(WORKFLOWS))


async def ask(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer.split("\r\n", 1)[0]


async def test_readiness_follows_the_worker() -> None:
    ready, port = False, free_port()
    async with health_server("127.0.0.1", port, lambda: ready):
        assert await ask(port, "/readyz") == "HTTP/1.1 503 Service Unavailable"
        ready = True
        assert await ask(port, "/readyz") == "HTTP/1.1 200 OK"
        assert await ask(port, "/else") == "HTTP/1.1 404 Not Found"
