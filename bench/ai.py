"""What the door to language models adds to the bare client: `uv run python -m bench.ai`.

Both ask the same stand-in, which answers at once, in turns: what differs is the door's own, its two statements of
PostgreSQL (admission, and the answer with its ledger row) above all.
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from openai import AsyncOpenAI
from temporalio.testing import ActivityEnvironment

from activities.llm.chat import LedgeredAiActivities
from activities.llm.ledger import Ledger
from activities.llm.provider import Provider
from tests.activities.support import Rows
from workflows.contracts.ai import ChatInput, ChatMessage
from zilliance.ai_settings import AiSettings
from zilliance.database import Database
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.settings import Login

CALLS = 400
WARM_UP = 40
QUESTION = "What is a durable workflow? Answer in a sentence."
WANTED_MS = 5.0


async def bare(client: AsyncOpenAI) -> None:
    """What a program without the door would do: the same request, read to its end."""
    stream = await client.chat.completions.create(
        model="google/gemini-2.5-flash",
        messages=[{"role": "user", "content": QUESTION}],
        max_tokens=16_384,
        stream=True,
        stream_options={"include_usage": True},
    )
    text = ""
    async for chunk in stream:
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert text  # noqa: S101


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def measure(stack: Stack) -> None:
    settings = stack.settings
    gateway = settings.ai_gateway
    assert gateway is not None  # noqa: S101
    ai = AiSettings(calls_a_minute=0, tokens_a_day=1_000_000_000)
    database = Database.of(settings.database, Login.WORKER, application_name="bench")
    rows = await Rows.connect(settings.database)
    owner = await rows.account()
    provider = Provider(gateway, ai)
    door = LedgeredAiActivities(provider, Ledger(database, ai), ai)
    client = AsyncOpenAI(base_url=gateway.url, api_key="none", max_retries=0)

    async def through_the_door() -> None:
        messages = (ChatMessage(role="user", content=QUESTION),)
        wanted = ChatInput(owner_id=owner, run_id=uuid.uuid4(), step="bench", messages=messages)
        await ActivityEnvironment().run(door.chat, wanted)

    async def commit() -> None:
        await rows.connection.execute("SELECT pg_current_xact_id()")

    times: dict[str, list[float]] = {"bare client": [], "through the door": [], "an empty commit": []}
    for number in range(WARM_UP + CALLS):
        each = [await timed(lambda: bare(client)), await timed(through_the_door), await timed(commit)]
        if number >= WARM_UP:
            for name, taken in zip(times, each, strict=True):
                times[name].append(taken)
    show(times)
    await provider.close()
    await client.close()
    await rows.connection.close()
    await database.close()


def show(times: dict[str, list[float]]) -> None:
    print(f"{CALLS} calls each, in turns, one at a time; the stand-in answers at once\n")
    print("| | p10 ms | p50 ms | p95 ms |\n|---|---|---|---|")
    for name, each in times.items():
        tenth, *_, last = statistics.quantiles(each, n=20)[1:]
        print(f"| {name} | {tenth:.1f} | {statistics.median(each):.1f} | {last:.1f} |")
    first, second, _ = (statistics.median(each) for each in times.values())
    print(f"\nadded at p50: {second - first:.1f} ms (wanted: {WANTED_MS:g} or less)")


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zb") as folder:
        parts = {"postgres", "migrate", "ai"}
        async with Stack(Path(folder) / "home", FREE_PORTS, parts=parts) as stack:
            await measure(stack)


if __name__ == "__main__":
    asyncio.run(main())
