"""What is counted of what players tell: what was watched, once, and no more than can be."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import monotonic, time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from activities.event_upkeep import SqlEventUpkeepActivities
from api.turns import MOST_POSTS_WAITING, of_watching
from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema
from tests.api.playback.publishing import Run, new_run
from tests.api.served import Person, Served
from zilliance.database import Database
from zilliance.errors import RateLimitedError
from zilliance.settings import Login, Settings
from zilliance.tokens import PlaybackGrant, PlaybackKind

LENGTH = 3 * 3600.0
pytestmark = pytest.mark.usefixtures("today")  # sessions are of a day


@dataclass(frozen=True)
class Audience:
    """Those who watch a video of three hours, by a grant that is an hour old."""

    api: Served
    rows: Rows
    owner: Person
    run: Run

    async def post(self, body: Any, *, viewer: str = "guest:a friend", **more: Any) -> httpx.Response:
        now = int(time())
        grant = PlaybackGrant(self.run.video_id, viewer, PlaybackKind.VIDEO, 0, now - 3600, now + 3600)
        path = f"/video/v1/play/{self.api.state.tokens.playback.issue(grant)}/events"
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return await self.api.http.post(path, content=content, **more)

    async def watch(self, *spans: tuple[float, float], session: str = "s", rate: float = 1, **more: Any) -> float:
        events = [
            {"type": "watch", "from": start, "to": end, "rate": rate, "at": 1_790_000_000_000} for start, end in spans
        ]
        answer = await self.post({"session": session, "events": events}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["watched"]

    async def counted(self) -> tuple[int, int]:
        """Views and seconds, as the video's row has them."""
        row = await self.rows.connection.fetchrow(
            "SELECT views, watch_time FROM public.videos WHERE id = $1", self.run.video_id
        )
        assert row is not None
        return row["views"], row["watch_time"]

    async def later(self, seconds: float) -> None:
        """Sessions began so much earlier."""
        await self.rows.connection.execute(
            "UPDATE private.watch_sessions SET started_at = started_at - make_interval(secs => $2) WHERE video_id = $1",
            self.run.video_id,
            seconds,
        )

    async def statistics(self, who: Person | None = None, query: str = "") -> httpx.Response:
        path = f"/video/v1/videos/{self.run.video_id}/statistics{query}"
        return await self.api.http.get(path, headers=(who or self.owner).headers)


@pytest.fixture
async def audience(api: Served, rows: Rows, owner: Person) -> Audience:
    run = await new_run(rows, api.state.store, owner.id, seconds=LENGTH)
    await rows.connection.execute("UPDATE private.video_runs SET revision = 1 WHERE id = $1", run.run_id)
    return Audience(api, rows, owner, run)


@pytest.fixture
async def worker(settings: Settings) -> AsyncGenerator[Database]:
    database = Database.of(settings.database, Login.WORKER, application_name="test")
    yield database
    await database.close()


async def test_ten_seconds_are_a_view_and_nine_are_none(audience: Audience) -> None:
    assert await audience.watch((0, 9)) == 9
    assert await audience.counted() == (0, 9)
    assert await audience.watch((9, 10)) == 10
    assert await audience.counted() == (1, 10)
    await audience.watch((10, 40))
    assert await audience.counted() == (1, 40)


async def test_half_of_a_short_video_is_a_view(audience: Audience, rows: Rows) -> None:
    await rows.connection.execute("UPDATE public.videos SET duration = 6 WHERE id = $1", audience.run.video_id)
    await audience.watch((0, 2.9))
    assert await audience.counted() == (0, 2)
    await audience.watch((2.9, 3.1))
    assert await audience.counted() == (1, 3)
    assert await audience.watch((0, 30)) == 6


async def test_a_post_that_comes_twice_counts_once(audience: Audience) -> None:
    for _ in range(3):
        assert await audience.watch((0, 12), (20, 30)) == 22
    assert await audience.counted() == (1, 22)


async def test_what_overlaps_counts_once(audience: Audience) -> None:
    assert await audience.watch((0, 10), (5, 15), (2, 3), (14.5, 15.5)) == 15.5
    assert await audience.watch((15, 16)) == 16


async def test_posts_at_once_add_up_exactly(audience: Audience) -> None:
    await asyncio.gather(*(audience.watch((0, 12)) for _ in range(10)))
    assert await audience.counted() == (1, 12)
    await asyncio.gather(*(audience.watch((0, 12), session=f"other {number}") for number in range(10)))
    assert await audience.counted() == (11, 11 * 12)


