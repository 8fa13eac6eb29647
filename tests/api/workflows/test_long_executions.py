"""Suspension, running tasks and whole outputs over HTTP: what is refused, and what is answered when nobody runs it."""

from uuid import UUID, uuid4

import pytest

from tests.activities.support import Rows
from tests.api.served import Person, Served
from tests.api.workflows.test_execution_lists import URL, insert

TASKS = '[{"name": "a", "output": {"n": 1}}, {"name": "b", "output": {"truncated": true, "bytes": 9}}, ' \
    '{"name": "c", "output": {"truncated": true, "bytes": 9, "reference": "outputs/0-0:0-8"}}, ' \
    '{"name": "d", "output": {"truncated": true, "bytes": 9, "reference": "outputs/../../x"}}]'  # fmt: skip


@pytest.fixture(scope="module")
async def person(api: Served) -> Person:
    return await api.person()


@pytest.fixture
async def ended(person: Person, rows: Rows) -> UUID:
    return await insert(rows, person.id, await rows.definition(person.id, {"do": []}), 1, tasks=TASKS)


@pytest.fixture
async def open_one(person: Person, rows: Rows) -> UUID:
    """Its row says running, and Temporal knows nothing of it."""
    definition = await rows.definition(person.id, {"do": []})
    return await insert(rows, person.id, definition, 1, status="running", tasks=TASKS)


@pytest.mark.parametrize("wish", ["suspend", "resume"])
async def test_what_has_ended_is_not_suspended_nor_resumed(api: Served, person: Person, ended: UUID, wish: str) -> None:
    answer = await api.http.post(f"{URL}/{ended}/{wish}", headers=person.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "EXECUTION_ENDED")


@pytest.mark.parametrize("wish", ["suspend", "resume"])
async def test_anothers_execution_and_one_that_is_not_there_are_answered_alike(
    api: Served, person: Person, open_one: UUID, wish: str
) -> None:
    stranger = await api.person()
    for who, execution in ((stranger, open_one), (person, uuid4())):
        answer = await api.http.post(f"{URL}/{execution}/{wish}", headers=who.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


async def test_one_that_is_not_started_is_to_be_asked_again(api: Served, person: Person, open_one: UUID) -> None:
    answer = await api.http.post(f"{URL}/{open_one}/suspend", headers=person.headers)
    assert answer.status_code == 503


async def test_what_nobody_runs_is_answered_as_its_row_is(api: Served, person: Person, open_one: UUID) -> None:
    row = (await api.http.get(f"{URL}/{open_one}", headers=person.headers)).json()
    assert (row["status"], row["phase"], len(row["tasks"])) == ("running", "pending", 4)
    page = (await api.http.get(f"{URL}/{open_one}/tasks", headers=person.headers)).json()
    assert [task["name"] for task in page["items"]] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("index", "refusal"),
    [
        ("1", (409, "OUTPUT_NOT_KEPT")),
        ("2", (404, "OUTPUT_NOT_FOUND")),
        ("3", (404, "OUTPUT_NOT_FOUND")),
        ("4", (404, "TASK_NOT_FOUND")),
        ("-1", (400, "VALIDATION_FAILED")),
        ("one", (400, "VALIDATION_FAILED")),
        ("99999999999999999999", (400, "VALIDATION_FAILED")),
    ],
)
async def test_an_output_that_is_not_there_is_said_to_be_missing(
    api: Served, person: Person, ended: UUID, index: str, refusal: tuple[int, str]
) -> None:
    answer = await api.http.get(f"{URL}/{ended}/tasks/{index}/output", headers=person.headers)
    assert (answer.status_code, answer.json()["code"]) == refusal


async def test_a_small_output_is_answered_from_the_row(api: Served, person: Person, ended: UUID) -> None:
    answer = await api.http.get(f"{URL}/{ended}/tasks/0/output", headers=person.headers)
    assert (answer.status_code, answer.json()) == (200, {"n": 1})
