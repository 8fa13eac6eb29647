"""Acceptance of a run: one statement that commits its row. From then on nothing that fails loses it."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

import orjson

from api.acceptance import Acceptable, Acceptance
from api.executions.definitions import checked
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.json_text import read_json
from zilliance.errors import (
    AppError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from zilliance.identity import Identity

MAX_TRIGGER_BYTES = 1024 * 1024
MAX_KEY_LENGTH = 255
MAX_VERSION = 2**31 - 1
TRIES = 3  # a definition may be changed between its check and its acceptance

# How long this process has to start what it accepts; after that the workers do.
OURS = timedelta(seconds=5)
ANYBODYS = timedelta(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants to run.

    Attributes:
        version: of the definition; None for the current one.
        key: a repeat under the same key is the same run.
        trigger: what the row says has begun it.
    """

    workflow_id: UUID
    trigger_data: object = None
    version: int | None = None
    key: str | None = None
    trigger: str = "manual"


@dataclass(frozen=True, slots=True)
class Accepted:
    """An execution whose row is committed.

    Attributes:
        row: the row as PostgreSQL's JSON, when it was accepted.
        outcome: `created`, `queued` behind others of its definition, or `known` for a repeat under the same key.
    """

    run: ExecuteWorkflowInput
    row: str
    outcome: str


async def accept(acceptance: Acceptance, caller: Identity, asked: Asked, *, ours: bool) -> Accepted:
    """Insert the row, or find the one that the key stands for; `ours` says that this process will start it.

    Raises NotFoundError, ConflictError, RateLimitedError, and InvalidInputError for a definition that cannot run.
    """
    owner = cast("UUID", caller.user_id)
    data = _trigger_text(asked.trigger_data)
    check_key(asked.key)
    await acceptance.open_runs.admit(owner)
    known = acceptance.documents
    for _ in range(TRIES):
        wanted = Acceptable(
            owner=owner,
            session=caller.session_id,
            workflow=asked.workflow_id,
            trigger=asked.trigger,
            data=data,
            key=asked.key,
            fingerprint=_fingerprint(asked),
            version=asked.version,
            checked=known.checked(asked.workflow_id, asked.version),
            within=OURS if ours else ANYBODYS,
        )
        row = await acceptance.batches.accept(wanted)
        if row["outcome"] != "unchecked":
            break
        if known.checked(asked.workflow_id, row["version"]) is not None:
            continue  # another of those who came at once has looked at it meanwhile
        checked(read_json(row["document"]), row["name"])
        known.keep(asked.workflow_id, row["version"], row["document"])
    else:
        raise UnavailableError("The definition is being changed; try again shortly")
    if refusal := refusal_of(row["outcome"], asked):
        raise refusal
    run = ExecuteWorkflowInput(
        execution_id=row["execution_id"],
        owner_id=owner,
        definition_id=asked.workflow_id,
        version=row["version"],
        name=row["name"],
        document=known.text(asked.workflow_id, row["version"]),
        trigger_data=data,
        started_at=row["started_at"],
    )
    return Accepted(run, row["row_json"], row["outcome"])


def refusal_of(outcome: str, asked: Asked) -> AppError | None:
    """What is answered where nothing was begun."""
    match outcome:
        case "missing":
            return NotFoundError(f"There is no workflow {asked.workflow_id}", code="WORKFLOW_NOT_FOUND")
        case "version_missing":
            message = f"The workflow has no version {asked.version}"
            return NotFoundError(message, code="WORKFLOW_VERSION_NOT_FOUND")
        case "key_reused":
            message = "This Idempotency-Key was used for another request: send a new key with a new request"
            return ConflictError(message, code="IDEMPOTENCY_KEY_REUSED")
        case "inactive":
            return ConflictError("The workflow is switched off: set is_active to run it", code="WORKFLOW_INACTIVE")
        case "full" | "skipped":
            message = "As many executions of this workflow are under way as its concurrency limit allows"
            return ConflictError(message, code="CONCURRENCY_LIMIT_REACHED")
        case _:
            return None


def read_request(body: object) -> Asked:
    """The workflow, its version and the input that a request names. Raises InvalidInputError."""
    members = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    try:
        workflow_id = UUID(str(members["workflowId"]))
    except (KeyError, ValueError) as error:
        message = 'workflowId must be the id of a workflow: send {"workflowId": "...", "triggerData": {...}}'
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "workflowId"}) from error
    version = members.get("version")
    if version is not None and (type(version) is not int or not 0 < version <= MAX_VERSION):
        message = "version must be the number of a version of the workflow, such as 3; leave it out for the current one"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "version"})
    return Asked(workflow_id, members.get("triggerData"), version)


def _trigger_text(trigger_data: object) -> str:
    try:
        text = orjson.dumps(trigger_data)
    except TypeError as error:  # what came from JSON can only be too deep
        raise InvalidInputError(
            "triggerData is nested too deep: at most 250 levels", code="VALIDATION_FAILED"
        ) from error
    if len(text) > MAX_TRIGGER_BYTES:
        most = MAX_TRIGGER_BYTES // 1024
        raise TooLargeError(f"triggerData is larger than {most} KiB: store it and send its address")
    return text.decode()


def _fingerprint(asked: Asked) -> str | None:
    """Of the request, where a key may be sent with another one."""
    if asked.key is None:
        return None
    version = b"" if asked.version is None else b"%d" % asked.version
    data = orjson.dumps(asked.trigger_data, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(asked.workflow_id.bytes + version + data).hexdigest()


def check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and key.isprintable()):
        message = f"Idempotency-Key must be 1 to {MAX_KEY_LENGTH} printable characters"
        raise InvalidInputError(message, code="IDEMPOTENCY_KEY_INVALID")
