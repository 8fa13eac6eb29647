"""`call.resource`: documents of the outside that definitions refer to, functions and schemas, as JSON."""

import asyncio

from temporalio import activity

from activities.calls.caller import BoundCall, Caller
from activities.faults import fault
from workflows.contracts.calls import CallInput
from workflows.document_text import DocumentTextError, parse_document
from workflows.language.problems import Kind


class ReadingActivities:
    """Reads YAML and JSON of the size of a definition; the fetched text is kept a while, as for every call."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @activity.defn(name="call.resource")
    async def resource(self, call: CallInput) -> str:
        return await self._caller.run(call, _read, who="the host of the resource")


async def _read(bound: BoundCall) -> object:
    fetched = await bound.fetch(bound.arguments)
    try:
        # In a thread, since large YAML takes a second.
        parsed = await asyncio.to_thread(parse_document, fetched.content.decode(errors="replace"))
    except DocumentTextError as error:
        raise fault(Kind.CONFIGURATION, f"what {fetched.url:.200} answers cannot be read: {error}") from error
    return parsed.document
