"""The events of workflows on PostgreSQL: an outbox that the platform delivers from."""

from temporalio import activity

from activities.faults import fault, of_postgres
from workflows.contracts.execution import PublishEventInput, SubscribeInput, UnsubscribeInput
from workflows.json_text import storable
from workflows.language.problems import Kind
from workflows.stubs import EventActivities
from zilliance.database import ArgumentError, Database, PostgresError

_OWNERS = "the function finds the owner of the execution itself"


class SqlEventActivities(EventActivities):
    """Rows of private.events."""

    def __init__(self, database: Database, most_pending: int = 20_000) -> None:
        """Emit nothing for an owner of whom `most_pending` events wait to be routed."""
        self._database = database
        self._most_pending = most_pending

    @activity.defn(name="event.publish")
    async def publish(self, event: PublishEventInput) -> str:
        statement = "SELECT private.emit_event($1, $2::jsonb, $3)"
        await self._call(statement, event.execution_id, storable(event.event), self._most_pending)
        return "null"

    @activity.defn(name="event.subscribe")
    async def subscribe(self, subscription: SubscribeInput) -> str:
        statement = "SELECT private.subscribe($1, $2, $3::jsonb)"
        await self._call(statement, subscription.execution_id, subscription.key, storable(subscription.filters))
        return "null"

    @activity.defn(name="event.unsubscribe")
    async def unsubscribe(self, subscription: UnsubscribeInput) -> str:
        await self._call("SELECT private.unsubscribe($1, $2)", subscription.execution_id, subscription.key)
        return "null"

    async def _call(self, statement: str, *arguments: object) -> object:
        """One statement in a transaction of its own. Raises the fault that a refusal means."""
        try:
            return await self._database.call(statement, *arguments, reason=_OWNERS)
        except ArgumentError as error:
            raise fault(Kind.VALIDATION, str(error).partition("\nDETAIL:")[0]) from error
        except PostgresError as error:
            raise of_postgres(error) or error from error
