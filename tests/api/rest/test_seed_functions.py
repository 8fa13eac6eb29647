"""What front ends of the seed call by `rpc`: roles of an account, views and likes of a tutorial."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.served import Person, Served


@pytest.fixture
async def tutorial(api: Served, owner: Person) -> str:
    return (await api.insert("tutorials", {"title": "How to fly", "status": "published"}, owner.headers))["id"]


async def rpc(api: Served, name: str, headers: dict[str, str], **arguments: Any) -> httpx.Response:
    return await api.send("POST", f"rpc/{name}", headers, json=arguments)


async def test_roles(api: Served, owner: Person, stranger: Person) -> None:
    asked = {"_user_id": str(owner.id)}
    assert (await rpc(api, "get_user_roles", owner.headers, **asked)).json() == ["user"]
    assert (await rpc(api, "get_user_roles", stranger.headers, **asked)).json() == []
    assert (await rpc(api, "has_role", owner.headers, **asked, _role="user")).json() is True
    assert (await rpc(api, "has_role", owner.headers, **asked, _role="admin")).json() is False


async def test_views(api: Served, owner: Person, stranger: Person, tutorial: str) -> None:
    for headers, views in ((owner.headers, 0), (stranger.headers, 1), (stranger.headers, 1), (api.anon, 2)):
        answer = await rpc(api, "record_view", headers, tutorial_id=tutorial)
        assert (answer.status_code, answer.json()) == (200, views)


async def test_likes(api: Served, stranger: Person, tutorial: str) -> None:
    for liked in (True, False):
        answer = await rpc(api, "toggle_like", stranger.headers, tutorial_id=tutorial)
        assert (answer.status_code, answer.json()) == (200, {"liked": liked, "likes": int(liked)})
    refused = await rpc(api, "toggle_like", api.anon, tutorial_id=tutorial)
    assert (refused.status_code, refused.json()["code"]) == (401, "42501")


@pytest.mark.parametrize("function", ["record_view", "toggle_like"])
async def test_draft_of_another_is_answered_as_no_tutorial(
    function: str, api: Served, owner: Person, stranger: Person
) -> None:
    draft = (await api.insert("tutorials", {"title": "Later"}, owner.headers))["id"]
    told: list[str] = []
    for tutorial in (draft, str(uuid4())):
        answer = await rpc(api, function, stranger.headers, tutorial_id=tutorial)
        assert answer.status_code == 404
        told.append(answer.text.replace(tutorial, ""))
    assert told[0] == told[1]
