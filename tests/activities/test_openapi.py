"""`call: openapi` over real sockets, with documents of both generations."""

import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from tests.activities.calling import HOST, JSON, Calling, guarded
from tests.unit.http_stand_in import StandIn, message

PETS: dict[str, Any] = {
    "swagger": "2.0",
    "host": "api.example.com",
    "basePath": "/v2",
    "schemes": ["http"],
    "consumes": ["application/json"],
    "paths": {
        "/pet/{petId}": {
            "parameters": [{"name": "petId", "in": "path", "required": True, "type": "integer"}],
            "get": {"operationId": "getPetById", "produces": ["application/xml", "application/json"]},
            "post": {
                "operationId": "updatePetWithForm",
                "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [
                    {"name": "name", "in": "formData", "type": "string"},
                    {"name": "api_key", "in": "header", "type": "string"},
                ],
            },
        },
        "/pet": {
            "post": {
                "operationId": "addPet",
                "parameters": [{"in": "body", "name": "pet", "required": True, "schema": {"$ref": "#/definitions/P"}}],
            }
        },
        "/pet/findByStatus": {
            "get": {
                "operationId": "findPetsByStatus",
                "parameters": [
                    {"name": "status", "in": "query", "required": True, "type": "array", "collectionFormat": "multi"},
                    {"name": "tags", "in": "query", "type": "array", "collectionFormat": "pipes"},
                ],
            }
        },
        "/pet/{petId}/uploadImage": {
            "post": {
                "operationId": "uploadFile",
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "petId", "in": "path", "required": True, "type": "integer"},
                    {"name": "note", "in": "formData", "type": "string"},
                ],
            }
        },
    },
}

ORDERS: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "{base}/api", "variables": {"base": {"default": "/v3"}}}],
    "components": {
        "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "array"}}},
        "requestBodies": {"Order": {"required": True, "content": {"application/json": {}}}},
    },
    "paths": {
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "parameters": [
                    {"$ref": "#/components/parameters/Trace"},
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "filter", "in": "query", "style": "deepObject", "explode": True},
                    {"name": "tags", "in": "query", "explode": False},
                    {"name": "ids", "in": "query"},
                    {"name": "piped", "in": "query", "style": "pipeDelimited", "explode": False},
                    {"name": "json", "in": "query", "content": {"application/json": {}}},
                    {"name": "session", "in": "cookie"},
                ],
                "responses": {"200": {"content": {"application/json": {}}}},
            }
        },
        "/orders": {
            "post": {"operationId": "createOrder", "requestBody": {"$ref": "#/components/requestBodies/Order"}},
            "put": {
                "operationId": "importOrders",
                "requestBody": {"content": {"text/csv": {}}},
                "servers": [{"url": "http://other.example.com/import/"}],
            },
        },
    },
}


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        stand_in.answers["/pets.json"] = message(json.dumps(PETS).encode(), "200 OK", JSON)
        stand_in.answers["/deep/orders.json"] = message(json.dumps(ORDERS).encode(), "200 OK", JSON)
        yield stand_in


@pytest.fixture
async def calling(host: StandIn) -> AsyncGenerator[Calling]:
    async with guarded(host, other_example_com=host.url) as client:
        yield Calling(client)


def pets(operation: str, **parameters: object) -> dict[str, Any]:
    return _call("/pets.json", operation, parameters)


def orders(operation: str, **parameters: Any) -> dict[str, Any]:
    return _call("/deep/orders.json", operation, parameters)


def _call(path: str, operation: str, parameters: dict[str, object]) -> dict[str, Any]:
    return {"document": {"endpoint": {"uri": HOST + path}}, "operationId": operation, "parameters": parameters}


