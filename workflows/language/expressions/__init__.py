"""Expressions of workflow documents: jq, guarded so that no source and no data can hang or leave the process."""

from workflows.language.expressions.compile import Expression, compile_expression
from workflows.language.expressions.fuel import DEFAULT_STEPS, ExpressionError, Fuel, FuelExhausted

__all__ = ["DEFAULT_STEPS", "Expression", "ExpressionError", "Fuel", "FuelExhausted", "compile_expression"]
