"""`call: grpc` against a real server: JSON in and out, streams, refusals, and hosts that may not be called."""

import base64
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Memo, Payload, Payloads

from activities.protocols.calls import OutboundProtocolActivities
from activities.protocols.grpc import fields_left
from activities.protocols.programs import Programs
from tests.activities.asking import KEY, answer, fault
from tests.activities.calling import caller_of
from tests.activities.grpc_server import PROTO, Greeter
from tests.unit.http_stand_in import StandIn, message
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes

FILES = "http://files.example.com"
HOST, PORT = "grpc.example.com", 50051
DEMANDING = """
syntax = "proto2";
message Request { required string name = 1; }
service Greeter { rpc Greet(Request) returns (Request); }
"""


@pytest.fixture(scope="session")
async def greeter(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Greeter]:
    folder: Path = tmp_path_factory.mktemp("protos")
    async with Greeter(folder).listening() as greeter:
        yield greeter


@pytest.fixture(scope="session")
async def acts(greeter: Greeter) -> AsyncGenerator[OutboundProtocolActivities]:
    stand_ins = {f"http://{HOST}:{PORT}": f"http://127.0.0.1:{greeter.port}"}
    async with OutboundClient(allow_http=True, egress_map=stand_ins) as client:
        yield OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))


def inline(text: str) -> dict[str, Any]:
    return {"endpoint": {"uri": "data:text/plain;base64," + base64.b64encode(text.encode()).decode()}}


def call(method: str = "Greet", proto: str = PROTO, **service: Any) -> dict[str, Any]:
    return {
        "proto": inline(proto),
        "service": {"name": "Greeter", "host": HOST, "port": PORT, **service},
        "method": method,
        "arguments": {"name": "Ada", "times": 3, "tags": ["a", "b"]},
    }


async def test_a_method_takes_and_gives_json(acts: OutboundProtocolActivities, greeter: Greeter) -> None:
    reply = await answer(acts.grpc, call())
    # Fields keep the names of the proto; 64 bits are text, as in protocol buffers' JSON.
    assert reply == {
        "greeting_text": "Hello Ada",
        "big": "9007199254740993",
        "at": "1970-01-01T00:00:00Z",
        "polite": False,
    }
    assert (greeter.asked[-1].name, list(greeter.asked[-1].tags)) == ("Ada", ["a", "b"])


async def test_the_key_and_the_credential_are_metadata(acts: OutboundProtocolActivities, greeter: Greeter) -> None:
    await answer(acts.grpc, call(name="greet.v1.Greeter", authentication={"bearer": {"token": "sesame-sesame"}}))
    assert greeter.metadata[-1]["idempotency-key"] == KEY
    assert greeter.metadata[-1]["authorization"] == "Bearer sesame-sesame"


async def test_a_stream_of_the_server_is_an_array(acts: OutboundProtocolActivities) -> None:
    replies = await answer(acts.grpc, call("Repeat"))
    assert [reply["greeting_text"] for reply in replies] == ["0 ", "1 ", "2 "]
    nothing = {**call("Repeat"), "arguments": {}}
    assert await answer(acts.grpc, nothing) == []


async def test_a_stream_that_is_too_much_is_a_fault(acts: OutboundProtocolActivities) -> None:
    long = {**call("Repeat"), "arguments": {"name": "long", "times": 20}}
    problem = await fault(acts.grpc, long)
    assert problem["type"].endswith("/communication")
    assert "more than" in problem["detail"]


async def test_a_stream_of_more_messages_than_may_be_is_a_fault(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.grpc, {**call("Repeat"), "arguments": {"times": 1001}})
    assert "more than 1,000 messages" in problem["detail"]


async def test_small_messages_with_many_fields_are_a_fault(acts: OutboundProtocolActivities) -> None:
    fields = "".join(f"  string field_{number} = {number};\n" for number in range(5, 605))
    wide = PROTO.replace("  bool polite = 4;\n", f"  bool polite = 4;\n{fields}")
    problem = await fault(acts.grpc, {**call("Repeat", wide), "arguments": {"times": 200}})
    assert problem["status"] == 413
    assert "more than 100,000 fields" in problem["detail"]
    assert len(await answer(acts.grpc, {**call("Repeat", wide), "arguments": {"times": 2}})) == 2


def test_fields_are_counted_however_deep_they_stand() -> None:
    each = 1 + len(Payload.DESCRIPTOR.fields)
    listed = Payloads(payloads=[Payload(), Payload(metadata={"a": b"", "b": b""})])
    assert fields_left(listed, 1000) == 1000 - (1 + 1 + 2) - 2 * each - 2
    assert fields_left(Memo(fields={"a": Payload()}), 1000) == 1000 - (1 + 1 + 1) - each
    assert fields_left(listed, 5) < 0


