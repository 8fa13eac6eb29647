"""What a retry is asked."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class RetryRequest(BaseModel):
    """From where, and on which version."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    point: Annotated[
        str,
        Field(
            alias="from",
            pattern=r"^(failed|trigger|/.{1,2000})$",
            description="`failed`: all that was completed is taken over; `trigger`: nothing is; or the reference of a"
            " task, such as `/do/2/charge`: what was completed before it is",
        ),
    ] = "failed"
    iteration: Annotated[
        str | None,
        Field(max_length=2000, pattern=r"^[^\x00]*$", description="Which run of the task, as the task log says it"),
    ] = None
    version: Annotated[
        Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["latest"] | None,
        Field(description="Of the definition; else the one that the execution ran"),
    ] = None
