"""What takes long in a call is done in a thread: every other call of the worker waits for what its loop does itself."""

import threading
from collections.abc import AsyncGenerator, Callable, ItemsView
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.authentication import redaction
from activities.calls import answers
from activities.calls.caller import BoundCall
from activities.faults import fault
from activities.protocols import grpc
from activities.protocols.calls import OutboundProtocolActivities
from activities.protocols.programs import Programs
from tests.activities import asking
from tests.activities.calling import HOST, JSON, Calling, caller_of, guarded
from tests.activities.grpc_server import PROTO, Greeter
from tests.activities.test_grpc import inline
from tests.unit.http_stand_in import StandIn, message
from workflows.contracts.calls import CallInput
from workflows.language.problems import Kind
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes


class Threads:
    """The threads in which something was done."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def note(self) -> None:
        self.seen.append(threading.get_ident())

    def watching(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            self.note()
            return function(*arguments, **named)

        return noted


class Watched(dict[str, object]):
    """An object that notes who reads its members."""

    def __init__(self, threads: Threads, **members: object) -> None:
        super().__init__(members)
        self._threads = threads

    def items(self) -> ItemsView[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._threads.note()
        return dict(self).items()


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        stand_in.answers["/secret"] = message(b'{"a": "sesame-sesame"}', "200 OK", JSON)
        stand_in.answers["/none"] = message(b"no sesame-sesame", "404 Not Found")
        yield stand_in


@pytest.fixture
async def client(host: StandIn) -> AsyncGenerator[OutboundClient]:
    async with guarded(host) as client:
        yield client


def an_input() -> CallInput:
    return CallInput(execution_id=uuid4(), owner_id=uuid4(), key="/do/0/a#", arguments="{}", timeout=5)


async def test_an_output_is_written_in_a_thread(client: OutboundClient, threads: Threads) -> None:
    async def perform(bound: BoundCall) -> object:
        bound.redactor.learn("sesame-sesame")
        return Watched(threads, a="sesame-sesame")

    written = await ActivityEnvironment().run(caller_of(client).run, an_input(), perform, who="it")
    assert written == '{"a": "***"}'
    assert threads.seen
    assert threading.get_ident() not in threads.seen


async def test_secrets_are_taken_out_of_a_fault_in_a_thread(client: OutboundClient, threads: Threads) -> None:
    async def perform(bound: BoundCall) -> object:
        bound.redactor.learn("sesame-sesame")
        error = fault(Kind.RUNTIME, "it said sesame-sesame")
        raise ApplicationError(error.message, Watched(threads, a="sesame-sesame"))

    with pytest.raises(ApplicationError, match=r"it said \*\*\*$") as caught:
        await ActivityEnvironment().run(caller_of(client).run, an_input(), perform, who="it")
    assert caught.value.details == ({"a": "***"},)
    assert threads.seen
    assert threading.get_ident() not in threads.seen


async def test_an_answer_is_read_and_its_secrets_are_looked_for_in_a_thread(
    client: OutboundClient, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "content_of", threads.watching(answers.content_of))
    monkeypatch.setattr(redaction, "_compiled", threads.watching(redaction._compiled))
    calling = Calling(client)
    for path, kind in (("/secret", "call"), ("/none", "fault")):
        policy = {"basic": {"username": "ada", "password": "sesame-sesame"}}
        arguments = {"method": "GET", "endpoint": {"uri": HOST + path, "authentication": policy}}
        await getattr(calling, kind)("http", arguments)
    # One pattern for each call, made when all of its secrets are known.
    assert len(threads.seen) == 3
    assert threading.get_ident() not in threads.seen


async def test_messages_of_grpc_are_read_in_a_thread(
    threads: Threads, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(grpc, "ParseDict", threads.watching(grpc.ParseDict))
    monkeypatch.setattr(grpc, "MessageToDict", threads.watching(grpc.MessageToDict))
    async with (
        Greeter(tmp_path_factory.mktemp("protos")).listening() as greeter,
        OutboundClient(
            allow_http=True, egress_map={"http://grpc.example.com:50051": f"http://127.0.0.1:{greeter.port}"}
        ) as client,
    ):
        acts = OutboundProtocolActivities(caller_of(client), Programs(Processes(), frozenset()))
        service = {"name": "Greeter", "host": "grpc.example.com", "port": 50051}
        asked = {"proto": inline(PROTO), "service": service, "method": "Greet", "arguments": {"name": "Ada"}}
        assert (await asking.answer(acts.grpc, asked))["greeting_text"] == "Hello Ada"
    assert len(threads.seen) == 2
    assert threading.get_ident() not in threads.seen
