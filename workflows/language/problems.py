"""Faults of a workflow as RFC 7807 problems, with one name for each kind whatever family its type URI is from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """The standard's kinds of error."""

    CONFIGURATION = "configuration"
    VALIDATION = "validation"
    EXPRESSION = "expression"
    AUTHENTICATION = "authentication"
    AUTHORIZATION = "authorization"
    TIMEOUT = "timeout"
    COMMUNICATION = "communication"
    RUNTIME = "runtime"


STATUS: Mapping[Kind, int] = {
    Kind.CONFIGURATION: 400,
    Kind.VALIDATION: 400,
    Kind.EXPRESSION: 400,
    Kind.AUTHENTICATION: 401,
    Kind.AUTHORIZATION: 403,
    Kind.TIMEOUT: 408,
    Kind.COMMUNICATION: 500,
    Kind.RUNTIME: 500,
}

# The constant of every release up to 1.0.3; the standard's next release moves to its new host.
TYPE_BASE = "https://serverlessworkflow.io/spec/1.0.0/errors/"

# Families of type URIs in the wild: the text's, the conformance kit's, on both hosts, and two known typing errors.
_ALIAS = re.compile(
    r"https://(?:https://)?(?:www\.)?"
    r"(?:serverlessworkflow\.io(?:\.io)?|open-workflow-specification\.org|zigflow\.dev)"
    r"/(?:spec/1\.0\.\d+/errors|dsl/errors/types)/([a-z]+)/?"
)


def type_of(kind: Kind) -> str:
    return TYPE_BASE + kind.value


def normalise_type(uri: str) -> str:
    """The one spelling of a standard error type; any other URI as it is."""
    match = _ALIAS.fullmatch(uri.strip())
    if match is None or match[1] not in Kind.__members__.values():
        return uri
    return TYPE_BASE + match[1]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error object of the language: absent members stay absent."""

    type: str
    status: int
    title: str | None = None
    detail: str | None = None
    instance: str | None = None

    @classmethod
    def of(cls, kind: Kind, detail: str, *, instance: str | None = None, status: int | None = None) -> Self:
        return cls(
            type=type_of(kind),
            status=STATUS[kind] if status is None else status,
            title=f"{kind.value.capitalize()} error",
            detail=detail,
            instance=instance,
        )

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Problem":
        """Read back what `as_json` wrote."""
        status = value.get("status")
        return cls(
            type=str(value.get("type", type_of(Kind.RUNTIME))),
            status=status if isinstance(status, int) else STATUS[Kind.RUNTIME],
            title=_text(value.get("title")),
            detail=_text(value.get("detail")),
            instance=_text(value.get("instance")),
        )

    def as_json(self) -> dict[str, object]:
        members = {
            "type": self.type,
            "status": self.status,
            "title": self.title,
            "detail": self.detail,
            "instance": self.instance,
        }
        return {name: value for name, value in members.items() if value is not None}


class WorkflowFault(Exception):  # noqa: N818 - the standard says fault, and an error is what it carries
    """A problem on its way to the nearest `try` that catches it, or out of the workflow."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title or problem.type)
        self.problem = problem

    @classmethod
    def of(cls, kind: Kind, detail: str, *, instance: str | None = None, status: int | None = None) -> Self:
        return cls(Problem.of(kind, detail, instance=instance, status=status))

    def locate(self, reference: str) -> None:
        """Say which task it happened in, unless that is known already."""
        if self.problem.instance is None:
            self.problem = replace(self.problem, instance=reference)


class LimitExceeded(WorkflowFault):
    """A bound of the whole execution was reached; no `try` catches it, or a retry could go on for ever."""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
