"""What a gateway sends is bounded as it comes, whatever it sends."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from activities.llm.failures import ChatError
from activities.llm.provider import Provider, Reply, Request
from tests.ai.doors import KEY, Door
from workflows.contracts.ai import ChatMessage, Code
from zilliance.ai_settings import AiSettings, Gateway

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    try:
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()
    except ConnectionError:
        writer.close()


async def test_an_answer_that_comes_as_a_whole_and_never_ends_is_ended() -> None:
    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        provider = Provider(Gateway(url, SecretStr(KEY)), AiSettings(total_seconds=20))
        request = Request("m", (ChatMessage(role="user", content="hello"),), max_tokens=10, key="k")
        try:
            with pytest.raises(ChatError) as raised:
                await provider.ask(request, Reply(), lambda _: None)
        finally:
            await provider.close()
    assert raised.value.code is Code.ANSWER_TOO_LARGE


async def test_counts_that_no_column_holds_lose_no_answer(door: Door) -> None:
    most = 2**31 - 1
    counts = {
        "prompt_tokens": 1,
        "completion_tokens": most - 1,
        "completion_tokens_details": {"reasoning_tokens": most},
        "total_tokens": most,
    }
    door.play(raw=(json.dumps({"choices": [], "usage": counts}),), usage="none")
    assert (await door.ask()).text.startswith("This is the stand-in")
    [row] = await door.ledger()
    assert (row["outcome"], row["completion_tokens"]) == ("completed", most)
