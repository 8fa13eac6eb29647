"""`gateway-request`: an endpoint of the owner's is called through the API, where calls are counted and logged."""

import base64
import json
from typing import Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.calls.bodies import header_of, written_body
from activities.calls.http import header_key
from activities.faults import RESULT_BYTES, fault, passing_fault, result_that_fits
from activities.heartbeat import heartbeating
from workflows.contracts.execution import FunctionCallInput
from workflows.gateway_stubs import GatewayActivities
from workflows.json_text import storable
from workflows.language.catalogue.gateway import LONGEST_SECONDS
from workflows.language.problems import Kind
from zilliance.errors import BusyError, StoppingError, UnavailableError
from zilliance.own_api import OwnAnswer, OwnApi, OwnApiError

PATH = "/functions/v1/gateway-test"
_NOTHING_SENT = frozenset({UnavailableError.code, BusyError.code})
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_SUCCESS = range(200, 300)
_DETAIL_CHARACTERS = 2048
_UNAVAILABLE = 503
_GATEWAY_TIMEOUT = 504
_NO_SUCH = 404


class GatewayRequest(BaseModel):
    """The arguments of `gateway-request`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    endpoint_id: UUID = Field(alias="endpointId")
    path: str | None = None
    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"] | None = None
    query: dict[str, str | int | float | bool] = {}
    headers: dict[str, str] = {}
    body: JsonValue = None


class ApiGatewayActivities(GatewayActivities):
    """Calls through the platform's own API, as the service and in the owner's name."""

    def __init__(self, api: OwnApi) -> None:
        self._api = api

    @activity.defn(name="gateway.call")
    async def call(self, call: FunctionCallInput) -> str:
        asked = _asked(call)
        sent = _sent(asked, call)
        try:
            async with heartbeating():
                answer = await self._api.post(PATH, sent, seconds=LONGEST_SECONDS, max_bytes=4 * RESULT_BYTES)
                output = _output(answer)
        except TimeoutError as error:
            raise fault(Kind.TIMEOUT, f"the endpoint did not answer within {LONGEST_SECONDS:g} s") from error
        except OwnApiError as error:
            if error.was_sent and asked.method not in _REPEATABLE:
                detail = f"{error}: whether the target has done it is not known"
                raise fault(Kind.COMMUNICATION, detail, status=502) from error
            raise passing_fault(Kind.COMMUNICATION, str(error), status=_UNAVAILABLE) from error
        return result_that_fits(output, "the endpoint")


def _asked(call: FunctionCallInput) -> GatewayRequest:
    """Raises the fault that wrong arguments are."""
    try:
        return GatewayRequest.model_validate_json(storable(call.arguments))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise fault(Kind.VALIDATION, f"gateway-request: with.{where}: {first['msg']}") from error


def _sent(asked: GatewayRequest, call: FunctionCallInput) -> bytes:
    headers = dict(asked.headers)
    body = written_body(asked.body, headers)
    if header_of(headers, "idempotency-key") is None:
        headers["Idempotency-Key"] = header_key(f"{call.execution_id}:{call.key}")
    request: dict[str, Any] = {
        "ownerId": str(call.owner_id),
        "endpointId": str(asked.endpoint_id),
        "path": asked.path,
        "method": asked.method,
        "query": {name: _plain(value) for name, value in asked.query.items()},
        "headers": headers,
    }
    if body is not None:
        request |= {"body": base64.b64encode(body).decode(), "encoding": "base64"}
    return json.dumps(request).encode()


def _plain(value: str | float | bool) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _output(answer: OwnAnswer) -> str:
    """What the target answered as JSON text. Raises the fault that anything but a success is, or OwnApiError."""
    try:
        report = cast("dict[str, Any]", json.loads(answer.body))
    except ValueError as error:  # something between us and the API has answered
        message = f"what should be the platform's own API answered with status {answer.status} and no JSON"
        raise OwnApiError(message, was_sent=True) from error
    if answer.status != _SUCCESS.start:
        if report.get("code") == StoppingError.code:
            message = "the process of the API that had the call has stopped"
            raise OwnApiError(message, was_sent=True)
        raise _refusal(answer.status, report)
    status, body = report["status"], report["body"]
    if status not in _SUCCESS:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        raise fault(Kind.COMMUNICATION, text[:_DETAIL_CHARACTERS], status=status, title=f"HTTP {status}")
    if report["truncated"]:
        detail = f"the target answered with more than the {report['size']} bytes that were taken: ask for less"
        raise fault(Kind.RUNTIME, detail, status=413)
    return storable(json.dumps({"status": status, "headers": report["headers"], "body": body}, ensure_ascii=False))


def _refusal(status: int, envelope: dict[str, Any]) -> ApplicationError:
    """What the gateway itself refused, in its own words. An outage of ours, in which nothing is sent, passes."""
    detail = f"{envelope.get('code')}: {envelope.get('error')}"
    if envelope.get("code") in _NOTHING_SENT:
        return passing_fault(Kind.COMMUNICATION, detail, status=status)
    if status == _GATEWAY_TIMEOUT:
        return fault(Kind.TIMEOUT, detail, status=status)
    if status == _NO_SUCH:
        return fault(Kind.RUNTIME, detail, status=status)
    kind = Kind.VALIDATION if status == 400 else Kind.COMMUNICATION  # noqa: PLR2004
    return fault(kind, detail, status=status)
