"""Momentum indicators that are not bounded; those that are, are in `oscillators`.

See `overlap` for how a formula is written. What a zero divisor gives is part of each formula, and
the same as TA-Lib's.
"""

from hwdoctor.workloads.indicators import averages
from hwdoctor.workloads.indicators.averages import EMA, moving_average
from hwdoctor.workloads.indicators.primitives import Array, Primitives
from hwdoctor.workloads.indicators.shared import Bars, Series, wilder_sum


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
