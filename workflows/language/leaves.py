"""Tasks that a retry may take over as a whole, and what it has to know of each: all others are walked again."""

from workflows.language.calls.asyncapi import AsyncApiBody
from workflows.language.calls.effect import EffectBody
from workflows.language.calls.log import LogBody
from workflows.language.calls.parallel import ParallelBody
from workflows.language.calls.remote import RemoteFunctionBody
from workflows.language.calls.rollback import RollbackBody
from workflows.language.calls.service import ServiceBody
from workflows.language.calls.used import UsedFunctionBody
from workflows.language.nodes import Task
from workflows.language.runs.program import ProgramBody
from workflows.language.runs.workflow import WorkflowBody

_TYPES = frozenset({"call", "run", "set", "emit", "listen", "wait"})
_HOLDERS = (UsedFunctionBody, RemoteFunctionBody, RollbackBody, ParallelBody)


def is_leaf(task: Task) -> bool:
    """Whether it is done again only where that was asked for."""
    return task.type in _TYPES and not isinstance(task.body, _HOLDERS)


def is_free(task: Task) -> bool:
    """Whether it changes nothing: it is computed or read, and may be so once more.

    What its author says how to undo is no mere reading.
    """
    if task.compensate is not None:
        return False
    body = task.body
    if isinstance(body, EffectBody):
        return body.function.reads
    return task.type == "set" or (isinstance(body, ServiceBody) and body.reads)


def gives_input_on(task: Task) -> bool:
    """Whether its output is its input, whatever it does."""
    body = task.body
    if isinstance(body, (WorkflowBody, ProgramBody)):
        return not body.waits
    if isinstance(body, AsyncApiBody):
        return not body.consumes
    return task.type == "wait" or isinstance(body, LogBody)
