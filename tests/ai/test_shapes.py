"""Whatever shape a provider answers in, the ledger has what the provider counted."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.llm.reading import retry_after
from activities.llm.usage import read_usage
from tests.activities.support import Rows
from tests.ai.doors import Door, code_of, door_to
from zilliance.database import Database
from zilliance.devstack.ai_stand_in import StandInProvider

SCHEMA = json.dumps(
    {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
)


async def balance(door: Door) -> None:
    """The ledger's rows are the provider's books, call by call."""
    rows = await door.ledger()
    counted = [(c.prompt, c.cached, c.completion, c.reasoning) for c in door.books]
    assert counted == [
        (r["prompt_tokens"], r["cached_tokens"], r["completion_tokens"], r["reasoning_tokens"]) for r in rows
    ]
    assert [call.id for call in door.books] == [row["request_id"] for row in rows]
    for step in {row["step"] for row in rows}:
        attempts = [row["attempt"] for row in rows if row["step"] == step]
        assert attempts == list(range(1, len(attempts) + 1))


@pytest.mark.parametrize(
    ("usage", "estimated"),
    [
        ("empty-choices", False),
        ("with-choice", False),
        ("in-choice", False),
        ("every-chunk", False),
        ("cached", False),
        ("cached-flat", False),
        ("reasoning", False),
        ("reasoning-apart", False),
        ("none", True),
    ],
)
async def test_usage_is_read_in_every_shape_that_providers_tell_it(door: Door, usage: str, estimated: bool) -> None:
    door.play(usage=usage)
    output = await door.ask()
    assert door.word in door.books[0].message
    assert output.text.startswith("This is the stand-in")
    [row] = await door.ledger()
    assert (row["outcome"], row["is_estimated"], output.usage.is_estimated) == ("completed", estimated, estimated)
    assert row["completion_tokens"] > 0
    assert (row["cached_tokens"] > 0) is usage.startswith("cached")
    assert (row["reasoning_tokens"] > 0) is usage.startswith("reasoning")
    await balance(door)


@pytest.mark.parametrize("usage", ["empty-choices", "every-chunk"])
@pytest.mark.parametrize("clean", [True, False])
async def test_a_cut_stream_is_tried_again_and_what_was_said_is_in_the_ledger(
    door: Door, usage: str, clean: bool
) -> None:
    door.play(cut_after=3, is_clean_cut=clean, usage=usage)
    error = await door.refusal()
    assert (code_of(error), error.non_retryable) == ("AI_STREAM_CUT", False)
    [row] = await door.ledger()
    assert (row["outcome"], row["code"]) == ("cut", "AI_STREAM_CUT")
    assert row["is_estimated"] is (usage != "every-chunk")
    assert row["completion_tokens"] > 0
    await balance(door)
    await door.ask()
    assert [row["outcome"] for row in await door.ledger()] == ["cut", "completed"]
    await balance(door)


@pytest.mark.parametrize(
    ("scene", "code", "final", "status"),
    [
        ({"status": 429, "headers": {"Retry-After": "7"}}, "AI_RATE_LIMITED", False, 429),
        ({"status": 429, "code": "insufficient_quota"}, "AI_CREDITS_EXHAUSTED", True, 402),
        ({"status": 429, "message": "over your quota: see your plan and billing"}, "AI_RATE_LIMITED", False, 429),
        (
            {"status": 429, "headers": {"Retry-After": "9"}, "message": "insufficient_quota for this minute"},
            "AI_RATE_LIMITED",
            False,
            429,
        ),
        ({"status": 402}, "AI_CREDITS_EXHAUSTED", True, 402),
        ({"status": 401}, "AI_KEY_REFUSED", True, 502),
        ({"status": 403}, "AI_KEY_REFUSED", True, 502),
        ({"status": 403, "message": "flagged by moderation"}, "AI_CONTENT_REFUSED", True, 400),
        ({"status": 500}, "AI_UNAVAILABLE", False, 503),
        ({"status": 503, "headers": {"Retry-After": "3"}}, "AI_UNAVAILABLE", False, 503),
        ({"status": 408}, "AI_UNAVAILABLE", False, 503),
        ({"status": 307, "headers": {"Location": "http://127.0.0.1:9/"}}, "AI_REDIRECTED", True, 502),
        ({"status": 404, "message": "no such model"}, "AI_REQUEST_REFUSED", True, 502),
        ({"status": 400, "code": "context_length_exceeded"}, "AI_CONTEXT_TOO_LONG", True, 400),
        ({"status": 400, "code": "content_filter"}, "AI_CONTENT_REFUSED", True, 400),
        ({"error_after": 2, "code": "overloaded"}, "AI_UNAVAILABLE", False, 503),
        ({"error_after": 2, "code": "429"}, "AI_RATE_LIMITED", False, 429),
        ({"garbage_after": 2}, "AI_STREAM_CUT", False, 502),
    ],
)
async def test_each_refusal_has_its_code_and_only_what_passes_is_tried_again(
    door: Door, scene: dict[str, Any], code: str, final: bool, status: int
) -> None:
    door.play(**scene)
    error = await door.refusal()
    problem = error.details[0]
    assert (code_of(error), error.non_retryable, problem["status"]) == (code, final, status)
    assert problem["detail"].startswith(f"{code}: ")
    [row] = await door.ledger()
    assert (row["code"], row["outcome"] in {"failed", "refused", "cut"}) == (code, True)
    if "status" in scene:
        assert (row["status"], row["prompt_tokens"], row["completion_tokens"]) == (scene["status"], 0, 0)
    await balance(door)


@pytest.mark.parametrize("scene", [{"refusal": True, "text": "I cannot do that."}, {"finish": "content_filter"}])
async def test_a_model_that_declines_is_not_asked_and_paid_again(door: Door, scene: dict[str, Any]) -> None:
    door.play(**scene)
    for _ in range(2):
        error = await door.refusal()
        assert (code_of(error), error.non_retryable) == ("AI_CONTENT_REFUSED", True)
    [row] = await door.ledger()
    assert row["outcome"] == "refused"
    await balance(door)


async def test_an_answer_that_is_no_json_is_mended_once(door: Door) -> None:
    door.play(text="Certainly! Here is your answer: {")
    door.play(text='Sorry. ```json\n{"n": 3}\n```')
    output = await door.ask(answer_schema=SCHEMA)
    assert output.value is not None
    assert json.loads(output.value) == {"n": 3}
    rows = await door.ledger()
    assert [(row["outcome"], row["code"], row["turn"]) for row in rows] == [
        ("invalid", "AI_ANSWER_INVALID", 1),
        ("completed", None, 2),
    ]
    assert output.usage.completion == sum(row["completion_tokens"] for row in rows)
    assert "That cannot be used: the answer is not what the schema asks for" in door.books[1].message
    await balance(door)


async def test_an_answer_that_stays_wrong_ends_and_is_not_paid_a_third_time(door: Door) -> None:
    door.play(text='{"n": "three"}', times=5)
    for _ in range(2):
        error = await door.refusal(answer_schema=SCHEMA)
        assert (code_of(error), error.non_retryable) == ("AI_ANSWER_INVALID", True)
        assert "integer" in error.details[0]["detail"]
    assert len(door.books) == 2
    await balance(door)
    door.stand_in.script.clear()


async def test_an_empty_answer_is_asked_for_once_more(door: Door) -> None:
    door.play(text="")
    assert (await door.ask()).text
    door.play(text=" ", times=2)
    assert code_of(await door.refusal("another")) == "AI_ANSWER_EMPTY"
    assert len(door.books) == 4
    await balance(door)


async def test_a_text_that_was_cut_at_its_limit_says_so(door: Door) -> None:
    door.play(text="Once upon a", finish="length")
    assert (await door.ask()).finish_reason == "length"
    door.play(text='{"n": 1', finish="length", times=2)
    assert code_of(await door.refusal("json", answer_schema=SCHEMA)) == "AI_ANSWER_TRUNCATED"


@pytest.mark.timeout(900)
async def test_an_answer_that_never_ends_is_ended(stand_in: StandInProvider, ai_database: Database, rows: Rows) -> None:
    async with door_to(stand_in, ai_database, rows, total_seconds=900) as door:  # there are very many pieces
        door.play(text="x" * (1024 * 1024 + 100))
        error = await door.refusal()
        assert (code_of(error), error.non_retryable) == ("AI_ANSWER_TOO_LARGE", True)


async def test_what_no_database_can_hold_is_replaced(door: Door) -> None:
    door.play(text="a\0b\ud800c")
    assert (await door.ask()).text == "a\ufffdb\ufffdc"
    door.play(text='{"a\\u0000": "\\ud800"}')
    output = await door.ask("json", answer_schema='{"type": "object"}')
    assert json.loads(output.value or "") == {"a\ufffd": "\ufffd"}


async def test_a_gateway_that_does_not_stream_is_understood(door: Door) -> None:
    door.play(ignores={"stream"}, usage="reasoning")
    assert (await door.ask()).finish_reason == "stop"
    door.play(ignores={"stream"}, refusal=True, text="No.")
    assert code_of(await door.refusal("second")) == "AI_CONTENT_REFUSED"
    await balance(door)


@pytest.mark.parametrize(("code", "expected"), [("429", "AI_RATE_LIMITED"), ("overloaded", "AI_UNAVAILABLE")])
async def test_an_error_under_a_status_of_success_is_an_error(door: Door, code: str, expected: str) -> None:
    door.play(is_error_whole=True, code=code)
    assert code_of(await door.refusal()) == expected


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[]",
        "1",
        '"text"',
        "null",
        '{"choices": null}',
        '{"choices": 1, "usage": 2}',
        '{"choices": [null, 1, {}], "usage": []}',
        '{"choices": [{"delta": null, "finish_reason": 7}], "usage": {"prompt_tokens": "x", "completion_tokens": -1}}',
        '{"choices": [{"delta": {"content": {"a": 1}}}], "usage": {"prompt_tokens": 1e400, "completion_tokens": null}}',
        '{"choices": [{"delta": {"content": 5, "refusal": []}}], "model": {}}',
    ],
)
async def test_a_chunk_of_another_shape_does_no_harm(door: Door, line: str) -> None:
    door.play(raw=(line,))
    assert (await door.ask()).text.startswith("This is the stand-in")
    await balance(door)


async def test_a_provider_that_is_silent_is_left_in_time(
    stand_in: StandInProvider, ai_database: Database, rows: Rows
) -> None:
    async with door_to(stand_in, ai_database, rows, read_seconds=0.3) as door:
        door.play(delay=30)
        assert code_of(await door.refusal()) == "AI_UNAVAILABLE"
        assert (await door.ledger())[0]["outcome"] == "cut"
    async with door_to(stand_in, ai_database, rows, total_seconds=12.0) as door:
        door.play(pace=0.1, text="word " * 2400)
        assert code_of(await door.refusal()) == "AI_UNAVAILABLE"
        [row] = await door.ledger()
        assert (row["outcome"], row["completion_tokens"] > 0) == ("cut", True)


async def test_a_provider_that_is_away_took_nothing(ai_database: Database, rows: Rows) -> None:
    away = StandInProvider()
    away.url = "http://127.0.0.1:9/v1"
    async with door_to(away, ai_database, rows) as door:
        error = await door.refusal()
        assert (code_of(error), error.non_retryable) == ("AI_UNAVAILABLE", False)
        [row] = await door.ledger()
        assert (row["outcome"], row["prompt_tokens"], row["cost"]) == ("failed", 0, 0)


async def test_a_provider_is_not_called_for_ever(door: Door) -> None:
    door.play(status=500, times=50)
    finals = [(await door.refusal()).non_retryable for _ in range(12)]
    assert finals == [False] * 11 + [True]
    assert len(door.books) == 12
    again = [(await door.refusal(round=2)).non_retryable for _ in range(12)]
    assert again == finals  # who has a run go on has all the tries once more
    door.stand_in.script.clear()


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("7", None, 7.0),
        ("1.5", None, 1.5),
        ("Sun, 06 Nov 1994 08:49:40 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 3.0),
        ("Sun, 06 Nov 1994 08:49:40 GMT", None, 10.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", None, 0.0),
        ("", None, None),
        ("soon", None, None),
        ("nan", None, None),
        ("-5", None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, date: str | None, seconds: float | None) -> None:
    headers = {"retry-after": value, **({"date": date} if date else {})}
    now = datetime(1994, 11, 6, 8, 49, 30, tzinfo=UTC)
    assert retry_after(headers, now) == seconds


async def test_who_is_told_to_wait_too_long_ends(door: Door) -> None:
    door.play(status=429, headers={"Retry-After": "86400"})
    error = await door.refusal()
    assert (code_of(error), error.non_retryable) == ("AI_RATE_LIMITED", True)
    door.play(status=429, headers={"Retry-After": "12.5"})
    error = await door.refusal()
    assert error.next_retry_delay == timedelta(seconds=12.5)


async def test_headers_of_any_length_do_no_harm(door: Door) -> None:
    door.play(status=500, headers={"x-request-id": "r" * 3000}, message="m" * 5000)
    assert code_of(await door.refusal()) == "AI_UNAVAILABLE"
    assert len((await door.ledger())[0]["request_id"]) == 200


async def test_what_the_client_fails_on_is_booked_as_a_call_that_broke_off(door: Door) -> None:
    door.play(raw=["[" * 100_000])
    error = await door.refusal()
    assert (code_of(error), error.non_retryable) == ("AI_STREAM_CUT", False)
    [row] = await door.ledger()
    assert (row["outcome"], row["code"], row["prompt_tokens"] > 0) == ("cut", "AI_STREAM_CUT", True)


async def test_numbers_of_any_size_do_no_harm(door: Door) -> None:
    door.play(raw=['{"choices": [], "usage": {"prompt_tokens": ' + "9" * 4000 + "}}"])
    await door.ask()
    [row] = await door.ledger()
    assert (row["outcome"], row["is_estimated"]) == ("completed", False)
    await balance(door)


@pytest.mark.parametrize(
    ("told", "prompt", "cached"),
    [
        ({"input_tokens": 10, "cache_read_input_tokens": 5000, "output_tokens": 7}, 5010, 5000),
        ({"input_tokens": 10, "cache_creation_input_tokens": 300, "output_tokens": 7}, 310, 0),
        ({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 7}, 10, 4),
        ({"prompt_tokens": 5010, "cache_read_input_tokens": 5000, "completion_tokens": 7}, 5010, 5000),
    ],
)
def test_what_was_cached_is_in_the_prompt_however_it_is_told(told: dict[str, object], prompt: int, cached: int) -> None:
    usage = read_usage(told)
    assert usage is not None
    assert (usage.prompt, usage.cached, usage.completion) == (prompt, cached, 7)
