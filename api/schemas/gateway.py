"""Test calls of endpoints, and what comes of them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from models.api_endpoints import HttpMethod

LONGEST_PATH = 2048
MOST_MEMBERS = 100


class GatewayTest(BaseModel):
    """What to call, and with what."""

    model_config = ConfigDict(extra="forbid")

    endpoint_id: Annotated[UUID, Field(alias="endpointId")]
    path: Annotated[str | None, Field(max_length=LONGEST_PATH, pattern="^/")] = Field(
        default=None, description="As a caller writes it; needed where the endpoint's own has parameters or a wildcard"
    )
    method: HttpMethod | None = Field(default=None, description="Else the endpoint's own, the only one that it takes")
    query: Annotated[dict[str, str], Field(max_length=MOST_MEMBERS)] = Field(default_factory=dict)
    headers: Annotated[dict[str, str], Field(max_length=MOST_MEMBERS)] = Field(default_factory=dict)
    body: Annotated[JsonValue, Field(description="Text as it is, anything else as JSON; null sends none")] = None
    encoding: Literal["base64"] | None = Field(default=None, description="base64: the body is text for bytes")
    owner_id: UUID | None = Field(
        default=None,
        alias="ownerId",
        description="Whose endpoint it is; said by the service alone",
    )


class GatewayTestAnswer(BaseModel):
    """What a caller with a key would have got."""

    status: int
    headers: dict[str, str] = Field(description="By names in lower case; a repeated one is joined with commas")
    body: JsonValue
    encoding: Literal["json", "text", "base64"] = Field(description="How `body` stands for the bytes")
    size: int = Field(description="Bytes of the body, as far as it was read")
    truncated: bool = Field(description="There was more of it")
    duration_ms: int
