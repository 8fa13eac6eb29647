"""Questions of workflows to people and other systems: rows that say who may answer, and how they are told."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio import activity

from activities.faults import fault, of_postgres
from activities.postman import InvalidMailError, MailUnavailableError, Postman
from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.invitations import WithdrawInput
from workflows.json_text import storable
from workflows.language.catalogue.function import Performer
from workflows.language.functions import find_function
from workflows.language.problems import Kind
from workflows.language.schemas import SchemaError, compile_schema
from workflows.stubs import InvitationActivities
from zilliance.database import Database, PostgresError
from zilliance.tokens import CallbackTokens

_REASON = "a question is asked in the name of its execution, and is the platform's own bookkeeping"
LONGEST_FORM = 64 * 1024


class RequestApproval(BaseModel):
    """The arguments of `request-approval`."""

    model_config = ConfigDict(extra="forbid")

    title: str
    body: str | None = None
    approvers: list[UUID] = []
    role: str | None = None
    form: dict[str, Any] | None = None  # a JSON edge: a schema


class PeopleInvitationActivities(InvitationActivities):
    """Approvals and callbacks."""

    def __init__(self, database: Database, postman: Postman, tokens: CallbackTokens, api_url: str) -> None:
        self._database = database
        self._postman = postman
        self._tokens = tokens
        self._api_url = api_url

    @activity.defn(name="invitation.invite")
    async def invite(self, call: FunctionCallInput) -> str:
        function = find_function(call.name)
        try:
            if function is not None and function.performer is Performer.CALLBACK:
                return json.dumps(await self._open_callback(call))
            return json.dumps(await self._request_approval(call))
        except PostgresError as error:
            raise of_postgres(error) or error from error

    @activity.defn(name="invitation.withdraw")
    async def withdraw(self, question: WithdrawInput) -> str | None:
        function = find_function(question.name)
        if function is not None and function.performer is Performer.CALLBACK:
            statement, arguments = "SELECT private.close_callback($1, $2)::text", (question.execution_id, question.key)
        else:
            status = "expired" if question.expired else "withdrawn"
            statement = "SELECT private.withdraw_approval($1, $2, $3)::text"
            arguments = (question.execution_id, question.key, status)
        answer = await self._database.call(statement, *arguments, reason=_REASON)
        return None if answer is None else str(answer)

    async def _request_approval(self, call: FunctionCallInput) -> Mapping[str, str]:
        asked = _approval(call)
        approval_id = await self._database.call(
            "SELECT private.request_approval($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10)",
            call.execution_id,
            call.key,
            call.owner_id,
            asked.title,
            asked.body,
            None if asked.form is None else json.dumps(asked.form),
            asked.approvers,
            asked.role,
            f"{self._api_url}/workflows/v1/approvals/",
            self._postman.door.most_an_hour,
            reason=_REASON,
        )
        try:
            await self._postman.send(call.execution_id, call.key)
        except (InvalidMailError, MailUnavailableError) as error:
            # The question stands, and approvers find it in their list; the upkeep sends the mail when that works again.
            activity.logger.warning("mail about an approval did not go out: %s", error)
        return {"id": str(approval_id)}

    async def _open_callback(self, call: FunctionCallInput) -> Mapping[str, str]:
        path = json.loads(call.arguments).get("path")
        token = self._tokens.issue(call.execution_id, call.key)
        digest = hashlib.sha256(token.encode()).digest()
        await self._database.call(
            "SELECT private.open_callback($1, $2, $3, $4)",
            call.execution_id,
            call.key,
            call.owner_id,
            digest,
            reason=_REASON,
        )
        return {"url": "/".join([f"{self._api_url}/hooks/v1/callbacks/{token}", *([path] if path else [])])}


def _approval(call: FunctionCallInput) -> RequestApproval:
    """Raises the fault that wrong arguments are."""
    try:
        asked = RequestApproval.model_validate_json(storable(call.arguments))
        if asked.form is not None:
            if len(json.dumps(asked.form)) > LONGEST_FORM:
                raise fault(Kind.VALIDATION, f"request-approval: the form is larger than {LONGEST_FORM // 1024} KiB")
            compile_schema(asked.form)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise fault(Kind.VALIDATION, f"request-approval: with.{where}: {first['msg']}") from error
    except SchemaError as error:
        raise fault(Kind.VALIDATION, f"request-approval: with.form: {error}") from error
    return asked