async def test_a_path_parameter_finds_its_place_and_json_is_asked_for(host: StandIn, calling: Calling) -> None:
    host.answers["/v2/pet/7"] = message(b'{"id": 7}', "200 OK", JSON)
    assert await calling.call("openapi", pets("getPetById", petId=7)) == {"id": 7}
    sent = host.requests[-1]
    assert (sent.method, sent.target, sent.headers["accept"]) == ("GET", "/v2/pet/7", "application/json")
    assert sent.headers["idempotency-key"].endswith(":/do/0/a#")


async def test_collections_of_swagger_2_are_written_as_their_format_says(host: StandIn, calling: Calling) -> None:
    await calling.call("openapi", pets("findPetsByStatus", status=["sold", "a&b"], tags=["x", "y"]))
    assert host.requests[-1].target == "/v2/pet/findByStatus?status=sold&status=a%26b&tags=x%7Cy"


@pytest.mark.parametrize("parameters", [{"pet": {"name": "Rex"}}, {"body": {"name": "Rex"}}, {"name": "Rex"}])
async def test_the_body_is_its_parameter_or_body_or_what_is_left(
    host: StandIn, calling: Calling, parameters: dict[str, object]
) -> None:
    await calling.call("openapi", pets("addPet", **parameters))
    assert json.loads(host.requests[-1].body) == {"name": "Rex"}
    assert host.requests[-1].headers["content-type"] == "application/json"
    host.requests.clear()
    parameters = {"body": parameters["pet"]} if "pet" in parameters else parameters
    await calling.call("openapi", orders("createOrder", **parameters))
    assert json.loads(host.requests[-1].body) == {"name": "Rex"}


async def test_forms_are_encoded_as_the_operation_consumes_them(host: StandIn, calling: Calling) -> None:
    await calling.call("openapi", pets("updatePetWithForm", petId=1, name="Rex & co", api_key="k"))
    form = host.requests[-1]
    assert parse_qs(form.body.decode()) == {"name": ["Rex & co"]}
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form.headers["api_key"] == "k"
    await calling.call("openapi", pets("uploadFile", petId=1, note="a\r\nb"))
    parts = host.requests[-1]
    boundary = parts.headers["content-type"].partition("boundary=")[2]
    assert parts.headers["content-type"].startswith("multipart/form-data")
    assert parts.body.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\na\r\nb\r\n--{boundary}--\r\n'
    )


async def test_what_an_operation_consumes_and_produces_replaces_what_the_document_says(
    host: StandIn, calling: Calling
) -> None:
    document = {**PETS, "produces": ["text/csv"], "consumes": ["application/x-www-form-urlencoded"]}
    body = {"in": "body", "name": "note", "schema": {}}
    upload = {"operationId": "upload", "consumes": ["multipart/form-data"], "produces": ["text/plain"]}
    form = {"name": "note", "in": "formData", "type": "string"}
    document["paths"] = {
        "/text": {"post": {"operationId": "write", "consumes": ["text/plain"], "produces": [], "parameters": [body]}},
        "/file": {"post": {**upload, "parameters": [form]}},
    }
    host.answers["/notes.json"] = message(json.dumps(document).encode(), "200 OK", JSON)
    await calling.call("openapi", _call("/notes.json", "write", {"note": "a"}))
    await calling.call("openapi", _call("/notes.json", "upload", {"note": "a"}))
    text, file = host.requests[-2:]
    assert (text.headers["content-type"], text.body, text.headers["accept"]) == ("text/plain", b"a", "application/json")
    assert file.headers["content-type"].startswith("multipart/form-data")
    assert file.headers["accept"].startswith("text/plain")


async def test_styles_of_openapi_3_and_a_server_relative_to_the_document(host: StandIn, calling: Calling) -> None:
    call = orders(
        "getOrder",
        id="a/b c",
        filter={"status": "open", "by": ["x", "y"]},
        tags=["a", "b&c"],
        ids=[1, 2],
        piped=["p", "q"],
        json={"a": [1]},
        session="s;1",
        **{"X-Trace": ["t1", "t2"]},
    )
    await calling.call("openapi", call)
    sent = host.requests[-1]
    path, _, query = sent.target.partition("?")
    assert path == "/v3/api/orders/a%2Fb%20c"
    assert query == (
        "filter%5Bstatus%5D=open&filter%5Bby%5D=x&filter%5Bby%5D=y&tags=a,b%26c&ids=1&ids=2&piped=p%7Cq"
        "&json=%7B%22a%22:%5B1%5D%7D"
    )
    assert (sent.headers["x-trace"], sent.headers["cookie"]) == ("t1,t2", "session=s%3B1")


