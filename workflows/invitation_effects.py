"""Questions to people on Temporal: asked and withdrawn by activities, answered by the signal `deliver`."""

from collections.abc import Awaitable, Callable, Mapping

from temporalio import workflow

from workflows import options
from workflows.contracts.execution import ExecuteWorkflowInput, FunctionCallInput
from workflows.contracts.invitations import WithdrawInput
from workflows.json_text import read_json
from workflows.room import OVERHEAD_BYTES, travelling
from workflows.stubs import InvitationActivities

Call = Callable[[str, Mapping[str, object], str], FunctionCallInput]
Start = Callable[[], Awaitable[str]]


class InvitationEffects:
    """What one execution asks.

    `call` makes the contract of a function's call; `run` runs an activity with a request of so many bytes, and reads
    its JSON text.
    """

    def __init__(
        self, execution: ExecuteWorkflowInput, call: Call, run: Callable[[Start, int], Awaitable[object]]
    ) -> None:
        self._execution = execution
        self._call = call
        self._run = run

    async def invite(self, name: str, arguments: Mapping[str, object], *, key: str) -> object:
        asked = self._call(name, arguments, key)
        size = travelling(len(asked.arguments)) + OVERHEAD_BYTES
        return await self._run(
            lambda: workflow.execute_activity_method(
                InvitationActivities.invite, asked, **options.function(30.0, name)
            ),
            size,
        )

    async def withdraw(self, name: str, *, key: str, expired: bool) -> list[object]:
        withdrawn = WithdrawInput(execution_id=self._execution.execution_id, key=key, name=name, expired=expired)
        answer = await workflow.execute_local_activity_method(InvitationActivities.withdraw, withdrawn, **options.ROW)
        return [] if answer is None else [read_json(answer)]
