"""What validation says: the place, the words, and the mend, for documents with one fault each."""

import copy
import json
from typing import Any

import pytest

from workflows.language.documents import normalise, slug
from workflows.language.issues import Issue
from workflows.language.validation import validate

OK: Any = {"set": {"x": 1}}
OPENAPI: dict[str, Any] = {
    "call": "openapi",
    "with": {"document": {"endpoint": "https://x.example/api.json"}, "operationId": "x"},
}
HTTP: Any = {"call": "http", "with": {"method": "get", "endpoint": "https://x.example"}}
ROW: Any = {"call": "create-row", "with": {"table": "deals", "values": {"title": "x"}}}


def issues_of(tasks: object, **parts: object) -> list[Issue]:
    return validate(normalise({"do": tasks, **parts}, "test"))


def with_(task: dict[str, Any], **more: object) -> dict[str, Any]:
    return {**task, "with": {**task["with"], **more}}


def trying(**catch: object) -> dict[str, object]:
    return {"try": [{"t": OK}], "catch": {"do": [{"c": OK}], **catch}}


def nested(depth: int) -> object:
    task: object = OK
    for _ in range(depth):
        task = {"do": [{"n": task}]}
    return task


BAD_TASKS: list[tuple[object, str, str, str | None]] = [
    (with_(HTTP, endpont="x"), "/with/endpont", 'unknown property "endpont"', 'did you mean "endpoint"?'),
    ({"call": "http", "with": {"method": "get"}}, "/with", 'required property "endpoint" is missing', None),
    (with_(HTTP, method="SEND"), "/with/method", "not one of", "GET, HEAD"),
    (with_(HTTP, endpoint="ftp://x"), "/with/endpoint", "http:// or https://", None),
    (with_(HTTP, output="all"), "/with/output", "not one of", "content, raw, response"),
    (with_(HTTP, redirect="yes"), "/with/redirect", "true or false", None),
    (
        with_(HTTP, endpoint={"uri": "https://x.example", "authentication": {"use": "a"}}),
        "/with/endpoint/authentication/use",
        'use.authentications has no "a"',
        None,
    ),
    (with_(HTTP, body={"a": ["${ .x | }"]}), "/with/body/a/0", "column", "in the expression"),
    ({"call": "creat-row"}, "/call", 'unknown function "creat-row"', 'did you mean "create-row"?'),
    ({"call": "create-row:9.9.9@default"}, "/call", "unknown function", '"create-row:1.0.0@default"'),
    (with_(OPENAPI, document="https://x.example"), "/with/document", "must be an object", None),
    (with_(OPENAPI, operationid="x"), "/with/operationid", "unknown property", '"operationId"'),
    (with_(OPENAPI, operationId=7), "/with/operationId", "text is needed", None),
    (with_(OPENAPI, parameters=[1]), "/with/parameters", "an object or an expression", None),
    (with_(OPENAPI, authentication={"bearer": {}}), "/with/authentication/bearer", '"token" is missing', None),
    ({"call": "ftp://x.example/function.yaml"}, "/call", "unknown function", None),
    ({"call": 5}, "/call", "must be the name", None),
    ({"call": "http", "with": "${ . }"}, "/with", "must be an object", None),
    (with_(ROW, table="dealz"), "/with/table", "wrong argument", 'did you mean "deals"?'),
    (with_(ROW, tabel="deals"), "/with/tabel", 'unknown argument "tabel"', 'did you mean "table"?'),
    ({"call": "create-row", "with": {"table": "deals"}}, "/with", '"values" is missing', None),
    ({"call": "query-rows", "with": {"table": "deals", "limit": 5000}}, "/with/limit", "5000", None),
    ({"emit": {"event": {"with": {"data": 1}}}}, "/emit/event/with", 'required attribute "type" is missing', None),
    ({"emit": {"event": {"with": {"type": "x", "Bad": 1}}}}, "/emit/event/with/Bad", "cannot name an attribute", None),
    ({"listen": {"to": {}}}, "/listen/to", "exactly one of one, any and all", None),
    ({"run": {"shell": {"command": "ls"}}}, "/run/shell", "shell is not enabled on this server", "RUN_ALLOW"),
    ({"sett": {"x": 1}}, "/sett", 'unknown task type "sett"', 'did you mean "set"?'),
    ({"mailings": {"x": 1}}, "/mailings", 'unknown task type "mailings"', "a task has one of: set"),
    ({}, "", "the task has no type", "a task has one of"),
    ({"set": {"x": 1}, "wait": "PT1S"}, "", "one type", "two tasks"),
    ("set", "", "must be an object, not text", None),
    ({**OK, "iff": "true"}, "/iff", 'unknown property "iff"', 'did you mean "if"?'),
    ({**OK, "then": "nex"}, "/then", 'no task "nex"', 'did you mean "next"?'),
    ({**OK, "then": 1}, "/then", "must be text", None),
    ({**OK, "if": ".x =="}, "/if", "column", None),
    ({**OK, "if": 5}, "/if", "an expression is needed", None),
    ({**OK, "input": {"from": "$nobody"}}, "/input/from", "unknown variable $nobody", "known here: $context"),
    ({**OK, "output": {"as": "$contxt"}}, "/output/as", "unknown variable", 'did you mean "$context"?'),
    ({**OK, "output": {"as": "$secrets.x"}}, "/output/as", "$secrets may not be read here", "arguments of call http"),
    (
        {**OK, "output": {"schema": {"document": {"type": "objct"}}}},
        "/output/schema/document",
        "not a JSON Schema",
        None,
    ),
    (
        {**OK, "input": {"schema": {"document": {"$ref": "https://x.example/s"}}}},
        "/input/schema/document",
        "leaves",
        None,
    ),
    ({**OK, "input": {"schema": {"resource": {}}}}, "/input/schema/resource", "is missing", None),
    ({**OK, "timeout": "short"}, "/timeout", 'use.timeouts has no "short"', "define it in use.timeouts"),
    ({**OK, "timeout": {"after": "5 minutes"}}, "/timeout/after", "not an ISO 8601 duration", "PT5S"),
    ({**OK, "metadata": {"compensate": [{"u": {"sett": 1}}]}}, "/metadata/compensate/0/u/sett", "sett", None),
    ({**OK, "metadata": {"rollback": "never"}}, "/metadata/rollback", "never", '"none"'),
    ({"set": {}}, "/set", "at least one key", None),
    ({"set": ".x"}, "/set", "or an expression", "${ .expression }"),
    ({"do": []}, "/do", "no task", None),
    ({"do": {"a": OK}}, "/do", "a list of tasks is needed", None),
    ({"do": [{"a": OK, "b": OK}]}, "/do/0", "one key", None),
    ({"do": [{"a": OK}, {"a": OK}]}, "/do/1/a", 'also named "a"', "rename"),
    ({"wait": {"minute": 1}}, "/wait", "unknown unit 'minute'", None),
    ({"wait": {"seconds": -1}}, "/wait", "0 or more", None),
    ({"wait": {"seconds": "${ .x | }"}}, "/wait/seconds", "column", None),
    ({"switch": [{"a": {"then": "end"}}, {"b": {"then": "exit"}}]}, "/switch", "a, b", None),
    ({"switch": [{"a": {"when": ".x"}}]}, "/switch/0/a", '"then" is missing', None),
    ({"switch": [{"a": {"when": ".x", "then": "nowhere"}}]}, "/switch/0/a/then", "nowhere", None),
    ({"for": {"each": "x"}, "do": [{"a": OK}]}, "/for", '"in" is missing', None),
    ({"for": {"in": ".x"}}, "", '"do" is missing', None),
    ({"for": {"in": ".x", "each": "1a"}, "do": [{"a": OK}]}, "/for/each", "cannot name a variable", None),
    ({"for": {"in": ".x", "each": "input"}, "do": [{"a": OK}]}, "/for/each", "already means something", None),
    ({"for": {"in": ".x", "each": "row"}, "do": [{"a": {"set": "${ $rows }"}}]}, "/do/0/a/set", "$rows", '"$row"'),
    ({"fork": {"branches": [{"a": OK}], "competes": True}}, "/fork/competes", "competes", "compete"),
    ({"fork": {"branches": [{"a": {**OK, "then": "b"}}, {"b": OK}]}}, "/fork/branches/0/a/then", '"b"', None),
    ({"try": [{"t": OK}]}, "", '"catch" is missing', None),
    (trying(retries={}), "/catch/retries", "retries", '"retry"'),
    (trying(retry="slow"), "/catch/retry", 'use.retries has no "slow"', None),
    (trying(retry={"backoff": {"square": {}}, "limit": {"duration": "PT1M"}}), "/catch/retry/backoff/square", "", None),
    (trying(retry={"limit": {"attempt": {"count": "3"}}}), "/catch/retry/limit/attempt/count", "whole number", None),
    (trying(errors={"with": {"kind": "x"}}), "/catch/errors/with/kind", "kind", "type, status"),
    ({"raise": {"error": {"type": "https://x.example"}}}, "/raise/error", '"status" is missing', None),
    ({"raise": {"error": "lost"}}, "/raise/error", 'use.errors has no "lost"', None),
    (nested(32), "/do/0/n" * 31 + "/do", "32 deep", "use.functions"),
    ({"set": {"x": "${ " + "1 + " * 3000 + "1 }"}}, "/set/x", "longer than 8 KiB", None),
]


