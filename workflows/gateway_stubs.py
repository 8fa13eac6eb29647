"""What workflows ask of the API gateway, as an abstract activity class; `activities.gateway` has the implementation."""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.contracts.execution import FunctionCallInput


class GatewayActivities(ABC):
    """Calls of the owner's endpoints, counted and logged as everybody's."""

    @abstractmethod
    @activity.defn(name="gateway.call")
    async def call(self, call: FunctionCallInput) -> str:
        """`gateway-request` of the catalogue; the target's answer as JSON text. Sends heartbeats."""
