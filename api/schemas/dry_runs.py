"""What a dry run is asked and what it answers."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

Config = dict[str, JsonValue] | str


class DryRunRequest(BaseModel):
    """A definition, what it is started with, and what stands for the outside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    workflow_id: Annotated[UUID | None, Field(description="A definition of the caller's; or else `config`")] = None
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="Of the definition; else its newest")] = None
    config: Annotated[Config | None, Field(description="A definition as JSON, or as the text of YAML or JSON")] = None
    input: Annotated[JsonValue, Field(description="What the workflow is started with")] = None
    mocks: Annotated[
        dict[str, JsonValue] | None,
        Field(
            description="By task reference, such as `/do/0/getPet`, or `{reference}#{iteration}` for one run of it:"
            ' `{"output": any}`, `{"error": {"type", "status", "detail"}}`, either with a `delay`,'
            ' or `{"sequence": [...]}`'
        ),
    ] = None
    events: Annotated[
        list[dict[str, JsonValue]],
        Field(
            max_length=1000,
            description='What others publish while it listens: `{"event": {"type", "data", ...}, "after": duration}`,'
            " counted from when the first task listens",
        ),
    ] = []
    unmocked: Annotated[
        Literal["synthesise", "fail"],
        Field(description="What a call without a mock does: answer with something made up, or fail"),
    ] = "synthesise"


class DryRunAnswer(BaseModel):
    """How it would have gone."""

    status: Annotated[
        Literal["completed", "failed", "cancelled", "waiting"],
        Field(description="`waiting`: the last tasks of the log wait for something that nobody sends"),
    ]
    output: JsonValue = None
    error: Annotated[JsonValue, Field(description="An object of RFC 7807")] = None
    rollback: Annotated[JsonValue, Field(description="What a failure would have undone: `{status, steps}`")] = None
    tasks: Annotated[
        list[dict[str, JsonValue]],
        Field(description="As in an execution, with `export`: what a task made of `$context`"),
    ]
    emitted: Annotated[list[dict[str, JsonValue]], Field(description="The events that it would have published")]
    steps: Annotated[int, Field(description="Expression steps taken")]
    duration_ms: Annotated[int, Field(description="In the virtual time of the run, in which waits count")]
    estimated_events: Annotated[int, Field(description="Of such a run's history on Temporal")]
