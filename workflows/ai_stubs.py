"""What workflows ask of language models, as an abstract activity class; `activities.llm` has the implementation."""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.contracts.ai import ChatInput, ChatOutput
from workflows.contracts.execution import FunctionCallInput


class AiActivities(ABC):
    """Answers of language models, each paid for once for its run and step.

    Faults are ApplicationErrors of type `fault` with two details: the problem, and `{"code": "AI_..."}`.
    """

    @abstractmethod
    @activity.defn(name="ai.chat")
    async def chat(self, wanted: ChatInput) -> ChatOutput:
        """Ask a model, or give what it answered before. Sends heartbeats; cancelling it ends the provider's stream."""

    @abstractmethod
    @activity.defn(name="ai.call")
    async def call(self, call: FunctionCallInput) -> str:
        """`ai-chat` of the catalogue: the same for a task of a workflow; the result as JSON text."""
