"""Puts what was left out of a call's arguments in its place: the expressions that read secrets are evaluated here."""

import json
from collections.abc import Mapping

from activities.faults import fault
from workflows.contracts.calls import CallInput, LateHole
from workflows.language.expressions import ExpressionError, Fuel, compile_expression
from workflows.language.late import AUTHORIZATION, SECRETS, fill
from workflows.language.problems import Kind

STEPS = 100_000  # of all late expressions of a call together


class Binding:
    """The arguments of one call, filled in two turns: what reads `$authorization` can only come after the policy."""

    def __init__(self, call: CallInput, secrets: Mapping[str, object]) -> None:
        self.arguments: dict[str, object] = json.loads(call.arguments)
        self._late = call.late
        self._secrets = secrets
        self._fuel = Fuel(STEPS)
        self._fill(late=False, authorization=None)

    @property
    def needs_authorization(self) -> bool:
        return self._late is not None and any(map(_needs_authorization, self._late.holes))

    def authorized(self, authorization: Mapping[str, object] | None) -> None:
        """Fill in what reads `$authorization`."""
        self._fill(late=True, authorization=authorization)

    def _fill(self, *, late: bool, authorization: Mapping[str, object] | None) -> None:
        if self._late is None:
            return
        dot, variables = json.loads(self._late.dot), json.loads(self._late.variables)
        known = {**variables, SECRETS: self._secrets, AUTHORIZATION: authorization}
        for hole in self._late.holes:
            if _needs_authorization(hole) is late:
                content = self._evaluate(hole, dot, known, self._late.now)
                self.arguments = dict(_as_object(fill(self.arguments, tuple(hole.path), content)))

    def _evaluate(self, hole: LateHole, dot: object, variables: Mapping[str, object], now: float) -> object:
        try:
            return compile_expression(hole.source).evaluate(dot, variables, fuel=self._fuel, now=now)
        except ExpressionError:
            # Not the message: it may quote the value that the expression stumbled over.
            detail = f"cannot be evaluated with the secrets that it reads: {hole.source!r:.200}"
            raise fault(Kind.EXPRESSION, detail) from None


def _needs_authorization(hole: LateHole) -> bool:
    return AUTHORIZATION in compile_expression(hole.source).variables


def _as_object(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value  # pyright: ignore[reportUnknownVariableType]  JSON
    raise fault(Kind.EXPRESSION, "the arguments of the call must be an object")
