"""exp, log and Mills' ratio for the compiled loops: branchless, in the type of their argument.

Imported by the `numba` kernels only, since it needs Numba.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from hwdoctor.workloads.black_scholes.coefficients import DOUBLE, LOG_2, LOG_2_E, SINGLE
from hwdoctor.workloads.black_scholes.numba_llvm import brought_near, per_type, times_power_of_two

Function = TypeVar("Function", bound=Callable[..., Any])
Array = Any  # an array to Numba, a number to Mypy: loops are only ever called compiled

FAST = {"contract", "nsz"}
"""Multiply-adds may fuse. Infinities and NaN keep their meaning, and nothing is reassociated:
rounding by `_shifter` depends on the order."""
WITHOUT_NAN = {*FAST, "nnan"}
"""For code that cannot meet NaN: max and min become one instruction."""

_exponential = per_type(DOUBLE.exponential, SINGLE.exponential)
_logarithm = per_type(DOUBLE.logarithm, SINGLE.logarithm)
_mills_top = per_type(DOUBLE.mills_top, SINGLE.mills_top)
_mills_bottom = per_type(DOUBLE.mills_bottom, SINGLE.mills_bottom)
_farthest = per_type((DOUBLE.farthest,), (SINGLE.farthest,))
_largest_exponent = per_type((DOUBLE.largest_exponent,), (SINGLE.largest_exponent,))
# Adding it leaves a number rounded to an integer, in the lowest bits of the sum.
_shifter = per_type((1.5 * 2.0**DOUBLE.mantissa_bits,), (1.5 * 2.0**SINGLE.mantissa_bits,))


def inlined(function: Function) -> Function:
    """Part of whatever calls it, and compiled with the caller's flags."""
    return cast("Function", numba.njit(inline="always", error_model="numpy")(function))


def compiled(flags: set[str], *, parallel: bool = False) -> Callable[[Function], Function]:
    """Compiled once per machine, and kept."""

    def decorate(function: Function) -> Function:
        made = numba.njit(fastmath=flags, error_model="numpy", cache=True, parallel=parallel)
        return cast("Function", made(function))

    return decorate


@inlined
def exp(x: Any, real: Any) -> Any:
    """Where the result is a normal number."""
    shifted = x * real(LOG_2_E) + _shifter(x)
    n = shifted - _shifter(x)
    return times_power_of_two(_exponential(x - n * real(LOG_2)), shifted)


@inlined
def bounded_exp(x: Any, real: Any) -> Any:
    """Cut off where the result would leave the normal numbers."""
    return exp(min(max(x, -_largest_exponent(x)), _largest_exponent(x)), real)


@inlined
def log_ratio(a: Any, b: Any, real: Any) -> Any:
    """log(a / b), with full relative accuracy near 1: a - b is exact there."""
    near, power = brought_near(a, b)
    u = (a - near) / (a + near)
    square = u * u
    return power * real(LOG_2) + (u * square * _logarithm(square) + (u + u))


@inlined
def cut_off(x: Any) -> Any:
    """At most as far as the density is a normal number, for x >= 0."""
    return min(x, _farthest(x))


@inlined
def mills_ratio(x: Any) -> Any:
    """(1 - N(x)) / phi(x) for x >= 0 that is cut off."""
    return _mills_top(x) / _mills_bottom(x)