async def test_references_are_pointers_in_fragments_of_uris(host: StandIn, calling: Calling) -> None:
    shared = "#/paths/~1pets~1%7Bid%7D/parameters/0"
    declared = [{"name": "id", "in": "path", "required": True}, {"name": "all", "in": "query"}]
    operation = {"operationId": "other", "parameters": [{"$ref": shared}, {"$ref": "#/x-%C3%A4/0/a~1b%20%25"}]}
    document = {
        "openapi": "3.0.0",
        "x-ä": [{"a/b %": {"name": "deep", "in": "query"}}],
        "paths": {"/pets/{id}": {"parameters": declared}, "/others/{id}": {"get": operation}},
    }
    host.answers["/refs.json"] = message(json.dumps(document).encode(), "200 OK", JSON)
    await calling.call("openapi", _call("/refs.json", "other", {"id": 7, "deep": 1}))
    assert host.requests[-1].target == "/others/7?deep=1"


@pytest.mark.parametrize("place", ["2", "01", "-", "-1", "name", "9" * 5000])
async def test_a_place_that_a_list_does_not_have_is_not_there(host: StandIn, calling: Calling, place: str) -> None:
    operation = {"operationId": "x", "parameters": [{"$ref": f"#/list/{place}"}]}
    document = {"openapi": "3.0.0", "list": [{"name": "a", "in": "query"}] * 2, "paths": {"/x": {"get": operation}}}
    host.answers["/refs.json"] = message(json.dumps(document).encode(), "200 OK", JSON)
    problem = await calling.fault("openapi", _call("/refs.json", "x", {}))
    assert "which is not there" in problem["detail"]


async def test_a_server_of_the_operation_comes_before_those_of_the_document(host: StandIn, calling: Calling) -> None:
    await calling.call("openapi", orders("importOrders", body="a,b\n1,2\n"))
    sent = host.requests[-1]
    assert (sent.target, sent.headers["host"]) == ("/import/orders", "other.example.com")
    assert (sent.body, sent.headers["content-type"]) == (b"a,b\n1,2\n", "text/csv")


async def test_yaml_is_read_as_well(host: StandIn, calling: Calling) -> None:
    text = (
        "openapi: 3.0.3\nservers:\n- url: http://api.example.com/y\npaths:\n  /on:\n    get:\n"
        "      operationId: onOff\n      responses:\n        200:\n          description: yes\n"
    )
    host.answers["/a.yaml"] = message(text.encode(), "200 OK", "Content-Type: text/yaml")
    host.answers["/y/on"] = message(b"yes", "200 OK", "Content-Type: text/plain")
    assert await calling.call("openapi", _call("/a.yaml", "onOff", {})) == "yes"


async def test_a_document_is_fetched_once_for_each_owner(host: StandIn, calling: Calling) -> None:
    for owner in (calling.owner, calling.owner, uuid4()):
        await calling.call("openapi", pets("getPetById", petId=7), owner=owner)
    assert [request.target for request in host.requests].count("/pets.json") == 2


