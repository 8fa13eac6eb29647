"""What reads a secret stays unevaluated in the workflow: places, data and names go along."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, run_unchecked
from workflows.language.effects import Late, ServiceCall
from workflows.language.expressions.references import members_read
from workflows.language.late import Hole, fill

SECRETS = {"secrets": ["token", "user", "key-1"]}


def called(arguments: dict[str, Any], data: object = None, use: object = SECRETS) -> ServiceCall:
    world = World()
    arguments = {"method": "post", "endpoint": "https://x.example/{id}", **arguments}
    outcome = run_unchecked({"use": use, "do": [{"a": {"call": "http", "with": arguments}}]}, data, world=world)
    assert outcome.status == "completed", outcome.problem
    return world.requests[0][1]


def test_only_the_expressions_that_read_secrets_are_left() -> None:
    call = called(
        {
            "headers": {"X-Token": '${ "T " + $secrets.token }', "X-Id": "${ .id }"},
            "body": {"users": [{"name": "${ $secrets.user }"}, "${ .id }"]},
        },
        {"id": 7},
    )
    assert call.arguments == {
        "method": "post",
        "endpoint": {"uri": "https://x.example/7"},
        "headers": {"X-Token": None, "X-Id": 7},
        "body": {"users": [{"name": None}, 7]},
    }
    assert call.late == Late(
        holes=(
            Hole(("headers", "X-Token"), '"T " + $secrets.token'),
            Hole(("body", "users", 0, "name"), "$secrets.user"),
        ),
        dot={"id": 7},
        variables={},
        now=call.late.now if call.late else 0,
    )
    assert call.secrets == ("token", "user")


def test_the_variables_that_late_expressions_read_go_along_and_no_others() -> None:
    call = called({"body": "${ $secrets.token + $input.x + $workflow.id }"}, {"x": "y"})
    assert call.late is not None
    assert set(call.late.variables) == {"input", "workflow"}


def test_a_call_without_secrets_carries_none() -> None:
    assert (called({}).late, called({}).secrets) == (None, ())


def test_secrets_that_are_picked_at_run_time_may_be_any_of_the_document() -> None:
    assert called({"body": "${ $secrets[.name] }"}, {"name": "user"}).secrets == ("key-1", "token", "user")


def test_a_named_policy_stands_in_place_with_the_secret_that_it_uses() -> None:
    use = SECRETS | {
        "authentications": {"a": {"basic": {"use": "user"}}, "b": {"bearer": {"token": "${ $secrets.token }"}}}
    }
    call = called({"endpoint": {"uri": "https://x.example", "authentication": {"use": "a"}}}, use=use)
    assert call.arguments["endpoint"] == {"uri": "https://x.example", "authentication": {"basic": None}}
    assert call.late is not None
    assert call.late.holes == (Hole(("endpoint", "authentication", "basic"), '$secrets["user"]'),)
    assert (call.secrets, call.policy) == (("user",), ("endpoint", "authentication"))
    call = called({"endpoint": {"uri": "https://x.example", "authentication": {"use": "b"}}}, use=use)
    assert call.secrets == ("token",)
    assert call.late is not None
    assert call.late.holes[0].path == ("endpoint", "authentication", "bearer", "token")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("$secrets.a.b", {"a"}),
        ('"x \\($secrets.a) \\($secrets["b c"])"', {"a", "b c"}),
        ("{a: $secrets.a} | .b", {"a"}),
        (".secrets.a", set[str]()),
        ("$secrets[.n]", None),
        ("$secrets | .a", None),
        ("{$secrets}", None),
        ("$secrets as $s | $s.a", None),
    ],
)
def test_the_names_that_an_expression_reads_are_found_in_its_text(source: str, names: set[str] | None) -> None:
    assert members_read(source, "secrets") == names


def test_filling_copies_what_it_changes() -> None:
    value = {"a": [1, {"b": None}], "c": {}}
    assert fill(value, ("a", 1, "b"), 2) == {"a": [1, {"b": 2}], "c": {}}
    assert value == {"a": [1, {"b": None}], "c": {}}
    assert fill(value, (), 3) == 3
