"""What a kind of `run` must bring: adding one means writing its file and naming it in `tasks/run.py`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from workflows.language.nodes import Body

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope


class RunKind(Protocol):
    """One kind of `run`."""

    @property
    def key(self) -> str:
        """The property of `run` that makes it of this kind."""
        ...

    def check(self, checker: "Checker", run: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        """Report what is wrong with `run[key]`; `pointer` is that of `run`, whose other members are checked already."""
        ...

    def compile(self, compiler: "Compiler", run: Mapping[str, object], pointer: str) -> Body:
        """Compile a valid `run`, of which `waits(run)` says whether its end is waited for."""
        ...


def waits(run: Mapping[str, object]) -> bool:
    """Whether the task lasts as long as what it runs; if not, its output is its input."""
    return run.get("await") is not False
