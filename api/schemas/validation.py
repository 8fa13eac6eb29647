"""What validation answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue


class IssueAnswer(BaseModel):
    """One thing that is wrong or doubtful. What is not known is left out."""

    severity: Annotated[Literal["error", "warning"], Field(description="Warnings refuse nothing")]
    code: Annotated[str, Field(description="A constant, such as `UNKNOWN_PROPERTY`")]
    pointer: Annotated[str, Field(description="A JSON pointer into the definition; empty for the whole of it")]
    message: str
    hint: Annotated[str | None, Field(description="The mend")] = None
    line: Annotated[int | None, Field(description="In the text, from 1; where the definition was sent as text")] = None
    column: int | None = None


class ValidationAnswer(BaseModel):
    """Every issue at once."""

    valid: Annotated[bool, Field(description="Whether it can run: none of the issues is an error")]
    issues: list[IssueAnswer]
    document: Annotated[
        JsonValue, Field(description="The definition as it would be stored, with what was left out filled in")
    ] = None
