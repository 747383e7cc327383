"""Momentum indicators; see `overlap` for how a formula is written.

Oscillators are a ratio of two averages or sums. What a zero divisor gives is part of each
formula, and the same as TA-Lib's: 0, or the oscillator's middle.
"""

from hwdoctor.workloads.indicators import averages
from hwdoctor.workloads.indicators.averages import EMA, RMA, moving_average
from hwdoctor.workloads.indicators.primitives import Array, Primitives
from hwdoctor.workloads.indicators.shared import Bars, Series, rises_and_falls, wilder_sum


def _spread(bars: Bars, fastperiod: int, slowperiod: int) -> Array:
    p = bars.p
    fast, slow = (p.windowed_mean(bars.median_price(), n) for n in (fastperiod, slowperiod))
    fast, slow = p.align(fast, slow)
    return fast - slow


def ac(bars: Bars, fastperiod: int, slowperiod: int, signalperiod: int) -> Array:
    """Accelerator: the awesome oscillator less its average. B. Williams, 1998."""
    p = bars.p
    spread = _spread(bars, fastperiod, slowperiod)
    spread, average = p.align(spread, p.windowed_mean(spread, signalperiod))
    return spread - average


def adx(bars: Bars, timeperiod: int) -> Array:
    """Wilder's average of DX; a bar without a DX leaves it as it is."""
    p, n = bars.p, timeperiod
    dx, valid = bars.directional_index(n)
    counted = p.xp.where(valid, dx, 0.0)
    seed = p.head_sum(counted, n) / n
    rest, moved = p.since(counted, n), p.numbers(p.since(valid, n), dx)
    decay = p.join(p.zeros(dx, 1), 1.0 - moved / n)
    return p.varying_recurrence(decay, p.join(seed, rest / n))


def adxr(bars: Bars, timeperiod: int) -> Array:
    """Mean of ADX and of what it was a period before."""
    p = bars.p
    index = adx(bars, timeperiod)
    now, then = p.align(index, p.shift(index, timeperiod - 1))
    return (now + then) / 2.0


def ao(bars: Bars, fastperiod: int, slowperiod: int) -> Array:
    """Awesome oscillator: two plain averages of the median price. B. Williams, 1998."""
    return _spread(bars, fastperiod, slowperiod)


def _fast_and_slow(p: Primitives, x: Array, fast: int, slow: int, matype: int) -> Series:
    """Two averages, the shorter one first, each seeded where it begins itself."""
    periods = min(fast, slow), max(fast, slow)
    return p.align(*(moving_average(p, x, n, matype, EMA) for n in periods))


def apo(bars: Bars, fastperiod: int, slowperiod: int, matype: int) -> Array:
    """Absolute price oscillator: a fast average less a slow one."""
    fast, slow = _fast_and_slow(bars.p, bars.close, fastperiod, slowperiod, matype)
    return fast - slow


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


def coppock(bars: Bars, wmaperiod: int, roc1period: int, roc2period: int) -> Array:
    """Weighted average of two rates of change, added. E. Coppock, Barron's 1962."""
    p = bars.p
    first, second = p.align(roc(bars, roc1period), roc(bars, roc2period))
    return averages.wma(p, first + second, wmaperiod)


