"""The moving averages that other indicators choose from by number, as TA-Lib's MA does.

Exponential averages are seeded with the plain average of their first `window` values, and where
two of different lengths are compared, both are seeded on the same bar.
"""

import math
from collections.abc import Callable

from hwdoctor.workloads.indicators.primitives import Array, Primitives

SMA, EMA, WMA, DEMA, TEMA, TRIMA, KAMA, MAMA, T3, HMA, NONE, DEFAULT, ZLEMA, RMA = range(14)
MATYPES = (0, 13)
"""The domain of every `matype`."""

FASTEST, SLOWEST = 2.0 / (2.0 + 1.0), 2.0 / (30.0 + 1.0)


def sma(p: Primitives, x: Array, n: int) -> Array:
    """Plain average."""
    return p.windowed_mean(x, n)


def wma(p: Primitives, x: Array, n: int) -> Array:
    """Weighted average, the last bar n times the first."""
    return p.windowed_weighted_sum(x, n) / (0.5 * n * (n + 1.0))


def dema(p: Primitives, x: Array, n: int) -> Array:
    """2 EMA - EMA of EMA. Mulloy, Technical Analysis of Stocks & Commodities, 1994."""
    first = p.ema(x, n)
    first, second = p.align(first, p.ema(first, n))
    return 2.0 * first - second


def tema(p: Primitives, x: Array, n: int) -> Array:
    """3 EMA - 3 EMA of EMA + EMA of EMA of EMA. Mulloy, 1994."""
    first = p.ema(x, n)
    second = p.ema(first, n)
    first, second, third = p.align(first, second, p.ema(second, n))
    return 3.0 * first - 3.0 * second + third


def trima(p: Primitives, x: Array, n: int) -> Array:
    """Plain average of a plain average: weights that rise and fall."""
    outer = n // 2 + 1
    return p.windowed_mean(p.windowed_mean(x, n - outer + 1), outer)


def kama(p: Primitives, x: Array, n: int) -> Array:
    """Exponential average whose weight follows the efficiency. Kaufman, Smarter Trading, 1995."""
    if n == 1:
        return x
    net, path = p.align(p.change(x, n), p.windowed_sum(p.xp.abs(p.change(x)), n))
    efficiency = p.xp.where(path <= net, 1.0, p.xp.abs(p.ratio(net, path, 1.0)))
    weight = (efficiency * (FASTEST - SLOWEST) + SLOWEST) ** 2
    seed, now = p.head(x, n - 1), p.since(x, n)
    decay = p.join(p.zeros(x, 1), 1.0 - weight)
    return p.since(p.varying_recurrence(decay, p.join(seed, weight * now)), 1)


def t3(p: Primitives, x: Array, n: int, vfactor: float = 0.7) -> Array:
    """Six EMAs in a row, weighted by powers of the volume factor. Tillson, TASC, 1998."""
    chain = [p.ema(x, n)]
    for _ in range(5):
        chain.append(p.ema(chain[-1], n))
    e3, e4, e5, e6 = p.align(*chain[2:])
    square, cube = vfactor**2, vfactor**3
    return (
        -cube * e6
        + 3.0 * (square + cube) * e5
        - (6.0 * square + 3.0 * (vfactor + cube)) * e4
        + (1.0 + 3.0 * vfactor + cube + 3.0 * square) * e3
    )


def hma(p: Primitives, x: Array, n: int) -> Array:
    """WMA over sqrt(n) of 2 WMA(n / 2) - WMA(n). Hull, 2005."""
    if n == 1:
        return x
    half, whole = p.align(wma(p, x, n // 2), wma(p, x, n))
    return wma(p, 2.0 * half - whole, math.isqrt(n))


def zlema(p: Primitives, x: Array, n: int) -> Array:
    """EMA of the price plus its change over half a window. Ehlers and Way, 2010."""
    if n == 1:
        return x
    lag = (n - 1) // 2
    return p.ema(p.since(x, lag) + p.change(x, lag), n)


def _mama(p: Primitives, x: Array, n: int) -> Array:  # noqa: ARG001 -- it adapts its own
    from hwdoctor.workloads.indicators import hilbert

    return hilbert.mama(p, x, 0.5, 0.05)[0]


_BY_TYPE: dict[int, Callable[[Primitives, Array, int], Array]] = {
    SMA: sma,
    EMA: Primitives.ema,
    WMA: wma,
    DEMA: dema,
    TEMA: tema,
    TRIMA: trima,
    KAMA: kama,
    MAMA: _mama,
    T3: t3,
    HMA: hma,
    ZLEMA: zlema,
    RMA: Primitives.wilder,
}


def moving_average(p: Primitives, x: Array, n: int, matype: int, default: int = SMA) -> Array:
    """The average of a type; a window of one bar, and type 10, leave the series as it is."""
    kind = default if matype == DEFAULT else matype
    if n == 1 or kind == NONE:
        return x
    return _BY_TYPE[kind](p, x, n)


def lookback(n: int, matype: int, default: int = SMA) -> int:
    """Bars that the average of a type lacks at the beginning."""
    kind = default if matype == DEFAULT else matype
    if n == 1 or kind == NONE:
        return 0
    fixed = {MAMA: 32, KAMA: n, DEMA: 2 * (n - 1), TEMA: 3 * (n - 1), T3: 6 * (n - 1)}
    fixed |= {HMA: n + math.isqrt(n) - 2, ZLEMA: n - 1 + (n - 1) // 2}
    return fixed.get(kind, n - 1)
