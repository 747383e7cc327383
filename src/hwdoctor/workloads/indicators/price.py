"""Price transforms; see `overlap` for how a formula is written."""

from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars, Series


def avgdev(bars: Bars, timeperiod: int) -> Array:
    """Mean distance of the window's closes from their mean."""
    return bars.p.windowed_mean_deviation(bars.close, timeperiod)[1]


def avgprice(bars: Bars) -> Array:
    """(open + high + low + close) / 4."""
    return (bars.open + bars.high + bars.low + bars.close) / 4.0


def ha(bars: Bars) -> Series:
    """Heikin-Ashi bars: each opens in the middle of the one before. D. Valcu, TASC 2004."""
    p = bars.p
    close = avgprice(bars)
    first = (p.head(bars.open) + p.head(bars.close)) / 2.0
    opened = p.recurrence(p.join(first, p.shift(close, 1) / 2.0), 0.5)
    high = p.xp.maximum(bars.high, p.xp.maximum(opened, close))
    low = p.xp.minimum(bars.low, p.xp.minimum(opened, close))
    return opened, high, low, close


def medprice(bars: Bars) -> Array:
    """(high + low) / 2."""
    return bars.median_price()


def typprice(bars: Bars) -> Array:
    """(high + low + close) / 3."""
    return bars.typical_price()


def wclprice(bars: Bars) -> Array:
    """(high + low + 2 close) / 4."""
    return (bars.high + bars.low + bars.close * 2.0) / 4.0
