"""Approvals that workflows ask for: listed, read, and decided once, in the row before the workflow hears of it."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from temporalio.client import Client

from api.executions.answers import tell
from workflows.contracts.execution import Delivery
from workflows.language.schemas import SchemaError, compile_schema
from zilliance.database import Connection, Database
from zilliance.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, TooLargeError
from zilliance.identity import Identity

MAX_DATA_BYTES = 64 * 1024
LONGEST_COMMENT = 10_000
_DECISIONS = ("approved", "rejected")
_FIELDS = frozenset({"decision", "comment", "data"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What an approver says; `data` is what the form asked for."""

    status: str
    comment: str | None
    data: object


@dataclass(frozen=True, slots=True)
class Approvals:
    """What the endpoints do, on the connections of one process. `service` may write what nobody's own row is."""

    database: Database
    service: Database
    temporal: Client

    async def list(
        self, caller: Identity, *, box: str, status: str | None, after: UUID | None, limit: int
    ) -> dict[str, Any]:
        """The caller's approvals, newest first, and the id after which the next page begins."""
        async with self.database.transaction(caller) as connection:
            rows = await connection.fetch(
                "SELECT private.list_approvals($1, $2, $3, $4)::text AS view", box, status, after, limit + 1
            )
        items = [json.loads(row["view"]) for row in rows[:limit]]
        return {"items": items, "next": items[-1]["id"] if len(rows) > limit else None}

    async def find(self, caller: Identity, approval_id: UUID) -> dict[str, Any]:
        """One approval that the caller asks or is asked. Raises NotFoundError."""
        async with self.database.transaction(caller) as connection:
            return await _find(connection, approval_id)

    async def decide(self, caller: Identity, approval_id: UUID, decision: Decision) -> dict[str, Any]:
        """Decide, once and for all; the first who does so wins.

        Raises NotFoundError, ForbiddenError for an owner who is not asked, ConflictError for what is decided already.
        """
        async with self.database.transaction(caller) as connection:
            _check_form((await _find(connection, approval_id))["form"], decision)
            found = await connection.fetchrow(
                "SELECT decided, may_decide, view::text AS view, execution_id, key, body::text AS body"
                " FROM private.decide_approval($1, $2, $3, $4::jsonb)",
                approval_id,
                decision.status,
                decision.comment,
                None if decision.data is None else json.dumps(decision.data),
            )
            row = _decided(found, approval_id)
        await tell(self.temporal, self.service, "approval", row["execution_id"], _delivery(approval_id, row))
        return cast("dict[str, Any]", json.loads(row["view"]))


def read_decision(body: object) -> Decision:
    """What a request decides. Raises InvalidInputError, TooLargeError."""
    if not isinstance(body, dict):
        raise _invalid('send {"decision": "approved"} or {"decision": "rejected"}')
    members = cast("dict[str, object]", body)
    unknown = sorted(members.keys() - _FIELDS)
    if unknown:
        raise _invalid(f"unknown member {unknown[0]!r:.80}: use decision, comment and data")
    status, comment, data = (members.get(name) for name in ("decision", "comment", "data"))
    if status not in _DECISIONS:
        raise _invalid("decision must be approved or rejected")
    if comment is not None and (not isinstance(comment, str) or len(comment) > LONGEST_COMMENT):
        raise _invalid(f"comment must be text of at most {LONGEST_COMMENT:,} characters")
    if len(json.dumps(data)) > MAX_DATA_BYTES:
        raise TooLargeError(f"data is larger than {MAX_DATA_BYTES // 1024} KiB")
    return Decision(str(status), comment, data)


async def _find(connection: Connection, approval_id: UUID) -> dict[str, Any]:
    view = await connection.fetchval("SELECT private.find_approval($1)::text", approval_id)
    if view is None:
        raise _missing(approval_id)
    return cast("dict[str, Any]", json.loads(view))


def _check_form(form: object, decision: Decision) -> None:
    """Raises InvalidInputError for data that does not fit; a rejection needs none."""
    if form is None or (decision.status == "rejected" and decision.data is None):
        return
    faults = _faults(json.dumps(form), decision.data)
    if faults is not None:
        raise InvalidInputError(f"data does not match the form: {faults}", code="FORM_INVALID")


def _faults(form: str, data: object) -> str | None:
    try:
        return _schema(form).faults_of(data)
    except SchemaError as error:  # it was compiled when it was asked; a newer version may refuse what an older one took
        raise ConflictError(f"The form of this approval is no schema any more: {error}") from error


@lru_cache(maxsize=64)
def _schema(form: str) -> Any:
    return compile_schema(json.loads(form))


def _decided(row: Any, approval_id: UUID) -> Any:
    """The row. Raises what keeps a caller who sees the approval from deciding it."""
    if row is None:
        raise _missing(approval_id)
    if row["decided"]:
        return row
    view = json.loads(row["view"])
    if view["status"] == "pending" and not row["may_decide"]:
        raise ForbiddenError(
            "You ask for this approval, and are not one of those who may decide", code="NOT_AN_APPROVER"
        )
    raise ConflictError(
        f"This approval is {view['status']} already", code="APPROVAL_CLOSED", details={"status": view["status"]}
    )


def _delivery(approval_id: UUID, row: Any) -> Delivery:
    return Delivery(key=row["key"], id=str(approval_id), body=row["body"])


def _missing(approval_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no approval {approval_id}", code="APPROVAL_NOT_FOUND")


def _invalid(message: str) -> InvalidInputError:
    return InvalidInputError(message, code="VALIDATION_FAILED")
