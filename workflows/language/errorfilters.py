"""Which errors a `catch` takes: by equal members, and by conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.evaluation import truthy
from workflows.language.problems import Problem, normalise_type
from workflows.language.shapes import part
from workflows.language.templates import Template

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.execution import Execution
    from workflows.language.steps import Step


@dataclass(frozen=True, slots=True)
class ErrorFilter:
    """A compiled filter; without members and conditions it takes everything."""

    members: Mapping[str, object]
    when: Template | None
    except_when: Template | None

    def takes(self, problem: Problem, variables: Mapping[str, object], execution: "Execution", step: "Step") -> bool:
        error = problem.as_json()
        if any(_comparable(name, error.get(name)) != wanted for name, wanted in self.members.items()):
            return False
        if self.when is not None and not truthy(execution.evaluate(self.when, error, step, variables)):
            return False
        return self.except_when is None or not truthy(execution.evaluate(self.except_when, error, step, variables))


def compile_filter(compiler: "Compiler", catch: Mapping[str, object]) -> ErrorFilter:
    """The filter of a `catch`. Releases up to 1.0.3 call the member `details`, later ones `detail`."""
    wanted = part(part(catch, "errors"), "with")
    names = {name: "detail" if name == "details" else name for name in wanted}
    return ErrorFilter(
        members={names[name]: _comparable(names[name], value) for name, value in wanted.items()},
        when=compiler.expression(catch.get("when")),
        except_when=compiler.expression(catch.get("exceptWhen")),
    )


def _comparable(name: str, value: object) -> object:
    return normalise_type(value) if name == "type" and isinstance(value, str) else value
