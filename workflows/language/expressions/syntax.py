"""The edge to purejq's lexer and parser: source in, a syntax tree of bounded depth out."""

import re
from typing import TypeAlias, cast

from purejq.errors import JqParseError
from purejq.lexer import lex as untyped_lex  # pyright: ignore[reportUnknownVariableType]
from purejq.parser import Parser as UntypedParser

from workflows.language.expressions.fuel import ExpressionError, Json

Tree: TypeAlias = tuple[Json, ...]  # kind, then its parts

MAX_SOURCE = 8 * 1024
# Both keep the recursion of the parser and of the compiler well under Python's limit, whoever calls.
MAX_BRACKETS = 24
MAX_DEPTH = 150
MAX_INTERPOLATIONS = 100

_POSITION = re.compile(r"(?<!\s)\s*\bat position (\d+)")
_MODULES = re.compile(r"\s*(import|include)\b")


def parse(source: str) -> Tree:
    """The syntax tree; raises `ExpressionError` for everything that is not an expression of bounded size."""
    if len(source.encode("utf-8", "replace")) > MAX_SOURCE:
        raise ExpressionError(f"an expression may have {MAX_SOURCE} bytes; split it", source=source)
    if _MODULES.match(source):
        raise ExpressionError("modules are not available in expressions", source=source, column=1)
    if source.count("\\(") > MAX_INTERPOLATIONS:
        raise ExpressionError(f"a text may have {MAX_INTERPOLATIONS} interpolations", source=source)
    try:
        tokens = cast("list[Tree]", untyped_lex(source))
        _check_brackets(tokens, source)
        tree = cast("Tree", UntypedParser(tokens).parse_program())  # pyright: ignore[reportUnknownMemberType]
    except JqParseError as error:
        raise _readable(str(error), source) from None
    except RecursionError:
        raise ExpressionError("the expression nests too deeply", source=source) from None
    except (ValueError, IndexError) as error:
        raise ExpressionError(f"the expression cannot be read: {error}", source=source) from None
    _check_depth(tree, source)
    return tree


def column_of(word: str, source: str) -> int | None:
    """Where a name first stands in the source."""
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", source)
    return None if found is None else found.start() + 1


def _readable(message: str, source: str) -> ExpressionError:
    position = _POSITION.search(message)
    if position is None:
        return ExpressionError(message, source=source)
    # The lexer names the first character of what it cannot read, the parser the end of the token.
    column = int(position[1]) + (1 if message.startswith("Unexpected character") else 0)
    text = _POSITION.sub("", message).replace("Unexpected token None", "the expression ends too early")
    return ExpressionError(text, source=source, column=max(1, column))


def _check_brackets(tokens: list[Tree], source: str, depth: int = 0) -> None:
    for kind, value, _ in tokens:
        if kind == "STR":
            for inner in value:
                if not isinstance(inner, str):
                    _check_brackets(inner[1], source, depth + 1)
        elif kind in ("OP", "KW"):
            depth += (value in ("(", "[", "{", "if")) - (value in (")", "]", "}", "end"))
        if depth > MAX_BRACKETS:
            raise ExpressionError(f"the expression nests more than {MAX_BRACKETS} deep", source=source)


def _check_depth(tree: Tree, source: str) -> None:
    level: list[Json] = [tree]
    for _ in range(2 * MAX_DEPTH):  # a tree holds its parts directly or in a list
        level = [part for item in level for part in item if isinstance(part, tuple | list)]
        if not level:
            return
    raise ExpressionError("the expression is too long a chain; bind parts of it with `as $name |`", source=source)
