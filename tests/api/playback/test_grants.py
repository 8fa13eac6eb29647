"""Who may play a video: by a token in the address, or as its owner."""

from collections.abc import Callable
from dataclasses import replace
from time import time
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import jwt
import pytest

from tests.activities.support import Rows
from tests.api.playback.conftest import Cinema, Player
from tests.api.playback.films import Film
from tests.api.playback.linter import attributes_of, entries_of
from tests.api.playback.publishing import new_run
from tests.api.served import Person, Served
from zilliance.tokens import PlaybackGrant, PlaybackKind

Forge = Callable[[Cinema, PlaybackGrant], str]


def _issue(cinema: Cinema, grant: PlaybackGrant) -> str:
    return cinema.api.state.tokens.playback.issue(grant)


def _tampered(cinema: Cinema, grant: PlaybackGrant) -> str:
    head, _, signature = _issue(cinema, grant).split(".")
    body = _issue(cinema, replace(grant, expires_at=grant.expires_at + 3600)).split(".")[1]
    return f"{head}.{body}.{signature}"


def _unsigned(cinema: Cinema, grant: PlaybackGrant) -> str:
    claims = jwt.decode(_issue(cinema, grant), options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none")


FORGERIES: dict[str, Forge] = {
    "nonsense": lambda _, __: "nonsense",
    "empty between dots": lambda _, __: "a..b",
    "tampered": _tampered,
    "unsigned": _unsigned,
    "padded": lambda cinema, grant: f"{_issue(cinema, grant)}=",
    "expired": lambda cinema, grant: _issue(cinema, replace(grant, expires_at=int(time()) - 1)),
    "of a generation that has ended": lambda cinema, grant: _issue(cinema, replace(grant, generation=-1)),
    "of a video that is not there": lambda cinema, grant: _issue(cinema, replace(grant, video_id=uuid4())),
    "of another kind": lambda cinema, grant: _issue(cinema, replace(grant, kind=PlaybackKind.STORYBOARD)),
    "an access token": lambda cinema, _: cinema.owner.token,
    "a token of storage": lambda cinema, _: cinema.api.state.tokens.urls.issue({"vid": "x"}, seconds=60),
}


async def grant_in(player: Player) -> PlaybackGrant:
    return player.api.state.tokens.playback.verify(player.token)


async def test_a_grant_says_where_to_play_and_until_when(cinema: Cinema) -> None:
    answer = await cinema.grant(seconds=600)
    assert answer.status_code == 200
    told = answer.json()
    base = f"/video/v1/play/{told['token']}"
    assert urlsplit(told["hls_url"]).path == f"{base}/master.m3u8"
    assert urlsplit(told["storyboard_url"]).path == f"{base}/storyboard.vtt"
    assert told["poster_url"] == "http://pictures.example.com/poster.jpg"
    claims = jwt.decode(told["token"], options={"verify_signature": False})
    assert claims["aud"] == "play"
    assert claims["exp"] - claims["iat"] == 600
    assert told["expires_at"].endswith("Z")


async def test_a_grant_lasts_no_longer_than_the_installation_allows(cinema: Cinema) -> None:
    wishes: list[dict[str, Any]] = [{}, {"seconds": 10**9}]
    for wanted in wishes:
        claims = jwt.decode((await cinema.grant(**wanted)).json()["token"], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 6 * 3600


@pytest.mark.parametrize(
    "body",
    ['{"seconds": 5}', '{"seconds": "x"}', '{"viewer": ""}', '{"viewer": "a\\nb"}', '{"kind": "poster"}', "[", '"x"'],
)
async def test_a_wish_that_cannot_be_is_refused_with_its_field(cinema: Cinema, body: str) -> None:
    path = f"/video/v1/videos/{cinema.run.video_id}/playback"
    answer = await cinema.api.http.post(path, headers=cinema.owner.headers, content=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


async def test_only_its_owner_grants_a_video_and_others_are_told_that_there_is_none(
    cinema: Cinema, stranger: Person
) -> None:
    refused = await cinema.grant(stranger)
    path = f"/video/v1/videos/{uuid4()}/playback"
    missing = await cinema.api.http.post(path, headers=stranger.headers)
    assert refused.status_code == missing.status_code == 404
    assert refused.json()["code"] == missing.json()["code"] == "VIDEO_NOT_FOUND"
    nobody = await cinema.api.http.post(f"/video/v1/videos/{cinema.run.video_id}/playback")
    assert nobody.status_code == 401


@pytest.mark.parametrize("name", FORGERIES)
async def test_whatever_is_wrong_with_a_token_the_refusal_is_the_same(cinema: Cinema, name: str) -> None:
    player = await cinema.player()
    token = FORGERIES[name](cinema, await grant_in(player))
    run = cinema.run.run_id
    answers = [
        await cinema.api.http.get(f"/video/v1/play/{token}/{path}")
        for path in ("master.m3u8", f"{run}/90p.m3u8", f"{run}/90p.iframes.m3u8", f"{run}/subtitles-1.vtt")
    ]
    answers.append(await cinema.api.http.get(f"/video/v1/play/{token}/{run}/media/90p/0.mp4"))
    answers.append(await cinema.api.http.post(f"/video/v1/play/{token}/events", json={"session": "a", "events": []}))
    reference = await cinema.api.http.get("/video/v1/play/x/master.m3u8")
    for answer in answers:
        assert (answer.status_code, answer.json()) == (403, reference.json()), answer.request.url
    assert reference.json()["code"] == "PLAYBACK_REFUSED"


async def test_a_token_opens_nothing_of_another_video(
    cinema: Cinema, api: Served, rows: Rows, owner: Person, film: Film
) -> None:
    other = await new_run(rows, api.state.store, owner.id)
    await other.publish(film)
    player = await cinema.player()
    assert (await player.get(f"{other.run_id}/90p.m3u8")).json()["code"] == "VIDEO_NOT_PLAYABLE"
    assert (await player.get(f"{other.run_id}/media/90p/0.mp4")).json()["code"] == "PLAYBACK_REFUSED"


async def test_a_grant_of_the_storyboard_shows_that_and_nothing_else(cinema: Cinema, proxy: Served) -> None:
    told = (await cinema.by(proxy).grant(kind="storyboard")).json()
    assert told["hls_url"] is None
    player = Player(proxy, proxy.url + urlsplit(told["storyboard_url"]).path)
    picture = (await player.text()).splitlines()[3].partition("#")[0]
    assert (await player.get(picture)).headers["content-type"] == "image/jpeg"
    run = cinema.run.run_id
    for address in ("master.m3u8", f"{run}/90p.m3u8", f"{run}/media/90p/0.mp4"):
        assert (await player.get(address)).json()["code"] == "PLAYBACK_REFUSED"


async def test_ending_all_grants_ends_those_that_were_given_and_not_those_that_follow(
    api: Served, rows: Rows, owner: Person, stranger: Person, film: Film
) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    cinema = Cinema(api, owner, run)
    first, second = await cinema.player(), await cinema.player(viewer="a friend")
    path = f"/video/v1/videos/{run.video_id}/playback"
    assert (await api.http.delete(path, headers=stranger.headers)).status_code == 404
    assert (await first.get()).status_code == 200
    for _ in range(2):
        assert (await api.http.delete(path, headers=owner.headers)).status_code == 204
        for player in (first, second):
            assert (await player.get()).json()["code"] == "PLAYBACK_REFUSED"
            assert (await player.get(f"{run.run_id}/media/90p/0.mp4")).json()["code"] == "PLAYBACK_REFUSED"
        assert (await (await cinema.player()).get()).status_code == 200


async def test_a_video_that_is_deleted_is_played_no_more(api: Served, rows: Rows, owner: Person, film: Film) -> None:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    player = await Cinema(api, owner, run).player()
    answer = await api.send("DELETE", f"videos?id=eq.{run.video_id}", owner.headers)
    assert answer.status_code == 204, answer.text
    assert (await player.get()).json()["code"] == "PLAYBACK_REFUSED"


async def test_the_owner_plays_by_header_which_players_may_send_everywhere(cinema: Cinema) -> None:
    """Also to where no header is asked for: a signed URL of the store would refuse it."""
    headers = cinema.owner.headers
    url = f"{cinema.api.url}/video/v1/{cinema.run.video_id}/master.m3u8"
    http = cinema.api.http
    master = await http.get(url, headers=headers)
    assert master.status_code == 200
    assert master.headers["cache-control"] == "no-store"
    assert "etag" not in master.headers  # each holds a token of its own
    lines = master.text.splitlines()
    (audio,) = [attributes_of(line)["URI"] for line in lines if "TYPE=AUDIO" in line]
    for address in (audio, next(line for line in lines if line.endswith("90p.m3u8"))):
        playlist = urljoin(url, address)
        answer = await http.get(playlist, headers=headers)
        entry = entries_of(answer.text)[0]
        assert entry.span is not None
        first, last = entry.span
        part = await http.get(urljoin(playlist, entry.url), headers={**headers, "range": f"bytes={first}-{last}"})
        assert (part.status_code, len(part.content)) == (206, last - first + 1)


async def test_the_masters_of_others_are_not_there_and_a_session_that_ended_ends_them(
    cinema: Cinema, stranger: Person, api: Served, rows: Rows, film: Film
) -> None:
    path = f"/video/v1/{cinema.run.video_id}/master.m3u8"
    assert (await api.http.get(path)).status_code == 401
    assert (await api.http.get(path, headers=stranger.headers)).json()["code"] == "VIDEO_NOT_FOUND"
    leaving = await api.person()
    run = await new_run(rows, api.state.store, leaving.id)
    await run.publish(film)
    path = f"/video/v1/{run.video_id}/master.m3u8"
    assert (await api.http.get(path, headers=leaving.headers)).status_code == 200
    await rows.connection.execute("DELETE FROM auth.sessions WHERE user_id = $1", leaving.id)
    assert (await api.http.get(path, headers=leaving.headers)).json()["code"] == "session_not_found"
    assert (await Cinema(api, leaving, run).grant()).json()["code"] == "session_not_found"
