"""Momentum indicators that swing between two limits: a ratio of two averages or sums.

See `overlap` for how a formula is written. What a zero divisor gives is part of each formula, and
the same as TA-Lib's: 0, or the oscillator's middle.
"""

from hwdoctor.workloads.indicators.averages import RMA, moving_average
from hwdoctor.workloads.indicators.primitives import Array, Primitives
from hwdoctor.workloads.indicators.shared import Bars, Series, rises_and_falls


def aroon(bars: Bars, timeperiod: int) -> Series:
    """How long ago the lowest low and the highest high were, 100 for now. T. Chande, 1995."""
    n = timeperiod
    down, up = bars.since_extremes(n + 1)
    return 100.0 * (n - down) / n, 100.0 * (n - up) / n


def aroonosc(bars: Bars, timeperiod: int) -> Array:
    """Aroon up less Aroon down."""
    n = timeperiod
    down, up = bars.since_extremes(n + 1)
    return 100.0 * (down - up) / n


def bop(bars: Bars) -> Array:
    """Balance of power: (close - open) / (high - low). I. Livshin, TASC 2001."""
    p = bars.p
    return p.ratio(bars.close - bars.open, p.xp.maximum(bars.high_low_range(), 0.0))


def cci(bars: Bars, timeperiod: int) -> Array:
    """Typical price off its average, in 0.015 mean deviations. D. Lambert, 1980."""
    off, distance = bars.p.windowed_mean_deviation(bars.typical_price(), timeperiod)
    return bars.p.ratio(off, 0.015 * distance)


def _balance(p: Primitives, up: Array, down: Array) -> Array:
    return 100.0 * p.ratio(up - down, up + down)


def cmo(bars: Bars, timeperiod: int) -> Array:
    """Chande's momentum oscillator on Wilder's averages: 100 (up - down) / (up + down)."""
    return _balance(bars.p, *bars.gains_and_losses(timeperiod))


def cmou(bars: Bars, timeperiod: int) -> Array:
    """Chande's momentum oscillator on plain sums, as he published it. The New Technical Trader."""
    up, down = rises_and_falls(bars.p, bars.close)
    sums = (bars.p.windowed_sum(x, timeperiod) for x in (up, down))
    return _balance(bars.p, *sums)


def imi(bars: Bars, timeperiod: int) -> Array:
    """Intraday momentum: rises from open to close against all such moves. T. Chande, 1994."""
    p = bars.p
    move = bars.close - bars.open
    up = p.windowed_sum(p.xp.maximum(move, 0.0), timeperiod)
    return 100.0 * p.ratio(up, p.windowed_sum(p.xp.abs(move), timeperiod), 0.5)


def _stochastic(p: Primitives, close: Array, high: Array, low: Array) -> Array:
    """Where the close is between an extreme low (0) and high (100)."""
    close, high, low = p.align(close, high, low)
    flat = high - low < p.negligible(low) * (p.xp.abs(high) + p.xp.abs(low))
    return 100.0 * p.ratio(close - low, p.xp.where(flat, 0.0, high - low))


def kdj(
    bars: Bars,
    fastk_period: int,
    slowk_period: int,
    slowk_matype: int,
    slowd_period: int,
    slowd_matype: int,
) -> Series:
    """The stochastic oscillator on Wilder's averages, and j = 3 k - 2 d."""
    p = bars.p
    raw = _stochastic(p, bars.close, bars.highest(fastk_period), bars.lowest(fastk_period))
    k = moving_average(p, raw, slowk_period, slowk_matype, RMA)
    k, d = p.align(k, moving_average(p, k, slowd_period, slowd_matype, RMA))
    return k, d, 3.0 * k - 2.0 * d


def mfi(bars: Bars, timeperiod: int) -> Array:
    """Money flow index: RSI of typical price times volume, on plain sums. Quong and Soudack."""
    p = bars.p
    price = bars.typical_price()
    now, before = p.since(price, 1), p.shift(price, 1)
    change = now - before
    moved = p.xp.abs(change) >= p.negligible(price) * (p.xp.abs(now) + p.xp.abs(before))
    flow = p.xp.where(moved, now * p.since(bars.volume, 1), 0.0)
    rise = p.windowed_sum(p.xp.where(change < 0.0, 0.0, flow), timeperiod)
    fall = p.windowed_sum(p.xp.where(change < 0.0, flow, 0.0), timeperiod)
    return 100.0 * p.ratio(rise, rise + fall)