def dpo(bars: Bars, timeperiod: int) -> Array:
    """Detrended price: what it was n / 2 + 1 bars ago, less the average."""
    p = bars.p
    then = p.shift(bars.close, timeperiod // 2 + 1)
    then, average = p.align(then, p.windowed_mean(bars.close, timeperiod))
    return then - average


def dx(bars: Bars, timeperiod: int) -> Array:
    """Wilder's directional index: 100 |+DI - -DI| / (+DI + -DI); without one, the last."""
    return bars.p.carry_last(*bars.directional_index(timeperiod))


def er(bars: Bars, timeperiod: int) -> Array:
    """Kaufman's efficiency: net change over the path's length; 1 where nothing moved."""
    p = bars.p
    change = p.change(bars.close)
    path = p.windowed_sum(p.xp.abs(change), timeperiod)
    return p.ratio(p.xp.abs(p.change(bars.close, timeperiod)), path, 1.0)


def eri(bars: Bars, timeperiod: int) -> Series:
    """Elder-ray: high and low against the close's EMA. A. Elder, Trading for a Living, 1993."""
    high, low, average = bars.p.align(bars.high, bars.low, bars.ema("close", timeperiod))
    return high - average, low - average


def fosc(bars: Bars, timeperiod: int) -> Array:
    """How far the close is off yesterday's regression forecast, in per cent of it."""
    p = bars.p
    slope, first = p.windowed_regression(bars.close, timeperiod)
    close, forecast = p.align(bars.close, p.shift(first + slope * timeperiod, 1))
    return 100.0 * p.ratio(close - forecast, close)


def fractal(bars: Bars, leftbars: int, rightbars: int) -> Series:
    """100 where the bar `rightbars` ago is higher (lower) than all around it. B. Williams, 1995."""
    p = bars.p

    def pivots(x: Array) -> Array:
        pivot = p.shift(p.since(x, leftbars), rightbars)
        left = p.shift(p.windowed_max(x, leftbars), rightbars + 1)
        pivot, left, right = p.align(pivot, left, p.windowed_max(x, rightbars))
        return 100.0 * p.numbers((pivot > left) & (pivot > right), x)

    return pivots(bars.high), pivots(-bars.low)


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


def _macd(p: Primitives, fast: Array, slow: Array, signalperiod: int) -> Series:
    line = fast - slow
    line, signal = p.align(line, p.ema(line, signalperiod))
    return line, signal, line - signal


def macd(bars: Bars, fastperiod: int, slowperiod: int, signalperiod: int) -> Series:
    """Fast EMA less slow EMA, its own EMA, and the difference. G. Appel, 1979.

    Both are seeded on the same bar, the slow one's first.
    """
    p = bars.p
    short, long = min(fastperiod, slowperiod), max(fastperiod, slowperiod)
    fast = p.ema(p.since(bars.close, long - short), short)
    return _macd(p, fast, bars.ema("close", long), signalperiod)


def macdfix(bars: Bars, signalperiod: int) -> Series:
    """MACD 12/26 with Appel's weights 0.15 and 0.075."""
    p = bars.p
    fast = p.smooth(p.since(bars.close, 26 - 12), 12, 0.15)
    return _macd(p, fast, p.smooth(bars.close, 26, 0.075), signalperiod)


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


def _directional(bars: Bars, timeperiod: int, which: int) -> Array:
    p = bars.p
    if timeperiod == 1:
        return p.ratio(bars.directional_movement()[which], bars.true_range())
    sums = bars.directional_sums(timeperiod)
    return 100.0 * p.ratio(p.since(sums[which], 1), p.since(sums[2], 1))


def minus_di(bars: Bars, timeperiod: int) -> Array:
    """Wilder's -DI: smoothed -DM in per cent of the smoothed true range."""
    return _directional(bars, timeperiod, 1)


def minus_dm(bars: Bars, timeperiod: int) -> Array:
    """Wilder's -DM, smoothed."""
    movement = bars.directional_movement()[1]
    return movement if timeperiod == 1 else wilder_sum(bars.p, movement, timeperiod)


def mom(bars: Bars, timeperiod: int) -> Array:
    """Change over n bars."""
    return bars.p.change(bars.close, timeperiod)


def plus_di(bars: Bars, timeperiod: int) -> Array:
    """Wilder's +DI: smoothed +DM in per cent of the smoothed true range."""
    return _directional(bars, timeperiod, 0)


def plus_dm(bars: Bars, timeperiod: int) -> Array:
    """Wilder's +DM, smoothed."""
    movement = bars.directional_movement()[0]
    return movement if timeperiod == 1 else wilder_sum(bars.p, movement, timeperiod)


def percentage_oscillator(p: Primitives, x: Array, fast: int, slow: int, matype: int) -> Array:
    """100 (fast average - slow average) / slow average."""
    quick, calm = _fast_and_slow(p, x, fast, slow, matype)
    return 100.0 * p.ratio(quick - calm, calm)


def ppo(bars: Bars, fastperiod: int, slowperiod: int, matype: int) -> Array:
    """Percentage price oscillator."""
    return percentage_oscillator(bars.p, bars.close, fastperiod, slowperiod, matype)


def qstick(bars: Bars, timeperiod: int) -> Array:
    """Average of close - open. T. Chande, 1994."""
    return bars.p.windowed_mean(bars.close - bars.open, timeperiod)


def _against_then(bars: Bars, timeperiod: int) -> Series:
    return bars.p.since(bars.close, timeperiod), bars.p.shift(bars.close, timeperiod)


def roc(bars: Bars, timeperiod: int) -> Array:
    """Change over n bars in per cent."""
    now, then = _against_then(bars, timeperiod)
    return 100.0 * bars.p.ratio(now - then, then)


def rocp(bars: Bars, timeperiod: int) -> Array:
    """Change over n bars as a share."""
    now, then = _against_then(bars, timeperiod)
    return bars.p.ratio(now - then, then)


def rocr(bars: Bars, timeperiod: int) -> Array:
    """Price over the price n bars ago."""
    return bars.p.ratio(*_against_then(bars, timeperiod))


def rocr100(bars: Bars, timeperiod: int) -> Array:
    """Price in per cent of the price n bars ago."""
    return 100.0 * bars.p.ratio(*_against_then(bars, timeperiod))


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


def trix(bars: Bars, timeperiod: int) -> Array:
    """Change in per cent of an average smoothed three times. J. Hutson, TASC 1983."""
    p = bars.p
    smooth = p.ema(p.ema(bars.ema("close", timeperiod), timeperiod), timeperiod)
    return 100.0 * p.ratio(p.change(smooth), p.shift(smooth, 1))


def tsi(bars: Bars, firstperiod: int, secondperiod: int) -> Array:
    """True strength: the change, smoothed twice, over its size, smoothed twice. W. Blau, 1991."""
    p = bars.p
    change = p.change(bars.close)
    net, size = (p.ema(p.ema(x, firstperiod), secondperiod) for x in (change, p.xp.abs(change)))
    return 100.0 * p.ratio(net, size)


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


def vhf(bars: Bars, timeperiod: int) -> Array:
    """Range of n closes over the length of the path to the last. A. White, Futures 1991."""
    p = bars.p
    top, bottom = (f(bars.close, timeperiod) for f in (p.windowed_max, p.windowed_min))
    path = p.windowed_sum(p.xp.abs(p.change(bars.close)), timeperiod)
    spread, path = p.align(top - bottom, path)
    return p.ratio(spread, path)


def vortex(bars: Bars, timeperiod: int) -> Series:
    """Vortex: |high - last low| and |low - last high| over true range. Botes and Siepman, 2010."""
    p, n = bars.p, timeperiod
    up = p.xp.abs(p.since(bars.high, 1) - p.shift(bars.low, 1))
    down = p.xp.abs(p.since(bars.low, 1) - p.shift(bars.high, 1))
    moved = p.windowed_sum(bars.true_range(), n)
    return p.ratio(p.windowed_sum(up, n), moved), p.ratio(p.windowed_sum(down, n), moved)


def wad(bars: Bars) -> Array:
    """Williams' accumulation: distance of the close to the true extreme it left, summed up."""
    p, xp = bars.p, bars.p.xp
    now, before = p.since(bars.close, 1), p.shift(bars.close, 1)
    from_low = now - xp.minimum(before, p.since(bars.low, 1))
    from_high = now - xp.maximum(before, p.since(bars.high, 1))
    moves = xp.where(now > before, from_low, xp.where(now < before, from_high, 0.0))
    return p.cumulative_sum(p.join(p.zeros(bars.close, 1), moves))


def willr(bars: Bars, timeperiod: int) -> Array:
    """Williams' %R: -100 (highest - close) / (highest - lowest)."""
    p = bars.p
    high, low, close = p.align(bars.highest(timeperiod), bars.lowest(timeperiod), bars.close)
    return -100.0 * p.ratio(high - close, high - low)
