"""The settings of the API gateway: how long, how much and how many at a time."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class GatewaySettings(BaseModel):
    """Bounds on what passes through the gateway. An endpoint's own `timeout_ms` is how long its first byte may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    internal_url: Annotated[str, Field(pattern=r"^(https?://[^/?#]+)?$")] = ""  # where workers reach the API
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0  # that either side may be silent amid a body
    max_seconds: Annotated[float, Field(gt=0, le=86_400)] = 3600.0  # from the first byte of a request to the last
    max_request_bytes: Annotated[int, Field(ge=0)] = 1024**3
    max_response_bytes: Annotated[int, Field(ge=0)] = 1024**3
    # At a time, in one API process; more are refused with 503.
    most_open: Annotated[int, Field(ge=1)] = 1000
    most_open_by_owner: Annotated[int, Field(ge=1)] = 250
    most_open_by_endpoint: Annotated[int, Field(ge=1)] = 100
    cache_bytes: Annotated[int, Field(ge=0)] = 64 * 1024**2  # of answers that one API process keeps; 0: none
    log_days: Annotated[int, Field(ge=1, le=3650)] = 30  # that requests stay in the log
