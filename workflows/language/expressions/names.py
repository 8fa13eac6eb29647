"""What a name means at one place of an expression, decided when it is compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from workflows.language.expressions.desugar import Desugarer
from workflows.language.expressions.fuel import ExpressionError, Json
from workflows.language.expressions.machine import Machine, Node, Scope
from workflows.language.expressions.syntax import Tree, column_of

Key: TypeAlias = str  # of a function: name/arity
Direct: TypeAlias = Callable[[Machine, Json, Scope], Json]  # for what has exactly one result and no path
ValueFunction: TypeAlias = Callable[..., Json]  # (fuel, input, *arguments) -> result
Builder: TypeAlias = Callable[[Tree, "Names"], Node]
Form: TypeAlias = Callable[[list[Tree], "Names"], Node]  # of a call, from its arguments

# They would read or end the process, or the machine's own clock and time zone.
FORBIDDEN = frozenset(
    {"env", "halt", "halt_error", "input", "inputs", "debug", "stderr", "input_filename", "input_line_number"}
    | {"get_search_list", "modulemeta", "localtime", "strflocaltime"}
)


@dataclass(slots=True)
class Definition:
    """A function defined in the language; the body is set once it is compiled, as it may call itself."""

    parameters: list[Key]
    body: Node | None = None


@dataclass(frozen=True, slots=True)
class Globals:
    """What every expression may use: the forms of the language and the builtins."""

    syntax: dict[str, Builder]
    values: dict[Key, ValueFunction]
    forms: dict[Key, Form]
    definitions: dict[Key, Definition] = field(default_factory=dict[Key, Definition])


@dataclass(frozen=True, slots=True)
class Names:
    """Names in scope.

    Attributes:
        functions: definitions, and None for a filter that is an argument.
        inner: set while the builtins themselves are compiled, which alone may call those named with an underscore.
        free: variables that are read and never bound, collected while compiling.
        memo: the direct form of each part of the tree, or None when it has no such form.
    """

    source: str
    known: Globals
    inner: bool = False
    functions: dict[Key, Definition | None] = field(default_factory=dict[Key, Definition | None])
    variables: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    free: set[str] = field(default_factory=set[str])
    memo: dict[int, tuple[Tree, Direct | None]] = field(default_factory=dict[int, tuple[Tree, Direct | None]])
    desugarer: Desugarer = field(default_factory=Desugarer)

    def with_function(self, key: Key, definition: Definition | None) -> "Names":
        return replace(self, functions={**self.functions, key: definition})

    def with_variable(self, name: str) -> "Names":
        return replace(self, variables=self.variables | {name})

    def with_label(self, name: str) -> "Names":
        return replace(self, labels=self.labels | {name})

    def builtin(self, tree: Tree) -> Key | None:
        """The key of the builtin that a call means, or None when the expression defines that name itself."""
        kind, name, arguments = tree
        key = f"{name}/{len(arguments)}"
        if kind == "builtin":  # written by us in place of another form: no definition of the expression hides it
            return key
        if key in self.functions:
            return None
        if name.startswith("_") and not self.inner:
            raise self.undefined(key)
        return key

    def read(self, name: str) -> None:
        """Note that a variable is read."""
        if name == "ENV":
            raise self.error("$ENV is not available in expressions", "$ENV")
        if name not in self.variables:
            self.free.add(name)

    def undefined(self, key: Key) -> ExpressionError:
        name, _, arity = key.partition("/")
        if name in FORBIDDEN:
            return self.error(f"{name} is not available in expressions", name)
        return self.error(f"function {name} with {arity} arguments is not defined", name)

    def error(self, message: str, word: str) -> ExpressionError:
        return ExpressionError(message, source=self.source, column=column_of(word, self.source))
