"""What a type of task must bring: adding one means writing its file and naming it in the registry."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from workflows.language.nodes import Body

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


class TaskType(Protocol):
    """One type of task."""

    @property
    def key(self) -> str:
        """The property that makes a task of this type."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """Every property of its own, the key included."""
        ...

    def check(self, checker: "Checker", definition: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        """Report what is wrong with the type's own fields; the common ones are checked already."""
        ...

    def compile(self, compiler: "Compiler", definition: Mapping[str, object], pointer: str) -> Body:
        """Compile the type's own fields of a valid definition."""
        ...
