"""Resumable uploads by the client that front ends use for them, against the whole platform."""

from typing import Any

import pytest

from tests.e2e.conftest import RunScript
from zilliance.devstack.stack import Stack

MIB = 1024 * 1024


@pytest.fixture(scope="module")
async def story(javascript: RunScript) -> dict[str, Any]:
    return await javascript("resumable.mjs")


@pytest.mark.parametrize("name", ["whole", "broken", "unbounded", "signed"])
def test_the_object_has_the_bytes_that_were_sent(story: dict[str, Any], name: str) -> None:
    assert story[name] == {"sha": story["expected"], "type": "application/x-thing"}


def test_what_the_metadata_said_is_known_of_the_object(story: dict[str, Any]) -> None:
    info = story["info"]
    assert info["metadata"] == {"of": "tus"}
    assert info["cacheControl"] == "max-age=7200"
    assert info["size"] == 20 * MIB + 12_345


def test_an_interrupted_upload_goes_on_where_it_was(story: dict[str, Any], platform: Stack) -> None:
    assert story["uploadUrl"].startswith(f"{platform.settings.api_url}/storage/v1/upload/resumable/")
    assert "error" in story["during"]
    assert 6 * MIB <= story["resumedAt"] < 20 * MIB


def test_an_upload_that_its_client_ended_is_gone(story: dict[str, Any]) -> None:
    assert story["ended"] == 404


def test_elsewhere_than_below_ones_own_id_nothing_is_begun(story: dict[str, Any]) -> None:
    assert story["foreign"] == 403
