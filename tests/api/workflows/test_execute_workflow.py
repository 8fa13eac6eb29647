"""`POST /functions/v1/execute-workflow`, which is called before FastAPI looks at it, refuses as every endpoint does."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.served import Person, Served

URL = "/functions/v1/execute-workflow"


async def refused(api: Served, status: int, **request: Any) -> dict[str, Any]:
    answer = await api.http.post(URL, **request)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-request-id"]
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert {"error", "code", "details"} <= set(body)
    return body


async def test_without_a_session_it_is_refused(api: Served) -> None:
    body = {"workflowId": str(uuid4())}
    assert (await refused(api, 401, json=body))["code"] == "MISSING_AUTHORIZATION"
    assert (await refused(api, 401, json=body, headers={"Authorization": "Bearer x"}))["code"] == "INVALID_JWT"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"workflowId": 1}', b'"\xff"', b'{"workflowId": "\\u0000"}']
)
async def test_a_body_that_names_no_workflow_is_refused(api: Served, owner: Person, content: bytes) -> None:
    await refused(api, 400, content=content, headers={**owner.headers, "Content-Type": "application/json"})


async def test_an_unknown_workflow_is_missing(api: Served, owner: Person) -> None:
    body = await refused(api, 404, json={"workflowId": str(uuid4())}, headers=owner.headers)
    assert body["code"] == "WORKFLOW_NOT_FOUND"


async def test_prefer_may_come_in_several_headers(api: Served, owner: Person) -> None:
    made = await api.http.post(
        "/rest/v1/workflows",
        json={"name": "w", "config": {"do": [{"a": {"set": {"b": 1}}}]}},
        headers={**owner.headers, "Prefer": "return=representation"},
    )
    headers = [
        *owner.headers.items(),
        ("Prefer", "handling=strict"),
        ("Prefer", "respond-async"),
        ("Idempotency-Key", "k"),
    ]
    first, again = [
        await api.http.post(URL, json={"workflowId": made.json()[0]["id"]}, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == f"/workflows/v1/executions/{first.json()['id']}"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_not_allowed(api: Served, owner: Person, method: str) -> None:
    answer = await api.http.request(method, URL, headers=owner.headers)
    assert answer.status_code == 405
    assert answer.json()["code"] == "METHOD_NOT_ALLOWED"