async def test_the_owner_is_not_counted(audience: Audience) -> None:
    assert await audience.watch((0, 30), viewer=str(audience.owner.id)) == 0
    assert await audience.counted() == (0, 0)


async def test_three_hours_cannot_be_watched_in_a_second(audience: Audience) -> None:
    """A session is believed to have begun a minute before its first post; then its clock runs."""
    began = monotonic()
    assert 60 <= await audience.watch((0, LENGTH)) <= 66
    assert await audience.watch((0, LENGTH)) <= 67 + monotonic() - began
    await audience.later(100)
    assert 160 <= await audience.watch((0, LENGTH)) <= 167 + monotonic() - began


async def test_who_watches_faster_watches_more_up_to_a_limit(audience: Audience) -> None:
    assert 120 <= await audience.watch((0, LENGTH), rate=2, session="fast") <= 130
    assert 240 <= await audience.watch((0, LENGTH), rate=99, session="too fast") <= 260


async def test_a_new_grant_has_no_minute_before_it(audience: Audience, api: Served) -> None:
    now = int(time())
    grant = PlaybackGrant(audience.run.video_id, "guest:b", PlaybackKind.VIDEO, 0, now, now + 3600)
    path = f"/video/v1/play/{api.state.tokens.playback.issue(grant)}/events"
    event = {"type": "watch", "from": 0, "to": 1000}
    answer = await api.http.post(path, json={"session": "s", "events": [event]})
    assert answer.json()["watched"] < 30


async def test_nothing_behind_the_end_of_the_video_is_watched(audience: Audience) -> None:
    assert await audience.watch((LENGTH - 5, LENGTH + 500)) == 5


async def test_a_session_in_a_thousand_pieces_is_not_kept_in_more(audience: Audience, rows: Rows) -> None:
    for post in range(7):
        await audience.watch(*((place, place + 0.001) for place in range(post * 200, post * 200 + 200)))
    pieces = await rows.connection.fetchval(
        "SELECT count(*) FROM private.watch_sessions, unnest(watched) WHERE video_id = $1", audience.run.video_id
    )
    assert pieces == 1000
    assert await audience.watch((0, 1)) > 1, "what joins pieces is still taken"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        {"events": []},
        {"session": "", "events": []},
        {"session": "a\nb", "events": []},
        {"session": "s" * 201, "events": []},
        {"session": "s", "events": [{"type": "watch", "from": -1, "to": 5}]},
        {"session": "s", "events": [{"type": "watch", "from": 5, "to": 1}]},
        {"session": "s", "events": [{"type": "watch", "from": 0, "to": 1e300}]},
        {"session": "s", "events": [{"type": "watch", "from": 0, "to": "x"}]},
        {"session": "s", "events": [{"type": "watch", "from": 0, "to": 1, "rate": 0}]},
        {"session": "s", "events": [{"type": "watch", "from": 0, "to": 1, "rate": -1}]},
        {"session": "s", "events": [{"type": "stare", "from": 0, "to": 1}]},
        {"session": "s", "events": [{"type": "watch", "from": 0, "to": 1}] * 201},
        '{"session": "s", "events": [{"type": "watch", "from": NaN, "to": 1}]}',
        '{"session": "s", "events": [{"type": "watch", "from": 0, "to": Infinity}]}',
        '{"session": "\\u0000", "events": []}',
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_of_it_counted(audience: Audience, body: Any) -> None:
    answer = await audience.post(body)
    assert answer.status_code == 400, answer.text
    assert await audience.counted() == (0, 0)


