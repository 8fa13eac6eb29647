"""A definition as a chart, over HTTP."""

from uuid import uuid4

import httpx

from tests.api.served import Person, Served


async def graph(api: Served, workflow: object, who: Person) -> httpx.Response:
    return await api.http.get(f"/workflows/v1/definitions/{workflow}/graph", headers=who.headers)


async def test_a_definition_is_drawn_for_its_owner_alone(api: Served, owner: Person, stranger: Person) -> None:
    config = {"steps": [{"name": "rest", "type": "wait", "seconds": 1}]}
    for each in ({"do": [{"rest": {"wait": "PT1S"}}]}, config):
        workflow = (await api.insert("workflows", {"name": "w", "config": each}, owner.headers))["id"]
        answer = await graph(api, workflow, owner)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/vnd.mermaid")
        assert answer.text.startswith("flowchart TD\n")
        assert 'n1["rest<br/>wait"]' in answer.text
    for missing, who in ((workflow, stranger), (uuid4(), owner)):
        refused = await graph(api, missing, who)
        assert (refused.status_code, refused.json()["code"]) == (404, "WORKFLOW_NOT_FOUND")


async def test_who_has_not_signed_in_is_shown_none(api: Served) -> None:
    assert (await api.http.get(f"/workflows/v1/definitions/{uuid4()}/graph")).status_code == 401
