"""Statistic functions; see `overlap` for how a formula is written."""

import math

from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars

DEGREES = 180.0 / math.pi
TINY = 1e-14
"""TA-Lib's share of its own scale below which a variance counts as none."""


def beta(bars: Bars, timeperiod: int) -> Array:
    """Slope of the low's returns over the high's."""
    p = bars.p
    market, stock = (p.ratio(p.change(x), p.shift(x, 1)) for x in (bars.high, bars.low))
    together = p.windowed_covariance(market, stock, timeperiod)
    return p.ratio(together, p.windowed_variance(market, timeperiod))


def correl(bars: Bars, timeperiod: int) -> Array:
    """Pearson's correlation of high and low; 0 where one of them is flat."""
    p, n = bars.p, timeperiod
    together = p.windowed_covariance(bars.high, bars.low, n)
    spread = p.windowed_variance(bars.high, n) * p.windowed_variance(bars.low, n)
    value = p.ratio(together, p.xp.sqrt(spread))
    return p.xp.minimum(p.xp.maximum(value, -1.0), 1.0)


def linearreg(bars: Bars, timeperiod: int) -> Array:
    """Value at the last bar of the line fitted to the window."""
    slope, first = bars.p.windowed_regression(bars.close, timeperiod)
    return first + slope * (timeperiod - 1)


def linearreg_angle(bars: Bars, timeperiod: int) -> Array:
    """Slope of the fitted line as an angle in degrees."""
    return bars.p.xp.arctan(bars.p.windowed_regression(bars.close, timeperiod)[0]) * DEGREES


def linearreg_intercept(bars: Bars, timeperiod: int) -> Array:
    """Value at the first bar of the line fitted to the window."""
    return bars.p.windowed_regression(bars.close, timeperiod)[1]


def linearreg_slope(bars: Bars, timeperiod: int) -> Array:
    """Slope of the fitted line per bar."""
    return bars.p.windowed_regression(bars.close, timeperiod)[0]


def percentile(bars: Bars, timeperiod: int, percentile: float) -> Array:
    """The smallest close that so many per cent of the window do not exceed."""
    rank = math.ceil(percentile * timeperiod / 100.0)
    rank = min(max(rank, 1), timeperiod)
    return bars.p.windowed_order_statistic(bars.close, timeperiod, rank)


def percentrank(bars: Bars, timeperiod: int) -> Array:
    """How many of the n closes before are lower, in per cent."""
    return 100.0 * (bars.p.windowed_count_below(bars.close, timeperiod) / timeperiod)


def stddev(bars: Bars, timeperiod: int, nbdev: float) -> Array:
    """So many standard deviations of the population."""
    return nbdev * bars.p.xp.sqrt(bars.p.windowed_variance(bars.close, timeperiod))


def tsf(bars: Bars, timeperiod: int) -> Array:
    """The fitted line, continued by one bar."""
    slope, first = bars.p.windowed_regression(bars.close, timeperiod)
    return first + slope * timeperiod


def var(bars: Bars, timeperiod: int, nbdev: float) -> Array:  # noqa: ARG001 -- TA-Lib's signature
    """Variance of the population."""
    return bars.p.windowed_variance(bars.close, timeperiod)
