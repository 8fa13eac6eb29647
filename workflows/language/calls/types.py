"""What a kind of call must bring."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from workflows.language.nodes import Body

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

# The standard's own calls: a document's function cannot take their place.
STANDARD_CALLS = frozenset({"http", "openapi", "grpc", "asyncapi", "a2a", "mcp"})


class CallType(Protocol):
    """One kind of call."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:
        """True when the name is of this kind; `functions` are those of the document."""
        ...

    def check(
        self, checker: "Checker", name: str, definition: Mapping[str, object], pointer: str, scope: "Scope"
    ) -> None:
        """Report what is wrong with the arguments."""
        ...

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:
        """Compile the arguments of a valid call."""
        ...
