"""Executions as lists: filtered, newest first, in pages by key."""

from uuid import UUID

from api.schemas.executions import ExecutionFilter, ExecutionQuery
from zilliance.database import READING, Database
from zilliance.errors import NotFoundError
from zilliance.identity import Identity

_TASKS = "SELECT json_build_object('items', e.tasks, 'next', null)::text FROM workflow_executions AS e WHERE e.id = $1"
_COLUMNS = (
    "id, workflow_id, status, phase, version, trigger, retry_of, parent_execution_id, error_message, started_at,"
    " completed_at, duration_ms, created_at"
)
# The row may be deleted by now; its id then says its moment, to the millisecond.
_MOMENT = (
    "coalesce((SELECT a.created_at FROM public.workflow_executions AS a WHERE a.id = {0}), uuid_extract_timestamp({0}))"
)


async def list_executions(database: Database, caller: Identity, query: ExecutionQuery) -> bytes:
    """A page of the caller's executions as JSON `{"items", "next"}`."""
    conditions, values = conditions_of(query)
    if query.after is not None:
        values.append(query.after)
        place = f"${len(values)}"
        moment = _MOMENT.format(place)
        conditions += [f"e.created_at <= {moment}", f"(e.created_at < {moment} OR e.id > {place})"]
    values.append(query.limit + 1)
    statement = f"""
        WITH page AS (
            SELECT {_COLUMNS} FROM public.workflow_executions AS e WHERE {" AND ".join(conditions) or "true"}
            ORDER BY e.created_at DESC, e.id LIMIT ${len(values)}
        ), kept AS (SELECT * FROM page ORDER BY created_at DESC, id LIMIT ${len(values)} - 1)
        SELECT json_build_object(
            'items', coalesce((SELECT json_agg(kept ORDER BY created_at DESC, id) FROM kept), '[]'),
            'next', (SELECT id FROM kept WHERE (SELECT count(*) FROM page) = ${len(values)}
                     ORDER BY created_at, id DESC LIMIT 1))::text
    """  # noqa: S608  columns and conditions are ours, what is asked for is bound
    async with database.transaction(caller, READING) as connection:
        text: str = await connection.fetchval(statement, *values)
    return text.encode()


def conditions_of(asked: ExecutionFilter) -> tuple[list[str], list[object]]:
    """The conditions on `e`, a row of workflow_executions, and the values that they bind from $1 on."""
    found: list[tuple[str, object]] = [
        ("e.workflow_id = {}", asked.workflow_id),
        ("e.status = ANY ({}::text[])", [status.value for status in asked.status] or None),
        ("e.trigger = {}", asked.trigger),
        ("e.parent_execution_id = {}", asked.parent),
        ("e.created_at >= {}", asked.begin),
        ("e.created_at < {}", asked.end),
    ]
    given = [(condition, value) for condition, value in found if value is not None]
    conditions = [condition.format(f"${place}") for place, (condition, _) in enumerate(given, 1)]
    return conditions, [value for _, value in given]


async def list_tasks(database: Database, caller: Identity, execution_id: UUID) -> bytes:
    """The log of one execution's tasks as JSON `{"items", "next"}`. Raises NotFoundError."""
    async with database.transaction(caller, READING) as connection:
        text: str | None = await connection.fetchval(_TASKS, execution_id)
    if text is None:
        raise NotFoundError(f"There is no execution {execution_id}", code="EXECUTION_NOT_FOUND")
    return text.encode()
