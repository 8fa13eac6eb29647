"""Dry runs: a definition runs in the simulation, on a thread beside the event loop and within a bound of time."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from api.computing import Computing
from api.executions.definitions import checked
from api.schemas.dry_runs import DryRunRequest
from workflows.json_text import read_json, storable
from workflows.language.interpreter import WorkflowInfo
from workflows.language.plan import compile_plan
from workflows.language.problems import Kind, LimitExceeded, WorkflowFault
from workflows.language.simulation.arrivals import expect_all
from workflows.language.simulation.dry_run import DryRun, dry_run
from workflows.language.simulation.mocks import MockError, Mocks, read_mocks
from workflows.language.simulation.world import Simulation, Unmocked
from zilliance.database import Database
from zilliance.errors import InvalidInputError, NotFoundError
from zilliance.identity import Identity

COMPUTING_SECONDS = 2.0
_NOBODY = UUID(int=0)  # `$workflow.id` of what is no execution


async def try_out(database: Database, computing: Computing, caller: Identity, asked: DryRunRequest) -> bytes:
    """How a run of the definition would go, as JSON. Nothing of it is done, and nothing is kept.

    Raises InvalidInputError, NotFoundError, RateLimitedError, UnavailableError.
    """
    if (asked.workflow_id is None) == (asked.config is None):
        raise InvalidInputError("Send either workflowId or config", code="VALIDATION_FAILED")
    mocks = _mocks(asked)
    name, config = "workflow", cast("object", asked.config)
    if asked.workflow_id is not None:
        name, config = await _stored(database, caller, asked.workflow_id, asked.version)
    return await computing.run(
        caller.user_id, lambda: _answer(_simulate(config, name, asked, mocks, owner=str(caller.user_id)))
    )


async def _stored(database: Database, caller: Identity, workflow_id: UUID, version: int | None) -> tuple[str, object]:
    async with database.transaction(caller) as connection:
        row = await connection.fetchrow("SELECT * FROM private.definition_text($1, $2)", workflow_id, version)
    if row is None:
        which = f"workflow {workflow_id}" if version is None else f"version {version} of workflow {workflow_id}"
        raise NotFoundError(f"There is no {which}", code="WORKFLOW_NOT_FOUND")
    return row["name"], read_json(row["document"])


def _simulate(config: object, name: str, asked: DryRunRequest, mocks: Mocks, *, owner: str) -> DryRun:
    definition = cast("dict[str, object]", checked(config, name))
    began = datetime.now(UTC)
    world = Simulation(mocks, unmocked=Unmocked(asked.unmocked), began=began, check=_deadline())
    try:
        expect_all(world.stream, asked.events)
    except MockError as error:
        raise _unreadable(error) from error
    info = WorkflowInfo(id=str(_NOBODY), definition=definition, input=asked.input, started_at=began, owner=owner)
    try:
        plan = compile_plan(definition)
    except WorkflowFault as fault:
        raise InvalidInputError(str(fault), code="WORKFLOW_INVALID") from fault
    return dry_run(plan, world, info)


def _deadline() -> Callable[[], None]:
    """A check that ends the run when its thread has computed for too long; waiting for a turn does not count."""
    ends = time.thread_time() + COMPUTING_SECONDS

    def check() -> None:
        if time.thread_time() > ends:
            detail = f"the dry run computed for more than {COMPUTING_SECONDS:g} s, the most that one may"
            raise LimitExceeded.of(Kind.TIMEOUT, detail)

    return check


def _mocks(asked: DryRunRequest) -> Mocks:
    try:
        return read_mocks(asked.mocks)
    except MockError as error:
        raise _unreadable(error) from error


def _unreadable(error: MockError) -> InvalidInputError:
    message = f"{error.pointer or 'mocks':.200}: {error}"
    return InvalidInputError(message, code="VALIDATION_FAILED", details={"field": error.pointer})


def _answer(told: DryRun) -> bytes:
    members = {
        "status": told.status,
        "output": told.output,
        "error": told.error,
        "rollback": told.rollback,
        "tasks": told.tasks,
        "emitted": told.emitted,
        "steps": told.steps,
        "duration_ms": round(told.seconds * 1000),
        "estimated_events": told.events,
    }
    try:
        return storable(json.dumps(members, allow_nan=False, separators=(",", ":"))).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"What the run gave is not JSON: {error}", code="OUTPUT_INVALID") from error
