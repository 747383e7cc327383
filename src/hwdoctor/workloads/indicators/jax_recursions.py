"""Recursions on JAX in their own form: Ehlers' discriminator, and the phase of a cycle.

XLA lets the processor add a product without rounding it first. Where TA-Lib subtracts two
products of equal numbers, that leaves a rounding error instead of zero, and on a flat price the
discriminator amplifies it into another period. `rounded` rounds a product before it is used.
"""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from hwdoctor.workloads.indicators.hilbert import DEGREES, LONGEST, A, B
from hwdoctor.workloads.indicators.primitives import Array, Primitives

STEP = 25
"""Bars of a cycle that are summed in one go."""


def _hilbert_transform(lags: tuple[Array, Array, Array, Array], zero: Array) -> Array:
    """The filter on a value now and 2, 4 and 6 bars ago, each product rounded as TA-Lib does.

    `zero` is a zero that the compiler cannot know: product + zero is the rounded product.
    """
    now, two, four, six = lags
    first = (A * now + zero) - (A * six + zero)
    return (first - (B * four + zero)) + (B * two + zero)


def discriminator(p: Primitives, smooth: Array) -> tuple[Array, ...]:
    """See `hilbert.discriminator`; of the smoothed price.

    Only the period is fed back and has to be found bar by bar. What follows from the periods is
    computed of whole series: in a scan every output would be computed from the beginning again.
    """
    zero = smooth[..., :1] * 0.0
    filtered = _hilbert_transform(_lags(p, smooth), zero)
    periods = _scanned_periods(filtered, zero[..., 0])
    before = p.join(zero, p.shift(periods, 1))
    scale = 0.075 * before + 0.54
    trend = filtered * scale
    quad = _hilbert_transform(_lags(p, trend), zero) * scale
    inphase = p.shift(p.join(p.zeros(trend, 3), trend), 3)
    return smooth, inphase, quad, periods, p.recurrence(0.33 * periods, 0.67)


def _lags(p: Primitives, x: Array) -> tuple[Array, Array, Array, Array]:
    """The series now and 2, 4 and 6 bars ago, with zeros before the beginning."""
    bars = x.shape[-1]
    padded = p.join(p.zeros(x, 6), x)
    now, two, four, six = (padded[..., 6 - ago : 6 - ago + bars] for ago in (0, 2, 4, 6))
    return now, two, four, six


def _scanned_periods(filtered: Array, zero: Array) -> Array:
    def step(state: tuple[Array, ...], bar: Array) -> tuple[tuple[Array, ...], Array]:
        past, in2, quad2, re, im, period = state
        trends, quads = past[:9], past[9:]
        scale = 0.075 * period + 0.54
        trend = bar * scale
        quad = _hilbert_transform((trend, trends[1], trends[3], trends[5]), zero) * scale
        inphase = trends[2]
        ahead = _hilbert_transform((inphase, trends[4], trends[6], trends[8]), zero) * scale
        ahead_quad = _hilbert_transform((quad, quads[1], quads[3], quads[5]), zero) * scale
        new_quad2 = 0.2 * (quad + ahead) + 0.8 * quad2
        new_in2 = 0.2 * (inphase - ahead_quad) + 0.8 * in2
        re = 0.2 * ((new_in2 * in2 + zero) + (new_quad2 * quad2 + zero)) + 0.8 * re
        im = 0.2 * ((new_in2 * quad2 + zero) - (new_quad2 * in2 + zero)) + 0.8 * im
        period = _period(re, im, period)
        past = jnp.concatenate((trend[None], trends[:8], quad[None], quads[:5]))
        return (past, new_in2, new_quad2, re, im, period), period

    blank = (jnp.zeros((15, *zero.shape), filtered.dtype), *(zero,) * 5)
    return jnp.moveaxis(lax.scan(step, blank, jnp.moveaxis(filtered, -1, 0))[1], 0, -1)


