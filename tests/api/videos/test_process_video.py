"""`process-video` and what belongs to it: once, for its owner alone, with an end that the row tells of."""

import asyncio
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.video_starts import TemporalVideoUpkeepActivities, VideoStarts
from tests.activities.videos import Videos
from tests.api.served import Person, Served
from tests.api.videos.conftest import REFUSED, Stage
from workflows.names import KIND, OWNER, video_workflow_id

LATER = {"prefer": "respond-async"}


async def process(api: Served, who: Person, video: object, **headers: str):
    return await api.http.post(
        "/functions/v1/process-video", json={"videoId": str(video)}, headers={**who.headers, **headers}
    )


async def runs(api: Served, who: Person, video: object) -> list[dict[str, object]]:
    answer = await api.http.get(f"/video/v1/videos/{video}/runs", headers=who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def until(api: Served, who: Person, video: object, status: str) -> dict[str, object]:
    while True:
        row = (await api.http.get(f"/video/v1/videos/{video}", headers=who.headers)).json()
        if row["status"] == status:
            return row
        await asyncio.sleep(0.05)


async def under_way(api: Served, who: Person, video: object) -> UUID:
    """Wait until the workflow has taken it up; the run."""
    while True:
        found = await runs(api, who, video)
        if found and found[0]["progress"] == 10:
            return UUID(str(found[0]["id"]))
        await asyncio.sleep(0.05)


async def test_whoever_waits_gets_the_row_of_the_end(api: Served, videos: Videos, stage: Stage) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    stage.end(video).set_result("ready")
    answer = await process(api, who, video)
    assert (answer.status_code, answer.json()["status"], answer.json()["progress"]) == (200, "ready", 100)
    assert (await process(api, who, video)).json() == answer.json()
    assert len(await runs(api, who, video)) == 1


async def test_a_failure_is_an_answer_with_its_reason(api: Served, videos: Videos, stage: Stage) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    stage.end(video).set_result("refused")
    answer = await process(api, who, video)
    assert (answer.status_code, answer.json()["status"]) == (200, "error")
    assert answer.json()["error_message"] == REFUSED["message"]
    run = (await runs(api, who, video))[0]
    assert (run["status"], run["error"]) == ("failed", REFUSED)


async def test_who_does_not_wait_is_answered_at_once_and_told_where_to_look(
    api: Served, videos: Videos, stage: Stage, client: Client
) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    answer = await process(api, who, video, **LATER)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    assert answer.headers["location"] == f"/video/v1/videos/{video}"
    # A worker starts it.
    assert await VideoStarts(videos.worker, client).start_due() >= 1
    run = await under_way(api, who, video)
    described = await client.get_workflow_handle(video_workflow_id(run)).describe()
    assert described.typed_search_attributes[OWNER] == str(who.id)
    assert described.typed_search_attributes[KIND] == "process-video"
    stage.end(video).set_result("ready")
    assert (await until(api, who, video, "ready"))["quality"] == "sd"


async def test_many_at_once_are_one_run(api: Served, videos: Videos, stage: Stage) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    waiting = asyncio.gather(*(process(api, who, video) for _ in range(5)))
    await under_way(api, who, video)
    stage.end(video).set_result("ready")
    answers = await waiting
    assert {answer.status_code for answer in answers} == {200}
    assert len(await runs(api, who, video)) == 1


async def test_a_caller_waits_no_longer_than_a_while(api: Served, videos: Videos, stage: Stage) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    impatient = api.state.settings.workflow.model_copy(update={"wait_seconds": 0.2})
    before = api.state.settings
    api.state.settings = before.model_copy(update={"workflow": impatient})
    try:
        answer = await process(api, who, video)
    finally:
        api.state.settings = before
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    stage.end(video).set_result("ready")
    await until(api, who, video, "ready")


async def test_another_users_video_is_as_missing_everywhere(api: Served, videos: Videos, stage: Stage) -> None:
    owner, other = await api.person(), await api.person()
    video = await videos.video(owner.id)
    asked = process(api, owner, video)
    task = asyncio.ensure_future(asked)
    run = await under_way(api, owner, video)
    for path in ("", "/runs", f"/runs/{run}", "/progress"):
        theirs, none = [
            await api.http.get(f"/video/v1/videos/{each}{path}", headers=other.headers) for each in (video, uuid4())
        ]
        assert theirs.status_code == none.status_code == 404
        assert theirs.json()["code"] == none.json()["code"]
    for path, body in (("/cancel", None), ("/process", {"force": True})):
        answer = await api.http.post(f"/video/v1/videos/{video}{path}", headers=other.headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "VIDEO_NOT_FOUND")
    assert (await process(api, other, video)).status_code == 404
    stage.end(video).set_result("ready")
    assert (await task).json()["status"] == "ready"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"videoId": 7}', b'{"videoId": "no"}', b'{"video_id": "x"}', b"{}"]
)
async def test_a_body_that_names_no_video_is_refused(api: Served, body: bytes) -> None:
    who = await api.person()
    answer = await api.http.post(
        "/functions/v1/process-video", content=body, headers={**who.headers, "content-type": "application/json"}
    )
    assert answer.status_code == 400, answer.text


