"""Which activity performs a function of the catalogue; those that are not here are statements of PostgreSQL."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from temporalio.workflow import ActivityConfig

from workflows import options
from workflows.ai_stubs import AiActivities
from workflows.contracts.execution import FunctionCallInput
from workflows.gateway_stubs import GatewayActivities
from workflows.language.catalogue.function import Function, Performer
from workflows.stubs import MailActivities, ObjectActivities

# Methods of abstract classes, which only give names: `Any` stands for the class.
ACTIVITY_OF: Mapping[Performer, Callable[[Any, FunctionCallInput], Awaitable[str]]] = {
    Performer.MAIL: MailActivities.send,
    Performer.OBJECTS: ObjectActivities.call,
    Performer.MODEL: AiActivities.call,
    Performer.GATEWAY: GatewayActivities.call,
}


def options_of(function: Function) -> ActivityConfig:
    """How long a call of it may take, and what is tried again."""
    if function.performer is Performer.MODEL:
        return options.model(function.name)
    if function.performer is Performer.GATEWAY:
        return options.call(function.seconds or options.FUNCTION_SECONDS, function.name)
    return options.function(function.seconds or options.FUNCTION_SECONDS, function.name)
