"""The formulas for frameworks that fuse: JAX, PyTorch's compiler, MLX.

Written once, over a handful of operations that each framework brings. It must use nothing else
of an array than its arithmetic. Three things are deliberate:

* one density serves both distribution functions, since K exp(-rT) phi(d2) = S phi(d1);
* divisions end the costly expressions: XLA computes cheap expressions anew in every output that
  needs them, but never a division, so these mark what is computed once;
* deviations are cut off where the density is negligible, so that nothing overflows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hwdoctor.workloads.black_scholes.coefficients import (
    DENSITY_AT_ZERO,
    LEAST_DEVIATION,
    LOG_2,
    LOG_2_E,
    Approximation,
    Coefficients,
)

Array = Any


@dataclass(frozen=True, kw_only=True)
class Operations:
    """What a framework brings. Bounds and the second argument of `at_least` are numbers."""

    sqrt: Callable[[Array], Array]
    exp: Callable[[Array], Array]
    log_ratio: Callable[[Array, Array], Array]
    """log(a / b), with full relative accuracy near 1."""
    magnitude: Callable[[Array], Array]
    at_least: Callable[[Array, float], Array]
    at_most: Callable[[Array, float], Array]
    where: Callable[[Array, Array, Array], Array]


@dataclass(frozen=True, kw_only=True)
class Bits:
    """Numbers as integers of the same width, for frameworks whose exp or log is slow."""

    of: Callable[[Array], Array]
    number: Callable[[Array], Array]
    to_real: Callable[[Array], Array]
    to_integer: Callable[[Array], Array]
    rounded: Callable[[Array], Array]


def price_and_greeks(
    operations: Operations,
    fit: Approximation,
    spot: Array,
    strike: Array,
    rate: Array,
    volatility: Array,
    maturity: Array,
    sign: Array,
) -> tuple[Array, ...]:
    """Price, delta, gamma, vega, theta, rho; formulas and units as in `reference`."""
    op = operations
    root = op.sqrt(maturity)
    deviation = op.at_least(volatility * root, LEAST_DEVIATION)
    drift = rate * maturity
    middle = (op.log_ratio(spot, strike) + drift) / deviation
    d1 = middle + 0.5 * deviation
    d2 = middle - 0.5 * deviation
    far1 = op.at_most(op.magnitude(d1), fit.farthest)
    far2 = op.at_most(op.magnitude(d2), fit.farthest)
    density = DENSITY_AT_ZERO * op.exp(-0.5 * far1 * far1)
    bounded = op.at_least(op.at_most(-drift, fit.largest_exponent), -fit.largest_exponent)
    present = strike * op.exp(bounded)

    tail = density * mills_ratio(fit, far1)
    owed_tail = spot * density * mills_ratio(fit, far2)
    delta = sign * op.where(sign * d1 > 0.0, 1.0 - tail, tail)
    owed = sign * op.where(sign * d2 > 0.0, present - owed_tail, owed_tail)
    exposure = spot * density
    return (
        spot * delta - owed,
        delta,
        density / (spot * deviation),
        exposure * root,
        -0.5 * exposure * volatility * volatility / deviation - rate * owed,
        maturity * owed,
    )


def mills_ratio(fit: Approximation, x: Array) -> Array:
    """(1 - N(x)) / phi(x) for x >= 0."""
    return polynomial(fit.mills_top, x) / polynomial(fit.mills_bottom, x)


def polynomial(coefficients: Coefficients, x: Array) -> Array:
    """By Horner's rule."""
    total: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def functions_by_bits(
    bits: Bits, fit: Approximation
) -> tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]:
    """`exp` and `log_ratio` for `Operations`, made of arithmetic alone."""

    def exp(x: Array) -> Array:
        """Where the result is a normal number."""
        n = bits.rounded(x * LOG_2_E)
        mantissa = polynomial(fit.exponential, x - n * LOG_2)
        return bits.number(bits.of(mantissa) + (bits.to_integer(n) << fit.mantissa_bits))

    def log_ratio(a: Array, b: Array) -> Array:
        """log(a / b) of positive normal numbers; a - b is exact where they are near.

        The difference of their bits is nearly the logarithm of the ratio: off by at most 0.086
        of a power of two. It tells the power of two that brings b near a.
        """
        half = 1 << (fit.mantissa_bits - 1)
        of_b = bits.of(b)
        k = (bits.of(a) - of_b + half) >> fit.mantissa_bits
        near = bits.number(of_b + (k << fit.mantissa_bits))
        u = (a - near) / (a + near)
        square = u * u
        series = u * square * polynomial(fit.logarithm, square) + (u + u)
        return bits.to_real(k) * LOG_2 + series

    return exp, log_ratio
