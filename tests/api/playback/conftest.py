"""A film that is published, and the ways to it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.activities.support import Rows
from tests.api.playback.films import Film, make_film
from tests.api.playback.publishing import Run, new_run
from tests.api.served import Person, Served, served
from zilliance.settings import Delivery, Settings


@pytest.fixture(scope="session")
async def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return await make_film(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="session")
async def proxy(settings: Settings) -> AsyncGenerator[Served]:
    """The API of an installation that delivers videos itself."""
    video = settings.video.model_copy(update={"delivery": Delivery.PROXY})
    async with served(settings.model_copy(update={"video": video})) as running:
        yield running


@dataclass(frozen=True)
class Player:
    """Asks as a player does: with no header, for what the playlists name."""

    api: Served
    url: str

    async def get(self, address: str = "", **more: Any) -> httpx.Response:
        """A playlist or its parts, by an address as it stands in the master playlist."""
        return await self.api.http.get(urljoin(self.url, address), **more)

    async def text(self, address: str = "") -> str:
        answer = await self.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    @property
    def token(self) -> str:
        return urlsplit(self.url).path.split("/")[4]


@dataclass(frozen=True)
class Cinema:
    """A published film."""

    api: Served
    owner: Person
    run: Run

    async def grant(self, who: Person | None = None, **wanted: Any) -> httpx.Response:
        path = f"/video/v1/videos/{self.run.video_id}/playback"
        return await self.api.http.post(path, headers=(who or self.owner).headers, json=wanted)

    async def player(self, **wanted: Any) -> Player:
        answer = await self.grant(**wanted)
        assert answer.status_code == 200, answer.text
        return Player(self.api, self.api.url + urlsplit(answer.json()["hls_url"]).path)

    def by(self, api: Served) -> "Cinema":
        return replace(self, api=api)


@pytest.fixture
async def run(api: Served, rows: Rows, owner: Person) -> Run:
    """A video that nothing has come of yet."""
    return await new_run(rows, api.state.store, owner.id)


@pytest.fixture(scope="module")
async def cinema(api: Served, rows: Rows, owner: Person, film: Film) -> Cinema:
    run = await new_run(rows, api.state.store, owner.id)
    await run.publish(film)
    return Cinema(api, owner, run)