async def test_a_post_of_more_than_64_kilobytes_is_refused(audience: Audience) -> None:
    answer = await audience.post(" " * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_beacon_is_text_and_is_read(audience: Audience) -> None:
    event = {"type": "watch", "from": 0, "to": 12}
    answer = await audience.post(
        {"session": "s", "events": [event]}, headers={"content-type": "text/plain;charset=UTF-8"}
    )
    assert answer.json() == {"watched": 12}


async def test_after_its_day_has_so_many_sessions_no_new_one_is_counted(audience: Audience, rows: Rows) -> None:
    await audience.watch((0, 5))
    await rows.connection.execute(
        "UPDATE private.watch_days SET sessions = 100000 WHERE video_id = $1", audience.run.video_id
    )
    answer = await audience.post({"session": "new", "events": []})
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_SESSIONS")
    assert await audience.watch((5, 10)) == 10


async def test_after_so_many_sessions_of_a_day_an_owner_gets_no_new_one_for_any_video(
    audience: Audience, rows: Rows
) -> None:
    other = await rows.connection.fetchval(
        "INSERT INTO public.videos (user_id, title) VALUES ($1, 'Another') RETURNING id", audience.owner.id
    )
    await audience.watch((0, 5))
    await rows.connection.execute(
        "INSERT INTO private.watch_days (video_id, owner_id, day, sessions, reached)"
        " SELECT $2, d.owner_id, d.day, 1000000 - sum(d.sessions), '{}' FROM private.watch_days d WHERE d.owner_id = $1"
        " GROUP BY d.owner_id, d.day",
        *(audience.owner.id, other),
    )
    answer = await audience.post({"session": "new", "events": []})
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_SESSIONS")
    assert await audience.watch((5, 10)) == 10
    await rows.connection.execute("DELETE FROM public.videos WHERE id = $1", other)
    await audience.watch((0, 5), session="new")


async def test_the_owner_reads_views_watch_time_and_how_far_viewers_came(
    audience: Audience, stranger: Person, rows: Rows
) -> None:
    await rows.connection.execute("UPDATE public.videos SET duration = 40 WHERE id = $1", audience.run.video_id)
    await audience.watch((0, 40), session="to the end")
    await audience.watch((0, 20), session="half")
    told = (await audience.statistics()).json()
    assert (told["views"], told["watch_time"], told["sessions"]) == (2, 60, 2)
    assert [(day["views"], day["watch_time"], day["sessions"]) for day in told["days"]] == [(2, 60, 2)]
    assert told["retention"] == [1.0] * 50 + [0.5] * 50
    assert (await audience.statistics(stranger)).json()["code"] == "VIDEO_NOT_FOUND"
    assert (await audience.statistics(query="?days=0")).status_code == 400


async def test_a_video_that_nobody_watched_has_statistics_too(audience: Audience) -> None:
    told = (await audience.statistics()).json()
    assert told == {"views": 0, "watch_time": 0, "sessions": 0, "days": [], "retention": []}


async def test_sessions_of_days_that_are_over_go_and_what_came_of_them_stays(
    audience: Audience, rows: Rows, worker: Database, settings: Settings
) -> None:
    await audience.watch((0, 12), session=str(uuid4()))
    await rows.connection.execute(
        "UPDATE private.watch_sessions SET day = day - 3 WHERE video_id = $1", audience.run.video_id
    )
    await audience.watch((0, 12), session="today")
    await SqlEventUpkeepActivities(worker, settings)._trim()
    left = await rows.connection.fetch(
        "SELECT session FROM private.watch_sessions WHERE video_id = $1", audience.run.video_id
    )
    assert [row["session"] for row in left] == ["today"]
    assert (await audience.counted()) == (2, 24)


async def test_who_floods_one_video_holds_up_nobody_who_plays_another(
    audience: Audience, cinema: Cinema, rows: Rows, settings: Settings
) -> None:
    player = await cinema.player()
    async with rows.connection.transaction():
        await rows.connection.execute("SELECT FROM public.videos WHERE id = $1 FOR UPDATE", audience.run.video_id)
        posts = [
            asyncio.create_task(audience.watch((0, 1), viewer=f"guest:{number}", session="s"))
            for number in range(2 * settings.database.pool_size)
        ]
        await asyncio.sleep(0.5)
        plays = await asyncio.wait_for(asyncio.gather(*(player.get() for _ in range(20))), 20)
        assert {play.status_code for play in plays} == {200}
        assert not any(post.done() for post in posts)
    assert await asyncio.gather(*posts) == [1] * len(posts)


async def test_so_many_wait_for_one_video_and_no_more() -> None:
    turns, one, another = of_watching(), uuid4(), uuid4()
    done = asyncio.Event()

    async def tell() -> None:
        async with turns.taken(one):
            await done.wait()

    waiting = [asyncio.create_task(tell()) for _ in range(MOST_POSTS_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError):
        await tell()
    async with turns.taken(another):
        done.set()
    await asyncio.gather(*waiting)
    await tell()
