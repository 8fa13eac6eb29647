"""How the run of a tutorial is named and described on Temporal, whoever starts it."""

from uuid import UUID

from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from workflows.contracts.tutorials import GenerateTutorialInput
from workflows.names import GENERATE_TUTORIAL, KIND, OWNER

ATTEMPT = "attempt"  # the memo that tells attempts under one workflow id apart


def attributes_of(owner: UUID) -> TypedSearchAttributes:
    """What operators search by."""
    return TypedSearchAttributes([SearchAttributePair(OWNER, str(owner)), SearchAttributePair(KIND, GENERATE_TUTORIAL)])


def priority_of(owner: UUID) -> Priority:
    """Owners take turns, wherever a queue builds up."""
    return Priority(fairness_key=str(owner))


def summary_of(run: GenerateTutorialInput) -> str:
    return f"{run.steps} steps: {run.topic}"[:200]
