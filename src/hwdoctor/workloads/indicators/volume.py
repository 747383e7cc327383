"""Volume indicators; see `overlap` for how a formula is written."""

from hwdoctor.workloads.indicators.momentum import percentage_oscillator
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars


def ad(bars: Bars) -> Array:
    """Accumulation and distribution: money flow volume, summed up. M. Chaikin."""
    return bars.accumulation()


def adosc(bars: Bars, fastperiod: int, slowperiod: int) -> Array:
    """Two exponential averages of the line, both seeded with its first value. M. Chaikin."""
    p = bars.p
    line = bars.accumulation()
    fast, slow = (
        p.smooth(line, 1, 2.0 / (n + 1.0)) if n > 1 else line for n in (fastperiod, slowperiod)
    )
    return p.since(fast - slow, max(fastperiod, slowperiod) - 1)


def cmf(bars: Bars, timeperiod: int) -> Array:
    """Money flow volume over volume. M. Chaikin."""
    p = bars.p
    flow = p.windowed_sum(bars.money_flow_volume(), timeperiod)
    return p.ratio(flow, p.windowed_sum(bars.volume, timeperiod))


def efi(bars: Bars, timeperiod: int) -> Array:
    """Force: exponential average of change times volume. A. Elder, 1993."""
    p = bars.p
    return p.ema(p.change(bars.close) * p.since(bars.volume, 1), timeperiod)


def marketfi(bars: Bars) -> Array:
    """Market facilitation: range over volume. B. Williams, 1995."""
    return bars.p.ratio(bars.high_low_range(), bars.volume)


def _volume_index(bars: Bars, *, rising: bool) -> Array:
    p = bars.p
    now, before = p.since(bars.close, 1), p.shift(bars.close, 1)
    change = p.change(bars.volume)
    counted = (change > 0.0 if rising else change < 0.0) & (before != 0.0)
    growth = p.xp.where(counted, p.ratio(now - before, before), 0.0)
    start = p.zeros(bars.close, 1)
    return p.varying_recurrence(p.join(start, 1.0 + growth), p.join(start + 1000.0, 0.0 * growth))


def nvi(bars: Bars) -> Array:
    """Negative volume: 1000, compounded on bars whose volume fell. P. Dysart; N. Fosback, 1976."""
    return _volume_index(bars, rising=False)


def obv(bars: Bars) -> Array:
    """On balance: volume added when the close rises, taken away when it falls. J. Granville."""
    p = bars.p
    change, volume = p.change(bars.close), p.since(bars.volume, 1)
    signed = p.xp.where(change > 0.0, volume, p.xp.where(change < 0.0, -volume, 0.0))
    return p.cumulative_sum(p.join(p.head(bars.volume), signed))


def pvi(bars: Bars) -> Array:
    """Positive volume: 1000, compounded on bars whose volume rose."""
    return _volume_index(bars, rising=True)


def pvo(bars: Bars, fastperiod: int, slowperiod: int, matype: int) -> Array:
    """Percentage oscillator of the volume."""
    return percentage_oscillator(bars.p, bars.volume, fastperiod, slowperiod, matype)


def pvt(bars: Bars) -> Array:
    """Price and volume trend: volume times relative change, summed up."""
    p = bars.p
    growth = p.ratio(p.change(bars.close), p.shift(bars.close, 1))
    start = p.zeros(bars.close, 1)
    return p.cumulative_sum(p.join(start, growth * p.since(bars.volume, 1)))


def rvol(bars: Bars, timeperiod: int) -> Array:
    """Volume over the average of the n bars before; not finite where that is zero, as in TA-Lib."""
    p = bars.p
    before = p.shift(p.windowed_mean(bars.volume, timeperiod), 1)
    return p.since(bars.volume, timeperiod) / before


def vwap(bars: Bars) -> Array:
    """What was paid per unit since the first bar; 0 before anything was traded."""
    p = bars.p
    paid = p.cumulative_sum(bars.typical_price() * bars.volume)
    return p.ratio(paid, p.cumulative_sum(bars.volume))


def avwap(bars: Bars) -> Array:
    """What was paid per unit since the last anchor; 0 before anything was traded.

    An anchor is a bar whose `anchors` is not 0; the first bar always is one.
    """
    p = bars.p
    going_on = p.numbers(bars["anchors"] == 0.0, bars.close)
    paid = p.varying_recurrence(going_on, bars.typical_price() * bars.volume)
    return p.ratio(paid, p.varying_recurrence(going_on, bars.volume))
