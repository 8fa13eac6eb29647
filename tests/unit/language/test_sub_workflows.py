"""`run: workflow` and the functions that wait, in virtual time: what is refused, asked, answered and undone."""

from typing import Any

import pytest

from tests.unit.language.virtual import World, create, fault, output_of, run, statuses
from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.validation import validate


def call(name: str = "other", *, waits: bool = True, **more: object) -> dict[str, Any]:
    workflow = {"namespace": "default", "name": name, **more}
    return {"run": {"workflow": workflow} | ({} if waits else {"await": False})}


def errors(*tasks: dict[str, Any]) -> list[str]:
    return [issue.pointer for issue in errors_of(validate(normalise({"do": list(tasks)}, "a test")))]


@pytest.mark.parametrize(
    ("task", "pointers"),
    [
        (call(), []),
        (call(version="1.2.3-rc.1"), []),
        (call("${ .name }", version="${ .version }", input={"a": "${ .b }"}), []),
        (call("no spaces"), ["/do/0/x/run/workflow/name"]),
        (call(version="newest"), ["/do/0/x/run/workflow/version"]),
        (call(edition="latest"), ["/do/0/x/run/workflow/edition"]),
        (call(input="${ . | }"), ["/do/0/x/run/workflow/input"]),
        ({"run": {"workflow": {"name": "a"}}}, ["/do/0/x/run/workflow"]),
        ({"run": {"workflow": 7}}, ["/do/0/x/run/workflow"]),
    ],
)
def test_what_names_no_workflow_is_refused(task: dict[str, Any], pointers: list[str]) -> None:
    assert errors({"x": task}) == pointers


def test_a_sub_workflow_is_begun_with_its_input_and_answers() -> None:
    world = World()
    world.answers["/do/0/x#"] = {"n": 42}
    assert output_of([{"x": call(input={"m": "${ .k }"})}], {"k": 1}, world=world) == {"n": 42}
    [(key, wanted)] = world.sub_workflows.begun
    assert (key, wanted.version, wanted.input, wanted.waits) == ("/do/0/x#", "latest", {"m": 1}, True)


def test_completed_sub_workflows_are_undone_in_their_place() -> None:
    world = World()
    outcome = run([{"a": create("a")}, {"x": call()}, {"b": create("b")}, {"bad": fault()}], world=world)
    assert world.undone == ["/do/2/b#", "/do/0/a#"]
    assert world.sub_workflows.rolled_back == ["/do/1/x#"]
    assert statuses(outcome)[:3] == [("a", "compensated"), ("x", "compensated"), ("b", "compensated")]


def test_one_that_nobody_waits_for_passes_the_input_and_is_not_undone() -> None:
    world = World()
    outcome = run([{"x": call(waits=False)}, {"bad": fault()}], {"k": 1}, world=world)
    assert outcome.tasks[0].output == {"k": 1}
    assert world.sub_workflows.rolled_back == []


TYPO = "/do/0/x/with/do/0/y/set/u"


def ask(**more: object) -> dict[str, Any]:
    return {"call": "request-approval", "with": {"title": "Really?", "role": "admin", **more}}


def test_a_dry_run_makes_up_a_decision() -> None:
    world = World()
    decision = output_of([{"x": ask()}], world=world)
    assert isinstance(decision, dict)
    assert decision["decision"] == "approved"
    assert [name for _, name, _ in world.invitations.asked] == ["request-approval"]


@pytest.mark.parametrize(
    ("task", "pointer"),
    [
        (ask(timeout="tomorrow"), "/do/0/x/with/timeout"),
        (ask(form={"type": 7}), "/do/0/x/with/form"),
        (ask(role="user"), "/do/0/x/with/role"),
        (ask(approvers=[]), "/do/0/x/with/approvers"),
        ({"call": "request-approval", "with": {"title": "Really?"}}, "/do/0/x/with"),
        ({"call": "wait-for-webhook", "with": {"path": "../up"}}, "/do/0/x/with/path"),
        ({"call": "wait-for-webhook", "with": {"timeout": {"hour": 1}}}, "/do/0/x/with/timeout"),
        (
            {"call": "wait-for-webhook", "with": {"do": [{"y": {"set": {"u": "${ $caller }"}}}]}},
            "/do/0/x/with/do/0/y/set/u",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(task: dict[str, Any], pointer: str) -> None:
    assert pointer in errors({"x": task})
