"""What holds at one place of a document: the variables in sight, the names to jump to, the depth."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workflows.language.late import LATE_VARIABLES

# The standard's table of which variables are available where.
ALWAYS = frozenset({"workflow", "runtime"})
WORKFLOW_OUTPUT = ALWAYS | {"context"}
TASK_INPUT = WORKFLOW_OUTPUT | {"task"}
TASK_BODY = TASK_INPUT | {"input"}
TASK_EXPORT = TASK_BODY | {"output"}

STANDARD = TASK_EXPORT | LATE_VARIABLES


@dataclass(frozen=True, slots=True)
class Scope:
    """One place.

    Attributes:
        available: standard variables that have a value here.
        lexical: variables of the loops, catches and compensations around.
        siblings: names of the tasks in the same list, the targets of a jump.
        reads: collects unknown variables: what `use` defines may read those of the places where it is used.
    """

    available: frozenset[str] = TASK_BODY
    lexical: frozenset[str] = frozenset()
    siblings: frozenset[str] = frozenset()
    depth: int = 0
    reads: set[str] | None = None

    def knowing(self, *names: str) -> "Scope":
        return replace(self, lexical=self.lexical.union(names))

    def at(self, available: frozenset[str]) -> "Scope":
        return replace(self, available=available)

    def late(self) -> "Scope":
        """A place that is evaluated where the call is made: secrets may be read here."""
        return replace(self, available=self.available | LATE_VARIABLES)

    def among(self, siblings: Iterable[str]) -> "Scope":
        return replace(self, siblings=frozenset(siblings), depth=self.depth + 1)