async def test_a_refusal_has_the_servers_code_and_words(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.grpc, {**call(), "arguments": {"name": "nobody"}})
    assert problem["type"].endswith("/communication")
    assert (problem["title"], problem["status"], problem["detail"]) == ("NOT_FOUND", 404, "there is no nobody")


async def test_a_proto_can_be_fetched(greeter: Greeter) -> None:
    async with StandIn.listening() as host:
        host.answers["/greet.proto"] = message(PROTO.encode(), "200 OK", "Content-Type: text/plain")
        stand_ins = {FILES: host.url, f"http://{HOST}:{PORT}": f"http://127.0.0.1:{greeter.port}"}
        async with OutboundClient(allow_http=True, egress_map=stand_ins) as client:
            fetching = OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))
            fetched = {**call(), "proto": {"endpoint": {"uri": f"{FILES}/greet.proto"}}}
            assert (await answer(fetching.grpc, fetched))["greeting_text"] == "Hello Ada"


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"method": "Greeet"}, "configuration", "did you mean 'Greet'"),
        ({"service": {"name": "Gretter", "host": HOST, "port": PORT}}, "configuration", "has no service"),
        ({"method": "Collect"}, "configuration", "takes a stream of messages"),
        ({"proto": inline("syntax = proto3;")}, "configuration", "the proto is not valid"),
        ({"proto": inline('syntax = "proto3"; import "/etc/passwd";')}, "configuration", "the proto is not valid"),
        ({"proto": {"endpoint": {"uri": "data:text/plain;base64,%%"}}}, "configuration", "no base64"),
        ({"arguments": {"names": "Ada"}}, "validation", "names"),
        ({"arguments": {"times": "many"}}, "validation", "no greet.v1.Request"),
        ({"arguments": ["Ada"]}, "validation", "arguments must be an object"),
        ({"proto": inline(DEMANDING), "arguments": {}}, "validation", "no Request: "),
    ],
)
async def test_what_cannot_be_called_is_a_fault(
    acts: OutboundProtocolActivities, change: dict[str, Any], kind: str, words: str
) -> None:
    problem = await fault(acts.grpc, call() | change)
    assert problem["type"].endswith(f"/{kind}")
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 443, "not a public address"),
        ("localhost", 443, "not public"),
        ("169.254.169.254", 80, "not a public address"),
        ("example.com", 5432, "port 5432"),
        ("https://grpc.example.com", 443, "not the name of a host"),
        ("a/b", 443, "not the name of a host"),
        ("[::1]", 443, "not the name of a host"),
        ("::1", 443, "not a public address"),
        ("", 443, "not the name of a host"),
        ("ex%41mple.com", 443, "not the name of a host"),
        ("xn--\u0080.com", 443, "not the name of a host"),
        ("xn--0.com", 443, "not the name of a host"),
    ],
)
async def test_a_host_that_may_not_be_called_is_refused(
    acts: OutboundProtocolActivities, host: str, port: int, words: str
) -> None:
    problem = await fault(acts.grpc, call(host=host, port=port))
    assert (problem["status"], problem["title"]) == (400, "Refused")
    assert words in problem["detail"]


async def test_a_name_that_leads_inside_is_refused_at_the_moment_of_the_call(greeter: Greeter) -> None:
    async def lookup(host: str, port: int) -> list[str]:  # noqa: ARG001
        return ["127.0.0.1"]

    async with OutboundClient(allow_http=True, lookup=lookup) as client:
        acts = OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))
        asked = len(greeter.asked)
        problem = await fault(acts.grpc, call(host="inside.example.com"))
        assert problem["detail"] == "inside.example.com leads to an address that is not public"
        assert len(greeter.asked) == asked


async def test_a_server_that_is_not_there_is_a_communication_fault_without_its_address() -> None:
    async with OutboundClient(allow_http=True, egress_map={f"http://{HOST}:{PORT}": "http://127.0.0.1:9"}) as client:
        acts = OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))
        problem = await fault(acts.grpc, call())
        assert (problem["title"], problem["status"]) == ("UNAVAILABLE", 503)
        assert "127.0.0.1" not in problem["detail"]


async def test_a_server_that_refuses_for_now_says_so_itself(acts: OutboundProtocolActivities) -> None:
    problem = await fault(acts.grpc, {**call(), "arguments": {"name": "late"}})
    assert (problem["status"], problem["detail"]) == (503, "come back later")
