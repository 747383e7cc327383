"""The compiled loop for implied volatility: `implied_form`, block after block.

A block is solved together: its state stays in the first-level cache, every step over it is
vector code, and it is done when no option in it moves any more. Numba's cache of compiled code
looks at the time of this file alone: touch it after a change to a module it imports from.
"""

import math
from typing import Any

import numba
import numpy as np

from hwdoctor.workloads.black_scholes.coefficients import DENSITY_AT_ZERO
from hwdoctor.workloads.black_scholes.implied_form import LEAST, LEAST_GOAL, MOST, SMALLEST, STEPS
from hwdoctor.workloads.black_scholes.numba_llvm import load, next_number, per_type, store
from hwdoctor.workloads.black_scholes.numba_math import (
    FAST,
    Array,
    bounded_exp,
    compiled,
    cut_off,
    exp,
    inlined,
    log_ratio,
    mills_ratio,
)

BLOCK = 256
SHARE = 4096
"""Options that a thread takes at a time, a multiple of BLOCK."""

# A step triples the digits: after one that moved less than this, nothing is left to do.
_settled = per_type((1e-6,), (1e-3,))


@inlined
def _start(
    spot: Any, strike: Any, rate: Any, maturity: Any, sign: Any, price: Any, real: Any
) -> Any:
    drift = rate * maturity
    present = strike * bounded_exp(-drift, real)
    moneyness = log_ratio(spot, strike, real) + drift
    smaller = min(spot, present)
    gap = abs(spot - present) / smaller
    intrinsic = gap if sign * moneyness > 0 else real(0.0)
    target = min(max(price / smaller - intrinsic, real(0.0)), real(1.0))
    middle = target + real(0.5) * gap
    root = math.sqrt(max(middle * middle - gap * gap * real(1.0 / math.pi), real(0.0)))
    guess = real(math.sqrt(2.0 * math.pi)) * (middle + root) / (real(2.0) + gap)
    upper = target > real(0.5)
    side = real(-1.0) if upper else real(1.0)
    goal = max(real(1.0) - target if upper else target, real(LEAST_GOAL))
    return -abs(moneyness), side, goal, min(max(guess, real(LEAST)), real(MOST))


@inlined
def _improved(
    depth: Any, side: Any, goal: Any, deviation: Any, low: Any, high: Any, real: Any
) -> Any:
    half, one = real(0.5), real(1.0)
    forward = depth / deviation
    d1 = forward + half * deviation
    far1 = cut_off(abs(d1))
    far2 = cut_off(half * deviation - forward)
    density = real(DENSITY_AT_ZERO) * exp(-half * far1 * far1, real)
    tail = density * mills_ratio(far1)
    owed = density * mills_ratio(far2)
    below_half = (one - tail if d1 > 0 else tail) - owed
    above_half = (tail if d1 > 0 else one - tail) + owed
    value = max(below_half if side > 0 else above_half, real(SMALLEST))

    above = side * (value - goal) > 0
    high = deviation if above else high
    low = low if above else deviation
    slope = side * density / value
    newton = log_ratio(goal, value, real) / slope
    curvature = forward * forward / deviation - real(0.25) * deviation - slope
    moved = deviation + newton / (one + half * newton * curvature)
    middle = half * (low + high)
    within = moved if moved <= high else middle
    return within if moved >= low else middle, low, high


@compiled(FAST)
def solved(
    spot: Array, strike: Array, rate: Array, maturity: Array, sign: Array, price: Array,
    volatility: Array, begin: int, end: int,
) -> None:  # fmt: skip
    """Options `begin` to `end`."""
    real = spot.dtype.type
    depth = np.empty(BLOCK, spot.dtype)
    side = np.empty(BLOCK, spot.dtype)
    goal = np.empty(BLOCK, spot.dtype)
    deviation = np.empty(BLOCK, spot.dtype)
    low = np.empty(BLOCK, spot.dtype)
    high = np.empty(BLOCK, spot.dtype)
    for at in range(begin, end, BLOCK):
        items = min(BLOCK, end - at)
        for i in range(items):
            j = at + i
            depth[i], side[i], goal[i], deviation[i] = _start(
                load(spot, j), load(strike, j), load(rate, j),
                load(maturity, j), load(sign, j), load(price, j), real,
            )  # fmt: skip
            low[i], high[i] = real(LEAST), real(MOST)
        for _ in range(STEPS):
            moving = 0
            for i in range(items):
                moved, low[i], high[i] = _improved(
                    depth[i], side[i], goal[i], deviation[i], low[i], high[i], real
                )
                change = abs(moved - deviation[i])
                moving += 1 if change > _settled(change) * moved else 0
                deviation[i] = moved
            if moving == 0:
                break
        for i in range(items):
            store(volatility, at + i, deviation[i] / math.sqrt(load(maturity, at + i)))


@compiled(FAST, parallel=True)
def solve_book(
    spot: Array, strike: Array, rate: Array, maturity: Array, sign: Array, price: Array,
    volatility: Array, counter: Array, threads: int,
) -> None:  # fmt: skip
    """All quotes; `counter` as in `price_book`."""
    for _ in numba.prange(threads):
        while True:
            begin = next_number(counter) * SHARE
            if begin >= spot.size:
                break
            solved(
                spot, strike, rate, maturity, sign, price,
                volatility, begin, min(begin + SHARE, spot.size),
            )  # fmt: skip
