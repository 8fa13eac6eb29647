"""Checks of the parts that a task shares with `use`: errors, filters, retries, timeouts, and references to them."""

from collections.abc import Mapping
from typing import cast

from workflows.language.issues import IssueCode, suggestion
from workflows.language.templates import unwrap
from workflows.language.validation.expressions import ExpressionChecks
from workflows.language.validation.scope import Scope

_ERROR_FIELDS = ("type", "status", "title", "detail", "instance")
_RETRY_FIELDS = ("when", "exceptWhen", "delay", "backoff", "limit", "jitter")
_BACKOFFS = ("constant", "linear", "exponential")


class PartChecks(ExpressionChecks):
    """Checks that need to know what `use` names."""

    def __init__(self, uses: Mapping[str, object], *, loose: bool) -> None:
        super().__init__(loose=loose, secrets=_names(uses, "secrets"))
        self.uses = uses
        self._reads: dict[tuple[str, str], set[str]] = {}

    def names(self, kind: str) -> list[str]:
        """The names that `use` defines of a kind."""
        return _names(self.uses, kind)

    def defining(self, kind: str, name: str) -> Scope:
        """The scope of a definition in `use`, which is checked before all that refers to it."""
        reads = self._reads[kind, name] = set[str]()
        return Scope(reads=reads)

    def used(self, kind: str, name: str, pointer: str, scope: Scope) -> None:
        """A reference to something in `use`, whose variables must be known at this place."""
        names = self.names(kind)
        if name in names:
            for variable in sorted(self._reads.get((kind, name), set()) - scope.lexical - scope.available):
                message = f"use.{kind}.{name:.80} reads ${variable:.80}, which is unknown here"
                self.unknown_variable(variable, message, pointer, scope)
            return
        near = suggestion(name, names)
        hint = f'did you mean "{near}"?' if near else f"define it in use.{kind}, or write it here as an object"
        self.error(pointer, IssueCode.UNKNOWN_REFERENCE, f'use.{kind} has no "{name:.80}"', hint)

    def timeout(self, value: object, pointer: str, scope: Scope) -> None:
        if isinstance(value, str):
            self.used("timeouts", value, pointer, scope)
            return
        parts = self.fields(value, pointer, ("after",), required=("after",), what="timeout")
        if parts is not None and "after" in parts:
            self.duration(parts["after"], f"{pointer}/after", scope)

    def problem(self, value: object, pointer: str, scope: Scope) -> None:
        """The error of a `raise` or of `use.errors`."""
        error = self.fields(value, pointer, _ERROR_FIELDS, required=("type", "status"), what="error")
        if error is None:
            return
        self.template(error, pointer, scope)
        for name in ("type", "title", "detail", "instance"):
            if name in error:
                self.text(error[name], f"{pointer}/{name}")
        status = error.get("status", 500)
        if not isinstance(status, str) or unwrap(status) is None:
            self.whole(status, f"{pointer}/status", 100)

    def error_filter(self, value: object, pointer: str, scope: Scope) -> None:
        """The `errors` of a catch."""
        errors = self.fields(value, pointer, ("with",), what="errors")
        if errors is None or "with" not in errors:
            return
        wanted = self.fields(errors["with"], f"{pointer}/with", (*_ERROR_FIELDS, "details"), what="filter")
        self.template(wanted, f"{pointer}/with", scope)
        for name, member in (wanted or {}).items():
            if isinstance(member, str) and unwrap(member) is not None:
                message = "a filter can compare with constants only"
                hint = "write the condition as catch.when"
                self.error(f"{pointer}/with/{name}", IssueCode.INVALID_VALUE, message, hint)

    def retry(self, value: object, pointer: str, scope: Scope) -> None:
        """A retry policy, or the name of one."""
        if isinstance(value, str):
            self.used("retries", value, pointer, scope)
            return
        policy = self.fields(value, pointer, _RETRY_FIELDS, what="retry")
        if policy is None:
            return
        for name in ("when", "exceptWhen"):
            if name in policy:
                self.expression(policy[name], f"{pointer}/{name}", scope)
        if "delay" in policy:
            self.duration(policy["delay"], f"{pointer}/delay", scope)
        if "backoff" in policy:
            self._backoff(policy["backoff"], f"{pointer}/backoff")
        if "jitter" in policy:
            self._jitter(policy["jitter"], f"{pointer}/jitter", scope)
        if not self._limit(policy.get("limit", {}), f"{pointer}/limit", scope):
            message = "the retry has no limit: only a timeout around it can end it"
            hint = 'add "limit": {"attempt": {"count": 5}}'
            self.warning(pointer, IssueCode.UNBOUNDED_RETRY, message, hint)

    def _backoff(self, value: object, pointer: str) -> None:
        backoff = self.fields(value, pointer, _BACKOFFS, what="backoff")
        if backoff is not None and len(backoff) != 1:
            message = f"backoff must be one of {', '.join(_BACKOFFS)}"
            self.error(pointer, IssueCode.INVALID_VALUE, message, 'write {"exponential": {}}')

    def _jitter(self, value: object, pointer: str, scope: Scope) -> None:
        jitter = self.fields(value, pointer, ("from", "to"), required=("from", "to"), what="jitter")
        for name, bound in (jitter or {}).items():
            self.duration(bound, f"{pointer}/{name}", scope)

    def _limit(self, value: object, pointer: str, scope: Scope) -> bool:
        """Check the limits; true when one of them ends the retries."""
        limit = self.fields(value, pointer, ("attempt", "duration"), what="limit")
        if limit is None:
            return True
        if "duration" in limit:
            self.duration(limit["duration"], f"{pointer}/duration", scope)
        at = f"{pointer}/attempt"
        attempt = self.fields(limit.get("attempt", {}), at, ("count", "duration"), what="attempt") or {}
        if "count" in attempt:
            self.whole(attempt["count"], f"{at}/count")
        if "duration" in attempt:
            self.duration(attempt["duration"], f"{at}/duration", scope)
        return "duration" in limit or "count" in attempt


def _names(uses: Mapping[str, object], kind: str) -> list[str]:
    named = uses.get(kind)
    found = cast("list[object]", list(cast("Mapping[str, object]", named)) if isinstance(named, Mapping | list) else [])
    return [name for name in found if isinstance(name, str)]
