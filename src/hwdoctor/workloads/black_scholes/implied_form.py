"""Implied volatility by safeguarded Newton steps, for frameworks that fuse (see `closed_form`).

What is solved for is the deviation w = volatility sqrt(T). Put-call parity turns every option into
the one out of the money, and that one's price, in units of the smaller of S and K exp(-rT), is

    y(w) = N(l / w + w / 2) - exp(-l) N(l / w - w / 2),   l = -|log(S / K) + r T|,   0 <= y < 1.

* First guess: C. J. Corrado and T. W. Miller, A note on a simple, accurate formula to compute
  implied standard deviations, Journal of Banking and Finance 20 (1996), 595.
* Each step is Newton's on log y, or on log(1 - y) where y is above a half, corrected by the
  second derivative (Halley): y itself is too flat at both ends. A step triples the digits.
* Safeguard: y rises with w, so every evaluation narrows a bracket; a step that leaves it is
  replaced by bisection.

The number of steps is fixed, for vector code cannot stop early for one option.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hwdoctor.workloads.black_scholes.closed_form import Operations, mills_ratio
from hwdoctor.workloads.black_scholes.coefficients import DENSITY_AT_ZERO, Approximation

Array = Any

STEPS = 6
"""Enough for double precision between w = 0.001 and w = 11 (tested); three do for most books."""
LEAST = 1e-11
"""Of w: a price at or below the intrinsic value asks for less, and gets this."""
MOST = 16.0
"""Of w: beyond it the price is the bound within double precision."""
LEAST_GOAL = 1e-17
"""Its logarithm is taken; far below what a price can tell."""
SMALLEST = 1e-30
"""Of y and 1 - y while solving: a normal number in single precision, too."""


def start(
    op: Operations,
    fit: Approximation,
    spot: Array,
    strike: Array,
    rate: Array,
    maturity: Array,
    sign: Array,
    price: Array,
) -> tuple[Array, Array, Array, Array]:
    """l, side, goal, and the first guess of w.

    The goal is the y to be met, or 1 - y where the side is -1 instead of +1.
    """
    drift = rate * maturity
    bounded = op.at_least(op.at_most(-drift, fit.largest_exponent), -fit.largest_exponent)
    present = strike * op.exp(bounded)
    moneyness = op.log_ratio(spot, strike) + drift
    smaller = op.where(spot < present, spot, present)
    gap = op.magnitude(spot - present) / smaller
    intrinsic = op.where(sign * moneyness > 0.0, gap, 0.0 * gap)
    target = op.at_most(op.at_least(price / smaller - intrinsic, 0.0), 1.0)

    middle = target + 0.5 * gap
    under_root = op.at_least(middle * middle - gap * gap * (1.0 / math.pi), 0.0)
    guess = math.sqrt(2.0 * math.pi) * (middle + op.sqrt(under_root)) / (2.0 + gap)
    side = op.where(target > 0.5, 0.0 * gap - 1.0, 0.0 * gap + 1.0)
    goal = op.at_least(op.where(target > 0.5, 1.0 - target, target), LEAST_GOAL)
    return -op.magnitude(moneyness), side, goal, op.at_most(op.at_least(guess, LEAST), MOST)


def improved(
    op: Operations,
    fit: Approximation,
    depth: Array,
    side: Array,
    goal: Array,
    deviation: Array,
    low: Array,
    high: Array,
) -> tuple[Array, Array, Array]:
    """One step: the next w and its bracket. `depth` is l."""
    forward = depth / deviation
    half = 0.5 * deviation
    d1 = forward + half
    far1 = op.at_most(op.magnitude(d1), fit.farthest)
    far2 = op.at_most(half - forward, fit.farthest)
    density = DENSITY_AT_ZERO * op.exp(-0.5 * far1 * far1)
    tail = density * mills_ratio(fit, far1)
    owed = density * mills_ratio(fit, far2)
    below_half = op.where(d1 > 0.0, 1.0 - tail, tail) - owed
    above_half = op.where(d1 > 0.0, tail, 1.0 - tail) + owed
    value = op.at_least(op.where(side > 0.0, below_half, above_half), SMALLEST)

    above = side * (value - goal) > 0.0
    high = op.where(above, deviation, high)
    low = op.where(above, low, deviation)
    slope = side * density / value
    newton = op.log_ratio(goal, value) / slope
    curvature = forward * forward / deviation - 0.25 * deviation - slope
    moved = deviation + newton / (1.0 + 0.5 * newton * curvature)
    middle = 0.5 * (low + high)
    # Written so that "not a number" takes the middle.
    safe = op.where(moved >= low, op.where(moved <= high, moved, middle), middle)
    return safe, low, high


def with_plain_logarithm(op: Operations, log: Callable[[Array], Array]) -> Operations:
    """With log(a / b) as it stands.

    Where log1p((a - b) / b) serves prices, here a may be so much smaller than b that it would be
    the logarithm of zero; and the digits that it saves near one are not needed.
    """
    return replace(op, log_ratio=lambda a, b: log(a / b))


def solved(op: Operations, fit: Approximation, *quotes: Array) -> Array:
    """The volatilities, all steps written out."""
    maturity = quotes[3]
    depth, side, goal, deviation = start(op, fit, *quotes)
    low, high = 0.0 * goal + LEAST, 0.0 * goal + MOST
    for _ in range(STEPS):
        deviation, low, high = improved(op, fit, depth, side, goal, deviation, low, high)
    return deviation / op.sqrt(maturity)
