"""`call: grpc`, `asyncapi`, `a2a` and `mcp`: what is handed to the call, and what validation says before."""

from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.language.virtual import EVERY_RUN, World, output_of, run
from workflows.document_text import parse_document
from workflows.language.documents import normalise
from workflows.language.issues import Issue
from workflows.language.validation import validate

KEY = "/do/0/it#"
PROTO = {"endpoint": "https://files.example.com/greet.proto"}
GRPC: Any = {"proto": PROTO, "service": {"name": "Greeter", "host": "grpc.example.com"}, "method": "Greet"}
DOCUMENT = {"endpoint": "https://files.example.com/asyncapi.json"}
PUBLISH: Any = {"document": DOCUMENT, "operation": "say", "message": {"payload": {"text": "${ .text }"}}}
HEAR: Any = {"document": DOCUMENT, "operation": "hear", "subscription": {"consume": {"amount": 2}}}
A2A: Any = {"method": "tasks/get", "server": "https://agent.example.com/rpc", "parameters": {"id": "${ .id }"}}
MCP: Any = {"method": "tools/list", "transport": {"http": {"endpoint": "https://mcp.example.com/{team}"}}}


def issues_of(call: str, arguments: object, allowed: frozenset[str] = EVERY_RUN) -> list[Issue]:
    document = normalise({"do": [{"it": {"call": call, "with": arguments}}]}, "test")
    return [issue for issue in validate(document, allowed_runs=allowed) if issue.severity == "error"]


def sent(call: str, arguments: object, data: object = None, answer: object = None) -> tuple[dict[str, Any], object]:
    """What the call is made with, and the task's output."""
    world = World()
    world.answers[KEY] = answer
    output = output_of([{"it": {"call": call, "with": arguments}}], data, world=world)
    ((key, request),) = world.requests
    assert (key, request.kind, request.repeatable) == (KEY, call, False)
    return dict(request.arguments), output


def test_a_grpc_call_has_its_arguments_evaluated_and_its_resources_as_endpoints() -> None:
    service = {**GRPC["service"], "port": "${ .port }"}
    arguments, output = sent(
        "grpc", {**GRPC, "service": service, "arguments": "${ {name: .who} }"}, {"who": "Ada", "port": 443}, {"a": 1}
    )
    assert arguments["proto"] == {"endpoint": {"uri": PROTO["endpoint"]}}
    assert arguments["service"]["port"] == 443
    assert arguments["arguments"] == {"name": "Ada"}
    assert output == {"a": 1}


def test_what_publishes_gives_its_input_on() -> None:
    arguments, output = sent("asyncapi", PUBLISH, {"text": "hi"}, {"of": "the call"})
    assert arguments["message"] == {"payload": {"text": "hi"}}
    assert output == {"text": "hi"}


def test_conditions_of_a_subscription_travel_as_they_are_with_what_they_read() -> None:
    subscription = {
        "filter": "${ .payload.n > $input.least }",
        "consume": {"until": "length >= 3", "for": {"seconds": 5}},
    }
    arguments, output = sent("asyncapi", {**HEAR, "subscription": subscription}, {"least": 2}, [{"payload": 3}])
    assert arguments["subscription"] == {
        "filter": "%jq .payload.n > $input.least",
        "consume": {"until": "%jq length >= 3", "for": {"seconds": 5}},
    }
    assert arguments["variables"] == {"input": {"least": 2}}
    assert output == [{"payload": 3}]


def test_conditions_stay_as_they_are_in_loose_mode_too() -> None:
    world = World()
    subscription = {"filter": ".payload", "consume": {"while": "true"}}
    task = {"it": {"call": "asyncapi", "with": {**HEAR, "subscription": subscription}}}
    run([task], world=world, evaluate={"mode": "loose"})
    assert world.requests[0][1].arguments["subscription"] == {
        "filter": "%jq .payload",
        "consume": {"while": "%jq true"},
    }


