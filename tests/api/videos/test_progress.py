"""Progress as server-sent events: each change once, from whichever process works, up to the end."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any
from uuid import uuid4

import pytest

from api import wakes
from tests.activities.videos import Videos
from tests.api.served import Person, Served, served
from tests.api.videos.conftest import PUBLISHED, REFUSED
from zilliance.settings import Settings

Event = dict[str, Any]


async def events(api: Served, who: Person, video: object, last: str = "") -> AsyncGenerator[Event]:
    headers = who.headers | ({"last-event-id": last} if last else {})
    async with api.http.stream("GET", f"/video/v1/videos/{video}/progress", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        event: Event = {}
        async for line in answer.aiter_lines():
            if not line and event:
                yield event | {"data": json.loads(event["data"])}
                event = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value


async def test_each_change_is_an_event_and_the_end_the_last(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    run = await videos.begun(who.id, video)
    await videos.tell("enter_video_run", run)
    seen: list[Event] = []
    async for event in events(api, who, video):
        seen.append(event)
        match len(seen):
            case 1:
                await videos.tell("set_video_progress", run, 30)
            case 2:
                await videos.tell("publish_video_run", run, PUBLISHED)
            case 3:
                await videos.tell("complete_video_run", run, {})
            case _:
                pass
    assert [event["event"] for event in seen] == ["progress", "progress", "progress", "end"]
    assert [event["data"]["progress"] for event in seen] == [0, 30, 30, 100]
    assert [event["data"]["run"]["revision"] for event in seen] == [0, 0, 1, 2]
    assert seen[2]["data"]["renditions"] == PUBLISHED["renditions"]
    assert seen[3]["data"]["status"] == "ready"
    assert seen[3]["data"]["run"] == {
        "id": str(run),
        "status": "completed",
        "progress": 100,
        "revision": 2,
        "error": None,
    }
    assert len({event["id"] for event in seen}) == 4


async def test_a_failure_says_its_reason(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    run = await videos.begun(who.id, video)
    seen: list[Event] = []
    async for event in events(api, who, video):
        seen.append(event)
        await videos.tell("fail_video_run", run, REFUSED)
    assert (seen[-1]["event"], seen[-1]["data"]["status"]) == ("end", "error")
    assert seen[-1]["data"]["error_message"] == REFUSED["message"]
    assert seen[-1]["data"]["run"]["error"] == REFUSED


async def test_a_stream_is_taken_up_at_any_process_where_it_broke(
    api: Served, videos: Videos, video_settings: Settings
) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    run = await videos.begun(who.id, video)
    async with aclosing(events(api, who, video)) as stream:
        first = await anext(stream)
    async with served(video_settings) as another:
        async with aclosing(events(another, who, video, first["id"])) as stream:
            coming = asyncio.ensure_future(anext(stream))
            while not another.state.videos._waiting:  # noqa: ASYNC110  it shows nothing of it
                await asyncio.sleep(0.02)
            await videos.tell("set_video_progress", run, 50)
            assert (await coming)["data"]["progress"] == 50  # and not the state that was known
        await videos.tell("fail_video_run", run, REFUSED)
        end = [event async for event in events(another, who, video)]
        assert [event["event"] for event in end] == ["end"]
        path = f"/video/v1/videos/{video}/progress"
        known = await another.http.get(path, headers={**who.headers, "last-event-id": end[0]["id"]})
        assert known.status_code == 204


async def test_a_deleted_video_ends_its_streams(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    await videos.begun(who.id, video)
    seen: list[Event] = []
    async for event in events(api, who, video):
        seen.append(event)
        await videos.rows.connection.execute("DELETE FROM videos WHERE id = $1", video)
    assert [event["event"] for event in seen] == ["progress"]
    answer = await api.http.get(f"/video/v1/videos/{video}/progress", headers=who.headers)
    assert answer.status_code == 404


async def test_an_account_has_so_many_streams_and_no_more(
    api: Served, videos: Videos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakes, "STREAMS_A_USER", 2)
    who, other = await api.person(), await api.person()
    video, others = await videos.video(who.id), await videos.video(other.id)
    await videos.begun(who.id, video)
    await videos.begun(other.id, others)
    async with AsyncExitStack() as open_streams:
        for person, its in ((who, video), (who, video), (other, others)):
            await anext(await open_streams.enter_async_context(aclosing(events(api, person, its))))
        refused = await api.http.get(f"/video/v1/videos/{video}/progress", headers=who.headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_STREAMS")
    while api.state.videos._streams._open:  # noqa: ASYNC110  the server notices that they have gone
        await asyncio.sleep(0.05)
    async with aclosing(events(api, who, video)) as stream:
        assert (await anext(stream))["event"] == "progress"


async def test_a_video_that_nothing_is_done_with_says_so_and_ends(api: Served, videos: Videos) -> None:
    who = await api.person()
    video = await videos.video(who.id)
    seen = [event async for event in events(api, who, video)]
    assert [(event["event"], event["data"]["status"], event["data"]["run"]) for event in seen] == [
        ("end", "uploading", None)
    ]
    for path in (f"/video/v1/videos/{uuid4()}/progress", "/video/v1/videos/no/progress"):
        assert (await api.http.get(path, headers=who.headers)).status_code in {400, 404}
