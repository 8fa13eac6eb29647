"""`call: grpc`: one method of a service whose proto is read at run time; JSON goes in and comes out."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import DecodeError, EncodeError, Message
from google.protobuf.message_factory import GetMessageClass

from activities.calls.caller import BoundCall
from activities.calls.http import key_of
from activities.faults import fault
from activities.protocols.failures import explained
from activities.protocols.protos import Protos, find_method
from activities.protocols.resources import fetch
from activities.protocols.values import object_of, text_of
from workflows.language.calls.grpc import MOST_PORT
from workflows.language.problems import Kind
from zilliance.errors import AppError
from zilliance.outbound import OutboundClient
from zilliance.outbound_grpc import GrpcRequest, GrpcStatusError, call_grpc

MOST_BYTES = 512 * 1024
DEFAULT_PORT = 443
DEPTH = 100
# Fields of an answer as they are shown, those with defaults included: a message of two bytes may have thousands.
MOST_FIELDS = 100_000
WELL_KNOWN = "google/protobuf/"

# As gRPC's own gateway maps its codes.
STATUS: Mapping[str, int] = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
}


@dataclass(frozen=True, slots=True)
class GrpcCalls:
    """Makes calls of gRPC methods."""

    client: OutboundClient
    protos: Protos

    async def perform(self, call: BoundCall) -> object:
        """The answer as JSON; a list of them when the server streams. Raises faults."""
        arguments = call.arguments
        service = object_of(arguments.get("service"), "service")
        pool = await self.protos.compile(await fetch(call, arguments.get("proto"), "proto"))
        method = find_method(
            pool, text_of(service.get("name"), "service.name"), text_of(arguments.get("method"), "method")
        )
        if method.client_streaming:
            raise fault(Kind.CONFIGURATION, f"{method.name} takes a stream of messages: only one can be sent here")
        # In a thread, as the answer is: many small messages take a while to read.
        message = await asyncio.to_thread(_serialized, method.input_type, arguments.get("arguments"))
        policy = service.get("authentication")
        authorization = await call.headers(None if policy is None else object_of(policy, "authentication"))
        request = GrpcRequest(
            host=text_of(service.get("host"), "service.host"),
            port=_port(service.get("port", DEFAULT_PORT)),
            method=f"/{method.containing_service.full_name}/{method.name}",
            message=message,
            metadata={
                **{name.lower(): value for name, value in authorization.items()},
                "idempotency-key": key_of(call.call),
            },
            streaming=method.server_streaming,
            timeout=call.seconds_left,
            max_bytes=MOST_BYTES,
        )
        try:
            answers = await call_grpc(self.client, request)
        except GrpcStatusError as error:
            raise fault(
                Kind.COMMUNICATION, error.message, status=STATUS.get(error.code, 500), title=error.code
            ) from error
        except AppError as error:
            raise explained(error) from error
        return await asyncio.to_thread(_outputs, method, answers)


def _outputs(method: MethodDescriptor, answers: list[bytes]) -> object:
    messages = [_read(method.output_type, answer) for answer in answers]
    left = MOST_FIELDS
    for message in messages:
        left = fields_left(message, left)
    if left < 0:
        detail = f"the answer has more than {MOST_FIELDS:,} fields, those that were left out included"
        raise fault(Kind.COMMUNICATION, detail, status=413)
    outputs = [_json(message) for message in messages]
    return outputs if method.server_streaming else outputs[0]


def _serialized(descriptor: Descriptor, arguments: object) -> bytes:
    message = GetMessageClass(descriptor)()
    try:
        ParseDict(dict(object_of(arguments, "arguments")), message, max_recursion_depth=DEPTH)
        return message.SerializeToString()
    except (ParseError, EncodeError, ValueError, OverflowError) as error:
        raise fault(Kind.VALIDATION, f"the arguments are no {descriptor.full_name}: {error}") from error


def _read(descriptor: Descriptor, data: bytes) -> Message:
    try:
        return GetMessageClass(descriptor).FromString(data)
    except DecodeError as error:
        raise _no_answer(descriptor.full_name, error) from error


def fields_left(message: Message, left: int) -> int:
    """What is left of a number of fields when those of a message are shown; below zero when they are too many."""
    rest = [message]
    while rest and left >= 0:
        shown = rest.pop()
        well_known = shown.DESCRIPTOR.file.name.startswith(WELL_KNOWN)  # shown as one value, whatever it is made of
        left -= 1 if well_known else 1 + len(shown.DESCRIPTOR.fields)
        for field, value in shown.ListFields():
            inner, number = _inner(field, value)
            left -= number
            rest.extend(inner)
    return left


def _inner(field: FieldDescriptor, value: Any) -> tuple[Iterable[Message], int]:
    """The messages in a field, and how many values it has."""
    if field.message_type is None:
        return (), len(value) if field.is_repeated else 0
    if not field.is_repeated:
        return (value,), 0
    if field.message_type.GetOptions().map_entry:
        is_plain = field.message_type.fields_by_name["value"].message_type is None
        return () if is_plain else value.values(), len(value)
    return value, len(value)


def _json(message: Message) -> object:
    """A message under the names of its file; fields that were left out have their defaults."""
    try:
        return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    except (ValueError, TypeError) as error:  # TypeError: an Any of a type that is nowhere
        raise _no_answer(message.DESCRIPTOR.full_name, error) from error


def _no_answer(name: str, error: Exception) -> Exception:
    return fault(Kind.COMMUNICATION, f"the answer is no {name}: {error}")


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_PORT:
        raise fault(Kind.VALIDATION, f"service.port must be a port, not {value!r:.80}")
    return value