@pytest.mark.parametrize(("task", "pointer", "message", "hint"), BAD_TASKS)
def test_a_bad_task_is_told_where_why_and_what_to_do(
    task: object, pointer: str, message: str, hint: str | None
) -> None:
    issues = issues_of([{"a": task}, {"next": OK}])
    errors = [issue for issue in issues if issue.severity == "error"]
    assert [issue.pointer for issue in errors] == [f"/do/0/a{pointer}"], issues
    assert message in errors[0].message
    assert hint is None or hint in str(errors[0].hint)


BAD_DOCUMENTS: list[tuple[object, str, str]] = [
    ([], "", "must be an object, not a list"),
    (None, "", "must be an object, not null"),
    ({"do": [{"a": OK}]}, "", '"document" is missing'),
    ({"document": {}}, "", '"do" is missing'),
    ({"schedule": {"cron": "* * *"}}, "/schedule/cron", "five fields"),
    ({"use": {"secrets": ["1 x"]}}, "/use/secrets/0", "cannot name a secret"),
    ({"use": {"secrets": {"x": 1}}}, "/use/secrets", "a list of names"),
    ({"use": {"extensions": {}}}, "/use/extensions", "a list of extensions"),
    ({"use": {"catalogs": {"c": {}}}}, "/use/catalogs/c", "is missing"),
    ({"use": {"authentications": {"a": {"basic": {"username": "u"}}}}}, "/use/authentications/a/basic", '"password"'),
    ({"use": {"authentications": {"a": {"use": "b"}}}}, "/use/authentications/a/use", "unknown property"),
    ({"use": {"function": {}}}, "/use/function", "function"),
    ({"use": {"functions": {"f": {"call": "g"}, "g": {"call": "f"}}}}, "/use/functions/f", "calls itself"),
    ({"use": {"functions": {"f": {"sett": 1}}}}, "/use/functions/f/sett", "sett"),
    ({"use": {"errors": {"e": {"status": 500}}}}, "/use/errors/e", '"type" is missing'),
    ({"use": {"timeouts": {"t": {"after": "soon"}}}}, "/use/timeouts/t/after", "soon"),
    ({"evaluate": {"language": "javascript"}}, "/evaluate/language", "not available"),
    ({"evaluate": {"mode": "lax"}}, "/evaluate/mode", "not one of"),
    ({"input": {"from": "$input"}, "outptu": {}}, "/outptu", "outptu"),
    ({"document": {"dsl": "0.8"}}, "/document/dsl", '"0.8" is not a valid dsl'),
    ({"document": {"name": "has space"}}, "/document/name", "is not a valid name"),
    ({"document": {"version": "1"}}, "/document/version", "is not a valid version"),
    ({"document": {"metadata": {"rollbackOnCancel": "no"}}}, "/document/metadata/rollbackOnCancel", "true or false"),
    ({"do": [{"a": {"set": {"x": "\0"}}}]}, "/do/0/a/set/x", "NUL"),
    ({"do": [{"a": {"set": {"x": "\ud800"}}}]}, "/do/0/a/set/x", "surrogate"),
    ({"do": [{"a": {"set": {"x": float("nan")}}}]}, "/do/0/a/set/x", "nan"),
    ({"do": [{"a": {"set": {"x": 10**20}}}]}, "/do/0/a/set/x", "64 bits"),
    ({"do": [{"a": {"set": {"x": "y" * 300_000}}}]}, "", "256 KiB"),
    ({"do": [{f"t{n}": {"set": "${ 1 }"}} for n in range(1001)]}, "/do/1000/t1000", "1,000 tasks"),
]


