"""AsyncAPI 2.x and 3.x documents: where the messages of an operation or a channel go, and what they are like."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from activities.calls.references import START, parts_of, pointed
from activities.faults import fault
from activities.protocols.values import list_of, object_of, text_of, written
from workflows.language.calls.asyncapi import DRIVEN, PROTOCOLS
from workflows.language.calls.uri_templates import percent_encode
from workflows.language.issues import suggestion
from workflows.language.problems import Kind

DEPTH = 16
JSON = "application/json"
_PLACE = re.compile(r"\{([^{}]*)\}")

Part = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go, and what the document says of them.

    Attributes:
        url: of the channel on its server.
        protocol: one of those that are driven.
        method: of the HTTP request that publishes.
        content_type: of payloads.
        correlation: the location of a message's correlation id, as a runtime expression of the document; may be empty.
    """

    url: str
    protocol: str
    method: str
    content_type: str
    correlation: str


def find_channel(document: object, arguments: Part) -> Channel:
    """The channel that a task's `with` means. Raises faults of kind configuration."""
    reader = _Reader(object_of(document, "the AsyncAPI document"))
    version = str(reader.document.get("asyncapi", ""))
    if version.startswith("2."):
        name, channel, operation, message = reader.second(arguments)
        servers = reader.servers_of(text_of(each, "a server") for each in list_of(channel.get("servers"), "servers"))
        address = name
    elif version.startswith("3."):
        name, channel, operation, message = reader.third(arguments)
        references = (object_of(each, "a server").get("$ref") for each in list_of(channel.get("servers"), "servers"))
        servers = reader.servers_of(parts_of(str(reference))[-1] for reference in references)
        address = name if channel.get("address") is None else text_of(channel["address"], "the channel's address")
    else:
        raise fault(Kind.CONFIGURATION, f"the document is not AsyncAPI 2.x or 3.x: it says {version!r:.40}")
    server, protocol = _choose(servers, arguments)
    given = object_of(object_of(arguments.get("server"), "server").get("variables"), "server.variables")
    path = _filled(address, reader.parameters(channel), object_of(arguments.get("message"), "message"))
    return Channel(
        url=f"{_base(server, protocol, given).rstrip('/')}/{path.lstrip('/')}",
        protocol=protocol,
        method=str(reader.at(operation, "bindings", "http").get("method", "POST")).upper(),
        content_type=str(message.get("contentType") or reader.document.get("defaultContentType") or JSON),
        correlation=str(reader.at(message, "correlationId").get("location", "")),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Finds parts of a document, through its references."""

    document: Part

    def second(self, arguments: Part) -> tuple[str, Part, Part, Part]:
        """Name, channel, operation and message of AsyncAPI 2: what its `publish` is, clients send."""
        channels = self.at(self.document, "channels")
        side, other = ("subscribe", "publish") if arguments.get("subscription") else ("publish", "subscribe")
        name = arguments.get("channel")
        if name is None:
            wanted = text_of(arguments.get("operation"), "operation")
            operations = {
                str(self.at(channels, each, verb).get("operationId")): (each, verb)
                for each in channels
                for verb in ("publish", "subscribe")
            }
            if wanted not in operations:
                raise _unknown("operation", wanted, operations)
            name, side = operations[wanted]
        elif name not in channels:
            raise _unknown("channel", str(name), channels)
        channel = self.at(channels, str(name))
        operation = self.at(channel, side) or self.at(channel, other)
        return str(name), channel, operation, self._first(self.at(operation, "message"))

    def third(self, arguments: Part) -> tuple[str, Part, Part, Part]:
        """Name, channel, operation and message of AsyncAPI 3."""
        operation: Part = {}
        if arguments.get("operation") is not None:
            operations = self.at(self.document, "operations")
            wanted = text_of(arguments["operation"], "operation")
            if wanted not in operations:
                raise _unknown("operation", wanted, operations)
            operation = self.at(operations, wanted)
            reference = object_of(operation.get("channel"), "the operation's channel")
            name, channel = parts_of(str(reference.get("$ref")))[-1], self.follow(reference)
        else:
            name, channels = str(arguments.get("channel")), self.at(self.document, "channels")
            if name not in channels:
                raise _unknown("channel", name, channels)
            channel = self.at(channels, name)
        listed = list_of(operation.get("messages"), "messages")
        message = (
            self.follow(listed[0]) if listed else self._first({"oneOf": list(self.at(channel, "messages").values())})
        )
        return name, channel, operation, message

    def servers_of(self, names: Iterable[str]) -> dict[str, Part]:
        """The servers of these names in order; all of them when there are none."""
        servers = self.at(self.document, "servers")
        return {name: self.at(servers, name) for name in tuple(names) or servers if name in servers}

    def parameters(self, channel: Part) -> Mapping[str, Part]:
        parameters = self.at(channel, "parameters")
        return {name: self.at(parameters, name) for name in parameters}

    def at(self, part: Part, *names: str) -> Part:
        """What is at a path, with references followed; empty where nothing is."""
        for name in names:
            part = self.follow(part.get(name))
        return part

    def follow(self, value: object) -> Part:
        """An object, or what it refers to inside of the document."""
        for _ in range(DEPTH):
            part = object_of(value, "a part of the AsyncAPI document")
            reference = part.get("$ref")
            if not isinstance(reference, str):
                return part
            if not reference.startswith(START):
                raise fault(Kind.CONFIGURATION, f"the AsyncAPI document refers to another: {reference:.200}")
            value = pointed(self.document, reference)
        raise fault(Kind.CONFIGURATION, "references of the AsyncAPI document go round in circles")

    def _first(self, message: Part) -> Part:
        """The message, or the first of those it can be."""
        options = list_of(message.get("oneOf"), "oneOf")
        return self.follow(options[0]) if options else message


def _choose(servers: Mapping[str, Part], arguments: Part) -> tuple[Part, str]:
    """The server, by its name or as the first whose protocol is driven, and its protocol."""
    wanted = arguments.get("protocol")
    name = object_of(arguments.get("server"), "server").get("name")
    if name is not None:
        if name not in servers:
            raise _unknown("server", str(name), servers)
        servers = {str(name): servers[str(name)]}
    speaking = [(server, str(server.get("protocol", "")).lower()) for server in servers.values()]
    if not speaking:
        raise fault(Kind.CONFIGURATION, "the AsyncAPI document names no server for this channel")
    fitting = [each for each in speaking if wanted is None or _family(each[1]) == wanted]
    if not fitting:
        raise fault(Kind.CONFIGURATION, f"no server of this channel speaks {wanted}")
    driven = next((each for each in fitting if _family(each[1]) in DRIVEN), None)
    if driven is None:
        protocol = fitting[0][1]
        known = "known to the standard, but " if protocol in PROTOCOLS else ""
        detail = f"the protocol {protocol!r:.40} is {known}not available here: there are {' and '.join(DRIVEN)}"
        raise fault(Kind.CONFIGURATION, detail)
    return driven


def _family(protocol: str) -> str:
    """`https` is `http`, and `wss` is `ws`."""
    return {"https": "http", "wss": "ws"}.get(protocol, protocol)


def _base(server: Part, protocol: str, given: Part) -> str:
    """The URL of a server, its variables filled in."""
    if "url" in server:
        address = text_of(server["url"], "the server's url")
    else:
        address = text_of(server.get("host"), "the server's host") + str(server.get("pathname", ""))
    variables = object_of(server.get("variables"), "variables")

    def value_of(name: str) -> str:
        variable = object_of(variables.get(name), "a variable")
        value = given.get(name, variable.get("default"))
        if value is None:
            raise fault(
                Kind.CONFIGURATION, f"the server's variable {name!r:.80} has no value: give it in server.variables"
            )
        options = list_of(variable.get("enum"), "enum")
        if options and value not in options:
            raise fault(Kind.CONFIGURATION, f"the server's variable {name!r:.80} cannot be {value!r:.80}")
        return written(value)

    filled = _PLACE.sub(lambda place: value_of(place[1]), address)
    return filled if "://" in filled else f"{protocol}://{filled}"


def _filled(address: str, parameters: Mapping[str, Part], message: Part) -> str:
    """A channel's address with its parameters: where the document says, or the message's member of that name."""

    def value_of(name: str) -> str:
        parameter = parameters.get(name, {})
        value = located(str(parameter.get("location", "")), message)
        for part in ("headers", "payload"):
            inner = message.get(part)
            if value is None and isinstance(inner, Mapping):
                value = cast("Part", inner).get(name)
        value = parameter.get("default") if value is None else value
        if value is None:
            raise fault(Kind.CONFIGURATION, f"the channel's parameter {name!r:.80} has no value in the message")
        return percent_encode(written(value))

    return _PLACE.sub(lambda place: value_of(place[1]), address)


def located(location: str, message: Part) -> object:
    """What a runtime expression such as `$message.payload#/user/id` finds in a message; null for nothing."""
    source, _, pointer = location.partition("#")
    where = {"$message.payload": "payload", "$message.header": "headers"}.get(source)
    if where is None:
        return None
    value = message.get(where)
    for name in _names(pointer):
        if not isinstance(value, Mapping):
            return None
        value = cast("Part", value).get(name)
    return value


def _names(pointer: str) -> Iterator[str]:
    return (name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:])


def _unknown(what: str, name: str, known: Mapping[str, object]) -> Exception:
    near = suggestion(name, known)
    hint = f"did you mean {near!r}?" if near else f"it has {', '.join(sorted(known))[:400] or 'none'}"
    return fault(Kind.CONFIGURATION, f"the AsyncAPI document has no {what} {name!r:.80}: {hint}")
