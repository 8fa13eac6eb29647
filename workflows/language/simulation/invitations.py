"""People in a simulation: they answer what is mocked, or else something that the function's schema allows."""

from collections.abc import Mapping

from workflows.language.functions import find_function
from workflows.language.inbox import Inbox
from workflows.language.simulation.mocks import Mocks
from workflows.language.simulation.samples import sample_of


class Invitations:
    """Who was asked what, in order; `answers` makes up an answer where there is no mock."""

    def __init__(self, mocks: Mocks, inbox: Inbox, *, answers: bool) -> None:
        self.asked: list[tuple[str, str, Mapping[str, object]]] = []
        self.withdrawn: list[tuple[str, bool]] = []
        self._mocks = mocks
        self._inbox = inbox
        self._answers = answers

    async def invite(self, name: str, arguments: Mapping[str, object], *, key: str) -> object:
        self.asked.append((key, name, arguments))
        function = find_function(name)
        if self._answers and function is not None and not self._mocks.knows(key):
            self._inbox.put(key, "sample", sample_of(function.output))
        return {"id": "00000000-0000-7000-8000-000000000000", "url": f"https://example.com/hooks/v1/callbacks/{name}"}

    async def withdraw(self, name: str, *, key: str, expired: bool) -> list[object]:  # noqa: ARG002  the protocol's
        self.withdrawn.append((key, expired))
        return []