@pytest.mark.parametrize(("document", "pointer", "message"), BAD_DOCUMENTS)
def test_a_bad_document_is_told_where_and_why(document: Any, pointer: str, message: str) -> None:
    if isinstance(document, dict) and message != '"document" is missing':
        whole = normalise({"do": [{"a": OK}], **document} if message != '"do" is missing' else document, "test")
    else:
        whole = document
    errors = [issue for issue in validate(whole) if issue.severity == "error"]
    assert errors, "nothing was found"
    assert (errors[0].pointer, message in errors[0].message) == (pointer, True), errors


def test_a_hundred_thousand_lists_in_each_other_are_refused_quickly() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert [issue.code for issue in issues_of([{"a": {"set": {"x": value}}}])] == ["TOO_LARGE"]


@pytest.mark.parametrize(
    ("task", "pointer", "code"),
    [
        ({"try": [{"t": OK}], "catch": {"retry": {}}}, "/catch/retry", "UNBOUNDED_RETRY"),
        ({"try": [{"t": OK}], "catch": {}}, "/catch", "WITHOUT_EFFECT"),
        ({"set": {"x": "Hello ${ .name }!"}}, "/set/x", "NOT_EVALUATED"),
        ({**OK, "if": "$input.x"}, "/if", "UNKNOWN_VARIABLE"),
    ],
)
def test_doubtful_things_are_warnings(task: object, pointer: str, code: str) -> None:
    issues = issues_of([{"a": task}])
    assert [(issue.severity, issue.pointer, issue.code) for issue in issues] == [("warning", f"/do/0/a{pointer}", code)]