def _period(re: Array, im: Array, period: Array) -> Array:
    known = (re != 0.0) & (im != 0.0)
    angle = jnp.arctan(jnp.where(known, im, 1.0) / jnp.where(known, re, 1.0)) * DEGREES
    found = jnp.where(known, 360.0 / angle, period)
    found = jnp.maximum(jnp.minimum(found, 1.5 * period), 0.67 * period)
    return 0.2 * jnp.minimum(jnp.maximum(found, 6.0), 50.0) + 0.8 * period


def phase(p: Primitives, found: tuple[Array, ...]) -> Array:
    """See `hilbert.phase`.

    Sines and cosines of a cycle's bars follow from those of a single bar by the addition theorem:
    to look up a pair for each bar of each cycle takes far longer than to compute it, and keeps
    the loop from being vectorised.
    """
    smooth, slow = found[0], found[4]
    bars = smooth.shape[-1]
    length = p.integers(slow + 0.5)
    padded = p.join(p.zeros(smooth, LONGEST - 1), smooth)
    single = _turn_of_a_bar(length, smooth.dtype)

    def add(step: Any, totals: tuple[Array, ...]) -> tuple[Array, ...]:
        real, imaginary, sine, cosine = totals
        # A zero of this round, or XLA would compute all turns before the loop and keep them.
        now = step.astype(smooth.dtype) * 0.0
        turns = _multiples((single[0] + now, single[1] + now), STEP)
        sines: Any = 0.0
        cosines: Any = 0.0
        for bar, (s, c) in enumerate(turns[:STEP]):
            ago = STEP * step + bar
            then = lax.dynamic_slice_in_dim(padded, LONGEST - 1 - ago, bars, axis=-1)
            then = jnp.where(length > ago, then, 0.0)
            sines, cosines = sines + s * then, cosines + c * then
        real = real + (sine * cosines + cosine * sines)
        imaginary = imaginary + (cosine * cosines - sine * sines)
        return (real, imaginary, *_sum_of_turns((sine, cosine), turns[STEP]))

    nothing = p.zeros(smooth, bars)
    # A loop, so that what reads the phase does not compute all of this again.
    totals = lax.fori_loop(0, LONGEST // STEP, add, (nothing,) * 3 + (nothing + 1.0,))
    return _angle(totals[0], totals[1], slow)


Turn = tuple[Array, Array]
"""Sine and cosine."""


def _turn_of_a_bar(length: Array, dtype: Any) -> Turn:
    """How far one bar turns a cycle of so many bars (of one, where there is none)."""
    turns = 2.0 * math.pi / np.arange(1, LONGEST + 2)
    place = jnp.maximum(length - 1, 0)
    tables = (jnp.asarray(function(turns), dtype) for function in (np.sin, np.cos))
    sine, cosine = (jnp.take(table, place, mode="clip") for table in tables)
    return sine, cosine


def _sum_of_turns(one: Turn, other: Turn) -> Turn:
    (s1, c1), (s2, c2) = one, other
    return s1 * c2 + c1 * s2, c1 * c2 - s1 * s2


def _multiples(single: Turn, most: int) -> list[Turn]:
    """The turn taken 0, 1, ... `most` times, each in as few sums as possible."""
    turns = [(jnp.zeros_like(single[0]), jnp.ones_like(single[1])), single]
    for times in range(2, most + 1):
        turns.append(_sum_of_turns(turns[times // 2], turns[times - times // 2]))
    return turns


def _angle(real: Array, imaginary: Array, slow: Array) -> Array:
    known = imaginary != 0.0
    angle = jnp.arctan(real / jnp.where(known, imaginary, 1.0)) * DEGREES
    edge = jnp.where(real < 0.0, -90.0, jnp.where(real > 0.0, 90.0, 0.0))
    angle = jnp.where(known, angle, edge) + 90.0 + 360.0 / slow
    angle = jnp.where(imaginary < 0.0, angle + 180.0, angle)
    return jnp.where(angle > 315.0, angle - 360.0, angle)
