"""`ai-chat` in workflows: text, JSON by a schema, waits as the provider says them, cancellation."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.workflows.running import Runner
from workflows.language.functions import FUNCTIONS
from workflows.language.simulation.world import function_sample
from zilliance.devstack.ai_stand_in import Scene, StandInProvider

Row = dict[str, Any]


def chat(name: str = "ask", **arguments: object) -> Row:
    return {name: {"call": "ai-chat", "with": arguments}}


def word_of(runner: Runner) -> str:
    return runner.owner.hex


async def calls_of(runner: Runner) -> list[Row]:
    rows = await runner.rows.connection.fetch(
        "SELECT to_jsonb(c)::text FROM private.ai_calls AS c WHERE user_id = $1 ORDER BY id", runner.owner
    )
    return [json.loads(row[0]) for row in rows]


async def test_a_task_asks_a_model_and_its_output_is_the_answer(runner: Runner) -> None:
    row = await runner.run(
        chat(prompt='${ "Say hello to " + .name }', system="Be brief.", maxTokens=500, temperature=0.2),
        data={"name": "Zoë"},
    )
    assert row["status"] == "completed", row["error"]
    result = row["result_data"]
    assert "Say hello to Zoë" in result["text"]
    assert (result["model"], result["value"], result["finishReason"]) == ("stand-in", None, "stop")
    [call] = await calls_of(runner)
    assert (call["run_id"], call["step"], call["kind"]) == (row["id"], "/do/0/ask#", "execute-workflow")
    assert (call["model"], float(call["cost"]), call["outcome"]) == ("stand-in", 0.0, "completed")
    assert result["usage"]["completionTokens"] == call["completion_tokens"] > 0


async def test_an_answer_by_a_schema_is_valid_and_can_be_used_by_the_next_task(runner: Runner) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 60}, "tags": {"type": "array", "minItems": 3}},
        "required": ["title", "tags"],
    }
    row = await runner.run(
        chat(prompt="A title", schema=schema),
        {"use": {"set": {"n": "${ .value.tags | length }", "t": "${ .value.title }"}}},
    )
    assert row["status"] == "completed", row["error"]
    assert row["result_data"]["n"] == 3
    assert 0 < len(row["result_data"]["t"]) <= 60


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"prompt": "x", "model": "somebody/else"}, "AI_MODEL_NOT_ALLOWED"),
        ({"prompt": "${ 1 }"}, "prompt"),
        ({"prompt": "  "}, "AI_REQUEST_INVALID"),
        ({"messages": "${ [] }"}, "messages"),
        ({"messages": [{"role": '${ "tool" }', "content": "x"}]}, "role"),
        ({"prompt": "x", "schema": {"type": "nothing"}}, "AI_SCHEMA_INVALID"),
        ({"prompt": "x", "schema": {"$ref": "https://example.com/schema"}}, "AI_SCHEMA_INVALID"),
        ({"prompt": "x", "temperature": "${ 3 }"}, "temperature"),
    ],
)
async def test_what_can_never_be_answered_is_refused_before_anything_is_paid(
    runner: Runner, arguments: Row, said: str
) -> None:
    definition = await runner.rows.definition(runner.owner, {"do": [chat(**arguments)]})
    answer = await runner.execute(definition)
    row = json.loads(answer.row)
    assert (row["status"], row["error"]["status"]) == ("failed", 400)
    assert said in row["error"]["detail"]
    assert await calls_of(runner) == []


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_provider_that_says_when_is_asked_again_then(
    runner: Runner, ai_stand_in: StandInProvider, form: str
) -> None:
    date = (datetime.now(UTC) + timedelta(seconds=9)).replace(microsecond=0)  # a usual retry comes after two
    value = "3" if form == "seconds" else format_datetime(date, usegmt=True)
    ai_stand_in.script.add(Scene(match=word_of(runner), status=429, headers={"Retry-After": value}))
    row = await runner.run(chat(prompt=f"Patience {word_of(runner)}"))
    assert row["status"] == "completed", row["error"]
    first, second = await calls_of(runner)
    assert (first["code"], second["outcome"], second["attempt"]) == ("AI_RATE_LIMITED", "completed", 2)
    ended, again = datetime.fromisoformat(first["ended_at"]), datetime.fromisoformat(second["started_at"])
    assert again >= (date if form == "date" else ended + timedelta(seconds=2.95))


async def test_a_refusal_can_be_caught_with_its_status(runner: Runner, ai_stand_in: StandInProvider) -> None:
    ai_stand_in.script.add(Scene(match=word_of(runner), status=402))
    row = await runner.run(
        {
            "attempt": {
                "try": [chat(prompt=f"Poor {word_of(runner)}")],
                "catch": {"errors": {"with": {"status": 402}}, "do": [{"say": {"set": {"was": "caught"}}}]},
            }
        }
    )
    assert row["result_data"] == {"was": "caught"}


async def test_a_call_that_is_cancelled_is_closed_and_what_it_took_is_written_down(
    runner: Runner, ai_stand_in: StandInProvider
) -> None:
    ai_stand_in.script.add(Scene(match=word_of(runner), text="word " * 2000, pace=0.05))
    execution = await runner.start(chat(prompt=f"Long {word_of(runner)}"))
    async with asyncio.timeout(80):
        while not [call for call in ai_stand_in.calls if word_of(runner) in call.message and call.completion > 5]:  # noqa: ASYNC110  books send no event
            await asyncio.sleep(0.05)
        await runner.handle(execution).cancel()
        row = await runner.ended(execution)
        assert row["status"] == "cancelled"
        while (await calls_of(runner))[0]["outcome"] == "open":  # noqa: ASYNC110  nor do rows
            await asyncio.sleep(0.05)
    [call] = await calls_of(runner)
    assert (call["outcome"], call["is_estimated"]) == ("cancelled", True)
    assert call["completion_tokens"] > 5
    [booked] = [each for each in ai_stand_in.calls if word_of(runner) in each.message]
    sent = -1
    async with asyncio.timeout(30):  # a stream that was left open would go on for longer
        while booked.completion != sent:
            sent = booked.completion
            await asyncio.sleep(0.5)
    assert not booked.is_whole


def test_the_catalogue_lists_it_for_editors() -> None:
    function = FUNCTIONS["ai-chat"]
    assert function.undo == ""
    assert function.schema["anyOf"] == [{"required": ["prompt"]}, {"required": ["messages"]}]


def test_a_dry_run_goes_on_with_a_value_of_the_schema() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "n": {"type": "integer", "minimum": 2}}}
    sample = function_sample("ai-chat", {"prompt": "x", "schema": schema})
    assert isinstance(sample, dict)
    assert sample["value"].keys() == {"title", "n"}
    assert {"text", "model", "usage", "finishReason"} <= sample.keys()
    plain = function_sample("ai-chat", {"prompt": "x"})
    assert isinstance(plain, dict)
    assert plain["value"] is None
