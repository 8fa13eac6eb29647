"""Sends what is written down in private.mails, and says so there."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from zilliance.database import Database
from zilliance.mail import InvalidMailError, MailDeferredError, MailDoor, MailUnavailableError, Message

_REASON = "mail of workflows is the platform's own bookkeeping"
_AT_ONCE = 100


def identifier_of(execution_id: UUID, key: str, place: int = 0) -> str:
    """What names a message: the same for every repeat of the effect."""
    return hashlib.sha256(f"{execution_id}:{key}:{place}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message of an effect, before it is written down."""

    execution_id: UUID
    key: str
    owner_id: UUID
    message: Message


@dataclass(frozen=True, slots=True)
class Postman:
    """The rows and the door."""

    database: Database
    door: MailDoor

    async def queue(self, draft: Draft) -> None:
        """Write a message down, once for its key. Raises InvalidMailError, PostgresError."""
        self.door.check(draft.message)
        message = draft.message
        await self.database.call(
            "SELECT private.queue_mail($1, $2, $3, 0, $4, $5, $6, $7, $8)",
            draft.execution_id,
            draft.key,
            draft.owner_id,
            list(message.recipients),
            message.subject,
            message.text,
            message.html,
            self.door.most_an_hour,
            reason=_REASON,
        )

    async def sent_at(self, execution_id: UUID, key: str) -> datetime | None:
        value = await self.database.call("SELECT private.mail_sent_at($1, $2)", execution_id, key, reason=_REASON)
        return value if isinstance(value, datetime) else None

    async def send(self, execution_id: UUID | None, key: str | None, *, older_than: timedelta = timedelta()) -> int:
        """Send what one effect has written down, or everybody's that is older; how many went out.

        One that is refused for good is marked so and raises InvalidMailError in the end, one that is not taken now
        MailDeferredError; a server that is away stops it with MailUnavailableError.
        """
        async with self.database.service(reason=_REASON) as connection:
            rows = await connection.fetch(
                "SELECT * FROM private.unsent_mails($1, $2, $3, $4)", execution_id, key, older_than, _AT_ONCE
            )
        refused: InvalidMailError | MailDeferredError | None = None
        for row in rows:
            identifier = identifier_of(row["execution_id"], row["key"], row["place"])
            message = Message(identifier, row["recipients"], row["subject"], row["text"], row["html"])
            try:
                await self.door.send(message)
            except InvalidMailError as error:
                refused = error
                await self._settle(row["id"], sent=False)
            except MailDeferredError as error:
                refused = refused or error
            else:
                await self._settle(row["id"], sent=True)
        if refused is not None:
            raise refused
        return len(rows)

    async def _settle(self, mail_id: UUID, *, sent: bool) -> None:
        await self.database.call("SELECT private.settle_mail($1, $2)", mail_id, sent, reason=_REASON)


__all__ = ["Draft", "InvalidMailError", "MailUnavailableError", "Message", "Postman", "identifier_of"]