def test_each_message_goes_through_foreach_in_order() -> None:
    foreach = {
        "item": "message",
        "at": "n",
        "do": [{"keep": {"set": {"text": "${ $message.payload }", "n": "${ $n }"}}}],
        "output": {"as": ".text + ($n | tostring)"},
        "export": {"as": "${ {all: (($context.all // []) + [$output])} }"},
    }
    world = World()
    world.answers[KEY] = [{"payload": "a"}, {"payload": "b"}]
    hearing = {
        "it": {"call": "asyncapi", "with": {**HEAR, "subscription": {"consume": {"amount": 2}, "foreach": foreach}}}
    }
    outcome = run([hearing, {"both": {"set": {"out": "${ . }", "context": "${ $context.all }"}}}], world=world)
    assert outcome.output == {"out": ["a0", "b1"], "context": ["a0", "b1"]}
    references = [entry.reference for entry in outcome.tasks]
    assert references.count("/do/0/it/with/subscription/foreach/do/0/keep") == 2


def test_an_exit_in_foreach_leaves_the_rest() -> None:
    foreach = {
        "do": [
            {"stop": {"switch": [{"b": {"when": '.payload == "b"', "then": "exit"}}]}},
            {"keep": {"set": "${ .payload }"}},
        ]
    }
    arguments = {**HEAR, "subscription": {"consume": {"amount": 3}, "foreach": foreach}}
    _, output = sent("asyncapi", arguments, None, [{"payload": each} for each in "abc"])
    assert output == ["a", {"payload": "b"}]


def test_an_agent_is_called_at_its_server() -> None:
    arguments, output = sent("a2a", A2A, {"id": "t1"}, {"status": "done"})
    assert arguments["server"] == {"uri": "https://agent.example.com/rpc"}
    assert arguments["parameters"] == {"id": "t1"}
    assert output == {"status": "done"}


def test_an_mcp_endpoint_is_a_uri_template() -> None:
    arguments, _ = sent("mcp", MCP, {"team": "a b"})
    assert arguments["transport"]["http"]["endpoint"] == {"uri": "https://mcp.example.com/a%20b"}


def test_the_calls_of_the_standard_are_valid_as_they_are() -> None:
    for call, arguments in (("grpc", GRPC), ("asyncapi", PUBLISH), ("asyncapi", HEAR), ("a2a", A2A), ("mcp", MCP)):
        assert issues_of(call, arguments) == []
    stdio = {"stdio": {"command": "server", "arguments": ["--x"], "environment": {"A": "1"}}}
    assert issues_of("mcp", {**MCP, "transport": stdio}) == []
    assert issues_of("a2a", {"method": "tasks/list", "agentCard": DOCUMENT}) == []


def hearing(**subscription: object) -> dict[str, object]:
    return {**HEAR, "subscription": subscription}


