"""`run` tasks: what is handed to whoever runs programs, what comes of it, and what validation says before."""

from typing import Any

import pytest

from tests.unit.language.virtual import EVERY_RUN, World, output_of, run_unchecked
from workflows.language.documents import normalise
from workflows.language.issues import Issue
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.validation import validate

KEY = "/do/0/it#"
SHELL: Any = {"run": {"shell": {"command": "echo $1", "arguments": ["${ .who }"]}}}


def issues_of(run: object, allowed: frozenset[str] = EVERY_RUN, **parts: object) -> list[Issue]:
    document = normalise({"do": [{"it": {"run": run}}], **parts}, "test")
    return [issue for issue in validate(document, allowed_runs=allowed) if issue.severity == "error"]


def test_a_program_is_given_its_templates_evaluated_and_its_output_is_the_tasks() -> None:
    world = World()
    world.answers[KEY] = "Ada\n"
    assert output_of([{"it": SHELL}], {"who": "Ada"}, world=world) == "Ada\n"
    ((key, call),) = world.requests
    assert (key, call.kind, call.repeatable) == (KEY, "shell", False)
    assert call.arguments == {"command": "echo $1", "arguments": ["Ada"], "await": True, "return": "stdout"}


def test_a_program_that_is_not_waited_for_passes_the_input_on() -> None:
    world = World()
    task = {"run": {**SHELL["run"], "await": False}}
    assert output_of([{"it": task}], {"who": "Ada"}, world=world) == {"who": "Ada"}
    assert world.requests[0][1].arguments["await"] is False


def test_a_failing_program_can_be_caught() -> None:
    world = World()
    world.failing["/do/0/careful/try/0/it#"] = [WorkflowFault.of(Kind.RUNTIME, "sh ended with status 3")]
    careful = {"try": [{"it": SHELL}], "catch": {"as": "e", "do": [{"tell": {"set": {"why": "${ $e.detail }"}}}]}}
    assert output_of([{"careful": careful}], {"who": "Ada"}, world=world) == {"why": "sh ended with status 3"}


def test_the_tasks_timeout_is_the_programs() -> None:
    world = World()
    output_of([{"it": {**SHELL, "timeout": {"after": {"seconds": 3}}}}], {"who": "Ada"}, world=world)
    assert world.timeouts == [3.0]


def test_shell_variables_amid_other_text_are_the_shells() -> None:
    assert issues_of({"shell": {"command": 'echo "${HOME}" | wc'}}) == []
    world = World()
    output_of([{"it": {"run": {"shell": {"command": "echo ${HOME} now"}}}}], world=world)
    assert world.requests[0][1].arguments["command"] == "echo ${HOME} now"


def test_secrets_stay_out_of_the_workflow() -> None:
    world = World()
    shell = {"command": "env", "environment": {"TOKEN": "${ $secrets.token }", "WHO": "${ .who }"}}
    output_of([{"it": {"run": {"shell": shell}}}], {"who": "Ada"}, world=world, use={"secrets": ["token"]})
    call = world.requests[0][1]
    assert call.arguments["environment"] == {"TOKEN": None, "WHO": "Ada"}
    assert call.secrets == ("token",)


@pytest.mark.parametrize("kind", ["script", "shell", "container"])
def test_what_the_operator_did_not_allow_is_refused_before_it_runs(kind: str) -> None:
    fields = {"script": {"language": "js", "code": "1"}, "shell": {"command": "ls"}, "container": {"image": "x"}}
    (issue,) = issues_of({kind: fields[kind]}, EVERY_RUN - {kind})
    assert (issue.pointer, issue.code) == (f"/do/0/it/run/{kind}", "NOT_AVAILABLE")
    assert "not enabled on this server" in issue.message
    assert "ZILLIANCE_WORKFLOW__RUN_ALLOW" in str(issue.hint)


SCRIPT: Any = {"language": "python", "code": "print(1)"}
CONTAINER: Any = {"image": "alpine"}
BAD: list[tuple[object, str, str]] = [
    ({}, "", "exactly one of"),
    ({"script": SCRIPT, "shell": {"command": "ls"}}, "", "exactly one of"),
    ({"scripts": SCRIPT}, "/scripts", "unknown property"),
    ({"shell": {"command": "ls"}, "await": "no"}, "/await", "true or false"),
    ({"shell": {"command": "ls"}, "return": "output"}, "/return", "not one of"),
    ({"shell": {}}, "/shell", '"command" is missing'),
    ({"shell": {"command": ["ls"]}}, "/shell/command", "text is needed"),
    ({"shell": {"command": "${ .a | }"}}, "/shell/command", ""),
    ({"shell": {"command": "ls", "arguments": {"a": "b"}}}, "/shell/arguments", "list of texts"),
    ({"shell": {"command": "ls", "arguments": ["a", 1]}}, "/shell/arguments/1", "text is needed"),
    ({"shell": {"command": "ls", "env": {}}}, "/shell/env", "unknown property"),
    ({"shell": {"command": "ls", "environment": ["A=1"]}}, "/shell/environment", "an object"),
    ({"script": {"code": "1"}}, "/script", '"language" is missing'),
    ({"script": {**SCRIPT, "language": "ruby"}}, "/script/language", "not one of"),
    ({"script": {"language": "js"}}, "/script", "either code or source"),
    ({"script": {**SCRIPT, "source": {"endpoint": "https://x.example/a.py"}}}, "/script", "either code or source"),
    ({"script": {"language": "js", "source": {"endpoint": "ftp://x"}}}, "/script/source/endpoint", "does not begin"),
    ({"container": {"command": "ls"}}, "/container", '"image" is missing'),
    ({"container": {**CONTAINER, "pullPolicy": "sometimes"}}, "/container/pullPolicy", "not one of"),
    ({"container": {**CONTAINER, "ports": {"http": 80}}}, "/container/ports/http", "not a port"),
    ({"container": {**CONTAINER, "ports": {"8080": 0}}}, "/container/ports/8080", "not a port"),
    (
        {"container": {**CONTAINER, "volumes": {"/etc": "/data"}}},
        "/container/volumes/~1etc",
        "not the name of a volume",
    ),
    ({"container": {**CONTAINER, "volumes": {"work": "data"}}}, "/container/volumes/work", "not an absolute path"),
    ({"container": {**CONTAINER, "lifetime": {"cleanup": "later"}}}, "/container/lifetime/cleanup", "not one of"),
    ({"container": {**CONTAINER, "lifetime": {"cleanup": "eventually"}}}, "/container/lifetime", "needs after"),
]


@pytest.mark.parametrize(("run", "pointer", "words"), BAD)
def test_a_bad_run_is_told_where_and_why(run: object, pointer: str, words: str) -> None:
    found = [(issue.pointer, issue.message) for issue in issues_of(run)]
    assert any(at == f"/do/0/it/run{pointer}" and words in message for at, message in found), found


def test_a_stored_document_that_runs_nothing_faults() -> None:
    document = normalise({"do": [{"it": {"run": {"await": True}}}]}, "test")
    with pytest.raises(WorkflowFault) as caught:
        run_unchecked(document)
    assert caught.value.problem.type.endswith("/configuration")
