"""Calls of functions that others publish: of a catalogue in `use.catalogs`, or at an address; each is a task."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.language.calls.resources import compile_resource
from workflows.language.durations import DurationError
from workflows.language.execution import Execution
from workflows.language.expressions import ExpressionError
from workflows.language.issues import IssueCode, suggestion
from workflows.language.library import read
from workflows.language.nodes import Body, Resource, Task
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.schemas import SchemaError
from workflows.language.shapes import as_map, part
from workflows.language.steps import Step
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

DEFAULT = "default"  # the platform's own catalogue
_CATALOGUED = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*):(?P<version>[^@:/]+)@(?P<catalog>[A-Za-z0-9-]+)")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class RemoteFunctionBody:
    """A compiled call.

    Attributes:
        compiler: knows nothing of the caller's document, as the function does not either.
    """

    name: str
    resource: Resource
    arguments: Template | None
    compiler: "Compiler"

    async def run(self, execution: Execution, step: Step) -> object:
        uri, reference = self.resource.uri, step.task.reference
        if uri in step.frame.calling:
            detail = f"the function {uri:.200} calls itself, directly or through others"
            raise WorkflowFault.of(Kind.CONFIGURATION, detail, instance=reference)
        data = step.input if self.arguments is None else execution.evaluate(self.arguments, step.input, step)
        document = await read(execution, self.resource, key=step.key, frame=step.frame)
        function = self._function(document, reference)
        # Its definition is one place for all callers: the caller makes the keys of its effects unique.
        # No run goes on inside, where its tasks would have to be read before they can be found.
        frame = replace(step.frame.under(reference), variables={}, calling=(*step.frame.calling, uri), place=None)
        return await execution.run_branch(function, data, frame)

    def _function(self, document: object, reference: str) -> Task:
        uri = self.resource.uri
        try:
            return self.compiler.task(self.name, as_map(document, "a function"), f"{reference}/call")
        except WorkflowFault as fault:
            detail = f"what {uri:.200} answers is no function: {fault.problem.detail}"
            raise WorkflowFault.of(Kind.CONFIGURATION, detail, instance=reference) from fault
        except (ExpressionError, DurationError, SchemaError) as error:
            raise WorkflowFault.of(Kind.CONFIGURATION, f"{uri:.200}: {error}", instance=reference) from error
        except RecursionError as error:
            detail = f"what {uri:.200} answers is no function: it is nested too deep"
            raise WorkflowFault.of(Kind.CONFIGURATION, detail, instance=reference) from error


class RemoteFunctionCall:
    """The kinds `name:version@catalog` and `https://.../function.yaml`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        match = _CATALOGUED.fullmatch(name)
        return name.lower().startswith(_SCHEMES) or (match is not None and match["catalog"] != DEFAULT)

    def check(
        self, checker: "Checker", name: str, definition: Mapping[str, object], pointer: str, scope: "Scope"
    ) -> None:
        if "with" in definition:
            checker.template(definition["with"], f"{pointer}/with", scope)
        match = _CATALOGUED.fullmatch(name)
        if match is None:
            return
        catalogs = checker.names("catalogs")
        if match["catalog"] not in catalogs:
            near = suggestion(match["catalog"], [*catalogs, DEFAULT])
            hint = f'did you mean "{near}"?' if near else "define it in use.catalogs"
            message = f'use.catalogs has no "{match["catalog"]:.80}"'
            checker.error(f"{pointer}/call", IssueCode.UNKNOWN_REFERENCE, message, hint)
        if _VERSION.fullmatch(match["version"]) is None:
            message = f'"{match["version"]:.80}" is not a semantic version'
            checker.error(f"{pointer}/call", IssueCode.INVALID_VALUE, message, f"write {match['name']}:1.0.0@...")

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        arguments = definition.get("with")
        return RemoteFunctionBody(
            name,
            _resource(compiler, name),
            None if arguments is None else compiler.template(arguments),
            compiler.standalone(),
        )


def _resource(compiler: "Compiler", name: str) -> Resource:
    match = _CATALOGUED.fullmatch(name)
    if match is None:
        return compile_resource(compiler, name)
    catalog = part(compiler.uses, "catalogs").get(match["catalog"])
    if catalog is None:
        raise WorkflowFault.of(Kind.CONFIGURATION, f"use.catalogs has no {match['catalog']!r}")
    endpoint = as_map(catalog, "catalog").get("endpoint")
    below = f"/functions/{match['name']}/{match['version']}/function.yaml"
    return compile_resource(compiler, endpoint, below=below)
