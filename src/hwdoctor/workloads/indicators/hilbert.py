"""Ehlers' measurement of the dominant cycle, and what is derived from it.

Source: J. F. Ehlers, Rocket Science for Traders, 2001, chapters 6 to 11; MESA Adaptive Moving
Averages, TASC 2001. The Hilbert transform is the filter 0.0962, 0.5769 at lags 0, 2, 4, 6, times
0.075 period + 0.54: a feedback through the period that makes the whole thing sequential.

In float64 the price is smoothed with TA-Lib's running sums in TA-Lib's order: on a flat price the
feedback amplifies their rounding into a period. In float32 such sums drift off by per cents of the
price within some ten thousand bars, so there every bar is summed anew.
"""

import math
from typing import Any

from hwdoctor.workloads.indicators.primitives import Array, Primitives

A, B = 0.0962, 0.5769
DEGREES = 180.0 / math.pi
LONGEST = 50
"""Bars of the longest cycle."""


def _filtered(now: Array, lags: tuple[Array, ...], scale: Array) -> Array:
    """The Hilbert transform; `lags` are the values 1 to 6 bars ago."""
    return ((A * now - A * lags[5]) - B * lags[3] + B * lags[1]) * scale


def discriminator(p: Primitives, price: Array, warm_up: int) -> tuple[Array, ...]:
    """Smoothed price, in-phase and quadrature parts, period and smoothed period.

    From bar `warm_up` on; filters are empty before it, but the price's smoother is not.
    """
    own = p.compiled("discriminator")
    if own is not None:
        done: tuple[Array, ...] = own(price, warm_up)
        return done
    return measured(p, smoothed_price(p, price, warm_up))


def measured(p: Primitives, smooth: Array) -> tuple[Array, ...]:
    """The discriminator of a smoothed price before whose first bar all filters are empty."""
    xp = p.xp
    zero = smooth[..., 0] * 0.0
    blank = (zero,) * 6

    def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
        smooths, trends, quads = state[0:6], state[6:15], state[15:21]
        in2, quad2, re, im, period, slow = state[21:27]
        smooth = bar[0]
        scale = 0.075 * period + 0.54
        trend = _filtered(smooth, smooths, scale)
        quad = _filtered(trend, trends[:6], scale)
        inphase = trends[2]
        ahead_in = _filtered(inphase, trends[3:9], scale)
        ahead_quad = _filtered(quad, quads, scale)
        new_quad2 = 0.2 * (quad + ahead_in) + 0.8 * quad2
        new_in2 = 0.2 * (inphase - ahead_quad) + 0.8 * in2
        re = 0.2 * (new_in2 * in2 + new_quad2 * quad2) + 0.8 * re
        im = 0.2 * (new_in2 * quad2 - new_quad2 * in2) + 0.8 * im
        known = (re != 0.0) & (im != 0.0)
        angle = xp.arctan(xp.where(known, im, 1.0) / xp.where(known, re, 1.0)) * DEGREES
        found = xp.where(known, 360.0 / angle, period)
        found = xp.maximum(xp.minimum(found, 1.5 * period), 0.67 * period)
        found = xp.minimum(xp.maximum(found, zero + 6.0), zero + 50.0)
        new_period = 0.2 * found + 0.8 * period
        new_slow = 0.33 * new_period + 0.67 * slow
        memory = (smooth, *smooths[:5], trend, *trends[:8], quad, *quads[:5])
        after = (new_in2, new_quad2, re, im, new_period, new_slow)
        return (*memory, *after), (smooth, inphase, quad, new_period, new_slow)

    state = (*blank, *blank, zero, zero, zero, *blank, *(zero,) * 6)
    return tuple(p.scan(step, state, (smooth,)))


def smoothed_price(p: Primitives, price: Array, warm_up: int) -> Array:
    """Weights 4 3 2 1 over 10, from bar `warm_up` on; float64 rounded as running sums round."""
    if not str(price.dtype).endswith("64"):
        return p.since(p.windowed_weighted_sum(price, 4), warm_up - 3) * 0.1
    own = p.compiled("smoothed_price")
    if own is not None:
        done: Array = own(price, warm_up)
        return done
    zero = price[..., 0] * 0.0
    x0, x1, x2 = price[..., 0], price[..., 1], price[..., 2]

    def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
        plain, weighted, leaving = state
        plain = plain + bar[0] - leaving
        weighted = weighted + bar[0] * 4.0
        return (plain, weighted - plain, bar[1]), (weighted * 0.1,)

    state = (x0 + x1 + x2, x0 + x1 * 2.0 + x2 * 3.0, zero)
    (smooth,) = p.scan(step, state, (p.since(price, 3), p.shift(price, 3)))
    return p.since(smooth, warm_up - 3)


