"""Tells executions what was answered and they may not have heard, and sends mail that has not gone out."""

from datetime import timedelta
from uuid import UUID

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.postman import InvalidMailError, MailUnavailableError, Postman
from workflows.contracts.execution import Delivery
from workflows.contracts.invitations import AnswersResult
from workflows.names import DELIVER, execution_workflow_id
from workflows.stubs import AnswerUpkeepActivities
from zilliance.database import Database, Record

PAGE = 200
MOST_PAGES = 20
_NOBODYS = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED})
_MAIL_WAITS = timedelta(minutes=1)  # a younger message is most likely being sent by its own task
_UNDELIVERED = "SELECT kind, id, execution_id, key, body::text AS body FROM private.undelivered_answers($1, $2)"
_REASON = "the upkeep looks at everybody's answers"


class TemporalAnswerUpkeepActivities(AnswerUpkeepActivities):
    """Upkeep on PostgreSQL, Temporal and the mail server."""

    def __init__(self, database: Database, client: Client, postman: Postman) -> None:
        self._database = database
        self._client = client
        self._postman = postman

    @activity.defn(name="upkeep.deliver-answers")
    async def deliver_answers(self) -> AnswersResult:
        delivered, refused = 0, list[UUID]()
        for _ in range(MOST_PAGES):
            rows = await self._database.fetch(_UNDELIVERED, PAGE, refused, reason=_REASON)
            for row in rows:
                activity.heartbeat()
                if await self._deliver(row):
                    delivered += 1
                else:
                    refused.append(row["id"])
            if len(rows) < PAGE:
                break
        return AnswersResult(delivered=delivered, sent=await self._send())

    async def _deliver(self, row: Record) -> bool:
        """Whether it has arrived, or can arrive nowhere; what is refused of one is tried again with the next round.

        Raises RPCError when Temporal takes nothing now.
        """
        handle = self._client.get_workflow_handle(execution_workflow_id(row["execution_id"]))
        delivery = Delivery(key=row["key"], id=str(row["id"]), body=row["body"] or "null")
        try:
            await handle.signal(DELIVER, delivery)
        except RPCError as error:
            if error.status in _NOBODYS:
                raise
            if error.status is not RPCStatusCode.NOT_FOUND:
                about = {"execution_id": str(row["execution_id"])}
                activity.logger.warning("an answer cannot be delivered: %s", error, extra=about)
                return False
        await self._database.call(
            "SELECT private.mark_answer_delivered($1, $2)", row["kind"], row["id"], reason=_REASON
        )
        return True

    async def _send(self) -> int:
        try:
            return await self._postman.send(None, None, older_than=_MAIL_WAITS)
        except (InvalidMailError, MailUnavailableError) as error:
            activity.logger.warning("mail did not go out: %s", error)
            return 0
