"""Functions and schemas that others publish: where they are read, once, and what happens when they are no good."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, problem_of, run, statuses
from workflows.language.calls.resources import raw_address
from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.validation import validate

GREET: dict[str, Any] = {"set": {"message": '${ "Hello " + .name }'}}
CATALOG: dict[str, Any] = {"use": {"catalogs": {"shop": {"endpoint": "https://catalog.example/root/"}}}}
CALL: dict[str, Any] = {"call": "greet:1.0.0@shop", "with": {"name": "${ .who }"}}


def world_with(**answers: object) -> World:
    world = World()
    world.answers = {key.replace("__", "/"): answer for key, answer in answers.items()} | {"/do/0/a#": GREET}
    return world


def asked(world: World) -> list[object]:
    return [call.arguments for _, call in world.requests if call.kind == "resource"]


def test_a_function_of_a_catalog_is_a_task() -> None:
    world = world_with()
    assert output_of([{"a": CALL}], {"who": "Ada"}, world=world, **CATALOG) == {"message": "Hello Ada"}
    assert asked(world) == [{"endpoint": {"uri": "https://catalog.example/root/functions/greet/1.0.0/function.yaml"}}]


def test_a_function_is_called_by_its_address() -> None:
    world = world_with()
    call = {"call": "https://x.example/functions/greet.yaml"}
    assert output_of([{"a": call}], {"name": "Ada"}, world=world) == {"message": "Hello Ada"}
    assert asked(world) == [{"endpoint": {"uri": "https://x.example/functions/greet.yaml"}}]


def test_a_function_is_read_once_in_an_execution() -> None:
    world = World()
    world.answers["/do/0/loop/do/0/a#0"] = GREET
    loop = {"for": {"in": "${ [range(50)] }"}, "do": [{"a": {**CALL, "with": {"name": "${ $item | tostring }"}}}]}
    assert output_of([{"loop": loop}], world=world, **CATALOG) == {"message": "Hello 49"}
    assert len(asked(world)) == 1
    both = World()
    both.answers["/do/0/f/fork/branches/0/a#"] = GREET
    call = {**CALL, "with": {"name": "x"}}
    branches = [{"a": call}, {"b": call}]
    outputs = output_of([{"f": {"fork": {"branches": branches}}}], world=both, **CATALOG)
    assert outputs == [{"message": "Hello x"}] * 2
    assert len(asked(both)) == 1


def test_a_function_that_is_nested_too_deep_is_a_fault() -> None:
    world, function = World(), GREET
    for _ in range(1000):
        function = {"do": [{"a": function}]}
    world.answers["/do/0/a#"] = function
    problem = problem_of([{"a": CALL}], {"who": "Ada"}, world=world, **CATALOG)
    assert str(problem["type"]).endswith("/configuration")
    assert "nested too deep" in str(problem["detail"])


def test_its_tasks_are_known_by_the_place_of_their_call() -> None:
    world = World()
    world.answers["/do/0/a#"] = {"do": [{"row": create("x")}, {"no": fault()}]}
    outcome = run([{"a": CALL}], {"who": "x"}, world=world, **CATALOG)
    assert [key for key, _, _ in world.calls] == ["/do/0/a/call/do/0/row#/do/0/a"]
    assert world.undone == ["/do/0/a/call/do/0/row#/do/0/a"]
    assert outcome.problem is not None
    assert outcome.problem.instance == "/do/0/a/call/do/1/no"
    assert [name for name, _ in statuses(outcome)] == ["a", "greet:1.0.0@shop", "row", "no"]


def test_it_sees_neither_the_variables_nor_the_definitions_of_its_caller() -> None:
    world = World()
    world.answers["/do/0/loop/do/0/a#0"] = {"set": {"item": "${ $item }"}}
    loop = {"for": {"in": "${ [1] }"}, "do": [{"a": CALL}]}
    assert output_of([{"loop": loop}], {"who": 1}, world=world, **CATALOG) == {"item": None}
    world = World()
    world.answers["/do/0/a#"] = {"call": "helper"}
    use = {"use": {**CATALOG["use"], "functions": {"helper": {"set": {"x": 1}}}}}
    assert problem_of([{"a": CALL}], {"who": 1}, world=world, **use)["type"] == (
        "https://serverlessworkflow.io/spec/1.0.0/errors/configuration"
    )


def test_a_function_that_calls_itself_is_stopped() -> None:
    world = World()
    address = "https://x.example/f.yaml"
    world.answers["/do/0/a#"] = {"call": address}
    problem = problem_of([{"a": {"call": address}}], world=world)
    assert "calls itself" in str(problem["detail"])
    assert problem["status"] == 400


@pytest.mark.parametrize(
    "answer", ["text", None, [], {}, {"sett": {"x": 1}}, {"set": {"x": "${ . | }"}}, {"wait": "soon"}, {"do": 5}]
)
def test_what_is_no_function_is_a_configuration_error(answer: object) -> None:
    world = World()
    world.answers["/do/0/a#"] = answer
    problem = problem_of([{"a": CALL}], {"who": 1}, world=world, **CATALOG)
    assert (problem["status"], problem["instance"]) == (400, "/do/0/a")
    assert str(problem["type"]).endswith("/configuration")
    assert "https://catalog.example/root/functions/greet/1.0.0/function.yaml" in str(problem["detail"])


def test_schemas_are_read_from_where_they_are() -> None:
    schema = {"schema": {"resource": {"endpoint": "https://x.example/schema.json"}}}
    world = World()
    for place in ("/input", "/do/0/a/input", "/do/0/a/output", "/do/0/a/export", "/output"):
        world.answers[f"{place}/schema#"] = {"type": "object", "required": ["x"]}
    task = {"input": schema, "set": {"x": 1}, "output": schema, "export": {**schema, "as": "${ . }"}}
    tasks = [{"a": task}]
    assert output_of(tasks, {"x": 1}, world=world, input=schema, output=schema) == {"x": 1}
    assert [key for key, _ in world.requests] == ["/input/schema#"]
    problem = problem_of([{"a": {**task, "set": {"y": 1}}}], {"x": 1}, world=world)
    assert (problem["instance"], str(problem["type"]).endswith("/validation")) == ("/do/0/a/output", True)


def test_what_is_no_schema_is_a_configuration_error() -> None:
    world = World()
    world.answers["/input/schema#"] = {"type": "nothing"}
    problem = problem_of(
        [{"a": {"set": {"x": 1}}}],
        world=world,
        input={"schema": {"resource": {"name": "s", "endpoint": {"uri": "https://x.example/s"}}}},
    )
    assert (problem["instance"], str(problem["type"]).endswith("/configuration")) == ("/input/schema", True)


@pytest.mark.parametrize(
    ("page", "file"),
    [
        (
            "https://github.com/o/r/tree/main/catalog/functions/f/1.0.0/function.yaml",
            "raw.githubusercontent.com/o/r/main/catalog/functions/f/1.0.0/function.yaml",
        ),
        ("https://github.com/o/r/blob/v1/f.yaml", "raw.githubusercontent.com/o/r/v1/f.yaml"),
        ("https://gitlab.com/g/s/r/-/tree/main/f.yaml", "gitlab.com/g/s/r/-/raw/main/f.yaml"),
        ("https://x.example/tree/main/f.yaml", "x.example/tree/main/f.yaml"),
    ],
)
def test_pages_that_show_a_file_are_read_as_the_file(page: str, file: str) -> None:
    assert raw_address(page) == f"https://{file}"


@pytest.mark.parametrize(
    ("catalog", "root"),
    [
        ("https://github.com/serverlessworkflow/catalog", "raw.githubusercontent.com/serverlessworkflow/catalog/HEAD"),
        ("https://github.com/o/r.git/", "raw.githubusercontent.com/o/r/HEAD"),
        ("https://github.com/o/r/tree/v1/c", "raw.githubusercontent.com/o/r/v1/c"),
        ("https://gitlab.com/group/sub/project/", "gitlab.com/group/sub/project/-/raw/HEAD"),
        ("https://gitlab.com/o/r/-/tree/main/c", "gitlab.com/o/r/-/raw/main/c"),
        ("https://gitlab.com/o/r/-/raw/main", "gitlab.com/o/r/-/raw/main"),
        ("https://gitlab.com/o/r.git", "gitlab.com/o/r/-/raw/HEAD"),
        ("https://github.example/o/r", "github.example/o/r"),
    ],
)
def test_a_catalog_is_a_repository_or_a_place_in_it(catalog: str, root: str) -> None:
    world = World()
    world.answers["/do/0/a#"] = GREET
    use = {"catalogs": {"shop": {"endpoint": {"uri": catalog}}}}
    output_of([{"a": {"call": "log:0.5.2@shop", "with": {"name": "x"}}}], world=world, use=use)
    assert asked(world) == [{"endpoint": {"uri": f"https://{root}/functions/log/0.5.2/function.yaml"}}]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"do": [{"a": {"call": "greet:1.0.0@nowhere"}}]}, '/do/0/a/call: use.catalogs has no "nowhere"'),
        ({"do": [{"a": {**CALL, "call": "greet:1.0.0@shap"}}], **CATALOG}, "/do/0/a/call: use.catalogs has no"),
        (
            {"do": [{"a": {**CALL, "call": "greet:new@shop"}}], **CATALOG},
            '/do/0/a/call: "new" is not a semantic version',
        ),
        ({"do": [{"a": {**CALL, "with": {"x": "${ .a | }"}}}], **CATALOG}, "/do/0/a/with/x: "),
        ({"do": [{"a": {"call": "ftp://x.example/f.yaml"}}]}, "/do/0/a/call: unknown function"),
        ({"use": {"catalogs": {"default": {"endpoint": "https://x.example"}}}}, "/use/catalogs/default: default is"),
        ({"use": {"catalogs": {"c": {}}}}, '/use/catalogs/c: required property "endpoint" is missing'),
        (
            {"use": {"catalogs": {"c": {"endpoint": "${ .x }"}}}},
            "/use/catalogs/c/endpoint: the address must be a constant",
        ),
        (
            {"use": {"catalogs": {"c": {"endpoint": {"uri": "https://x.example/{y}"}}}}},
            "/use/catalogs/c/endpoint/uri: the",
        ),
        ({"use": {"catalogs": []}}, "/use/catalogs: use.catalogs must be an object"),
        ({"input": {"schema": {"resource": {}}}}, '/input/schema/resource: required property "endpoint"'),
        ({"input": {"schema": {"resource": 5}}}, "/input/schema/resource: resource must be an object"),
        ({"input": {"schema": {"resource": {"endpoint": "file:///etc"}}}}, "/input/schema/resource/endpoint: "),
        (
            {"input": {"schema": {"document": {}, "resource": {"endpoint": "https://x.example"}}}},
            "/input/schema: a schema is given as document or as resource",
        ),
    ],
)
def test_a_reference_that_cannot_work_is_refused(document: dict[str, object], said: str) -> None:
    issues = errors_of(validate(normalise({"do": [{"x": {"set": {"x": 1}}}], **document}, "t")))
    assert any(f"{issue.pointer}: {issue.message}".startswith(said) for issue in issues), issues
