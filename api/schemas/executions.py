"""Lists of executions and of their tasks, as they are asked for and answered."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, JsonValue

from zilliance.enums import ExecutionPhase, ExecutionStatus


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the moment is out of range") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class ExecutionFilter(BaseModel):
    """Which executions: those that meet all that is given."""

    workflow_id: Annotated[UUID | None, Field(description="Of this definition")] = None
    status: Annotated[list[ExecutionStatus], Field(description="In one of these")] = []
    trigger: Annotated[str | None, Field(pattern=r"^[\x20-\x7e]{1,200}$", description="What began them")] = None
    parent: Annotated[UUID | None, Field(description="Begun by this execution")] = None
    begin: Annotated[Moment | None, Field(alias="from", description="Accepted at this moment or later")] = None
    end: Annotated[Moment | None, Field(alias="to", description="Accepted before this moment")] = None


class ExecutionQuery(ExecutionFilter):
    """A page of them, newest first."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[UUID | None, Field(description="The `next` of the page before")] = None


class ExecutionSummary(BaseModel):
    """An execution without what it took and gave: `GET /workflows/v1/executions/{id}` has all of it."""

    id: UUID
    workflow_id: UUID
    status: ExecutionStatus
    phase: ExecutionPhase | None
    version: int
    trigger: str
    retry_of: UUID | None
    parent_execution_id: UUID | None
    error_message: str | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int | None
    created_at: datetime


class ExecutionPage(BaseModel):
    """A page of executions."""

    items: list[ExecutionSummary]
    next: Annotated[UUID | None, Field(description="What to send as `after` for the next page")]


class TaskPage(BaseModel):
    """The log of an execution's tasks, in order of their start."""

    items: Annotated[
        list[dict[str, JsonValue]],
        Field(description="name, reference, iteration, status, input, output, error, started_at, completed_at"),
    ]
    next: None = None
