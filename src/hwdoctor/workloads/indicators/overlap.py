"""Overlap studies: averages and bands that are drawn over the price.

One function per indicator, named after it. `bars` are the columns, the other arguments the
parameters of the catalogue; a series is returned, or a tuple of them in the order of the
catalogue's outputs. Warm-ups follow from the formulas and are padded with NaN by the caller.
"""

from hwdoctor.workloads.indicators import averages, hilbert
from hwdoctor.workloads.indicators.averages import moving_average
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars, Series
from hwdoctor.workloads.indicators.stops import parabolic, supertrend_lines


def accbands(bars: Bars, timeperiod: int) -> Series:
    """Acceleration bands: averages of high (1 + 4 w) and low (1 - 4 w), w = (h - l) / (h + l).

    P. Headley, Big Trends in Trading, 2002.
    """
    p = bars.p
    width = 4.0 * p.ratio(bars.high_low_range(), bars.high + bars.low)
    bands = bars.high * (1.0 + width), bars.close, bars.low * (1.0 - width)
    upper, middle, lower = (p.windowed_mean(x, timeperiod) for x in bands)
    return upper, middle, lower


def bbands(bars: Bars, timeperiod: int, nbdevup: float, nbdevdn: float, matype: int) -> Series:
    """Bollinger bands: an average, and so many standard deviations above and below.

    J. Bollinger, Bollinger on Bollinger Bands, 2001.
    """
    p = bars.p
    deviation = p.xp.sqrt(p.windowed_variance(bars.close, timeperiod))
    middle = moving_average(p, bars.close, timeperiod, matype)
    middle, deviation = p.align(middle, deviation)
    return middle + nbdevup * deviation, middle, middle - nbdevdn * deviation


def dema(bars: Bars, timeperiod: int) -> Array:
    """Double exponential average; see `averages`."""
    return averages.dema(bars.p, bars.close, timeperiod)


def donchian(bars: Bars, timeperiod: int) -> Series:
    """Donchian channel: highest high, lowest low and their middle."""
    upper, lower = bars.highest(timeperiod), bars.lowest(timeperiod)
    return upper, (upper + lower) / 2.0, lower


def ema(bars: Bars, timeperiod: int) -> Array:
    """Exponential average, seeded with a plain one."""
    return bars.ema("close", timeperiod)


def hma(bars: Bars, timeperiod: int) -> Array:
    """Hull's average; see `averages`."""
    return averages.hma(bars.p, bars.close, timeperiod)


def ht_trendline(bars: Bars) -> Array:
    """Ehlers' instantaneous trendline: the cycle's average, smoothed with weights 4 3 2 1."""
    return bars.p.since(hilbert.trendline(bars.p, bars.cycle_average()), 63 - 37)


def kama(bars: Bars, timeperiod: int) -> Array:
    """Kaufman's adaptive average; see `averages`."""
    return averages.kama(bars.p, bars.close, timeperiod)


def kc(bars: Bars, timeperiod: int, atrperiod: int, nbdev: float) -> Series:
    """Keltner channel: EMA of the typical price, and so many average true ranges around it.

    Either average is seeded where the other one is ready.
    """
    p = bars.p
    first = max(timeperiod - 1, atrperiod)
    price = p.since(bars.typical_price(), first - timeperiod + 1)
    middle = p.ema(price, timeperiod)
    reach = p.wilder(p.since(bars.true_range(), first - atrperiod), atrperiod)
    return middle + nbdev * reach, middle, middle - nbdev * reach


def mama(bars: Bars, fastlimit: float, slowlimit: float) -> Series:
    """MESA adaptive average and its follower. J. Ehlers, MESA and Trading Market Cycles, 2001."""
    return hilbert.mama(bars.p, bars.close, fastlimit, slowlimit)


