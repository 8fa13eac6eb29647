"""Tells an execution what was answered. The row has it already: what goes wrong here, the upkeep makes good."""

from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from workflows.contracts.execution import Delivery
from workflows.names import DELIVER, execution_workflow_id
from workflows.starting import ANSWER_WITHIN
from zilliance.database import Database
from zilliance.errors import UnavailableError

_REASON = "that an answer has arrived is the platform's own bookkeeping"


async def tell(temporal: Client, service: Database, kind: str, execution_id: UUID, delivery: Delivery) -> None:
    """Signal it, and note that it is known."""
    handle = temporal.get_workflow_handle(execution_workflow_id(execution_id))
    try:
        await handle.signal(DELIVER, delivery, rpc_timeout=ANSWER_WITHIN)
        await service.call("SELECT private.mark_answer_delivered($1, $2)", kind, UUID(delivery.id), reason=_REASON)
    except (RPCError, RuntimeError, UnavailableError):  # RuntimeError: the client's first dial failed
        return
