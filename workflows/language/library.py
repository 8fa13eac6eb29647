"""Documents of the outside that a definition refers to: read once in an execution, and from then on the same for it."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workflows.language.nodes import Resource, Transform
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import Schema, SchemaError, compile_schema

if TYPE_CHECKING:
    from workflows.language.execution import Execution
    from workflows.language.steps import Frame


@dataclass(slots=True)
class Library:
    """What an execution has read so far, by address."""

    documents: dict[str, object] = field(default_factory=dict[str, object])
    schemas: dict[str, Schema] = field(default_factory=dict[str, Schema])
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


async def read(execution: "Execution", resource: Resource, *, key: str, frame: "Frame") -> object:
    """The document as JSON. The call's result is in the history, so that a replay sees what the run saw."""
    library = execution.library
    async with library.turn:  # two branches that want the same ask once
        if resource.uri not in library.documents:
            await execution.enter()
            timeout = execution.time_left(frame)
            document = await execution.effects.call_service(resource.call, key=key, timeout=timeout)
            library.documents[resource.uri] = document
    return library.documents[resource.uri]


async def with_schema(execution: "Execution", by: Transform, *, instance: str, frame: "Frame") -> Transform:
    """The same `input`, `output` or `export` with the schema that it refers to; raises `WorkflowFault`."""
    if by.resource is None:
        return by
    schemas, uri = execution.library.schemas, by.resource.uri
    if uri not in schemas:
        document = await read(execution, by.resource, key=f"{instance}/schema#{frame.path}", frame=frame)
        try:
            schemas[uri] = compile_schema(document)
        except SchemaError as error:
            detail = f"what {uri:.200} answers is no schema: {error}"
            raise WorkflowFault.of(Kind.CONFIGURATION, detail, instance=f"{instance}/schema") from error
    return replace(by, schema=schemas[uri])
