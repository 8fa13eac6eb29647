"""Checks of everything that may hold expressions: each is compiled, and the variables it reads must exist."""

import re
from collections.abc import Collection, Mapping
from typing import cast

from workflows.language.catalogue.function import Function
from workflows.language.durations import UNITS, DurationError, lasting
from workflows.language.expressions import ExpressionError, compile_expression
from workflows.language.expressions.references import members_read
from workflows.language.issues import IssueCode, suggestion
from workflows.language.late import SECRETS
from workflows.language.limits import MAX_EXPRESSION_BYTES
from workflows.language.schemas import SchemaError, compile_schema
from workflows.language.templates import expressions_in, unwrap
from workflows.language.validation.reporter import Reporter, kind_of, shown
from workflows.language.validation.scope import STANDARD, Scope

_SECRETS_HINT = "read it in the arguments of call http, openapi and the like, or in their authentication"
_VARIABLE = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_]*")


class ExpressionChecks(Reporter):
    """Checks of expressions, templates, durations, schemas and arguments."""

    def __init__(self, *, loose: bool, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self.loose = loose
        self.secrets = frozenset(secrets)

    def expression(self, value: object, pointer: str, scope: Scope) -> None:
        """A position that is an expression with or without `${ }`."""
        if isinstance(value, bool):
            return
        if not isinstance(value, str):
            message = f"an expression is needed, not {kind_of(value)}"
            self.error(pointer, IssueCode.WRONG_TYPE, message, 'write it as text, such as "${ .total > 10 }"')
            return
        self._compile(unwrap(value) or value, pointer, scope)

    def template(self, value: object, pointer: str, scope: Scope) -> None:
        """A position in which strings that are `${ ... }` are expressions."""
        for parts, text in expressions_in(value):
            bare = unwrap(text)
            if bare is not None:
                self._compile(bare, self.at(pointer, *parts) if parts else pointer, scope)
            elif not self.loose and _embeds_expression(text):
                message = "${ } inside other text is not evaluated: the whole text must be one expression"
                hint = 'write "${ \\"Hello \\\\(.name)\\" }"'
                self.warning(self.at(pointer, *parts) if parts else pointer, IssueCode.NOT_EVALUATED, message, hint)

    def members(self, value: object, pointer: str, scope: Scope) -> None:
        """An object of templates, or an expression that yields one."""
        if isinstance(value, str):
            self.expression(value, pointer, scope)
        elif isinstance(value, Mapping):
            self.template(cast("object", value), pointer, scope)
        else:
            self.error(pointer, IssueCode.WRONG_TYPE, f"an object or an expression is needed, not {kind_of(value)}")

    def duration(self, value: object, pointer: str, scope: Scope) -> None:
        """A duration: a constant one must be one, a computed one must compile."""
        if _has_expressions(value):
            self.template(value, pointer, scope)
            if isinstance(value, Mapping):
                self.fields(cast("object", value), pointer, UNITS, what="duration")
            return
        try:
            lasting(value)
        except DurationError as error:
            self.error(pointer, IssueCode.INVALID_VALUE, error.fault, error.hint)

    def schema(self, value: object, pointer: str) -> None:
        """The `schema` of an input, output or export."""
        parts = self.fields(value, pointer, ("format", "document", "resource"), what="schema")
        if parts is None:
            return
        schema_format = parts.get("format", "json")
        if not isinstance(schema_format, str) or schema_format.partition(":")[0] != "json":
            message = "schemas in formats other than json are not available"
            self.error(f"{pointer}/format", IssueCode.NOT_AVAILABLE, message, 'write "format": "json"')
        if "resource" in parts:
            self.schema_by_reference(parts, pointer)
        elif "document" not in parts:
            self.error(pointer, IssueCode.MISSING_PROPERTY, 'required property "document" is missing')
        else:
            try:
                compile_schema(parts["document"])
            except SchemaError as error:
                self.error(f"{pointer}/document", IssueCode.INVALID_SCHEMA, str(error))

    def schema_by_reference(self, schema: Mapping[str, object], pointer: str) -> None:
        """A schema that is read when it is needed: its address is all that can be checked before."""
        if "document" in schema:
            message = "a schema is given as document or as resource, not both"
            self.error(pointer, IssueCode.INVALID_VALUE, message, "keep one of them")
        resource = self.fields(schema["resource"], f"{pointer}/resource", ("name", "endpoint"), what="resource")
        if resource is not None and "endpoint" not in resource:
            self.error(f"{pointer}/resource", IssueCode.MISSING_PROPERTY, 'required property "endpoint" is missing')

    def argument(self, value: object, function: Function, name: str, pointer: str, scope: Scope) -> None:
        """One argument of a catalogue function; literal ones must match its schema."""
        self.template(value, pointer, scope)
        if _has_expressions(value):
            return
        schema = function.arguments[name]
        faults = function.argument(name).faults_of(value)
        if faults is None:
            return
        options = schema.get("enum")
        near = suggestion(value, cast("list[str]", options)) if isinstance(value, str) and options else None
        hint = f'did you mean "{near}"?' if near else str(schema.get("description", "")) or None
        self.error(pointer, IssueCode.INVALID_VALUE, f"wrong argument for {function.name}: {faults}", hint)

    def variable(self, value: object, pointer: str) -> str:
        """The name of a variable that the author chooses; returned without its dollar sign."""
        if not isinstance(value, str) or _VARIABLE.fullmatch(value) is None:
            message = f"{shown(value)} cannot name a variable"
            self.error(
                pointer, IssueCode.INVALID_VALUE, message, "use letters, digits and _, not beginning with a digit"
            )
            return ""
        name = value.removeprefix("$")
        if name in STANDARD:
            message = f"${name} already means something: every task has it"
            self.error(pointer, IssueCode.INVALID_VALUE, message, "choose another name")
        return name

    def _compile(self, source: str, pointer: str, scope: Scope) -> None:
        if len(source.encode("utf-8", "replace")) > MAX_EXPRESSION_BYTES:
            message = f"the expression is longer than {MAX_EXPRESSION_BYTES // 1024} KiB"
            self.error(pointer, IssueCode.TOO_LARGE, message, "split it over several tasks")
            return
        try:
            expression = compile_expression(source)
        except ExpressionError as error:
            self.error(pointer, IssueCode.INVALID_EXPRESSION, str(error), f"in the expression {source:.120}")
            return
        for name in sorted(expression.variables - scope.lexical - scope.available):
            self._unavailable(name, pointer, scope)
        if SECRETS in expression.variables & scope.available:
            self._check_secrets(source, pointer)

    def _check_secrets(self, source: str, pointer: str) -> None:
        for name in sorted((members_read(source, SECRETS) or frozenset()) - self.secrets):
            near = suggestion(name, self.secrets)
            hint = f'did you mean "{near}"?' if near else f'add "{name:.80}" to use.secrets'
            self.error(pointer, IssueCode.UNKNOWN_REFERENCE, f'use.secrets has no "{name:.80}"', hint)

    def _unavailable(self, name: str, pointer: str, scope: Scope) -> None:
        if name == SECRETS:
            message = "$secrets may not be read here: the value would be kept in the execution's history"
            self.error(pointer, IssueCode.SECRET_EXPOSED, message, _SECRETS_HINT)
        elif name in STANDARD:
            self.warning(pointer, IssueCode.UNKNOWN_VARIABLE, f"${name} is always null here", "use . for the data")
        elif scope.reads is not None:
            scope.reads.add(name)
        else:
            self.unknown_variable(name, f"unknown variable ${name:.80}", pointer, scope)

    def unknown_variable(self, name: str, message: str, pointer: str, scope: Scope) -> None:
        known = scope.lexical | scope.available
        near = suggestion(name, known)
        all_known = ", ".join(f"${each}" for each in sorted(known))
        hint = f'did you mean "${near}"?' if near else f"known here: {all_known}"
        self.error(pointer, IssueCode.UNKNOWN_VARIABLE, message, hint)


def _has_expressions(value: object) -> bool:
    return any(unwrap(text) is not None for _, text in expressions_in(value))


def _embeds_expression(text: str) -> bool:
    begin = text.find("${")
    return begin >= 0 and text.rfind("}") > begin + 2
