"""Calls of webhooks: found by their token, checked by their signature, accepted as a run in one statement."""

import math
import time
from uuid import UUID

import orjson

from api.acceptance import Acceptance
from api.acceptance.hooks import KnownHook
from api.executions.accepting import ANYBODYS, OURS, TRIES, Accepted, Asked, refusal_of
from api.executions.definitions import checked
from api.executions.executions import Executions
from api.webhooks.requests import HookCall, delivery_of, trigger_text
from api.webhooks.signatures import is_signed
from api.webhooks.webhooks import digest, place_of
from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.json_text import read_json
from zilliance.database import Database, Record
from zilliance.enums import Role
from zilliance.errors import (
    AppError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
)
from zilliance.identity import Identity
from zilliance.sealing import Sealed, Sealer, SealError

# Callers' own keys are printable, so that none can be one of these.
KEY_MARK = "\x01webhook:"
FRESH_SECONDS = 1.0
_REASON = "whoever knows the token may call: a webhook asks for no account"


class WebhookCalls:
    """What the endpoint does."""

    def __init__(self, executions: Executions, sealer: Sealer) -> None:
        self._executions = executions
        self._sealer = sealer

    async def call(self, token: str, call: HookCall) -> tuple[int, bytes]:
        """Begin the run of a call; status and JSON of the answer.

        Raises NotFoundError, UnauthorizedError, ConflictError, RateLimitedError, InvalidInputError, TooLargeError.
        """
        hook, data = await self._admitted(token, call)
        wait = hook.respond == "result"
        acceptance = self._executions.acceptance
        ours = wait or acceptance.has_room
        with acceptance.pressure.accepting():
            accepted = await self._accept(token, hook, call, data, ours=ours)
        if accepted is None:
            return 200, orjson.dumps({"executionId": None, "status": "skipped"})
        answer = await self._executions.proceed(_owner(hook.owner_id), accepted, wait=wait, ours=ours)
        row = orjson.loads(answer.row)
        shown = {"executionId": row["id"], "status": row["status"]}
        if not wait or not answer.ended:
            return 202, orjson.dumps(shown)
        return 200, orjson.dumps({**shown, "result": row["result_data"], "error": row["error"]})

    async def _admitted(self, token: str, call: HookCall) -> tuple[KnownHook, str]:
        """The webhook that may be called so, and the input of its run."""
        hook = await self._checked(token, call)
        data = trigger_text(call)
        await self._executions.acceptance.open_runs.admit(hook.owner_id)
        return hook, data

    async def _checked(self, token: str, call: HookCall) -> KnownHook:
        """The webhook, when the call is signed as it should be. One body answers whatever is wrong with a signature."""
        token_hash = digest(token)
        known = self._executions.acceptance.hooks
        hook = known.get(token_hash) or await self._load(token_hash)
        if not _may_call(hook, call) and hook.age > FRESH_SECONDS:
            hook = await self._load(token_hash)  # it may have another secret by now
        if call.method not in hook.methods:
            message = f"This webhook is called with {' or '.join(hook.methods)}"
            headers = {"Allow": ", ".join(hook.methods)}
            raise AppError(message, status=405, code="METHOD_NOT_ALLOWED", headers=headers)
        if not _may_call(hook, call):
            raise UnauthorizedError("The signature is missing, too old or wrong", code="SIGNATURE_INVALID")
        return hook

    async def _load(self, token_hash: bytes) -> KnownHook:
        try:
            row = await self._database.fetch_one("SELECT * FROM private.find_hook($1)", token_hash, reason=_REASON)
        except LookupError as error:
            self._executions.acceptance.hooks.keep(token_hash, None)
            raise NotFoundError("There is no such webhook", code="HOOK_NOT_FOUND") from error
        hook = KnownHook(
            id=row["id"],
            owner_id=row["owner_id"],
            workflow_id=row["workflow_id"],
            scheme=row["scheme"],
            secret=self._opened(row, "secret_key_id", "secret"),
            previous_secret=self._opened(row, "previous_key_id", "previous_secret"),
            previous_until=row["previous_until"],
            methods=tuple(row["methods"]),
            respond=row["respond"],
            revision=row["revision"],
            loaded_at=time.monotonic(),
        )
        self._executions.acceptance.hooks.keep(token_hash, hook)
        return hook

    def _opened(self, row: Record, key_id: str, secret: str) -> str | None:
        """A secret as its owner knows it; one that no key of ours opens is none, and signs nothing."""
        if row[secret] is None:
            return None
        try:
            return self._sealer.open(Sealed(row[key_id], row[secret]), place_of(row["id"])).decode()
        except SealError:
            return None

    async def _accept(self, token: str, hook: KnownHook, call: HookCall, data: str, *, ours: bool) -> Accepted | None:
        """The run, begun or found; None when the definition has it skipped."""
        acceptance = self._executions.acceptance
        delivery = delivery_of(hook.scheme, call)
        key = None if delivery is None else f"{KEY_MARK}{hook.id}:{delivery}"
        for _ in range(TRIES):
            row = await self._database.fetch_one(
                "SELECT * FROM private.accept_hook($1, $2, $3::jsonb, $4, $5, $6)",
                *(hook.id, hook.revision, data, key),
                *(acceptance.documents.checked(hook.workflow_id, None), OURS if ours else ANYBODYS),
                reason=_REASON,
            )
            match row["outcome"]:
                case "hook_changed":
                    acceptance.hooks.keep(digest(token), None)
                    hook = await self._checked(token, call)
                case "unchecked":
                    _check(acceptance, hook.workflow_id, row)
                case "limited":
                    raise _limited(row["retry_after"])
                case "skipped":
                    return None
                case outcome:
                    if refusal := refusal_of(outcome, Asked(hook.workflow_id)):
                        raise refusal
                    return _accepted(acceptance, hook, row, data)
        raise UnavailableError("The definition is being changed; try again shortly")

    @property
    def _database(self) -> Database:
        return self._executions.database


def _may_call(hook: KnownHook, call: HookCall) -> bool:
    now = time.time()
    return is_signed(hook.scheme, hook.secrets(now), call.headers, call.body, now)


def _check(acceptance: Acceptance, workflow_id: UUID, row: Record) -> None:
    """Remember a definition that can run. What is wrong with another is its owner's to know, not the caller's."""
    try:
        checked(read_json(row["document"]), row["name"])
    except InvalidInputError as error:
        raise ConflictError(
            "The workflow cannot run as it is: its owner must mend it", code="WORKFLOW_INVALID"
        ) from error
    acceptance.documents.keep(workflow_id, row["version"], row["document"])


def _accepted(acceptance: Acceptance, hook: KnownHook, row: Record, data: str) -> Accepted:
    run = ExecuteWorkflowInput(
        execution_id=row["execution_id"],
        owner_id=hook.owner_id,
        definition_id=hook.workflow_id,
        version=row["version"],
        name=row["name"],
        document=acceptance.documents.text(hook.workflow_id, row["version"]),
        trigger_data=data,
        started_at=row["started_at"],
    )
    return Accepted(run, row["row_json"], row["outcome"])


def _limited(seconds: float) -> RateLimitedError:
    message = "This webhook is called more often than its rate allows"
    return RateLimitedError(message, code="HOOK_RATE_LIMITED", headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def _owner(owner_id: UUID) -> Identity:
    """The owner as a caller: his own row is looked at under row security."""
    return Identity.of_claims({"sub": str(owner_id), "role": Role.AUTHENTICATED.value})
