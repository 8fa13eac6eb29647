"""The documentation page works on a machine that reaches nothing but us."""

import json
import re
from typing import Any

import httpx
import pytest

from api.app import create_app
from tests.api.served import Person, Served
from zilliance.settings import Settings


@pytest.fixture
def visitor() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(Settings())), base_url="http://test")


async def test_the_page_loads_nothing_from_elsewhere(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/"), link
        assert (await visitor.get(link)).status_code == 200


async def test_every_table_and_function_is_documented(visitor: httpx.AsyncClient) -> None:
    paths = (await visitor.get("/openapi.json")).json()["paths"]
    assert {"get", "post", "patch", "delete"} <= paths["/rest/v1/contacts"].keys()
    assert "/functions/v1/execute-workflow" in paths


@pytest.mark.parametrize("path", ["/gateway/v1/{path}", "/functions/v1/proxy-api-request"])
async def test_calls_of_the_gateway_are_documented_with_their_bodies(visitor: httpx.AsyncClient, path: str) -> None:
    methods = (await visitor.get("/openapi.json")).json()["paths"][path]
    assert {method for method, operation in methods.items() if "requestBody" in operation} == {"post", "put", "patch"}


async def test_the_data_api_describes_itself(api: Served, owner: Person) -> None:
    for accept in ("*/*", "application/openapi+json", "application/json"):
        answer = await api.send("GET", "", owner.headers, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/openapi+json")
    paths = answer.json()["paths"]
    assert {"get", "post", "patch", "delete"} <= paths["/rest/v1/contacts"].keys()
    assert "/rest/v1/rpc/has_role" in paths
    other = await api.send("GET", "", owner.headers, headers={"accept": "text/csv"})
    assert (other.status_code, other.json()["code"]) == (406, "PGRST107")
    hidden = await api.send("GET", "", owner.headers, headers={"accept-profile": "auth"})
    assert (hidden.status_code, hidden.json()["code"]) == (406, "PGRST106")
    assert (await api.send("GET", "", {})).status_code == 401


async def test_no_operation_announces_what_is_never_answered(settings: Settings) -> None:
    document = create_app(settings).openapi()
    added = [path for path, each in document["paths"].items() if "HTTPValidationError" in str(each)]
    assert added == []
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_every_reference_of_the_document_leads_somewhere(settings: Settings) -> None:
    document = create_app(settings).openapi()
    for reference in set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))):
        place: Any = document
        for name in reference.removeprefix("#/").split("/"):
            assert name in place, reference
            place = place[name]


async def test_what_is_asked_of_a_tutorial_is_documented_as_it_is_checked(settings: Settings) -> None:
    operation = create_app(settings).openapi()["paths"]["/functions/v1/generate-tutorial"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["topic"]
    assert schema["properties"]["level"]["enum"] == ["beginner", "intermediate", "advanced"]
    assert schema["properties"]["source"]["anyOf"][0]["required"] == ["path"]
