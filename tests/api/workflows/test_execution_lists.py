"""Lists of executions: filtered, paged, and each account's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served

URL = "/workflows/v1/executions"
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


async def insert(rows: Rows, owner: UUID, definition: UUID, number: int, **columns: Any) -> UUID:
    values = {"status": "completed", "trigger": "manual", "tasks": "[]"} | columns
    return await rows.connection.fetchval(
        "INSERT INTO workflow_executions (user_id, workflow_id, status, trigger, created_at, tasks)"
        " VALUES ($1, $2, $3, $4, $5, $6::jsonb) RETURNING id",
        owner,
        definition,
        values["status"],
        values["trigger"],
        BEGAN + timedelta(minutes=number),
        values["tasks"],
    )


@pytest.fixture(scope="module")
async def executions(api: Served, rows: Rows) -> tuple[Person, UUID, list[UUID]]:
    person = await api.person()
    definition = await rows.definition(person.id, {"do": []})
    failed = [await insert(rows, person.id, definition, number, status="failed") for number in range(3)]
    hooked = await insert(rows, person.id, definition, 2, trigger="webhook")
    other = await insert(rows, person.id, await rows.definition(person.id, {"do": []}), 4)
    return person, definition, [*failed, hooked, other]


async def ids(api: Served, who: Person, **query: Any) -> list[str]:
    answer = await api.http.get(URL, headers=who.headers, params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_the_newest_come_first(api: Served, executions: tuple[Person, UUID, list[UUID]]) -> None:
    person, _, made = executions
    assert await ids(api, person) == [str(each) for each in (made[4], made[2], made[3], made[1], made[0])]


async def test_filters_meet(api: Served, executions: tuple[Person, UUID, list[UUID]]) -> None:
    person, definition, made = executions
    assert await ids(api, person, workflow_id=str(definition), status="failed") == [
        str(made[each]) for each in (2, 1, 0)
    ]
    assert await ids(api, person, trigger="webhook") == [str(made[3])]
    assert await ids(api, person, status=["running", "completed"]) == [str(made[4]), str(made[3])]
    window = {"from": (BEGAN + timedelta(minutes=1)).isoformat(), "to": (BEGAN + timedelta(minutes=2)).isoformat()}
    assert await ids(api, person, **window) == [str(made[1])]


async def test_what_an_execution_has_begun_is_found_by_it(api: Served, rows: Rows) -> None:
    person = await api.person()
    definition = await rows.definition(person.id, {"do": []})
    parent, child = [await insert(rows, person.id, definition, number) for number in range(2)]
    await rows.connection.execute(
        "UPDATE workflow_executions SET parent_execution_id = $1 WHERE id = $2", parent, child
    )
    assert await ids(api, person, parent=str(parent)) == [str(child)]
    assert await ids(api, person, parent=str(child)) == []


async def test_pages_follow_each_other(api: Served, executions: tuple[Person, UUID, list[UUID]]) -> None:
    person, *_ = executions
    found: list[str] = []
    page: dict[str, Any] = {}
    for _ in range(3):
        after = {"after": page["next"]} if page else {}
        page = (await api.http.get(URL, headers=person.headers, params={"limit": 2, **after})).json()
        found += [item["id"] for item in page["items"]]
    assert page["next"] is None
    assert found == await ids(api, person)


async def test_a_page_goes_on_where_a_row_was_that_is_gone(api: Served, rows: Rows) -> None:
    person = await api.person()
    definition = await rows.definition(person.id, {"do": []})
    old = await insert(rows, person.id, definition, 1)
    page = (await api.http.get(URL, headers=person.headers, params={"limit": 1})).json()
    assert page["next"] is None
    gone = await rows.execution(person.id, definition)
    await rows.connection.execute("DELETE FROM workflow_executions WHERE id = $1", gone)
    assert await ids(api, person, after=str(gone)) == [str(old)]
    assert await ids(api, person, after=str(uuid4())) == []  # an id that says no moment


async def test_others_see_nothing_of_it(
    api: Served, stranger: Person, executions: tuple[Person, UUID, list[UUID]]
) -> None:
    _, definition, made = executions
    assert await ids(api, stranger, workflow_id=str(definition)) == []
    for path in (f"{URL}/{made[0]}", f"{URL}/{made[0]}/tasks"):
        answer = await api.http.get(path, headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")
    assert (await api.http.get(URL, headers=api.anon)).status_code == 401


async def test_the_task_log_is_read_in_order(api: Served, rows: Rows) -> None:
    person = await api.person()
    tasks = '[{"name": "b", "reference": "/do/0/b"}, {"name": "a", "reference": "/do/1/a"}]'
    execution = await insert(rows, person.id, await rows.definition(person.id, {"do": []}), 0, tasks=tasks)
    page = (await api.http.get(f"{URL}/{execution}/tasks", headers=person.headers)).json()
    assert [task["name"] for task in page["items"]] == ["b", "a"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"after": "x"},
        {"status": "idle"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"trigger": "a\0b"},
        {"workflow_id": "7"},
    ],
)
async def test_wrong_questions_are_refused(query: dict[str, Any], api: Served, owner: Person) -> None:
    answer = await api.http.get(URL, headers=owner.headers, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
