"""`send-email`: one message, written down before it goes out."""

import html
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.faults import fault, of_postgres, passing_fault
from activities.postman import Draft, InvalidMailError, MailUnavailableError, Message, Postman, identifier_of
from workflows.contracts.execution import FunctionCallInput
from workflows.json_text import storable
from workflows.language.problems import Kind
from workflows.stubs import MailActivities
from zilliance.database import PostgresError

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
MOST_BYTES = 512 * 1024


class SendEmail(BaseModel):
    """The arguments of `send-email`."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]  # pyright: ignore[reportUnknownLambdaType]
    subject: str
    text: str | None = None
    html: str | None = None
    template: dict[str, Any] | None = None  # a JSON edge: whatever the author's template yields

    def message(self, identifier: str) -> Message:
        values = self.template
        if values is None:
            return Message(identifier, self.to, self.subject, self.text, self.html)
        return Message(
            identifier,
            self.to,
            filled(self.subject, values, escaped=False),
            None if self.text is None else filled(self.text, values, escaped=False),
            None if self.html is None else filled(self.html, values, escaped=True),
        )


def filled(text: str, values: Mapping[str, object], *, escaped: bool) -> str:
    """The text with each `{{ name }}` replaced; a name without a value leaves nothing."""

    def value_of(place: re.Match[str]) -> str:
        value = values.get(place[1])
        shown = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return html.escape(shown) if escaped else shown

    return _PLACE.sub(value_of, text)


class SmtpMailActivities(MailActivities):
    """Mail over SMTP."""

    def __init__(self, postman: Postman) -> None:
        self._postman = postman

    @activity.defn(name="mail.send")
    async def send(self, call: FunctionCallInput) -> str:
        message = _message(call)
        try:
            await self._postman.queue(Draft(call.execution_id, call.key, call.owner_id, message))
            await self._postman.send(call.execution_id, call.key)
            sent_at = await self._postman.sent_at(call.execution_id, call.key)
        except InvalidMailError as error:
            raise fault(Kind.VALIDATION, f"send-email: {error}") from error
        except MailUnavailableError as error:
            raise passing_fault(Kind.COMMUNICATION, str(error), status=503) from error
        except PostgresError as error:
            raise of_postgres(error) or error from error
        if sent_at is None:
            raise fault(Kind.COMMUNICATION, "send-email: the mail server has refused the message before")
        return json.dumps(
            {
                "messageId": self._postman.door.message_id(message.identifier),
                "to": list(message.recipients),
                "sentAt": sent_at.isoformat(),
            }
        )


def _message(call: FunctionCallInput) -> Message:
    """Raises the fault that wrong arguments are."""
    try:
        asked = SendEmail.model_validate_json(storable(call.arguments))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise fault(Kind.VALIDATION, f"send-email: with.{where}: {first['msg']}") from error
    message = asked.message(identifier_of(call.execution_id, call.key))
    if sum(len(part.encode()) for part in (message.text, message.html) if part) > MOST_BYTES:
        raise _too_large()
    return message


def _too_large() -> ApplicationError:
    return fault(Kind.VALIDATION, f"send-email: the message is larger than {MOST_BYTES // 1024} KiB", status=413)