async def test_nobody_processes_without_signing_in(api: Served, videos: Videos) -> None:
    video = await videos.video((await api.person()).id)
    for headers in ({}, api.anon, api.service):
        answer = await api.http.post("/functions/v1/process-video", json={"videoId": str(video)}, headers=headers)
        assert answer.status_code == 401


async def test_a_video_without_an_upload_is_told_what_is_missing(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id, uploaded=False)
    answer = await process(api, who, video)
    assert (answer.status_code, answer.json()["code"]) == (409, "VIDEO_NOT_UPLOADED")
    assert "finish the upload" in answer.json()["error"]
    await videos.rows.connection.execute("UPDATE videos SET storage_path = NULL WHERE id = $1", video)
    answer = await process(api, who, video)
    assert "write where it is to the video's storage_path" in answer.json()["error"]


async def test_an_account_may_have_so_many_under_way(api: Served, videos: Videos) -> None:
    who = await api.person()
    first, second = await videos.video(who.id), await videos.video(who.id)
    before = api.state.settings
    api.state.settings = before.model_copy(update={"video": before.video.model_copy(update={"max_open_runs": 1})})
    try:
        assert (await process(api, who, first, **LATER)).status_code == 202
        answer = await process(api, who, second, **LATER)
    finally:
        api.state.settings = before
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "TOO_MANY_VIDEOS", "30")


async def test_a_ready_video_is_made_anew_only_by_force(
    api: Served, videos: Videos, stage: Stage, client: Client
) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    stage.end(video).set_result("ready")
    ready = (await process(api, who, video)).json()
    path = f"/video/v1/videos/{video}/process"
    again = await api.http.post(path, json={}, headers=who.headers)
    assert (again.status_code, again.json()) == (200, ready)
    assert "location" not in again.headers
    stage._ends.clear()
    forced = await api.http.post(path, json={"force": True}, headers=who.headers)
    assert (forced.status_code, forced.json()["status"]) == (202, "processing")
    assert forced.json()["renditions"] == ready["renditions"]
    await VideoStarts(videos.worker, client).start_due()
    await under_way(api, who, video)
    stage.end(video).set_result("refused")
    after = await until(api, who, video, "ready")
    assert {name for name in after if after[name] != ready[name]} == {"updated_at"}
    assert [run["status"] for run in await runs(api, who, video)] == ["failed", "completed"]
    strange = await api.http.post(path, json={"force": "maybe"}, headers=who.headers)
    assert strange.status_code == 400


