"""Events of an account: published, sent to one of its executions, and listed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from workflows.language.events.cloudevents import MAX_EVENT_BYTES, EventError, checked
from zilliance.database import Database
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, RateLimitedError, TooLargeError
from zilliance.identity import Identity

MOST_EVENTS = 1_000  # of one batch
NESTED = "an event is nested too deep: at most 250 levels"


async def publish(database: Database, caller: Identity, events: Sequence[object], most_pending: int) -> int:
    """Commit events to the caller's stream; how many were new.

    Raises InvalidInputError, TooLargeError, and RateLimitedError while `most_pending` of them wait to be routed.
    """
    if len(events) > MOST_EVENTS:
        raise TooLargeError(f"A batch has at most {MOST_EVENTS:,} events: send it in several requests")
    text = _text([_checked(event, index, len(events)) for index, event in enumerate(events)])
    async with database.transaction(caller) as connection:
        stored: int | None = await connection.fetchval(
            "SELECT private.publish_events($1::jsonb, $2)", text, most_pending
        )
    if stored is None:
        message = f"{most_pending:,} of your events wait to be routed: send these again when there are fewer"
        raise RateLimitedError(message, code="TOO_MANY_EVENTS", headers={"Retry-After": "1"})
    return stored


async def signal(database: Database, caller: Identity, execution_id: UUID, event: object) -> None:
    """Commit an event for one execution of the caller's. Raises NotFoundError, ConflictError when it has ended."""
    text = _text(_checked(event, 0, 1))
    async with database.transaction(caller) as connection:
        is_open = await connection.fetchval("SELECT private.signal_execution($1, $2::jsonb)", execution_id, text)
    if is_open is None:
        raise NotFoundError(f"There is no execution {execution_id}", code="EXECUTION_NOT_FOUND")
    if not is_open:
        raise ConflictError("The execution has ended already", code="EXECUTION_ENDED")


async def list_events(database: Database, caller: Identity, after: int | None, limit: int) -> bytes:
    """A page of the caller's events as JSON, newest first."""
    async with database.transaction(caller) as connection:
        rows = await connection.fetch("SELECT * FROM private.list_events($1, $2)", after, limit + 1)
    page = rows[:limit]
    items = ",".join(row["event"] for row in page)
    following = f'"{page[-1]["cursor"]}"' if len(rows) > limit else "null"
    return f'{{"items":[{items}],"next":{following}}}'.encode()


def _checked(event: object, index: int, number: int) -> dict[str, object]:
    """One event, or a refusal that says which of several and which attribute."""
    if not isinstance(event, Mapping):
        raise _invalid('an event is an object with "specversion", "id", "source" and "type"', "", index, number)
    attributes: Mapping[str, object] = event  # pyright: ignore[reportUnknownVariableType]  JSON has no other keys
    if "specversion" not in attributes:
        raise _invalid('an event needs the attribute "specversion": "1.0"', "specversion", index, number)
    try:
        found = checked(attributes)
    except EventError as error:
        raise _invalid(str(error), error.attribute, index, number) from error
    if len(_text(found)) > MAX_EVENT_BYTES:
        most = MAX_EVENT_BYTES // 1024
        raise TooLargeError(f"An event is larger than {most} KiB: store its data and send the address")
    return found


def _invalid(message: str, attribute: str, index: int, number: int) -> InvalidInputError:
    where = f"event {index}: " if number > 1 else ""
    return InvalidInputError(
        f"{where}{message}", code="EVENT_INVALID", details={"index": index, "attribute": attribute or None}
    )


def _text(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:  # what came from JSON can only be too deep
        raise InvalidInputError(NESTED, code="EVENT_INVALID") from error