def mavp(bars: Bars, minperiod: int, maxperiod: int, matype: int) -> Array:
    """Average of a length that each bar names itself, all seeded where the longest begins."""
    p = bars.p
    start = averages.lookback(maxperiod, matype)
    periods = p.integers(p.since(bars["periods"], start))
    if matype in {averages.SMA, averages.DEFAULT}:
        periods = p.xp.minimum(p.xp.maximum(periods, minperiod), maxperiod)
        total = p.varying_windowed_sum(bars.close, periods, maxperiod)
        return total / p.numbers(periods, bars.close)
    chosen = p.zeros(bars.close, periods.shape[-1])
    for n in range(minperiod, maxperiod + 1):
        wanted = (periods == n) | (n == minperiod and periods < n)
        wanted = wanted | (n == maxperiod and periods > n)
        seeded = p.since(bars.close, start - averages.lookback(n, matype))
        chosen = p.xp.where(wanted, moving_average(p, seeded, n, matype), chosen)
    return chosen


def midpoint(bars: Bars, timeperiod: int) -> Array:
    """Middle between the highest and the lowest close."""
    p = bars.p
    return (p.windowed_max(bars.close, timeperiod) + p.windowed_min(bars.close, timeperiod)) / 2.0


def midprice(bars: Bars, timeperiod: int) -> Array:
    """Middle between the highest high and the lowest low."""
    return (bars.highest(timeperiod) + bars.lowest(timeperiod)) / 2.0


def rma(bars: Bars, timeperiod: int) -> Array:
    """Wilder's average."""
    return bars.p.wilder(bars.close, timeperiod)


def sar(bars: Bars, acceleration: float, maximum: float) -> Array:
    """Parabolic stop and reverse. J. W. Wilder, New Concepts in Technical Trading Systems, 1978."""
    step = min(acceleration, maximum)
    side = (step, step, maximum)
    return parabolic(bars.p, bars.high, bars.low, 0.0, 0.0, side, side)[0]


def sarext(
    bars: Bars,
    startvalue: float,
    offsetonreverse: float,
    accelerationinitlong: float,
    accelerationlong: float,
    accelerationmaxlong: float,
    accelerationinitshort: float,
    accelerationshort: float,
    accelerationmaxshort: float,
) -> Array:
    """SAR with its own acceleration for either side; negative while short."""
    rising = (accelerationinitlong, accelerationlong, accelerationmaxlong)
    falling = (accelerationinitshort, accelerationshort, accelerationmaxshort)
    stop, side = parabolic(
        bars.p,
        bars.high,
        bars.low,
        startvalue,
        offsetonreverse,
        (min(rising[0], rising[2]), min(rising[1], rising[2]), rising[2]),
        (min(falling[0], falling[2]), min(falling[1], falling[2]), falling[2]),
    )
    return stop * side


def sma(bars: Bars, timeperiod: int) -> Array:
    """Plain average."""
    return bars.p.windowed_mean(bars.close, timeperiod)


def supertrend(bars: Bars, timeperiod: int, multiplier: float) -> Series:
    """A band of average true ranges that only moves with the trend. O. Seban, 2009."""
    p = bars.p
    middle, reach, close = p.align(bars.median_price(), bars.atr(timeperiod), bars.close)
    return supertrend_lines(p, middle, multiplier * reach, close)


def t3(bars: Bars, timeperiod: int, vfactor: float) -> Array:
    """Tillson's T3; see `averages`."""
    return averages.t3(bars.p, bars.close, timeperiod, vfactor)


def tema(bars: Bars, timeperiod: int) -> Array:
    """Triple exponential average; see `averages`."""
    return averages.tema(bars.p, bars.close, timeperiod)


def trima(bars: Bars, timeperiod: int) -> Array:
    """Triangular average; see `averages`."""
    return averages.trima(bars.p, bars.close, timeperiod)


def vwma(bars: Bars, timeperiod: int) -> Array:
    """Average weighted by volume; NaN where nothing was traded in the whole window.

    Over one bar there is nothing to weigh: the close itself, as in TA-Lib.
    """
    p = bars.p
    if timeperiod == 1:
        return bars.close
    paid = p.windowed_sum(bars.close * bars.volume, timeperiod)
    return p.ratio(paid, p.windowed_sum(bars.volume, timeperiod), float("nan"))


def wma(bars: Bars, timeperiod: int) -> Array:
    """Linearly weighted average."""
    return averages.wma(bars.p, bars.close, timeperiod)


def zlema(bars: Bars, timeperiod: int) -> Array:
    """Zero-lag exponential average; see `averages`."""
    return averages.zlema(bars.p, bars.close, timeperiod)
