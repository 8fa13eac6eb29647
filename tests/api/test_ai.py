"""An account reads what it used of language models, and nobody else's."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served

CALL = """
INSERT INTO private.ai_calls (user_id, run_id, step, kind, attempt, turn, model, outcome, prompt_tokens, cached_tokens,
    completion_tokens, reasoning_tokens, is_estimated, cost, reserved_tokens, reserved_cost, started_at)
VALUES ($1, $2, $3, 'execute-workflow', 1, 1, $4, $5, 100, 20, 50, 10, false, 0.00012345, 0, 0, $6)
"""


@pytest.fixture
async def person(api: Served) -> Person:
    return await api.person()


async def called(
    rows: Rows, who: UUID, *, day: datetime, run: UUID | None = None, model: str = "m", outcome: str = "completed"
) -> None:
    await rows.connection.execute(CALL, who, run or uuid4(), uuid4().hex, model, outcome, day)


@pytest.mark.usefixtures("today")
async def test_use_is_told_by_day_and_model_with_the_budgets(api: Served, person: Person, rows: Rows) -> None:
    now = datetime.now(UTC)
    for model in ("b", "a", "a"):
        await called(rows, person.id, day=now, model=model)
    await called(rows, person.id, day=datetime(2025, 3, 1, 12, tzinfo=UTC))
    await called(rows, person.id, day=now, outcome="open")
    answer = await api.http.get("/ai/v1/usage", headers=person.headers)
    assert answer.status_code == 200
    body = answer.json()
    assert [(item["day"], item["model"], item["calls"]) for item in body["items"]] == [
        (now.date().isoformat(), "a", 2),
        (now.date().isoformat(), "b", 1),
    ]
    assert body["items"][0]["prompt_tokens"] == 200
    assert body["items"][0]["cost"] == 0.0002469
    assert body["tokens_today"] == {"used": 450, "limit": 2_000_000}
    assert body["cost_this_month"] == {"used": 0.00037035, "limit": 50}
    past = await api.http.get("/ai/v1/usage?from=2025-02-01&to=2025-03-31", headers=person.headers)
    assert [item["day"] for item in past.json()["items"]] == ["2025-03-01"]


async def test_calls_are_told_newest_first_in_pages_and_by_run(api: Served, person: Person, rows: Rows) -> None:
    run = uuid4()
    for number in range(5):
        await called(rows, person.id, day=datetime.now(UTC), run=run if number == 3 else None, outcome="cut")
    seen: list[str] = []
    after, page = "", {"next": "none yet"}
    for _ in range(3):
        page = (await api.http.get(f"/ai/v1/calls?limit=2{after}", headers=person.headers)).json()
        seen += [item["id"] for item in page["items"]]
        after = f"&after={page['next']}"
    assert page["next"] is None
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    [item] = (await api.http.get(f"/ai/v1/calls?run={run}", headers=person.headers)).json()["items"]
    assert (item["outcome"], item["cost"], item["reasoning_tokens"]) == ("cut", 0.00012345, 10)
    assert "user_id" not in item
    assert "reserved_tokens" not in item


async def test_a_stranger_sees_nothing_of_it(api: Served, person: Person, rows: Rows) -> None:
    run = uuid4()
    await called(rows, person.id, day=datetime.now(UTC), run=run)
    stranger = await api.person()
    for path in ("/ai/v1/calls", f"/ai/v1/calls?run={run}", "/ai/v1/usage"):
        assert (await api.http.get(path, headers=stranger.headers)).json()["items"] == []
    usage = (await api.http.get("/ai/v1/usage", headers=stranger.headers)).json()
    assert usage["tokens_today"]["used"] == usage["cost_this_month"]["used"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "usage?from=yesterday",
        "usage?from=2026-01-02&to=2026-01-01",
        "usage?from=2020-01-01&to=2026-01-01",
        "usage?to=99999-01-01",
        "calls?limit=0",
        "calls?limit=1001",
        "calls?after=x",
        "calls?run=x",
    ],
)
async def test_bad_input_is_refused(api: Served, person: Person, query: str) -> None:
    answer = await api.http.get(f"/ai/v1/{query}", headers=person.headers)
    assert (answer.status_code, "code" in answer.json()) == (400, True)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_the_calendar_are_days_like_others(api: Served, person: Person, day: str) -> None:
    answer = await api.http.get(f"/ai/v1/usage?to={day}", headers=person.headers)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_whoever_has_not_signed_in_is_refused(api: Served) -> None:
    for path in ("usage", "calls"):
        assert (await api.http.get(f"/ai/v1/{path}", headers=api.anon)).status_code == 401


@pytest.mark.parametrize("table", ["ai_calls", "ai_answers", "ai_usage", "ai_deltas"])
async def test_no_role_of_a_request_reaches_the_tables(rows: Rows, table: str) -> None:
    text = await rows.connection.fetchval(
        "SELECT json_agg(r)::text FROM unnest('{anon,authenticated,service_role,zapi,zservice,zworker}'::text[]) AS r"
        f" WHERE has_table_privilege(r, 'private.{table}', 'SELECT, INSERT, UPDATE, DELETE')"
    )
    assert json.loads(text or "[]") == []
