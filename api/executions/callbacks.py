"""Requests to URLs that workflows wait behind: written down, then handed to the workflow."""

import hashlib
import json
from dataclasses import dataclass

from temporalio.client import Client

from api.executions.answers import tell
from api.json_input import check_type, decode
from workflows.contracts.execution import Delivery
from workflows.json_text import storable
from zilliance.database import Database
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError

MAX_BODY_BYTES = 256 * 1024
_LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the endpoint does; whoever holds a token needs no account."""

    service: Database
    temporal: Client

    async def answer(self, token: str, body: bytes, content_type: str) -> None:
        """Take the one answer. Raises NotFoundError, ConflictError for a repeat, TooLargeError."""
        text = _text(body, content_type)
        digest = hashlib.sha256(token[:_LONGEST_TOKEN].encode("utf-8", "replace")).digest()
        async with self.service.service(
            reason="the token is what permits, and its holder has no account"
        ) as connection:
            row = await connection.fetchrow("SELECT * FROM private.answer_callback($1, $2::jsonb)", digest, text)
        if row is None:
            raise NotFoundError("There is no such callback", code="CALLBACK_NOT_FOUND")
        if not row["taken"]:
            raise ConflictError(
                "This callback was answered already, or nobody waits for it any longer", code="CALLBACK_CLOSED"
            )
        delivery = Delivery(key=row["key"], id=str(row["id"]), body=text)
        await tell(self.temporal, self.service, "callback", row["execution_id"], delivery)


def _text(body: bytes, content_type: str) -> str:
    """The body as JSON text: JSON as it is, anything else as a string, nothing as null."""
    if len(body) > MAX_BODY_BYTES:
        raise TooLargeError(f"The body is larger than {MAX_BODY_BYTES // 1024} KiB")
    if not body:
        return "null"
    if _is_json(content_type):
        return json.dumps(decode(body))
    return storable(json.dumps(body.decode("utf-8", "replace")))


def _is_json(content_type: str) -> bool:
    if not content_type:
        return False
    try:
        check_type(content_type)
    except InvalidInputError:
        return False
    return True
