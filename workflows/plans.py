"""Compiled documents, kept across executions: a plan is pure and made from its text alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from workflows.json_text import read_json
from workflows.language.documents import normalise
from workflows.language.plan import Plan, compile_plan
from workflows.language.problems import Kind, WorkflowFault

KEPT = 256


@dataclass(frozen=True, slots=True)
class Compiled:
    """A document and its plan. Nobody may change either: executions share them."""

    definition: dict[str, object]
    plan: Plan


@lru_cache(maxsize=KEPT)
def plan_of(document: str, name: str) -> Compiled:
    """The plan of a document's JSON text; `name` is the definition's, for a document that does not say its own.

    Raises WorkflowFault of kind configuration.
    """
    definition = read_json(document)
    if not isinstance(definition, dict):
        raise WorkflowFault.of(Kind.CONFIGURATION, "the document is not an object", instance="/")
    members = normalise(cast("dict[str, object]", definition), name)
    return Compiled(members, compile_plan(members))
