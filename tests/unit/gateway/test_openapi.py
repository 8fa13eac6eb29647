"""The document of an owner's endpoints: one that others' tools can read, whatever the endpoints are."""

from typing import Any

import schemathesis
from schemathesis.core.result import Ok

from api.gateway.openapi import DescribedEndpoint, document_of


def endpoint(path: str, method: str = "GET", **more: Any) -> DescribedEndpoint:
    number = f"{abs(hash((path, method))):032x}"[:32]
    described = {
        "id": f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}",
        "name": f"{method} {path}",
        "description": None,
        "rate_limit": 60,
        "timeout_ms": 1000,
        "cache_seconds": 0,
        "updated_at": "2026-11-28T10:00:00+00:00",
    }
    return DescribedEndpoint(path=path, method=method, **{**described, **more})


def document(*endpoints: DescribedEndpoint) -> dict[str, Any]:
    return document_of(endpoints, "https://zilliance.example.com")


def test_each_endpoint_is_an_operation_under_the_gateway_with_the_key_in_a_header() -> None:
    found = document(endpoint("/orders"), endpoint("/orders", "POST", description="Makes one."))
    assert found["servers"] == [{"url": "https://zilliance.example.com/gateway/v1"}]
    assert found["components"]["securitySchemes"]["key"] == {"type": "apiKey", "in": "header", "name": "x-api-key"}
    item = found["paths"]["/orders"]
    assert (item["get"]["summary"], item["post"]["description"]) == ("GET /orders", "Makes one.")
    assert "requestBody" in item["post"]
    assert "requestBody" not in item["get"]
    assert item["get"]["x-zilliance"]["requests_a_minute"] == 60
    assert found["info"]["version"] == "2026-11-28"


def test_parameters_and_wildcards_are_parameters_of_the_path() -> None:
    found = document(endpoint("/orders/{id}/lines/{line}"), endpoint("/files/{rest}/*"))
    assert set(found["paths"]) == {"/orders/{id}/lines/{line}", "/files/{rest}/{the_rest}"}
    parameters = found["paths"]["/files/{rest}/{the_rest}"]["parameters"]
    assert [(each["name"], each["in"], each["required"]) for each in parameters] == [
        ("rest", "path", True),
        ("the_rest", "path", True),
    ]
    assert "any number of segments" in found["paths"]["/files/{rest}/{the_rest}"]["get"]["description"]


def test_paths_are_written_as_they_are_sent() -> None:
    assert set(document(endpoint("/100%/{id}"), endpoint("/a b"))["paths"]) == {"/100%25/{id}", "/a%20b"}


def test_paths_that_differ_by_the_names_of_parameters_are_one_path() -> None:
    found = document(
        endpoint("/orders/{id}"),
        endpoint("/orders/{order}", "PUT"),
        endpoint("/orders/*", "GET"),
        endpoint("/orders/*", "PATCH"),
    )
    item = found["paths"]["/orders/{id}"]
    assert (list(found["paths"]), set(item)) == (["/orders/{id}"], {"parameters", "get", "put", "patch"})
    assert "`/orders/*`" in item["get"]["description"]


def test_the_document_is_one_that_other_tools_read() -> None:
    found = document(
        endpoint("/"),
        endpoint("/a b/ü"),
        endpoint("/orders/{id}"),
        endpoint("/files/*", "DELETE"),
        endpoint("/x", "PATCH"),
    )
    schema = schemathesis.openapi.from_dict(found)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert {(each.method.upper(), each.path) for each in operations} == {
        ("GET", "/"),
        ("GET", "/a%20b/%C3%BC"),
        ("GET", "/orders/{id}"),
        ("DELETE", "/files/{rest}"),
        ("PATCH", "/x"),
    }
    identifiers = [each.definition.raw["operationId"] for each in operations]
    assert len(set(identifiers)) == len(identifiers)


def test_somebody_without_endpoints_has_an_empty_document() -> None:
    assert document()["paths"] == {}
