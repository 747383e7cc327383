"""The compiled loop: one pass over the book, no branches, so that LLVM makes it vectors.

Imported by the `numba` kernel only, since it needs Numba. Numba's cache of compiled code looks
at the time of this file alone: touch it after a change to `numba_math`, `numba_llvm` or
`coefficients`.
"""

import math
from typing import Any

import numba
import numpy as np

from hwdoctor.workloads.black_scholes.coefficients import DENSITY_AT_ZERO, LEAST_DEVIATION
from hwdoctor.workloads.black_scholes.numba_llvm import (
    VECTOR_BYTES,
    fence,
    load,
    next_number,
    store,
    stream,
)
from hwdoctor.workloads.black_scholes.numba_math import (
    WITHOUT_NAN,
    Array,
    bounded_exp,
    compiled,
    cut_off,
    exp,
    inlined,
    log_ratio,
    mills_ratio,
)

BLOCK = 64
"""Options whose results wait in the first-level cache until they are streamed out together.
Few, so that the stores drain while the next block is computed."""
SHARE = 16_384
"""Options that a thread takes at a time, a multiple of BLOCK: a tenth of a millisecond of work."""


@inlined
def _option(
    spot: Any, strike: Any, rate: Any, volatility: Any, maturity: Any, sign: Any, real: Any
) -> Any:
    """One option. `real` is the type to compute in.

    The density serves both distribution functions: K exp(-rT) phi(d2) = S phi(d1), so that
    K exp(-rT) N(-|d2|) is S phi(d1) times Mills' ratio at |d2|.
    """
    half, one = real(0.5), real(1.0)
    root = math.sqrt(maturity)
    deviation = max(volatility * root, real(LEAST_DEVIATION))
    gamma_over_density = one / (deviation * spot)
    over_deviation = gamma_over_density * spot
    drift = rate * maturity
    middle = (log_ratio(spot, strike, real) + drift) * over_deviation
    d1 = middle + half * deviation
    d2 = middle - half * deviation
    far1 = cut_off(abs(d1))
    far2 = cut_off(abs(d2))
    density = real(DENSITY_AT_ZERO) * exp(-half * far1 * far1, real)
    present = bounded_exp(-drift, real)

    tail1 = density * mills_ratio(far1)
    owed_tail = spot * density * mills_ratio(far2)
    first = one - tail1 if sign * d1 > 0 else tail1
    owed = sign * (strike * present - owed_tail if sign * d2 > 0 else owed_tail)

    delta = sign * first
    exposure = spot * density
    theta = -half * exposure * volatility * volatility * over_deviation - rate * owed
    return (
        spot * delta - owed,
        delta,
        density * gamma_over_density,
        exposure * root,
        theta,
        maturity * owed,
    )


@compiled(WITHOUT_NAN)
def _block(
    spot: Array, strike: Array, rate: Array, volatility: Array, maturity: Array, sign: Array,
    begin: int, waiting: Array,
) -> None:  # fmt: skip
    """BLOCK options from `begin` on into `waiting` [6 * BLOCK], output after output."""
    real = spot.dtype.type
    for i in range(BLOCK):
        j = begin + i
        price, delta, gamma, vega, theta, rho = _option(
            load(spot, j), load(strike, j), load(rate, j),
            load(volatility, j), load(maturity, j), load(sign, j), real,
        )  # fmt: skip
        store(waiting, i, price)
        store(waiting, BLOCK + i, delta)
        store(waiting, 2 * BLOCK + i, gamma)
        store(waiting, 3 * BLOCK + i, vega)
        store(waiting, 4 * BLOCK + i, theta)
        store(waiting, 5 * BLOCK + i, rho)


@compiled(WITHOUT_NAN)
def stored(
    spot: Array, strike: Array, rate: Array, volatility: Array, maturity: Array, sign: Array,
    price: Array, delta: Array, gamma: Array, vega: Array, theta: Array, rho: Array,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Options `begin` to `end` with ordinary stores."""
    real = spot.dtype.type
    for i in range(end - begin):
        j = begin + i
        p, d, g, v, t, r = _option(
            load(spot, j), load(strike, j), load(rate, j),
            load(volatility, j), load(maturity, j), load(sign, j), real,
        )  # fmt: skip
        store(price, j, p)
        store(delta, j, d)
        store(gamma, j, g)
        store(vega, j, v)
        store(theta, j, t)
        store(rho, j, r)


@compiled(WITHOUT_NAN)
def _line_out(target: Array, begin: int, waiting: Array, offset: int, step: int) -> None:
    for i in range(0, BLOCK, step):
        stream(target, begin + i, waiting, offset + i)


@compiled(WITHOUT_NAN)
def _streamed(
    spot: Array, strike: Array, rate: Array, volatility: Array, maturity: Array, sign: Array,
    price: Array, delta: Array, gamma: Array, vega: Array, theta: Array, rho: Array,
    begin: int, end: int,
) -> int:  # fmt: skip
    """Whole blocks from `begin` on with streaming stores; where they end."""
    step = VECTOR_BYTES // spot.itemsize
    waiting = np.empty(6 * BLOCK, spot.dtype)
    last = begin + (end - begin) // BLOCK * BLOCK
    for at in range(begin, last, BLOCK):
        _block(spot, strike, rate, volatility, maturity, sign, at, waiting)
        _line_out(price, at, waiting, 0, step)
        _line_out(delta, at, waiting, BLOCK, step)
        _line_out(gamma, at, waiting, 2 * BLOCK, step)
        _line_out(vega, at, waiting, 3 * BLOCK, step)
        _line_out(theta, at, waiting, 4 * BLOCK, step)
        _line_out(rho, at, waiting, 5 * BLOCK, step)
    fence()
    return last


@compiled(WITHOUT_NAN, parallel=True)
def price_book(
    spot: Array, strike: Array, rate: Array, volatility: Array, maturity: Array, sign: Array,
    price: Array, delta: Array, gamma: Array, vega: Array, theta: Array, rho: Array,
    counter: Array, threads: int, streaming: bool,
) -> None:  # fmt: skip
    """The whole book. `counter` [1] is zero, and counts the shares given out.

    Threads take shares when they are free, since cores may differ in speed or be busy.
    """
    for _ in numba.prange(threads):
        while True:
            begin = next_number(counter) * SHARE
            if begin >= spot.size:
                break
            end = min(begin + SHARE, spot.size)
            if streaming:
                begin = _streamed(
                    spot, strike, rate, volatility, maturity, sign,
                    price, delta, gamma, vega, theta, rho, begin, end,
                )  # fmt: skip
            stored(
                spot, strike, rate, volatility, maturity, sign,
                price, delta, gamma, vega, theta, rho, begin, end,
            )  # fmt: skip
