"""The types of task, which are all of the standard's."""

from collections.abc import Mapping

from workflows.language.tasks.call import CallTask
from workflows.language.tasks.do import DoTask
from workflows.language.tasks.emit import EmitTask
from workflows.language.tasks.fork import ForkTask
from workflows.language.tasks.listen import ListenTask
from workflows.language.tasks.loop import ForTask
from workflows.language.tasks.raising import RaiseTask
from workflows.language.tasks.run import RunTask
from workflows.language.tasks.set import SetTask
from workflows.language.tasks.switch import SwitchTask
from workflows.language.tasks.trying import TryTask
from workflows.language.tasks.types import TaskType
from workflows.language.tasks.wait import WaitTask

# `for` stands before the `do` that such a task carries as well.
TASK_TYPES: Mapping[str, TaskType] = {
    kind.key: kind
    for kind in (
        SetTask(),
        CallTask(),
        ForTask(),
        DoTask(),
        SwitchTask(),
        TryTask(),
        ForkTask(),
        RaiseTask(),
        RunTask(),
        WaitTask(),
        EmitTask(),
        ListenTask(),
        RunTask(),
    )
}