BAD: list[tuple[str, object, str, str]] = [
    ("grpc", {}, "", '"proto" is missing'),
    ("grpc", {**GRPC, "proto": "https://x.example/a.proto"}, "/proto", "must be an object"),
    ("grpc", {**GRPC, "proto": {"endpoint": "file:///a.proto"}}, "/proto/endpoint", "does not begin with"),
    ("grpc", {**GRPC, "service": {"name": "G"}}, "/service", '"host" is missing'),
    (
        "grpc",
        {**GRPC, "service": {**GRPC["service"], "host": "https://x.example"}},
        "/service/host",
        "not the name of a host",
    ),
    ("grpc", {**GRPC, "service": {**GRPC["service"], "port": "443"}}, "/service/port", "not a port"),
    ("grpc", {**GRPC, "service": {**GRPC["service"], "prot": 1}}, "/service/prot", "unknown property"),
    ("grpc", {**GRPC, "method": 1}, "/method", "text is needed"),
    ("grpc", {**GRPC, "arguments": [1]}, "/arguments", "an object"),
    ("asyncapi", {}, "", '"document" is missing'),
    ("asyncapi", {"document": DOCUMENT, "message": {"payload": 1}}, "", "either operation or channel"),
    ("asyncapi", {**PUBLISH, "channel": "x"}, "", "either operation or channel"),
    ("asyncapi", {"document": DOCUMENT, "operation": "x"}, "", "either message or subscription"),
    ("asyncapi", {**PUBLISH, **HEAR}, "", "either message or subscription"),
    ("asyncapi", {**PUBLISH, "protocol": "kafka"}, "/protocol", "kafka is not available on this server"),
    ("asyncapi", {**PUBLISH, "protocol": "htp"}, "/protocol", "is not a protocol"),
    ("asyncapi", {**HEAR, "protocol": "http"}, "/protocol", "nothing to subscribe to"),
    ("asyncapi", {**PUBLISH, "server": "staging"}, "/server", "must be an object"),
    ("asyncapi", {**PUBLISH, "server": {}}, "/server", '"name" is missing'),
    ("asyncapi", {**PUBLISH, "message": {"body": 1}}, "/message", '"payload" is missing'),
    ("asyncapi", hearing(), "/subscription", '"consume" is missing'),
    ("asyncapi", hearing(consume={}), "/subscription/consume", "one of amount, while and until"),
    ("asyncapi", hearing(consume={"amount": 1, "until": "true"}), "/subscription/consume", "one of amount"),
    ("asyncapi", hearing(consume={"amount": 0}), "/subscription/consume/amount", "1 or more"),
    ("asyncapi", hearing(consume={"until": ".a |"}), "/subscription/consume/until", ""),
    ("asyncapi", hearing(consume={"for": {"second": 1}}), "/subscription/consume/for", "unknown unit"),
    ("asyncapi", hearing(consume={"amount": 1}, filter="$nobody"), "/subscription/filter", "unknown variable $nobody"),
    ("asyncapi", hearing(consume={"amount": 1}, foreach={"do": []}), "/subscription/foreach/do", "has no task"),
    ("a2a", {}, "", '"method" is missing'),
    ("a2a", {**A2A, "method": "tasks/gett"}, "/method", "not one of"),
    ("a2a", {"method": "tasks/get"}, "", "needs agentCard or server"),
    ("a2a", {**A2A, "server": "agent.example.com"}, "/server", "does not begin with"),
    ("a2a", {**A2A, "parameters": [1]}, "/parameters", "an object"),
    ("a2a", {**A2A, "method": "message/send"}, "/parameters", "a message with parts"),
    ("mcp", {}, "", '"transport" is missing'),
    ("mcp", {**MCP, "method": "initialize"}, "/method", "not one of"),
    ("mcp", {**MCP, "transport": {}}, "/transport", "either http or stdio"),
    ("mcp", {**MCP, "transport": {"http": {}}}, "/transport/http", '"endpoint" is missing'),
    (
        "mcp",
        {**MCP, "transport": {"stdio": {"command": "x", "arguments": "y"}}},
        "/transport/stdio/arguments",
        "list of texts",
    ),
    ("mcp", {**MCP, "timeout": "soon"}, "/timeout", "not an ISO 8601 duration"),
    ("mcp", {**MCP, "client": {"title": "x"}}, "/client/title", "unknown property"),
]


@pytest.mark.parametrize(("call", "arguments", "pointer", "words"), BAD)
def test_a_bad_call_is_told_where_and_why(call: str, arguments: object, pointer: str, words: str) -> None:
    found = [(issue.pointer, issue.message) for issue in issues_of(call, arguments)]
    assert any(at == f"/do/0/it/with{pointer}" and words in message for at, message in found), found


def test_programs_of_mcp_are_for_the_operator_to_allow() -> None:
    (issue,) = issues_of("mcp", {**MCP, "transport": {"stdio": {"command": "x"}}}, EVERY_RUN - {"mcp-stdio"})
    assert (issue.pointer, issue.code) == ("/do/0/it/with/transport/stdio", "NOT_AVAILABLE")


@pytest.mark.parametrize("page", ["run", "protocols"])
def test_the_examples_of_the_pages_are_valid(page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "workflows" / f"{page}.md").read_text()
    examples = [part.partition("```")[0] for part in text.split("```yaml\n")[1:]]
    assert examples
    for example in examples:
        document = cast("dict[str, object]", parse_document(example).document)
        whole = normalise({"use": {"secrets": ["mcp"]}, **document}, "test")
        assert [issue for issue in validate(whole, allowed_runs=EVERY_RUN) if issue.severity == "error"] == []