def rsi(bars: Bars, timeperiod: int) -> Array:
    """Relative strength: Wilder's average rise in per cent of average rise plus average fall.

    J. W. Wilder, New Concepts in Technical Trading Systems, 1978.
    """
    up, down = bars.gains_and_losses(timeperiod)
    return 100.0 * bars.p.ratio(up, up + down)


def smi(bars: Bars, timeperiod: int, fastperiod: int, slowperiod: int, signalperiod: int) -> Series:
    """Stochastic momentum: close off its range's middle, both smoothed twice. W. Blau, 1993."""
    p = bars.p
    high, low = bars.highest(timeperiod), bars.lowest(timeperiod)
    off = p.last(bars.close, high.shape[-1]) - (high + low) * 0.5
    above, spread = (p.ema(p.ema(x, slowperiod), fastperiod) for x in (off, high - low))
    line = 100.0 * p.ratio(above, 0.5 * spread)
    line, signal = p.align(line, p.ema(line, signalperiod))
    return line, signal


def stoch(
    bars: Bars,
    fastk_period: int,
    slowk_period: int,
    slowk_matype: int,
    slowd_period: int,
    slowd_matype: int,
) -> Series:
    """The stochastic oscillator, smoothed once (slow k) and twice (slow d). G. Lane."""
    p = bars.p
    raw = _stochastic(p, bars.close, bars.highest(fastk_period), bars.lowest(fastk_period))
    slow_k = moving_average(p, raw, slowk_period, slowk_matype)
    slow_k, slow_d = p.align(slow_k, moving_average(p, slow_k, slowd_period, slowd_matype))
    return slow_k, slow_d


def stochf(bars: Bars, fastk_period: int, fastd_period: int, fastd_matype: int) -> Series:
    """The raw stochastic oscillator, and smoothed once."""
    p = bars.p
    raw = _stochastic(p, bars.close, bars.highest(fastk_period), bars.lowest(fastk_period))
    fast_k, fast_d = p.align(raw, moving_average(p, raw, fastd_period, fastd_matype))
    return fast_k, fast_d


def stochrsi(
    bars: Bars, timeperiod: int, fastk_period: int, fastd_period: int, fastd_matype: int
) -> Series:
    """The raw stochastic oscillator of RSI. Chande and Kroll, The New Technical Trader, 1994."""
    p = bars.p
    strength = rsi(bars, timeperiod)
    high, low = (f(strength, fastk_period) for f in (p.windowed_max, p.windowed_min))
    raw = _stochastic(p, strength, high, low)
    fast_k, fast_d = p.align(raw, moving_average(p, raw, fastd_period, fastd_matype))
    return fast_k, fast_d


def ultosc(bars: Bars, timeperiod1: int, timeperiod2: int, timeperiod3: int) -> Array:
    """Buying pressure over true range for three lengths, weighted 4 2 1. L. Williams, 1985."""
    p = bars.p
    before = p.shift(bars.close, 1)
    pressure = p.since(bars.close, 1) - p.xp.minimum(p.since(bars.low, 1), before)
    lengths = sorted((timeperiod1, timeperiod2, timeperiod3))
    ratios = p.align(
        *(
            p.ratio(p.windowed_sum(pressure, n), p.windowed_sum(bars.true_range(), n))
            for n in lengths
        )
    )
    return 100.0 * (4.0 * ratios[0] + 2.0 * ratios[1] + ratios[2]) / 7.0


def willr(bars: Bars, timeperiod: int) -> Array:
    """Williams' %R: -100 (highest - close) / (highest - lowest)."""
    p = bars.p
    high, low, close = p.align(bars.highest(timeperiod), bars.lowest(timeperiod), bars.close)
    return -100.0 * p.ratio(high - close, high - low)
