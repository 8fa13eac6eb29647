"""`emit`: publishes a CloudEvent, whose missing attributes the workflow fills in; the output is the event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from workflows.language.events.cloudevents import MAX_EVENT_BYTES, EventError, checked, name_fault
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map
from workflows.language.sizes import size_of
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


@dataclass(frozen=True, slots=True)
class EmitBody:
    """A compiled `emit`; `source` is the one of events that do not name their own."""

    attributes: Template
    source: str

    async def run(self, execution: Execution, step: Step) -> object:
        attributes = as_map(execution.evaluate(self.attributes, step.input, step), "emit.event.with")
        event = self._event(attributes, execution, step)
        await execution.enter()
        await execution.effects.stream.emit(event, key=step.key)
        return event

    def _event(self, attributes: Mapping[str, object], execution: Execution, step: Step) -> dict[str, object]:
        given = {name: value for name, value in attributes.items() if value is not None or name == "data"}
        filled = {
            # The same on every repeat of this task's run, and no other's.
            "id": str(uuid5(NAMESPACE_URL, f"{execution.id}#{step.key}")),
            "source": self.source,
            "time": execution.effects.now().isoformat().replace("+00:00", "Z"),
        }
        try:
            event = checked({**filled, **given})
        except EventError as error:
            raise WorkflowFault.of(Kind.VALIDATION, f"emit: {error}", instance=step.task.reference) from error
        if size_of(event, MAX_EVENT_BYTES) > MAX_EVENT_BYTES:
            detail = f"the event is larger than {MAX_EVENT_BYTES // 1024} KiB: store its data and emit the address"
            raise WorkflowFault.of(Kind.VALIDATION, detail, instance=step.task.reference, status=413)
        return event


class EmitTask:
    """The type `emit`."""

    key = "emit"
    fields = ("emit",)

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/emit"
        emit = checker.fields(definition["emit"], at, ("event",), required=("event",), what="emit")
        if emit is None or "event" not in emit:
            return
        event = checker.fields(emit["event"], f"{at}/event", ("with",), required=("with",), what="event")
        if event is None or "with" not in event:
            return
        at = f"{at}/event/with"
        attributes = checker.mapping(event["with"], at, "with")
        if isinstance(event["with"], Mapping) and "type" not in attributes:
            checker.error(at, IssueCode.MISSING_PROPERTY, 'required attribute "type" is missing')
        for name, value in attributes.items():
            fault = name_fault(name)
            if fault is not None:
                checker.error(checker.at(at, name), IssueCode.UNKNOWN_PROPERTY, fault)
            checker.template(value, checker.at(at, name), scope)

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        event = as_map(as_map(definition["emit"], "emit").get("event"), f"{pointer}/emit/event")
        return EmitBody(compiler.template(as_map(event.get("with"), "with")), compiler.source)