async def test_outputs_and_errors_are_those_of_http(host: StandIn, calling: Calling) -> None:
    host.answers["/v2/pet/7"] = message(b'{"id": 7}', "200 OK", JSON)
    whole = await calling.call("openapi", pets("getPetById", petId=7) | {"output": "response"})
    assert (whole["request"]["method"], whole["request"]["uri"]) == ("GET", f"{HOST}/v2/pet/7")
    assert (whole["statusCode"], whole["content"]) == (200, {"id": 7})
    assert await calling.call("openapi", pets("getPetById", petId=7) | {"output": "raw"}) == "eyJpZCI6IDd9"
    host.answers["/v2/pet/8"] = message(b"gone", "404 Not Found")
    problem = await calling.fault("openapi", pets("getPetById", petId=8))
    assert (problem["type"].rpartition("/")[2], problem["status"], problem["detail"]) == ("communication", 404, "gone")
    host.answers["/v2/pet/9"] = message(b"", "302 Found", "Location: /v2/pet/7")
    assert (await calling.fault("openapi", pets("getPetById", petId=9)))["status"] == 302
    assert await calling.call("openapi", pets("getPetById", petId=9) | {"redirect": True}) == {"id": 7}


async def test_authentication_is_of_the_operation_and_of_the_document_apart(host: StandIn, calling: Calling) -> None:
    arguments: dict[str, Any] = pets("getPetById", petId=7)
    arguments["authentication"] = {"bearer": {"token": "operation"}}
    arguments["document"]["endpoint"] |= {"authentication": {"bearer": {"token": "document"}}}
    await calling.call("openapi", arguments)
    assert [request.headers["authorization"] for request in host.requests] == ["Bearer document", "Bearer operation"]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (pets("getPetsById"), "configuration", 'did you mean "getPetById"'),
        (pets("getPetById"), "validation", 'needs the path parameter "petId"'),
        (pets("findPetsByStatus", tags=["a"]), "validation", 'needs the query parameter "status"'),
        (pets("addPet"), "validation", 'needs the body "pet"'),
        (orders("createOrder"), "validation", 'needs the body "body"'),
        (pets("getPetById", petId=1, petid=2), "validation", 'did you mean "petId"'),
        (pets("getPetById", petId=".."), "validation", "would name another path"),
        (orders("importOrders", body={"a": 1}), "validation", "type text/csv"),
        (_call("/html", "x", {}), "configuration", "cannot be used"),
        (_call("/json", "x", {}), "configuration", '"openapi": "3.x"'),
        (_call("/loop", "x", {}), "configuration", "without end"),
        (_call("/outside", "x", {}), "configuration", "another document"),
        (_call("/huge", "x", {}), "communication", "more than"),
        (_call("/missing", "x", {}), "communication", "nothing here"),
    ],
)
async def test_what_is_wrong_is_said_with_the_mend(
    host: StandIn, calling: Calling, call: dict[str, Any], kind: str, words: str
) -> None:
    def serve(path: str, document: object) -> None:
        host.answers[path] = message(json.dumps(document).encode(), "200 OK", JSON)

    host.answers["/html"] = message(b"<html>: [", "200 OK", "Content-Type: text/html")
    host.answers["/missing"] = message(b"nothing here", "404 Not Found")
    host.answers["/huge"] = message(b" " * (4 * 1024 * 1024 + 1), "200 OK", JSON)
    serve("/json", {"openapi": "4.0"})
    operation = {"operationId": "x", "parameters": [{"$ref": "#/a"}]}
    serve("/loop", {"openapi": "3.0.0", "a": {"$ref": "#/a"}, "paths": {"/x": {"get": operation}}})
    operation = {"operationId": "x", "parameters": [{"$ref": "http://169.254.169.254/#/a"}]}
    serve("/outside", {"openapi": "3.0.0", "paths": {"/x": {"get": operation}}})
    problem = await calling.fault("openapi", call)
    assert problem["type"].rpartition("/")[2] == kind, problem
    assert words in problem["detail"]


async def test_an_inside_server_in_a_document_is_refused(host: StandIn, calling: Calling) -> None:
    document = PETS | {"host": "169.254.169.254"}
    host.answers["/inside.json"] = message(json.dumps(document).encode(), "200 OK", JSON)
    problem = await calling.fault("openapi", _call("/inside.json", "getPetById", {"petId": 1}))
    assert (problem["status"], problem["title"]) == (400, "Refused")
