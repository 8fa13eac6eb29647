"""The stand-in for a language model: a part of the stack when nothing else answers, and a valid one."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from openai import AsyncOpenAI

from zilliance.devstack import FREE_PORTS, Stack
from zilliance.devstack.ai_stand_in import StandInProvider
from zilliance.devstack.ai_stand_in.instances import NoInstanceError, instance_of

SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "string", "minLength": 90, "maxLength": 120}}, "required": ["a"]},
    {"type": "array", "items": {"type": "integer", "minimum": 5, "maximum": 5}, "minItems": 4},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "boolean"}], "minItems": 2, "maxItems": 3},
    {"enum": [None, "x"]},
    {"type": ["null", "number"], "exclusiveMinimum": 2, "multipleOf": 0.5},
    {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/d"}], "$defs": {"d": {"type": "string", "format": "date"}}},
    {"allOf": [{"type": "object", "required": ["n"]}, {"properties": {"n": {"type": "integer", "maximum": -3}}}]},
    {"type": "object", "properties": {"deep": {"type": "object", "properties": {"x": {"type": "null"}}}}},
    {"properties": {"id": {"format": "uuid", "type": "string"}}, "required": ["id"]},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_it_makes_of_a_schema_is_valid(schema: dict[str, Any]) -> None:
    made = instance_of(schema, "dragons")
    jsonschema_rs.validate(schema, made)
    json.dumps(made)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[0-9]{12}$"},
        {"not": {}},
        {"$ref": "#/$defs/gone"},
        {"$ref": "#"},
        {"type": "array", "minItems": 5000},
    ],
)
def test_it_says_when_a_schema_is_beyond_it(schema: dict[str, Any]) -> None:
    with pytest.raises(NoInstanceError):
        instance_of(schema, "dragons")


async def test_it_is_a_part_of_the_stack_when_no_gateway_is_set(tmp_path: Path) -> None:
    async with Stack(tmp_path / "h", FREE_PORTS, parts={"ai"}) as stack:
        gateway = stack.settings.ai_gateway
        assert gateway is not None
        assert gateway.is_stand_in
        assert stack.describe()["ai_url"] == gateway.url
        client = AsyncOpenAI(base_url=gateway.url, api_key="any", max_retries=0)
        answer = await client.chat.completions.create(
            model="google/gemini-2.5-flash", messages=[{"role": "user", "content": "Who are you?"}]
        )
        assert answer.model == "stand-in"
        assert "not a language model" in (answer.choices[0].message.content or "")
        assert answer.usage is not None
        assert answer.usage.total_tokens > 0
        await client.close()
        books = f"{gateway.url.removesuffix('/v1')}/stand-in/calls"
        async with httpx.AsyncClient(timeout=60) as http:
            assert [call["message"] for call in (await http.get(books)).json()] == ["Who are you?"]
            for headers in ({"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}):
                assert (await http.get(books, headers=headers)).status_code == 403


async def test_with_a_gateway_it_is_not_started(tmp_path: Path) -> None:
    settings = {**FREE_PORTS, "ZILLIANCE_AI__BASE_URL": "http://127.0.0.1:9/v1"}
    async with Stack(tmp_path / "h", settings, parts={"ai"}) as stack:
        assert stack.describe()["ai_url"] == "http://127.0.0.1:9/v1"
        with pytest.raises(KeyError):
            stack.process("ai")


async def test_a_call_can_bring_its_own_fault() -> None:
    async with StandInProvider.listening() as provider, httpx.AsyncClient(base_url=provider.url, timeout=60) as http:
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
        scene = {"X-Stand-In-Scene": '{"status": 503, "headers": {"Retry-After": "9"}}'}
        answer = await http.post("/chat/completions", json=body, headers=scene)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "9")
        assert (await http.post("/chat/completions", json=body)).status_code == 200
        bad = [b"", b"[]", b'{"messages": []}', b'{"messages": 3}', b'{"messages": [{"role": "user"}]}']
        for content in bad:
            assert (await http.post("/chat/completions", content=content)).status_code == 400
        unknown = {"X-Stand-In-Scene": '{"nonsense": 1}'}
        assert (await http.post("/chat/completions", json=body, headers=unknown)).status_code == 400
