"""Calls: HTTP requests, catalogue functions, and functions of the document."""

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, problem_of, run
from workflows.language.calls.http_request import HttpRequest, read_request

URI = "https://api.example/items"


def http(**arguments: object) -> list[object]:
    return [{"a": {"call": "http", "with": {"method": "get", "endpoint": URI, **arguments}}}]


def test_a_request_is_evaluated_wholly() -> None:
    world = World()
    arguments = {
        "method": "post",
        "headers": {"X-Count": "${ .n }", "X-Flag": "${ true }", "X-None": "${ null }"},
        "query": '${ {page: .n, tags: ["a", 2]} }',
        "body": {"n": "${ .n }", "in": "${ $input }"},
        "output": "response",
        "redirect": True,
    }
    assert output_of(http(**arguments), {"n": 1}, world=world) == {"ok": True}
    key, request = world.requests[0]
    assert key == "/do/0/a#"
    assert (request.kind, request.summary, request.repeatable) == ("http", f"POST {URI}", False)
    assert read_request(request.arguments) == HttpRequest(
        method="POST",
        uri=URI,
        headers={"X-Count": "1", "X-Flag": "true"},
        query={"page": "1", "tags": ["a", "2"]},
        body={"n": 1, "in": {"n": 1}},
        output="response",
        redirect=True,
        authentication=None,
    )


@pytest.mark.parametrize(
    ("endpoint", "uri"),
    [
        ("https://x.example/{id}/{missing}", "https://x.example/a%20b%2F%C3%A9/"),
        ("https://x.example/{pet.id}?f={flag}&n={n}", "https://x.example/7?f=true&n=1"),
        ('${ "https://x.example/" + .brace }', "https://x.example/{n}"),
        ({"uri": "https://x.example/{n}"}, "https://x.example/1"),
    ],
)
def test_endpoints_are_expanded_but_never_what_an_expression_yields(endpoint: object, uri: str) -> None:
    world = World()
    run(http(endpoint=endpoint), {"id": "a b/é", "pet.id": 7, "flag": True, "n": 1, "brace": "{n}"}, world=world)
    assert read_request(world.requests[0][1].arguments).uri == uri


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"endpoint": "https://x.example/{list}"}, "expression"),
        ({"endpoint": "${ .list }"}, "expression"),
        ({"endpoint": '${ "file:///etc/passwd" }'}, "configuration"),
        ({"headers": {"x": "${ .list }"}}, "expression"),
        ({"query": "${ .list }"}, "expression"),
    ],
)
def test_requests_that_cannot_be_made_are_problems_of_the_task(arguments: dict[str, object], kind: str) -> None:
    world = World()
    problem = problem_of(http(**arguments), {"list": [1]}, world=world)
    assert problem["type"] == f"https://serverlessworkflow.io/spec/1.0.0/errors/{kind}"
    assert problem["instance"] == "/do/0/a"
    assert (world.requests, world.entries) == ([], 0)


def test_arguments_are_checked_once_they_are_known() -> None:
    world = World()
    task = {"call": "query-rows", "with": {"table": "${ .table }", "limit": "${ .limit }"}}
    problem = problem_of([{"a": task}], {"table": "secrets", "limit": 5000}, world=world)
    assert problem["instance"] == "/do/0/a/with"
    assert "secrets" in str(problem["detail"])
    assert "5000" in str(problem["detail"])
    assert world.calls == []


def test_the_first_effect_makes_the_execution_visible_once() -> None:
    world = World()
    run([{"a": {"set": {"x": 1}}}], world=world)
    assert world.entries == 0
    run([{"a": create("x")}, {"b": create("y")}], world=world)
    assert world.entries == 1


FUNCTIONS = {
    "functions": {
        "book": {
            "do": [{"row": create("x") | {"with": {"table": "deals", "values": {"title": "${ .title }"}}}}],
            "output": {"as": "${ {id: .id} }"},
        },
        "twice": {"set": {"n": "${ .n * 2 }"}},
    }
}


def test_a_function_of_the_document_runs_on_its_arguments() -> None:
    task = {"call": "twice", "with": {"n": "${ .k }"}, "output": {"as": "${ .n + 1 }"}}
    assert output_of([{"a": task}], {"k": 5}, use=FUNCTIONS) == 11
    assert output_of([{"a": {"call": "twice"}}], {"n": 5}, use=FUNCTIONS) == {"n": 10}


def test_each_call_of_a_function_has_keys_of_its_own_and_is_undone() -> None:
    world = World()
    tasks = [
        {"a": {"call": "book", "with": {"title": "x"}}},
        {"b": {"call": "book", "with": {"title": "y"}}},
        {"bad": fault()},
    ]
    run(tasks, world=world, use=FUNCTIONS)
    keys = ["/use/functions/book/do/0/row#/do/0/a", "/use/functions/book/do/0/row#/do/1/b"]
    assert [key for key, _, _ in world.calls] == keys
    assert world.undone == keys[::-1]


def test_functions_do_not_see_the_variables_of_their_caller() -> None:
    use = {"functions": {"f": {"set": {"x": "${ . }"}}}}
    loop = {"for": {"in": "${ [1] }"}, "do": [{"c": {"call": "f", "with": {"n": "${ $item }"}}}]}
    assert output_of([{"a": loop}], use=use) == {"x": {"n": 1}}