def mama(p: Primitives, price: Array, fast: float, slow: float) -> tuple[Array, Array]:
    """An exponential average whose weight is the rate of change of the phase, and its follower."""
    own = p.compiled("mama")
    if own is not None:
        done: tuple[Array, Array] = own(price, fast, slow)
        return done
    xp = p.xp
    _, inphase, quad, _, _ = discriminator(p, price, 12)
    some = inphase != 0.0
    phase = xp.where(some, xp.arctan(quad / xp.where(some, inphase, 1.0)) * DEGREES, 0.0)
    before = p.join(p.zeros(phase, 1), p.shift(phase, 1))
    turn = before - phase
    weight = xp.where(turn > 1.0, fast / xp.where(turn > 1.0, turn, 1.0), fast)
    weight = xp.where((turn > 1.0) & (weight < slow), slow, weight)
    now = p.last(price, phase.shape[-1])
    average = p.varying_recurrence(1.0 - weight, weight * now)
    half = 0.5 * weight
    follower = p.varying_recurrence(1.0 - half, half * average)
    return p.since(average, 20), p.since(follower, 20)


def _windows(p: Primitives, x: Array) -> list[Array]:
    """The series now, one bar ago, ... 49 bars ago, with zeros before the beginning."""
    bars = x.shape[-1]
    padded = p.join(p.zeros(x, LONGEST - 1), x)
    return [padded[..., LONGEST - 1 - ago : LONGEST - 1 - ago + bars] for ago in range(LONGEST)]


def phase(p: Primitives, found: tuple[Array, ...]) -> Array:
    """Phase of the smoothed price against one cycle of sine and cosine, in degrees."""
    own = p.compiled("phase")
    if own is not None:
        done: Array = own(found)
        return done
    xp = p.xp
    smooth, slow = found[0], found[4]
    length = p.integers(slow + 0.5)
    turns = [
        [2.0 * math.pi * ago / n if ago < n else math.nan for n in range(1, LONGEST + 2)]
        for ago in range(LONGEST)
    ]
    sines = p.table([[0.0 if math.isnan(t) else math.sin(t) for t in row] for row in turns], smooth)
    cosines = p.table(
        [[0.0 if math.isnan(t) else math.cos(t) for t in row] for row in turns], smooth
    )
    real = imaginary = p.zeros(smooth, smooth.shape[-1])
    place = xp.maximum(length - 1, length * 0)
    for ago, then in enumerate(_windows(p, smooth)):
        inside = length > 0
        real = real + xp.where(inside, sines[ago][place], 0.0) * then
        imaginary = imaginary + xp.where(inside, cosines[ago][place], 0.0) * then
    known = imaginary != 0.0
    angle = xp.arctan(real / xp.where(known, imaginary, 1.0)) * DEGREES
    # A price of zero only: a quarter turn to the side that the real part shows.
    edge = xp.where(real < 0.0, -90.0, xp.where(real > 0.0, 90.0, 0.0))
    angle = xp.where(known, angle, edge) + 90.0 + 360.0 / slow
    angle = xp.where(imaginary < 0.0, angle + 180.0, angle)
    return xp.where(angle > 315.0, angle - 360.0, angle)


def cycle_average(p: Primitives, price: Array, found: tuple[Array, ...]) -> Array:
    """Plain average of the price over the whole bars of the smoothed period."""
    length = p.integers(found[4] + 0.5)
    total = p.varying_windowed_sum(price, length, LONGEST)
    count = p.numbers(length, price)
    return total / p.xp.where(count > 0.0, count, 1.0)


def trendline(p: Primitives, average: Array) -> Array:
    """Weights 4 3 2 1 over 10, with zeros before the beginning."""
    padded = p.join(p.zeros(average, 3), average)
    now, last, before, oldest = (
        p.last(p.shift(padded, ago), average.shape[-1]) for ago in range(4)
    )
    return (4.0 * now + 3.0 * last + 2.0 * before + oldest) / 10.0


def trend_mode(p: Primitives, found: tuple[Array, ...], angle: Array, average: Array) -> Array:
    """1 in a trend, 0 in a cycle.

    A cycle begins with a crossing of the sines and lasts half its period; so does it while the
    phase advances at the cycle's rate; but never while price is 1.5 % off the trendline.
    """
    own = p.compiled("trend_mode")
    if own is not None:
        done: Array = own(found, angle, average)
        return done
    xp = p.xp
    smooth, slow = found[0], found[4]
    sine, lead = xp.sin(angle / DEGREES), xp.sin((angle + 45.0) / DEGREES)
    zeros = p.zeros(sine, 1)
    sine_before = p.join(zeros, p.shift(sine, 1))
    lead_before = p.join(zeros, p.shift(lead, 1))
    advance = angle - p.join(zeros, p.shift(angle, 1))
    crossed = ((sine > lead) & (sine_before <= lead_before)) | (
        (sine < lead) & (sine_before >= lead_before)
    )
    days = p.varying_recurrence(xp.where(crossed, 0.0, 1.0 + 0.0 * sine), 1.0 + 0.0 * sine)
    rate = 360.0 / slow
    cycling = crossed | (days < 0.5 * slow)
    cycling = cycling | ((advance > 0.67 * rate) & (advance < 1.5 * rate))
    line = trendline(p, average)
    apart = xp.abs((smooth - line) / xp.where(line == 0.0, 1.0, line)) >= 0.015
    return xp.where(cycling & ~(apart & (line != 0.0)), 0.0, 1.0 + 0.0 * sine)
