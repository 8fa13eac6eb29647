"""`/workflows/v1/definitions/{id}/schedule` over HTTP, with a worker's sync beside it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served
from worker.schedule_sync import ScheduleSync
from zilliance.database import Database
from zilliance.settings import DatabaseSettings, Login

DAILY = {"do": [{"one": {"set": {"a": 1}}}], "schedule": {"cron": "0 4 * * *"}}


@pytest.fixture
async def sync(api: Served, database_settings: DatabaseSettings) -> Any:
    database = Database.of(database_settings, Login.WORKER, application_name="test sync")
    yield ScheduleSync(database, api.state.temporal)
    await database.close()


async def define(api: Served, owner: Person, config: Any = DAILY, **columns: Any) -> str:
    return (await api.insert("workflows", {"name": "daily", "config": config, **columns}, owner.headers))["id"]


async def call(api: Served, method: str, workflow: str, path: str, who: Person, **more: Any) -> httpx.Response:
    url = f"/workflows/v1/definitions/{workflow}/schedule{path}"
    return await api.http.request(method, url, headers=who.headers, **more)


async def settle(sync: ScheduleSync) -> None:
    while await sync.work():
        pass


async def test_a_schedule_says_when_it_fires_next(api: Served, owner: Person, sync: ScheduleSync) -> None:
    workflow = await define(api, owner)
    await settle(sync)
    answer = (await call(api, "GET", workflow, "", owner)).json()
    assert (answer["kind"], answer["expression"], answer["timezone"]) == ("cron", "0 4 * * *", "UTC")
    assert (answer["overlap"], answer["catch_up_seconds"], answer["is_paused"]) == ("skip", 3600, False)
    assert len(answer["upcoming"]) >= 5
    assert datetime.fromisoformat(answer["upcoming"][0]) == datetime.fromisoformat(answer["next_run_at"])


async def test_a_paused_schedule_does_not_fire_until_it_is_resumed(
    api: Served, owner: Person, sync: ScheduleSync
) -> None:
    workflow = await define(api, owner)
    await settle(sync)
    paused = (await call(api, "POST", workflow, "/pause", owner, json={"note": "holidays"})).json()
    assert (paused["is_paused"], paused["note"], paused["next_run_at"]) == (True, "holidays", None)
    await settle(sync)
    assert (await call(api, "GET", workflow, "", owner)).json()["upcoming"] == []
    # Also when everything on Temporal is made anew.
    await sync.mark_everything()
    await settle(sync)
    assert (await call(api, "GET", workflow, "", owner)).json()["upcoming"] == []
    await call(api, "POST", workflow, "/resume", owner)
    await settle(sync)
    resumed = (await call(api, "GET", workflow, "", owner)).json()
    assert resumed["is_paused"] is False
    assert resumed["next_run_at"] is not None


async def test_a_schedule_can_be_triggered_now(api: Served, owner: Person) -> None:
    workflow = await define(api, owner)
    answer = await call(api, "POST", workflow, "/trigger", owner)
    row = answer.json()
    assert (answer.status_code, row["trigger"], row["status"]) == (202, "schedule", "pending")
    assert answer.headers["location"] == f"/workflows/v1/executions/{row['id']}"
    assert set(row["trigger_data"]) == {"scheduledAt"}


async def test_the_past_can_be_run(api: Served, owner: Person, sync: ScheduleSync, rows: Rows) -> None:
    workflow = await define(api, owner)
    await settle(sync)
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    past = {"from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()}
    answer = await call(api, "POST", workflow, "/backfill", owner, json=past)
    assert answer.status_code == 202, answer.text
    assert answer.json()["at_most"] >= 1
    del rows


@pytest.mark.parametrize(
    "past",
    [
        {},
        {"from": "yesterday", "to": "2026-01-02T00:00:00Z"},
        {"from": "2026-01-02T00:00:00", "to": "2026-01-03T00:00:00"},
        {"from": "2026-01-03T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
        {"from": "2026-01-03T00:00:00Z", "to": "9999-01-02T00:00:00Z"},
        {"from": "0001-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
        {"from": "2020-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "overlap": "sometimes"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "more": 1},
    ],
)
async def test_what_is_no_past_is_refused(past: Any, api: Served, owner: Person) -> None:
    answer = await call(api, "POST", await define(api, owner), "/backfill", owner, json=past)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED"), answer.text


async def test_the_schedule_of_another_is_a_missing_one(api: Served, owner: Person, stranger: Person) -> None:
    workflow = await define(api, owner)
    for method, path in (("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/trigger")):
        for who, where in ((stranger, workflow), (owner, str(uuid4()))):
            answer = await call(api, method, where, path, who)
            assert (answer.status_code, answer.json()["code"]) == (404, "WORKFLOW_NOT_FOUND")


async def test_a_definition_without_a_schedule_says_so(api: Served, owner: Person) -> None:
    workflow = await define(api, owner, {"do": DAILY["do"]})
    answer = await call(api, "GET", workflow, "", owner)
    assert (answer.status_code, answer.json()["code"]) == (404, "SCHEDULE_NOT_FOUND")


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": 3}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"overlap": "whatever"}, "/overlap"),
        ({"catchUp": {"years": 1}}, "/catchUp"),
        ({"catchUp": "P2Y"}, "/catchUp"),
        ({"jitter": {"days": 2}}, "/jitter"),
        ({"tz": "UTC"}, "/tz"),
        (7, ""),
    ],
)
async def test_options_that_cannot_be_kept_are_refused(options: Any, pointer: str, api: Served, owner: Person) -> None:
    config = {**DAILY, "document": {"dsl": "1.0.3", "namespace": "a", "name": "b", "version": "0.1.0"}}
    config["document"]["metadata"] = {"schedule": options}
    answer = await api.send("POST", "workflows", owner.headers, json={"name": "x", "config": config})
    assert answer.status_code == 400, answer.text
    issues = json.loads(answer.text)["details"]["issues"]
    assert issues[0]["pointer"] == f"/document/metadata/schedule{pointer}"
