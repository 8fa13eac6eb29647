"""Sub-workflows in a simulation: each answers as its task is mocked, or with an empty object."""

from collections.abc import Awaitable, Callable, Mapping

from workflows.language.effects import SubWorkflow


class SubWorkflows:
    """What was begun, in order; `answer` gives the mock of a task, by its key, or makes something up."""

    def __init__(self, answer: Callable[[str, Callable[[], object]], Awaitable[object]]) -> None:
        self.begun: list[tuple[str, SubWorkflow]] = []
        self.rolled_back: list[str] = []
        self._answer = answer

    async def start(self, wanted: SubWorkflow, *, key: str) -> str:
        self.begun.append((key, wanted))
        return key

    async def result(self, execution_id: str, *, cancelled: bool) -> tuple[object, bool]:
        return await self._answer(execution_id, dict), cancelled

    async def roll_back(self, execution_id: str, cause: Mapping[str, object] | None) -> None:  # noqa: ARG002
        self.rolled_back.append(execution_id)