def test_all_faults_are_told_at_once() -> None:
    issues = issues_of([{"a": {"sett": 1}}, {"b": {"wait": "x"}}, {"c": {**OK, "then": "nowhere"}}])
    assert [issue.pointer for issue in issues] == ["/do/0/a/sett", "/do/1/b/wait", "/do/2/c/then"]


def test_a_document_that_uses_everything_is_valid() -> None:
    document = {
        "input": {"schema": {"format": "json", "document": {"type": "object"}}, "from": ".payload"},
        "output": {"as": "${ {done: ., context: $context} }"},
        "timeout": {"after": {"minutes": 5}},
        "evaluate": {"language": "jq", "mode": "strict"},
        "use": {
            "errors": {"e": {"type": "https://x.example/e", "status": 400}},
            "retries": {"r": {"delay": "PT1S", "backoff": {"exponential": {}}, "limit": {"attempt": {"count": 2}}}},
            "timeouts": {"t": {"after": "PT10S"}},
            "functions": {"f": {"call": "get-row", "with": {"table": "deals", "id": "${ .id }"}}},
        },
        "do": [
            {"start": {"set": {"items": [1, 2]}, "timeout": "t", "then": "loop"}},
            {"loop": {"for": {"each": "i", "in": ".items"}, "while": "$i < 5", "do": [{"f": {"call": "f"}}]}},
            {
                "guard": {
                    "try": [{"r": {"raise": {"error": "e"}}}],
                    "catch": {
                        "as": "oops",
                        "when": "$oops.status == 400",
                        "retry": "r",
                        "do": [{"l": {"set": "${ $oops }"}}],
                    },
                    "metadata": {"rollback": True, "anything": ["else"]},
                }
            },
            {"race": {"fork": {"compete": True, "branches": [{"x": {"wait": "PT1S"}}, {"y": HTTP}]}}},
            {"row": {**ROW, "metadata": {"compensate": [{"u": {"set": "${ [$input, $output, $error] }"}}]}}},
            {"pick": {"switch": [{"a": {"when": ".x", "then": "start"}}, {"b": {"then": "end"}}]}},
        ],
    }
    before = copy.deepcopy(document)
    assert validate(normalise(document, "All of It!")) == []
    assert document == before


def test_normalise_fills_what_is_missing_and_keeps_what_is_given() -> None:
    assert normalise({"do": []}, "Größe & Co.")["document"] == {
        "dsl": "1.0.3",
        "namespace": "default",
        "name": "gr-e-co",
        "version": "0.1.0",
    }
    given = {"document": {"name": "mine", "version": "2.0.0"}, "do": []}
    filled = normalise(given, "other")
    assert json.dumps(filled["document"]) == (
        '{"dsl": "1.0.3", "namespace": "default", "name": "mine", "version": "2.0.0"}'
    )
    assert slug("---") == "workflow"
    assert len(slug("x" * 200)) == 63
