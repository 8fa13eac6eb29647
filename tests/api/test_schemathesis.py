"""Requests made up from our own OpenAPI document: whatever they say, the answer is one that the document announces."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from secrets import token_hex
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from zilliance.devstack.stack import Stack
from zilliance.settings import Settings

CHECKS = [not_a_server_error, status_code_conformance]
CONTENT_CHECKS = [content_type_conformance, response_schema_conformance]
# What is not asked, and why.
LEFT_OUT = {
    ("POST", "/auth/v1/logout"): "ends the session that the other requests use",
    ("POST", "/functions/v1/generate-tutorial"): "has a hundred steps written, if it says so; tests/tutorials asks it",
}
CREATED = 201
FORM = "application/x-www-form-urlencoded"
Headers = dict[str, str]


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(_: SerializationContext, value: bytes) -> bytes:
    """Parts of resumable uploads."""
    return value


@lru_cache
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations() -> list[tuple[str, str]]:
    """Method and path of everything that is documented and asked."""
    methods = {"get", "head", "post", "put", "patch", "delete"}
    found = [(verb.upper(), path) for path, verbs in document()["paths"].items() for verb in verbs if verb in methods]
    return [each for each in found if each not in LEFT_OUT]


@pytest.fixture(scope="session")
async def anonymous(platform: Stack) -> Headers:
    key = platform.describe()["anon_key"]
    return {"apikey": key, "authorization": f"Bearer {key}"}


@pytest.fixture(scope="session")
async def signed_in(platform: Stack, anonymous: Headers) -> Headers:
    """What a new account's client sends."""
    async with httpx.AsyncClient(base_url=platform.settings.api_url, timeout=60) as client:
        answer = await client.post(
            "/auth/v1/signup",
            headers={"apikey": anonymous["apikey"]},
            json={"email": f"{token_hex(8)}@example.com", "password": token_hex(16)},
        )
    return {**anonymous, "authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def test_the_served_document_is_the_one_that_is_asked(platform: Stack) -> None:
    async with httpx.AsyncClient(base_url=platform.settings.api_url, timeout=60) as client:
        served = (await client.get("/openapi.json")).raise_for_status().json()
    assert served == document()


@pytest.mark.parametrize(("method", "path"), operations(), ids=lambda part: part)
async def test_owner(method: str, path: str, platform: Stack, signed_in: Headers) -> None:
    url = platform.settings.api_url
    await asyncio.to_thread(_attack(method, path, GenerationMode.POSITIVE, url, signed_in))
    with suppress(Unsatisfiable):  # where nothing is asked for, or any text will do, nothing can be wrong
        await asyncio.to_thread(_attack(method, path, GenerationMode.NEGATIVE, url, signed_in))


@pytest.mark.parametrize(("method", "path"), operations(), ids=lambda part: part)
async def test_stranger(method: str, path: str, platform: Stack, anonymous: Headers) -> None:
    await asyncio.to_thread(_attack(method, path, GenerationMode.POSITIVE, platform.settings.api_url, anonymous))


def _attack(method: str, path: str, mode: GenerationMode, url: str, who: Headers) -> Callable[[], None]:
    """A run of made-up requests to one operation, the same each time."""
    operation = schemathesis.openapi.from_dict(document())[path][method]

    @settings(
        max_examples=5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attack(case: Case) -> None:
        # The client cannot write what is no mapping as a form.
        assume(case.media_type != FORM or isinstance(case.body, (dict, str, bytes, NotSet)))
        answer = case.call(base_url=url, headers=who, timeout=60)
        # An insert answers rows where they are asked for, and OpenAPI has no word for a body that may be missing.
        is_bare = answer.status_code == CREATED and not answer.content
        case.validate_response(answer, checks=CHECKS if is_bare else [*CHECKS, *CONTENT_CHECKS])

    return attack
