"""Retries: a new execution of the same input that takes over what the one before completed."""

import hashlib
from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from api.acceptance import Acceptance
from api.executions.accepting import ANYBODYS, OURS, TRIES, Accepted, Asked, check_key, refusal_of
from api.executions.definitions import checked
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.json_text import read_json
from zilliance.database import Database
from zilliance.errors import AppError, ConflictError, NotFoundError, UnavailableError
from zilliance.identity import Identity

FAILED = "failed"
TRIGGER = "trigger"
NEWEST = 0  # as private.begin_retry has it


@dataclass(frozen=True, slots=True)
class AskedRetry:
    """What a caller wants to retry.

    Attributes:
        point: `failed`, `trigger`, or the reference of a task in the origin, of which `iteration` names one run.
        version: of the definition; None for the origin's own.
        key: a repeat under the same key is the same retry.
    """

    origin: UUID
    point: str = FAILED
    iteration: str | None = None
    version: int | Literal["latest"] | None = None
    key: str | None = None


async def accept_retry(
    database: Database, acceptance: Acceptance, caller: Identity, asked: AskedRetry, *, ours: bool
) -> Accepted:
    """Insert the row of a retry, or find the one that the key stands for; `ours` says that this process will start it.

    Raises NotFoundError, ConflictError, RateLimitedError, and InvalidInputError for a definition that cannot run.
    """
    owner = cast("UUID", caller.user_id)
    check_key(asked.key)
    await acceptance.open_runs.admit(owner)
    checked_version: int | None = None
    for _ in range(TRIES):
        row = await database.fetch_one(
            "SELECT * FROM private.accept_retry($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(owner, caller.session_id, asked.origin, asked.point, asked.iteration),
            NEWEST if asked.version == "latest" else asked.version,
            *(asked.key, _fingerprint(asked), checked_version, OURS if ours else ANYBODYS),
            reason="a retry is begun in one statement that commits by itself, for a caller whose token was verified",
        )
        if row["outcome"] != "unchecked":
            break
        checked(read_json(row["document"]), row["name"])
        checked_version = row["version"]
    else:
        raise UnavailableError("The definition is being changed; try again shortly")
    if refusal := _refusal(row["outcome"], asked, row["workflow_id"]):
        raise refusal
    # The document and the input are loaded by the run.
    run = ExecuteWorkflowInput(
        execution_id=row["execution_id"],
        owner_id=owner,
        definition_id=row["workflow_id"],
        version=row["version"],
        name=row["name"] or "",
        started_at=row["started_at"],
        retry_of=None if asked.point == TRIGGER else asked.origin,
    )
    return Accepted(run, row["row_json"], row["outcome"])


_CONFLICTS = {
    "execution_open": ("EXECUTION_NOT_ENDED", "The execution has not ended: wait for its end, or cancel it"),
    "nothing_failed": (
        "NOTHING_FAILED",
        'The execution completed: say from which task to retry, or from "trigger"',
    ),
    "retry_open": (
        "RETRY_NOT_ENDED",
        "Another retry of this execution has not ended: wait for its end, or cancel it",
    ),
    "many_retries": (
        "TOO_MANY_RETRIES",
        'The execution was retried 100 times: retry from "trigger", or run the workflow anew',
    ),
}


def _refusal(outcome: str, asked: AskedRetry, workflow_id: UUID | None) -> AppError | None:
    """What is answered where nothing was begun."""
    if outcome == "execution_missing":
        return NotFoundError(f"There is no execution {asked.origin}", code="EXECUTION_NOT_FOUND")
    if outcome == "task_missing":
        which = asked.point if asked.iteration is None else f"{asked.point} in iteration {asked.iteration}"
        return NotFoundError(f"The log of the execution has no task {which:.300}", code="TASK_NOT_FOUND")
    if outcome in _CONFLICTS:
        code, message = _CONFLICTS[outcome]
        return ConflictError(message, code=code)
    version = None if asked.version == "latest" else asked.version
    return refusal_of(outcome, Asked(workflow_id or asked.origin, version=version))


def _fingerprint(asked: AskedRetry) -> str | None:
    if asked.key is None:
        return None
    parts = (str(asked.origin), asked.point, str(asked.iteration), str(asked.version))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
