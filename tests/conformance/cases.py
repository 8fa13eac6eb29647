"""What a scenario says of a workflow, and what came of running it, whichever way it was run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_bdd.feature import get_features

from workflows.document_text import parse_document

HERE = Path(__file__).parent
GIVEN_DEFINITION = "a workflow with definition:"
GIVEN_INPUT = "given the workflow input is:"


@dataclass(frozen=True)
class Case:
    """One run: the definition as YAML or JSON text, and the input likewise, null without one."""

    definition: str
    input: str | None = None

    @property
    def data(self) -> Any:
        return None if self.input is None else read(self.input)


@dataclass(frozen=True)
class Result:
    """How it ended.

    Attributes:
        status: `completed`, `failed`, `cancelled`, or `refused` for a definition that may not be stored.
        tasks: the task log in its order, as the execution's row has it.
        issues: what validation said of a definition that was refused.
    """

    status: str
    output: Any = None
    error: Any = None
    tasks: tuple[dict[str, Any], ...] = ()
    issues: tuple[dict[str, Any], ...] = ()

    def runs_of(self, task: str) -> list[dict[str, Any]]:
        found = [entry for entry in self.tasks if entry["name"] == task]
        assert found, f"{task} did not run: {[entry['name'] for entry in self.tasks]}"
        return found

    def place_of(self, task: str) -> int:
        return self.tasks.index(self.runs_of(task)[0])


def read(text: str) -> Any:
    """The value of a docstring."""
    return parse_document(text).document


def all_cases() -> Iterator[Case]:
    """Every run of every scenario, outlines filled in."""
    for feature in get_features([str(HERE)]):
        for template in feature.scenarios.values():
            rows = [row for examples in template.examples for row in examples.as_contexts()] or [{}]
            for row in rows:
                texts = {step.name: step.docstring for step in template.render(row).steps}
                yield Case(texts[GIVEN_DEFINITION] or "", texts.get(GIVEN_INPUT))
