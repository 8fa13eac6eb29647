"""Definitions may be written as text, YAML or JSON, and are read back as JSON."""

from tests.api.served import Person, Served

YAML = """
document: {dsl: 1.0.3, namespace: tests, name: greet, version: 0.1.0}
schedule:
  on: {one: {with: {type: com.example.ordered}}}
do:
- greet:
    set: {hello: world, on: 2026-01-01}
"""
TASKS_MORE = [{"more": {"set": {"x": 1}}}]
TASKS = [{"greet": {"set": {"hello": "world", "on": "2026-01-01"}}}]


async def test_yaml_is_stored_as_json_by_insert_bulk_upsert_and_update(api: Served, owner: Person) -> None:
    stored = await api.insert("workflows", {"name": "a", "config": YAML}, owner.headers)
    assert stored["config"]["do"] == TASKS
    assert stored["config"]["schedule"] == {"on": {"one": {"with": {"type": "com.example.ordered"}}}}
    returned = {**owner.headers, "Prefer": "return=representation"}
    bulk = await api.send(
        "POST", "workflows", returned, json=[{"name": "b", "config": YAML}, {"name": "c", "config": {"do": TASKS}}]
    )
    assert [row["config"]["do"] for row in bulk.json()] == [TASKS, TASKS]
    merge = {**owner.headers, "Prefer": "return=representation,resolution=ignore-duplicates"}
    upsert = await api.send("POST", "workflows", merge, json={"name": "d", "config": YAML.replace("world", "there")})
    assert upsert.status_code == 201, upsert.text
    assert upsert.json()[0]["config"]["do"][0]["greet"]["set"]["hello"] == "there"
    update = await api.send(
        "PATCH", f"workflows?id=eq.{stored['id']}", returned, json={"config": '{"do": [{"x": {"wait": "PT1S"}}]}'}
    )
    assert update.json()[0]["config"]["do"] == [{"x": {"wait": "PT1S"}}]


async def test_steps_of_old_are_stored_as_tasks(api: Served, owner: Person) -> None:
    steps = {"steps": [{"name": "greet", "type": "set", "values": {"x": 1}}]}
    stored = await api.insert("workflows", {"name": "a", "config": steps}, owner.headers)
    assert stored["config"]["do"] == [{"greet": {"set": {"x": 1}}}]
    assert "steps" not in stored["config"]


async def test_text_that_is_wrong_is_refused_with_line_and_column(api: Served, owner: Person) -> None:
    refused = await api.send(
        "POST",
        "workflows",
        owner.headers,
        json={"name": "a", "config": "do:\n- greet:\n    sett: {}\n- greet: {then: x}\n"},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "WORKFLOW_INVALID")
    places = [(issue["pointer"], issue["line"], issue["column"]) for issue in refused.json()["details"]["issues"]]
    assert ("/do/0/greet/sett", 3, 5) in places
    assert ("/do/1/greet", 4, 3) in places
    unreadable = await api.send("POST", "workflows", owner.headers, json={"name": "a", "config": "do: [\nx"})
    assert unreadable.status_code == 400
    (issue,) = unreadable.json()["details"]["issues"]
    assert (issue["code"], issue["line"]) == ("NOT_READABLE", 2)


async def test_a_document_that_says_no_name_keeps_the_one_it_had(api: Served, owner: Person) -> None:
    stored = await api.insert("workflows", {"name": "Lead intake", "config": {"do": TASKS}}, owner.headers)
    assert stored["config"]["document"]["name"] == "lead-intake"
    returned = {**owner.headers, "Prefer": "return=representation"}
    path = f"workflows?id=eq.{stored['id']}"
    [same] = (await api.send("PATCH", path, returned, json={"config": {"do": TASKS}})).json()
    assert (same["config"]["document"]["name"], same["version"]) == ("lead-intake", 1)
    [changed] = (await api.send("PATCH", path, returned, json={"config": {"do": [*TASKS, *TASKS_MORE]}})).json()
    assert (changed["config"]["document"]["name"], changed["version"]) == ("lead-intake", 2)
    named = {"document": {"name": "other"}, "do": TASKS}
    [renamed] = (await api.send("PATCH", path, returned, json={"config": named})).json()
    assert renamed["config"]["document"]["name"] == "other"
