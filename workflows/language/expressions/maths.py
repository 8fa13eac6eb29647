"""Builtins on numbers: those of the C library under jq's names, never raising where C does not."""

import math
from collections.abc import Callable

from workflows.language.expressions.arithmetic import number
from workflows.language.expressions.fuel import Fuel, Json, RaisedError
from workflows.language.expressions.names import Key, ValueFunction
from workflows.language.expressions.values import describe, is_number

_SAFE = 1 << 53  # up to here a double is exact, so a whole result can be an integer
_SUBNORMAL = 2.2250738585072014e-308


def _checked(value: Json) -> float:
    if not is_number(value):
        raise RaisedError(f"{describe(value)} number required")
    return value


def _guarded(compute: Callable[..., float], arguments: tuple[float, ...]) -> float:
    try:
        result = compute(*arguments)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf
    return int(result) if isinstance(result, float) and abs(result) < _SAFE and result.is_integer() else number(result)


def _of_input(compute: Callable[[float], float]) -> ValueFunction:
    def function(_fuel: Fuel, value: Json) -> float:
        return _guarded(compute, (_checked(value),))

    return function


def _of_two(compute: Callable[[float, float], float]) -> ValueFunction:
    def function(_fuel: Fuel, _value: Json, first: Json, second: Json) -> float:
        return _guarded(compute, (_checked(first), _checked(second)))

    return function


def _always(result: float) -> ValueFunction:
    def function(_fuel: Fuel, _value: Json) -> float:
        return result

    return function


def _tested(test: Callable[[float], bool]) -> ValueFunction:
    def function(_fuel: Fuel, value: Json) -> bool:
        return test(_checked(value))

    return function


def _rounding(compute: Callable[[float], int]) -> ValueFunction:
    return _of_input(lambda value: compute(value) if math.isfinite(value) else value)


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent * base.bit_length() < 1 << 11:
        return base**exponent
    return math.pow(base, exponent)


def _logarithm(compute: Callable[[float], float]) -> ValueFunction:
    return _of_input(lambda value: -math.inf if value == 0 else compute(value))


def _halves_away(value: float) -> int:
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)


def _cube_root(value: float) -> float:
    root = math.copysign(abs(value) ** (1 / 3), value)
    return float(round(root)) if math.isfinite(root) and round(root) ** 3 == value else root


def _frexp(_fuel: Fuel, value: Json) -> list[Json]:
    return list(math.frexp(_checked(value)))


def _modf(_fuel: Fuel, value: Json) -> list[Json]:
    return list(math.modf(_checked(value)))


def _abs(_fuel: Fuel, value: Json) -> float:
    if not is_number(value):
        raise RaisedError(f"{describe(value)} has no absolute value")
    return abs(value)


def _isnormal(value: float) -> bool:
    return math.isfinite(value) and abs(value) >= _SUBNORMAL


def _scaled(value: float, exponent: float) -> float:
    return math.ldexp(value, int(exponent))


def _fma(_fuel: Fuel, _value: Json, x: Json, y: Json, z: Json) -> float:
    return number(_checked(x) * _checked(y) + _checked(z))


_ROUNDINGS: dict[str, Callable[[float], int]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": _halves_away,
    "nearbyint": round,
    "rint": round,
}
_OF_INPUT: dict[str, Callable[[float], float]] = {
    "fabs": math.fabs,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "expm1": math.expm1,
    "log1p": math.log1p,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "lgamma": math.lgamma,
    "cbrt": _cube_root,
    "gamma": math.lgamma,
    "tgamma": math.gamma,
    "exp2": lambda value: math.pow(2, value),
    "exp10": lambda value: math.pow(10, value),
    "significand": lambda value: math.frexp(value)[0] * 2,
}
_LOGARITHMS: dict[str, Callable[[float], float]] = {
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "logb": lambda value: math.frexp(value)[1] - 1,
}
_OF_TWO: dict[str, Callable[[float, float], float]] = {
    "pow": _power,
    "atan2": math.atan2,
    "fmin": min,
    "fmax": max,
    "fmod": math.fmod,
    "drem": math.remainder,
    "copysign": math.copysign,
    "hypot": math.hypot,
    "ldexp": _scaled,
    "scalb": _scaled,
    "scalbln": _scaled,
}

MATHS: dict[Key, ValueFunction] = {
    **{f"{name}/0": _rounding(compute) for name, compute in _ROUNDINGS.items()},
    **{f"{name}/0": _of_input(compute) for name, compute in _OF_INPUT.items()},
    **{f"{name}/0": _logarithm(compute) for name, compute in _LOGARITHMS.items()},
    **{f"{name}/2": _of_two(compute) for name, compute in _OF_TWO.items()},
    "fma/3": _fma,
    "frexp/0": _frexp,
    "modf/0": _modf,
    "abs/0": _abs,
    "infinite/0": _always(math.inf),
    "nan/0": _always(math.nan),
    "isinfinite/0": _tested(math.isinf),
    "isnan/0": _tested(math.isnan),
    "isnormal/0": _tested(_isnormal),
}
