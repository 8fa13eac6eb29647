"""Whatever is sent as a path or as permissions is taken or refused with a reason, and admission never fails over it."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.api.gateway.owners import Owner, new_owner
from tests.api.served import Served

OUTCOMES = {"admitted", "bad_key", "no_endpoint", "wrong_method", "out_of_scope", "over_limit"}
SEGMENTS = st.sampled_from(
    ["a", "b", "{x}", "{y}", "*", "", ".", "..", "%41", "é", "a b", "{x}y", "{", "\u2028", "🙂", "'"]
)
PATHS = st.one_of(st.lists(SEGMENTS, max_size=6).map(lambda parts: "/" + "/".join(parts)), st.text(max_size=30))
ENTRIES = st.one_of(
    st.sampled_from(["read", "write", "*", "admin", None, 1, True, [], {}]),
    st.fixed_dictionaries(
        {},
        optional={
            "path": st.one_of(PATHS, st.just(7)),
            "endpoint_id": st.one_of(st.uuids().map(str), st.text(max_size=5), st.none()),
            "methods": st.one_of(
                st.lists(st.sampled_from(["GET", "PUT", "get", "", None])), st.just("GET"), st.just({"GET": 1})
            ),
            "other": st.just(1),
        },
    ),
)
PERMISSIONS = st.one_of(st.lists(ENTRIES, max_size=4), st.none(), st.just("read"), st.just({"read": True}))
Published = tuple[Owner, UUID, dict[str, Any]]


@pytest.fixture(scope="module")
async def published(api: Served) -> Published:
    owner = await new_owner(api)
    return owner, await owner.endpoint("/a/{x}", rate_limit=1_000_000), await owner.key(rate_limit=1_000_000)


@given(path=PATHS, asked=PATHS)
@example(path="/", asked="/")
@example(path="/{x}/*", asked="/a/b")
@examples(max_examples=150, deadline=None)
async def test_paths(published: Published, path: str, asked: str) -> None:
    owner, endpoint, key = published
    answer = await owner.api.send("PATCH", f"api_endpoints?id=eq.{endpoint}", owner.person.headers, json={"path": path})
    assert answer.status_code in {204, 400}, answer.text
    assert answer.status_code == 204 or answer.json()["error"]
    assert (await owner.ask(key, asked)).outcome in OUTCOMES
    assert (await owner.ask_as_owner(endpoint, asked)).outcome in OUTCOMES
    if answer.status_code == 204:
        assert (await owner.ask(key, path)).endpoint_id == endpoint  # a pattern has its own form


@given(permissions=PERMISSIONS, asked=PATHS)
@examples(max_examples=150, deadline=None)
async def test_permissions(published: Published, permissions: Any, asked: str) -> None:
    owner, _, key = published
    answer = await owner.api.send(
        "PATCH", f"api_keys?id=eq.{key['id']}", owner.person.headers, json={"permissions": permissions}
    )
    assert answer.status_code in {204, 400}, answer.text
    assert answer.status_code == 204 or answer.json()["error"]
    assert (await owner.ask(key, asked)).outcome in OUTCOMES
