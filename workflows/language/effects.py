"""What the interpreter asks of the world: one protocol, so that the language itself stays pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


class HttpCall(BaseModel):
    """One HTTP request of a `call: http` task, fully evaluated.

    Attributes:
        method: upper case.
        endpoint: an absolute http or https address, its template already expanded.
        headers: names as the author wrote them.
        query: added to whatever query the endpoint carries; a list repeats the name.
        body: JSON, or a string to send as text; None sends no body.
        output: `content` is the decoded body, `raw` its base64, `response` the request, status, headers and content.
        redirect: follow redirects, and then take 3xx for success as well.
    """

    model_config = ConfigDict(frozen=True)

    method: str
    endpoint: str
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str | list[str]] = Field(default_factory=dict)
    body: Any = None  # a JSON edge: whatever the author's template yields
    output: Literal["content", "raw", "response"] = "content"
    redirect: bool = False


class Effects(Protocol):
    """The world of one execution. Every method must be deterministic on replay.

    Keys are `{reference}#{path}`: unique within the execution and the same on every replay, so that an effect
    recorded under its key is never done twice. Those of compensating tasks begin with `compensate:`; a compensation
    that is tried again uses the same keys again.
    """

    def now(self) -> datetime:
        """The execution's clock, with a time zone."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait durably."""
        ...

    async def breathe(self) -> None:
        """Give up the processor: called between stretches of pure work."""
        ...

    async def entered(self) -> None:
        """Called once, before the first effect or wait: from now on the execution is visibly running."""
        ...

    async def call_function(
        self,
        name: str,
        arguments: Mapping[str, object],
        *,
        key: str,
        timeout: float | None,  # noqa: ASYNC109 - the longest that the call itself may take
    ) -> object:
        """Call a function of the catalogue; raises `WorkflowFault`."""
        ...

    async def call_http(self, request: HttpCall, *, key: str, timeout: float | None) -> object:  # noqa: ASYNC109
        """Send one request; raises `WorkflowFault` of kind communication."""
        ...

    async def undo(self, key: str) -> None:
        """Undo the table effect recorded under `key`; raises `WorkflowFault`.

        A key under which nothing was recorded is not an error: a call that was interrupted may never have happened.
        """
        ...
