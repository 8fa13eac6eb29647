"""`generate-tutorial` as a task: written once for its key, waited for, cancelled and undone with its execution."""

import json
from typing import Any
from uuid import UUID

from tests.activities.support import Rows
from tests.tutorials.author import Author
from tests.tutorials.steps import outline
from tests.waiting import until
from zilliance.devstack.ai_stand_in import Scene, StandInProvider

REFUSE = {"refuse": {"raise": {"error": {"type": "https://example.com/errors/no", "status": 400, "title": "No"}}}}


def write(topic: str, **more: Any) -> dict[str, Any]:
    arguments = {"topic": topic, "steps": 2, **more.pop("arguments", {})}
    return {"write": {"call": "generate-tutorial", "with": arguments, **more}}


async def execute(author: Author, rows: Rows, *tasks: dict[str, Any], wait: bool = True) -> dict[str, Any]:
    definition = await rows.definition(author.id, {"do": list(tasks)})
    headers = author.headers if wait else {**author.headers, "Prefer": "respond-async"}
    answer = await author.http.post(
        "/functions/v1/execute-workflow", json={"workflowId": str(definition)}, headers=headers
    )
    assert answer.status_code in {200, 202}, answer.text
    return answer.json() if wait is False else await ended(author, answer.json()["id"])


async def ended(author: Author, execution: str) -> dict[str, Any]:
    async def row() -> dict[str, Any] | None:
        found = (await author.get(f"/workflows/v1/executions/{execution}")).json()
        return None if found["status"] in {"pending", "running"} else found

    return await until(row)


async def test_a_task_gives_the_tutorial_that_was_saved(author: Author, rows: Rows, provider: StandInProvider) -> None:
    row = await execute(author, rows, write("Knots"))
    assert row["status"] == "completed", row["error"]
    [tutorial] = await author.tutorials()
    result = row["result_data"]
    assert (result["id"], result["title"], result["status"]) == (tutorial["id"], tutorial["title"], "draft")
    assert [set(step) for step in result["steps"]] == [{"title", "minutes"}] * 2
    run = await author.run(result["runId"])
    assert (run["status"], run["execution_id"]) == ("completed", row["id"])
    assert len(provider.calls) == 3


async def test_those_who_listen_hear_of_a_tutorial_once_and_which_model_wrote_it(
    author: Author,
    rows: Rows,
    provider: StandInProvider,  # noqa: ARG001
) -> None:
    row = await execute(author, rows, write("Heard"))
    [tutorial] = await author.tutorials()
    changes = await rows.connection.fetch(
        "SELECT operation, record->>'model' AS model, execution_id FROM private.change_log WHERE row_id = $1",
        UUID(tutorial["id"]),
    )
    assert [tuple(change) for change in changes] == [("insert", tutorial["model"], UUID(row["id"]))]


async def test_rollback_deletes_the_draft(author: Author, rows: Rows, provider: StandInProvider) -> None:  # noqa: ARG001
    row = await execute(author, rows, write("Undone"), REFUSE)
    assert row["status"] == "failed"
    assert row["tasks"][0]["status"] == "compensated"
    assert await author.tutorials() == []


async def test_a_draft_that_somebody_changed_meanwhile_stays(
    author: Author,
    rows: Rows,
    provider: StandInProvider,  # noqa: ARG001
) -> None:
    change = {
        "change": {
            "call": "update-row",
            "with": {"table": "tutorials", "id": "${ .id }", "values": {"title": "Mine"}, "rollback": "none"},
        }
    }
    row = await execute(author, rows, write("Changed"), change, REFUSE)
    assert row["status"] == "failed"
    assert [tutorial["title"] for tutorial in await author.tutorials()] == ["Mine"]


async def test_cancelling_the_execution_cancels_the_run(author: Author, rows: Rows, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"number": 2', delay=120))
    row = await execute(author, rows, write("Cancelled"), wait=False)
    await _until_asked(provider, '"number": 2')
    await author.post(f"/workflows/v1/executions/{row['id']}/cancel")
    assert (await ended(author, row["id"]))["status"] == "cancelled"
    [run] = (await author.get("/tutorials/v1/runs")).json()["items"]
    assert (run["status"], run["tutorial_id"]) == ("cancelled", None)
    assert await author.tutorials() == []
    answer = await author.post(f"/tutorials/v1/runs/{run['id']}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "RUN_OF_EXECUTION")


async def test_a_timeout_of_the_task_ends_the_run(author: Author, rows: Rows, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"number": 2', delay=120))
    row = await execute(author, rows, write("Late", timeout={"after": {"seconds": 8}}))
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    [run] = (await author.get("/tutorials/v1/runs")).json()["items"]
    assert run["status"] == "cancelled"


async def test_a_failure_is_a_fault_that_can_be_caught(author: Author, rows: Rows, provider: StandInProvider) -> None:
    provider.script.add(Scene(status=402, times=20))
    caught = {"careful": {"try": [write("Broke")], "catch": {"as": "e", "do": [{"told": {"set": "${ $e.status }"}}]}}}
    row = await execute(author, rows, caught)
    assert (row["status"], row["result_data"]) == ("completed", 402)


async def test_a_topic_that_cannot_be_is_a_validation_fault(
    author: Author, rows: Rows, provider: StandInProvider
) -> None:
    for topic in ("", "x" * 501):
        row = await execute(author, rows, {"given": {"set": {"topic": topic}}}, write("${ .topic }"))
        assert (row["status"], row["error"]["status"]) == ("failed", 400), row["error"]
    row = await execute(author, rows, write("Model", arguments={"model": "nobody/knows"}))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)
    assert len(provider.calls) == 0


async def test_a_retry_takes_over_the_tutorial(author: Author, rows: Rows, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"steps": 2', text=json.dumps(outline(2))))
    kept = write("Kept", arguments={"rollback": "none"})
    row = await execute(author, rows, kept, REFUSE)
    answer = await author.http.post(
        f"/workflows/v1/executions/{row['id']}/retry", json={"from": "failed"}, headers=author.headers
    )
    again = await ended(author, answer.json()["id"])
    assert again["status"] == "failed"
    assert len(await author.tutorials()) == 1
    assert len(provider.calls) == 3


async def _until_asked(provider: StandInProvider, part: str) -> None:
    await until(lambda: any(part in call.message for call in provider.calls))