@pytest.mark.usefixtures("stage")
async def test_a_cancelled_run_ends_and_says_so(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    waiting = asyncio.ensure_future(process(api, who, video))
    await under_way(api, who, video)
    answer = await api.http.post(f"/video/v1/videos/{video}/cancel", headers=who.headers)
    assert answer.status_code == 202
    ended = await waiting
    assert (ended.status_code, ended.json()["status"]) == (200, "error")
    assert ended.json()["error_message"] == "The processing was cancelled."
    again = await api.http.post(f"/video/v1/videos/{video}/cancel", headers=who.headers)
    assert (again.status_code, again.json()["code"]) == (409, "VIDEO_NOT_PROCESSING")


async def test_runs_come_in_pages_newest_first(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    made: list[str] = []
    for _ in range(5):
        run = await videos.begun(who.id, video)
        made.insert(0, str(run))
        await videos.tell("fail_video_run", run, REFUSED)
    found: list[str] = []
    after = None
    while True:
        asked = {"limit": 2} | ({"after": after} if after else {})
        page = (await api.http.get(f"/video/v1/videos/{video}/runs", params=asked, headers=who.headers)).json()
        found += [run["id"] for run in page["items"]]
        if (after := page["next"]) is None:
            break
    assert found == made
    one = (await api.http.get(f"/video/v1/videos/{video}/runs/{made[0]}", headers=who.headers)).json()
    assert (one["error"], one["tracks"], one["plan"]) == (REFUSED, [], None)
    for params in ({"limit": 0}, {"limit": 1001}, {"after": "x"}):
        answer = await api.http.get(f"/video/v1/videos/{video}/runs", params=params, headers=who.headers)
        assert answer.status_code == 400


async def test_a_run_whose_workflow_was_lost_is_closed(api: Served, videos: Videos, client: Client) -> None:
    """Nobody works here: what was started is terminated, and what was not is started."""
    who = await api.person()
    lost, never = await videos.video(who.id), await videos.video(who.id)
    run, other = await videos.begun(who.id, lost), await videos.begun(who.id, never)
    gone = await videos.begun(who.id, await videos.video(who.id))
    await videos.rows.connection.execute(
        "UPDATE private.video_runs SET created_at = now() - interval '1 minute',"
        " start_due_at = CASE WHEN id = $1 THEN now() END WHERE id = ANY ($2)",
        run,
        [run, other, gone],
    )
    await videos.tell("enter_video_run", gone)
    await VideoStarts(videos.worker, client).start_due()
    await client.get_workflow_handle(video_workflow_id(run)).terminate()
    upkeep = TemporalVideoUpkeepActivities(videos.worker, client)
    result = await ActivityEnvironment().run(upkeep.reconcile_videos)
    assert result.started >= 1
    assert result.closed >= 2
    row = await videos.row(lost)
    assert row["status"] == "error"
    assert str(row["error_message"]).startswith("The processing was lost: it was terminated on Temporal")
    assert (await videos.run(gone))["status"] == "failed"
    assert (await client.get_workflow_handle(video_workflow_id(other)).describe()).status is not None
    await client.get_workflow_handle(video_workflow_id(other)).terminate()


@pytest.mark.usefixtures("stage")
async def test_a_cancellation_that_temporal_was_not_told_of_is_told_again(
    api: Served, videos: Videos, client: Client
) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    assert (await process(api, who, video, **LATER)).status_code == 202
    await VideoStarts(videos.worker, client).start_due()
    run = await under_way(api, who, video)
    assert await videos.ask_cancel(who.id, video) == "requested"
    await videos.rows.connection.execute(
        "UPDATE private.video_runs SET created_at = now() - interval '1 minute' WHERE id = $1", run
    )
    upkeep = TemporalVideoUpkeepActivities(videos.worker, client)
    await ActivityEnvironment().run(upkeep.reconcile_videos)
    await until(api, who, video, "error")
    assert (await videos.run(run))["status"] == "cancelled"
