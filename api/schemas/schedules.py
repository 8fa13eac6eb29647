"""Schedules of definitions, as they are asked for and answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Overlap = Literal["skip", "buffer_one", "buffer_all", "cancel_other", "allow_all"]


class PauseRequest(BaseModel):
    """Why a schedule is paused, for whoever looks at it next."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str | None, Field(max_length=1000)] = None


class BackfillRequest(BaseModel):
    """The past to run the schedule for. What has run is not run again."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: Annotated[AwareDatetime, Field(alias="from", description="The first moment")]
    end: Annotated[AwareDatetime, Field(alias="to", description="The last moment, not in the future")]
    overlap: Annotated[Overlap, Field(description="`buffer_all`: one after the other")] = "buffer_all"


class ScheduleAnswer(BaseModel):
    """When a definition runs by itself.

    Attributes:
        kind: `cron`, `every`, `after` or `on`.
        upcoming: the next moments; null while Temporal cannot be asked.
    """

    workflow_id: str
    kind: str
    expression: str | None
    timezone: str
    overlap: str
    catch_up_seconds: float
    jitter_seconds: float
    is_active: bool
    is_paused: bool
    note: str | None
    last_run_at: datetime | None
    next_run_at: datetime | None
    upcoming: list[datetime] | None


class BackfillAnswer(BaseModel):
    """What was asked of Temporal, which runs it from here on."""

    workflow_id: str
    begin: Annotated[datetime, Field(serialization_alias="from")]
    end: Annotated[datetime, Field(serialization_alias="to")]
    at_most: Annotated[int, Field(description="So many moments can be in it")]
