"""Extensions of `use.extensions`: lists of tasks that run before and after every task of a type."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from workflows.language.evaluation import truthy
from workflows.language.issues import escape
from workflows.language.nodes import Extension
from workflows.language.shapes import as_list, as_map, as_text, single

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.execution import Execution
    from workflows.language.steps import Frame, Step

POINTER = "/use/extensions"


def compile_extensions(compiler: "Compiler") -> tuple[Extension, ...]:
    """Those of the document, in the order of their declaration."""
    return tuple(_compiled(compiler))


def _compiled(compiler: "Compiler") -> Iterator[Extension]:
    for index, entry in enumerate(as_list(compiler.uses.get("extensions", []), "use.extensions")):
        name, value = single(entry, "extension")
        definition, at = as_map(value, "extension"), f"{POINTER}/{index}/{escape(name)}"
        lists = {
            when: compiler.task_list(definition[when], f"{at}/{when}") if when in definition else None
            for when in ("before", "after")
        }
        yield Extension(
            extend=as_text(definition.get("extend"), "extend"),
            condition=compiler.expression(definition.get("when")),
            before=lists["before"],
            after=lists["after"],
        )


async def run_extended(execution: "Execution", step: "Step", body: Callable[[], Awaitable[object]]) -> object:
    """The raw output of the task, with what surrounds it.

    Before the task, extensions run in the order of their declaration, after it in the reverse. What they give is not
    passed on, except by a list before the task that is left by `exit`: the task and what else would surround it are
    bypassed, and the list's output stands for the task's.

    A run can go on inside of the task, never inside of these lists: those before it are then behind it.
    """
    resumed = bool(execution.returning)
    # The standard's own examples read `$task.call` and `$task.with`, which its descriptor of a task lacks.
    about = {**step.task.definition, **step.about}
    applying = [each for each in step.task.extensions if _applies(each, about, execution, step)]
    frame = _frame(step, about)
    for extension in [] if resumed else applying:
        if extension.before is not None:
            output, left = await execution.run_list(extension.before, step.input, execution.open_block(frame))
            if left:
                return output
    raw = await body()
    for extension in reversed(applying):
        if extension.after is not None:
            await execution.run_list(extension.after, raw, execution.open_block(frame))
    return raw


def _applies(extension: Extension, about: Mapping[str, object], execution: "Execution", step: "Step") -> bool:
    if extension.condition is None:
        return True
    return truthy(execution.evaluate(extension.condition, step.input, step, {**step.variables, "task": about}))


def _frame(step: "Step", about: dict[str, object]) -> "Frame":
    """In the lists `$task` is the task that they surround; the place of that one makes the keys of effects unique."""
    return replace(step.frame.under(step.task.reference, {"task": about}), extending=True, place=None)
