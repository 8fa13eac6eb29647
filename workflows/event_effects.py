"""The events of an execution on Temporal: each step is a local activity that writes a row of its owner's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import PublishEventInput, SubscribeInput, UnsubscribeInput
from workflows.json_text import write_json
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.steps import COMPENSATING
from workflows.stubs import EventActivities

Start = Callable[[], Awaitable[str]]


class EventEffects:
    """What one execution publishes and listens to.

    `run` runs a local activity for the effect with a key, and reads its result.
    """

    def __init__(self, execution_id: UUID, run: Callable[[str, Start], Awaitable[object]]) -> None:
        self._execution_id = execution_id
        self._run = run

    async def emit(self, event: Mapping[str, object], *, key: str) -> None:
        published = PublishEventInput(execution_id=self._execution_id, event=_text(event))
        summary = options.row(f"emit {event['type']}"[:200])
        await self._run(
            key, lambda: workflow.execute_local_activity_method(EventActivities.publish, published, **summary)
        )

    async def subscribe(self, filters: Sequence[Mapping[str, object]], *, key: str) -> None:
        subscription = SubscribeInput(execution_id=self._execution_id, key=key, filters=_text(filters))
        await self._run(
            key,
            lambda: workflow.execute_local_activity_method(
                EventActivities.subscribe, subscription, **options.row("listen")
            ),
        )

    async def unsubscribe(self, *, key: str) -> None:
        subscription = UnsubscribeInput(execution_id=self._execution_id, key=key)
        await self._run(
            # Never refused: whatever ended the listening, its row must go.
            f"{COMPENSATING}{key}",
            lambda: workflow.execute_local_activity_method(
                EventActivities.unsubscribe, subscription, **options.row("listen no longer")
            ),
        )


def _text(event: object) -> str:
    try:
        return write_json(event)
    except (ValueError, RecursionError) as error:
        raise WorkflowFault.of(Kind.VALIDATION, f"the event is not JSON that can be stored: {error}") from error
