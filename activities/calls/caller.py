"""What every kind of call shares: heartbeats, secrets put in place and taken out again, authentication, bounds."""

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from temporalio.exceptions import ApplicationError

from activities.authentication.authenticator import Authenticator
from activities.authentication.redaction import Redactor
from activities.calls.answers import check_status
from activities.calls.binding import Binding
from activities.calls.resources import MAX_RESOURCE_BYTES, Resource, ResourceCache, ResourceKey, resource_key
from activities.faults import fault, of_fault, result_that_fits
from activities.heartbeat import heartbeating
from activities.secrets import SecretReader
from workflows.contracts.calls import CallInput
from workflows.json_text import storable
from workflows.language.calls.http_request import read_uri
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map
from zilliance.outbound import (
    OutboundClient,
    OutboundFailedError,
    OutboundFailure,
    OutboundRefusedError,
    OutboundRequest,
    OutboundResponse,
)

MAX_REDIRECTS = 5
GRACE_SECONDS = 0.5  # so that the client, which knows the host, says it first

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A call with all its values in place, in the hands of the activity that makes it.

    Attributes:
        arguments: the task's `with`, complete; it may hold secrets, so nothing of it may be kept.
        deadline: the loop time at which the call must have ended.
        redactor: takes the call's secrets out of whatever is kept.
    """

    call: CallInput
    arguments: Mapping[str, object]
    deadline: float
    redactor: Redactor
    authenticator: Authenticator
    resources: ResourceCache

    @property
    def seconds_left(self) -> float:
        return max(self.deadline - asyncio.get_running_loop().time(), 0.001)

    async def headers(self, policy: Mapping[str, object] | None) -> dict[str, str]:
        """The headers that a policy comes to; raises a fault for one that needs the server's challenge first."""
        if policy is None:
            return {}
        authorization = await self.authenticator.authorize(policy, self.redactor, self.seconds_left)
        return {"Authorization": authorization.header}

    async def send(self, request: OutboundRequest, policy: Mapping[str, object] | None = None) -> OutboundResponse:
        """Send one request under a policy. Raises the fault that a failure means, whatever the answer's status."""
        request = replace(request, timeout=min(request.timeout, self.seconds_left))
        try:
            # The client's own limit is one exchange's; with its token, a call may be several.
            async with asyncio.timeout_at(self.deadline + GRACE_SECONDS):
                return await self.authenticator.send(request, policy, self.redactor)
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, f"the call did not end within {self.call.timeout:g} s") from error
        except OutboundRefusedError as error:
            raise fault(Kind.COMMUNICATION, error.message, status=400, title="Refused") from error
        except OutboundFailedError as error:
            kind = Kind.TIMEOUT if error.kind is OutboundFailure.TIMEOUT else Kind.COMMUNICATION
            raise fault(kind, error.message) from error

    async def fetch(self, resource: object) -> Resource:
        """An external resource, `{name, endpoint: {uri, authentication}}`; one that was fetched lately is not again."""
        endpoint = as_map(as_map(resource, "resource").get("endpoint"), "endpoint")
        uri, authentication = read_uri(endpoint.get("uri")), endpoint.get("authentication")
        policy = None if authentication is None else as_map(authentication, "authentication")
        key = resource_key(self.call.owner_id, uri, policy)
        return self.resources.get(key) or await self._fetch(key, uri, policy)

    async def _fetch(self, key: ResourceKey, uri: str, policy: Mapping[str, object] | None) -> Resource:
        request = OutboundRequest(
            method="GET",
            url=uri,
            headers={},
            body=None,
            timeout=self.seconds_left,
            max_bytes=MAX_RESOURCE_BYTES,
            redirects=MAX_REDIRECTS,
        )
        response = await self.send(request, policy)
        await check_status(response, self.redactor, redirect=False)
        resource = Resource(response.url, response.headers.get("content-type", ""), response.body)
        self.resources.put(key, resource)
        return resource


Perform = Callable[[BoundCall], Awaitable[object]]


class Caller:
    """Makes calls of any kind."""

    def __init__(self, outbound: OutboundClient, secrets: SecretReader) -> None:
        self.outbound = outbound
        self._secrets = secrets
        self._authenticator = Authenticator(outbound)
        self._resources = ResourceCache()

    async def run(self, call: CallInput, perform: Perform, *, who: str) -> str:
        """The raw output of a call as JSON text.

        Args:
            call: what the workflow asks for.
            perform: makes the call and answers JSON; it raises `ApplicationError`s of `activities.faults`, or
                `WorkflowFault`s. What else it raises is tried again, and is kept out of the history.
            who: names the other side in the fault of an answer that is too large.
        """
        redactor = Redactor()
        try:
            async with heartbeating():
                output = await perform(await self._bind(call, redactor))
        except WorkflowFault as error:
            raise await asyncio.to_thread(_redacted, of_fault(error), redactor) from None
        except ApplicationError as error:
            raise await asyncio.to_thread(_redacted, error, redactor) from None
        except Exception as error:  # noqa: BLE001  its message may quote a secret, which the history would keep
            raise await asyncio.to_thread(_unforeseen, error, redactor) from None
        # In a thread, as faults are: others wait meanwhile on this worker's loop.
        return await asyncio.to_thread(_written, output, redactor, who)

    async def _bind(self, call: CallInput, redactor: Redactor) -> BoundCall:
        deadline = asyncio.get_running_loop().time() + call.timeout
        secrets = await self._secrets.read(call.owner_id, call.secrets, seconds=call.timeout)
        redactor.learn(secrets)
        binding = Binding(call, secrets)
        policy = _at(binding.arguments, call.policy)
        if binding.needs_authorization:
            authorization = None
            if policy is not None:
                authorization = await self._authenticator.authorize(policy, redactor, call.timeout)
            binding.authorized(None if authorization is None else authorization.as_json())
        return BoundCall(call, binding.arguments, deadline, redactor, self._authenticator, self._resources)


def _at(arguments: Mapping[str, object], path: list[str]) -> Mapping[str, object] | None:
    """The policy that stands at a path of the arguments."""
    found = arguments
    for name in path:
        inner = found.get(name)
        if not isinstance(inner, Mapping):
            return None
        found = cast("Mapping[str, object]", inner)
    return found if path else None


def _written(output: object, redactor: Redactor, who: str) -> str:
    """An output as JSON text without secrets."""
    text = json.dumps(output, allow_nan=False)
    if redactor.finds(text):
        text = json.dumps(redactor.value(output), allow_nan=False)
    return result_that_fits(_compact(storable(text)), who)


def _unforeseen(error: Exception, redactor: Redactor) -> ApplicationError:
    """An error to try again, without its message; the log has that, without secrets."""
    log.error("a call failed: %s", redactor.text("".join(traceback.format_exception(error))))
    return ApplicationError("an internal error, which the worker's log has", type=type(error).__name__)


def _redacted(error: ApplicationError, redactor: Redactor) -> ApplicationError:
    """The same failure without secrets in its message and its details."""
    message = redactor.text(error.message, cut=True)
    details = [redactor.value(detail, cut=True) for detail in error.details]
    return ApplicationError(message, *details, type=error.type, non_retryable=error.non_retryable)


def _compact(text: str) -> str:
    """The same JSON with characters as they are, where an escape takes several times their room."""
    return json.dumps(json.loads(text), ensure_ascii=False) if "\\u" in text else text
