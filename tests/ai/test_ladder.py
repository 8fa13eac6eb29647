"""What a gateway lacks is done without, remembered, and never costs the answer its form."""

import json
from typing import Any, cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities.llm.chat import LedgeredAiActivities
from activities.llm.ledger import Ledger
from activities.llm.structured import JSON_SCHEMA, response_format
from tests.activities.support import Rows
from tests.ai.doors import Door, code_of, door_to
from zilliance.ai_settings import AiSettings
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider

SCHEMA = json.dumps({"type": "object", "properties": {"from": {"type": "string"}}, "required": ["from"]})


def formats(door: Door) -> list[str]:
    return [call.format for call in door.books]


async def test_a_gateway_that_has_json_schema_is_asked_once(door: Door) -> None:
    output = await door.ask(answer_schema=SCHEMA)
    assert json.loads(output.value or "")["from"]
    assert formats(door) == ["json_schema"]


async def test_one_that_lacks_it_is_asked_for_json_and_later_at_once(door: Door) -> None:
    door.play(lacks={"json_schema"})
    assert json.loads((await door.ask(answer_schema=SCHEMA)).value or "")["from"] == "stand-in"
    assert formats(door) == ["json_schema", "json_object"]
    await door.ask("second", answer_schema=SCHEMA)
    assert formats(door) == ["json_schema", "json_object", "json_object"]
    assert [row["outcome"] for row in await door.ledger()] == ["failed", "completed", "completed"]
    assert (await door.ledger())[0]["completion_tokens"] == 0


async def test_one_that_has_neither_is_asked_in_words(door: Door) -> None:
    door.play(lacks={"json_schema"})
    door.play(lacks={"json_object"})
    door.play(text='Here you are: {"from": "words"} I hope that helps.')
    door.play(text='```json\n{"from": "a fence"}\n```')
    assert json.loads((await door.ask(answer_schema=SCHEMA)).value or "") == {"from": "words"}
    assert json.loads((await door.ask("second", answer_schema=SCHEMA)).value or "") == {"from": "a fence"}
    assert formats(door) == ["json_schema", "json_object", "text", "text"]


async def test_one_that_ignores_the_format_is_asked_to_mend_its_answer(door: Door) -> None:
    door.play(ignores={"json_schema"})
    output = await door.ask(answer_schema=SCHEMA)
    assert json.loads(output.value or "")["from"]
    assert [row["outcome"] for row in await door.ledger()] == ["invalid", "completed"]


@pytest.mark.parametrize("parameter", ["temperature", "stream_options", "max_tokens"])
async def test_a_parameter_that_a_gateway_does_not_take_is_left_out(door: Door, parameter: str) -> None:
    door.play(lacks={parameter})
    await door.ask(temperature=0.5)
    await door.ask("again", temperature=0.5)
    first, second, third = door.books
    assert parameter in first.parameters
    assert parameter not in {*second.parameters, *third.parameters}
    assert ("max_completion_tokens" in second.parameters) is (parameter == "max_tokens")
    assert (await door.ledger())[1]["is_estimated"] is (parameter == "stream_options")


@pytest.mark.parametrize("why", ["", ": In context=('properties', 'from'), 'oneOf' is not permitted."])
async def test_a_schema_that_a_provider_finds_invalid_is_no_reason_to_forget_schemas(door: Door, why: str) -> None:
    door.play(status=400, message=f"Invalid schema for response_format 'answer'{why}")
    await door.ask(answer_schema=SCHEMA)
    await door.ask("second", answer_schema=SCHEMA)
    assert formats(door) == ["json_schema", "json_object", "json_schema"]


async def test_a_list_is_asked_for_in_words_since_no_gateway_takes_its_schema(door: Door) -> None:
    door.play(text="[1, 2]")
    output = await door.ask(answer_schema='{"type": "array", "items": {"type": "integer"}}')
    assert (output.value, formats(door)) == ("[1,2]", ["text"])


async def test_without_a_gateway_nothing_is_asked_and_the_code_says_so(ai_database: Database, rows: Rows) -> None:
    ai = AiSettings()
    activities = LedgeredAiActivities(None, Ledger(ai_database, ai), ai)
    door = Door(await rows.account(), rows, StandInProvider(), activities)
    error = await door.refusal()
    assert (code_of(error), error.non_retryable, error.details[0]["status"]) == ("AI_NOT_CONFIGURED", True, 503)


async def test_what_the_stand_in_says_is_marked_as_such(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, is_stand_in=True) as door:
        output = await ActivityEnvironment().run(door.activities.chat, door.wanted(model="openai/gpt-5"))
        assert output.model == (await door.ledger())[0]["model"] == "stand-in"
        assert "not a language model" in output.text


@pytest.mark.parametrize(
    "text", ['{"from": "it"}\n\nI hope this helps!', 'Sure: {"from": "it"}', '{"from": "it"} {"from": 2}']
)
async def test_words_around_an_answer_cost_no_second_call(door: Door, text: str) -> None:
    door.play(text=text)
    assert json.loads((await door.ask(answer_schema=SCHEMA)).value or "") == {"from": "it"}
    assert len(door.books) == 1


async def test_a_text_in_quotes_is_no_list_that_it_speaks_of(door: Door) -> None:
    door.play(text='"see [1]"')
    assert (await door.ask(answer_schema='{"type": "string"}')).value == '"see [1]"'


OPEN = {"type": "object"}
CLOSED = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [
        (CLOSED, True),
        (CLOSED | {"required": []}, False),
        (CLOSED | {"properties": {"a": OPEN}}, False),
        (CLOSED | {"properties": {"a": CLOSED | {"default": OPEN}}}, True),
        (CLOSED | {"properties": {"a": {"const": {"properties": 1}}}}, True),
        (CLOSED | {"properties": {"properties": True}, "required": ["properties"]}, True),
        (CLOSED | {"properties": {"default": OPEN}, "required": ["default"]}, False),
        (CLOSED | {"x-of-ours": {"properties": 7, "required": [{}]}}, False),
        (CLOSED | {"$defs": {"type": OPEN}}, False),
    ],
)
async def test_a_schema_is_strict_when_its_objects_are_closed_whatever_their_members_are_named(
    door: Door, schema: dict[str, Any], is_strict: bool
) -> None:
    format_ = response_format(schema, JSON_SCHEMA)
    assert format_ is not None
    assert cast("dict[str, Any]", format_[JSON_SCHEMA])["strict"] is is_strict
    door.play(text="null")
    door.play(text="null")
    await door.refusal(answer_schema=json.dumps(schema))
    assert [row["code"] for row in await door.ledger()] == ["AI_ANSWER_INVALID"] * 2


async def test_a_call_whose_request_cannot_be_written_leaves_nothing_open(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a bug of ours")

    monkeypatch.setattr("activities.llm.structured.response_format", broken)
    error = await door.refusal(answer_schema=SCHEMA)
    assert (code_of(error), error.non_retryable) == ("AI_REQUEST_INVALID", True)
    [row] = await door.ledger()
    assert (row["outcome"], row["code"], row["prompt_tokens"]) == ("failed", "AI_REQUEST_INVALID", 0)
    assert door.books == []
