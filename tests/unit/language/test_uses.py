"""What `use` defines and tasks refer to: it may read the variables of where it is used, and only those."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, fault, output_of, problem_of
from workflows.language.documents import normalise
from workflows.language.issues import Issue, errors_of
from workflows.language.validation import validate

Json = dict[str, Any]

RETRY: Json = {"when": "${ $error.status == 503 }", "limit": {"attempt": {"count": 1}}}
BAD: Json = {"type": "https://example.com/no", "status": 400, "title": "${ $item }"}
LOOP: Json = {"in": "${ [7] }"}
AUTHENTICATION: Json = {"bearer": {"token": "${ $item }"}}


def trying(**catch: object) -> Json:
    return {"t": {"try": [{"x": fault(status=503)}], "catch": {**catch}}}


def issues(tasks: list[Json], **parts: Any) -> list[Issue]:
    return errors_of(validate(normalise({"do": tasks, **parts}, "a test")))


def test_a_named_retry_reads_the_error_of_the_catch_that_it_is_used_in() -> None:
    tasks = [trying(retry="r", do=[{"told": {"set": {"caught": "${ $error.status }"}}}])]
    assert output_of(tasks, use={"retries": {"r": RETRY}}) == {"caught": 503}


def test_a_named_error_reads_the_item_of_the_loop_that_it_is_raised_in() -> None:
    tasks = [{"l": {"for": LOOP, "do": [{"no": {"raise": {"error": "bad"}}}]}}]
    assert problem_of(tasks, use={"errors": {"bad": BAD}})["title"] == "7"


def test_named_authentication_and_a_named_timeout_read_it_too() -> None:
    endpoint = {"uri": "https://x.example", "authentication": {"use": "a"}}
    call = {"call": "http", "with": {"method": "get", "endpoint": endpoint}, "timeout": "t"}
    use = {"authentications": {"a": AUTHENTICATION}, "timeouts": {"t": {"after": {"seconds": "${ $item }"}}}}
    world = World()
    output_of([{"l": {"for": LOOP, "do": [{"get": call}]}}], world=world, use=use)
    assert world.requests[0][1].arguments["endpoint"]["authentication"] == {"bearer": {"token": 7}}  # type: ignore[index]
    assert world.timeouts == [7.0]


@pytest.mark.parametrize(
    ("tasks", "use", "pointer"),
    [
        ([trying(retry="r", **{"as": "e"})], {"retries": {"r": RETRY}}, "/do/0/t/catch/retry"),
        ([{"no": {"raise": {"error": "bad"}}}], {"errors": {"bad": BAD}}, "/do/0/no/raise/error"),
        ([{"s": {"set": {"y": 1}, "timeout": "t"}}], {"timeouts": {"t": {"after": "${ $item }"}}}, "/do/0/s/timeout"),
        (
            [
                {
                    "get": {
                        "call": "http",
                        "with": {
                            "method": "get",
                            "endpoint": {"uri": "https://x.example", "authentication": {"use": "a"}},
                        },
                    }
                }
            ],
            {"authentications": {"a": AUTHENTICATION}},
            "/do/0/get/with/endpoint/authentication/use",
        ),
        (
            [{"l": {"for": LOOP, "do": [{"f": {"call": "f"}}]}}],
            {"errors": {"bad": BAD}, "functions": {"f": {"raise": {"error": "bad"}}}},
            "/use/functions/f/raise/error",
        ),
    ],
)
def test_where_it_reads_what_is_unknown_that_is_said_of_the_place(tasks: list[Json], use: Json, pointer: str) -> None:
    (issue,) = issues(tasks, use=use)
    assert (issue.code, issue.pointer) == ("UNKNOWN_VARIABLE", pointer)
    assert issue.message.startswith("use.")
    assert "which is unknown here" in issue.message


def test_the_timeout_of_the_workflow_has_no_variables_around_it() -> None:
    use = {"timeouts": {"t": {"after": "${ $item }"}}}
    assert [issue.pointer for issue in issues([{"s": {"set": {"y": 1}}}], use=use, timeout="t")] == ["/timeout"]
    assert issues([{"s": {"set": {"y": 1}}}], use=use) == []


def test_secrets_are_as_secret_in_what_is_used() -> None:
    use = {"secrets": ["s"], "errors": {"bad": {**BAD, "title": "${ $secrets.s }"}}}
    assert [issue.code for issue in issues([{"s": {"set": {"y": 1}}}], use=use)] == ["SECRET_EXPOSED"]
