"""Bulk jobs, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.schemas.executions import Moment

POINT = r"^(failed|trigger|/.{1,2000})$"


class JobFilter(BaseModel):
    """Which executions: those that meet all that is given, and at least one thing must be."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    workflow_id: UUID | None = None
    status: Annotated[
        list[Literal["pending", "running", "completed", "failed", "cancelled"]] | None,
        Field(min_length=1, max_length=5),
    ] = None
    trigger: Annotated[str | None, Field(pattern=r"^[\x20-\x7e]{1,200}$")] = None
    begin: Annotated[Moment | None, Field(alias="from", description="Accepted at this moment or later")] = None
    end: Annotated[Moment | None, Field(alias="to", description="Accepted before this moment")] = None
    ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=1000)] = None


class JobRequest(BaseModel):
    """What is to be done with which executions."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    action: Annotated[
        Literal["cancel", "replay", "retry"],
        Field(description="`replay` runs the same input again; `retry` takes over what was completed"),
    ]
    filter: Annotated[dict[str, JsonValue], Field(json_schema_extra=JobFilter.model_json_schema())]
    rate: Annotated[float, Field(ge=0.1, le=50, description="Executions a second")] = 10.0
    point: Annotated[
        str | None, Field(alias="from", pattern=POINT, description="Of a retry; as in a retry of one execution")
    ] = None
    version: Annotated[
        Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["latest"] | None,
        Field(description="Of the definition; else the one that each execution ran"),
    ] = None


class Job(BaseModel):
    """A job and how far it has come. What has ended already, or not yet, as its action needs it, is skipped."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    action: Literal["cancel", "replay", "retry"]
    filter: dict[str, JsonValue]
    point: Annotated[str | None, Field(alias="from")]
    version: Annotated[int | None, Field(description="0 is the newest, null the one that each execution ran")]
    rate: float
    status: Literal["running", "paused", "completed", "cancelled"]
    total: Annotated[int, Field(description="How many matched when the job was accepted")]
    done: int
    failed: int
    skipped: int
    errors: Annotated[list[dict[str, JsonValue]], Field(description="Of the first failures: `execution_id` and `code`")]
    created_at: datetime
    completed_at: datetime | None


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[Job]
    next: UUID | None
