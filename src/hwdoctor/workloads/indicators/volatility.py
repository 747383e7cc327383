"""Volatility indicators; see `overlap` for how a formula is written."""

from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars


def adr(bars: Bars, timeperiod: int) -> Array:
    """Average of high - low."""
    return bars.p.windowed_mean(bars.high_low_range(), timeperiod)


def atr(bars: Bars, timeperiod: int) -> Array:
    """Wilder's average of the true range. New Concepts in Technical Trading Systems, 1978."""
    return bars.atr(timeperiod)


def cvi(bars: Bars, timeperiod: int, rocperiod: int) -> Array:
    """Change in per cent of the averaged range. M. Chaikin."""
    p = bars.p
    spread = bars.ema("high_low_range", timeperiod)
    return 100.0 * p.ratio(p.change(spread, rocperiod), p.shift(spread, rocperiod))


def massi(bars: Bars, fastperiod: int, slowperiod: int) -> Array:
    """Sum of average range over its own average; 1 each on a flat market. D. Dorsey, TASC 1992."""
    p = bars.p
    first = bars.ema("high_low_range", fastperiod)
    first, second = p.align(first, p.ema(first, fastperiod))
    return p.windowed_sum(p.ratio(first, second, 1.0), slowperiod)


def natr(bars: Bars, timeperiod: int) -> Array:
    """Average true range in per cent of the close. J. Forman, TASC 2006.

    Over one bar TA-Lib leaves out the division, and so do we.
    """
    if timeperiod == 1:
        return bars.true_range()
    reach, close = bars.p.align(bars.atr(timeperiod), bars.close)
    return 100.0 * bars.p.ratio(reach, close)


def rvi(bars: Bars, timeperiod: int, stddevperiod: int) -> Array:
    """Relative strength of the standard deviation, signed by the close. D. Dorsey, TASC 1993."""
    p = bars.p
    deviation = p.xp.sqrt(p.windowed_variance(bars.close, stddevperiod))
    deviation, change = p.align(deviation, p.change(bars.close))
    up = p.wilder(p.xp.where(change > 0.0, deviation, 0.0), timeperiod)
    down = p.wilder(p.xp.where(change < 0.0, deviation, 0.0), timeperiod)
    return 100.0 * p.ratio(up, up + down, 0.5)


def trange(bars: Bars) -> Array:
    """Wilder's true range."""
    return bars.true_range()
