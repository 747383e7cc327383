"""Ehlers' discriminator and phase on a chunk; formulas and sources are in `indicators.hilbert`."""

import math

import numpy as np

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.functions import arctan
from hwdoctor.workloads.indicators.numba_lanes.memory import get, looked_up, put
from hwdoctor.workloads.indicators.numba_lanes.vector import (
    ROW_BYTES,
    greatest,
    multiply_add,
    splat,
    truncated,
    where,
)

A, B = 0.0962, 0.5769
DEGREES = 180.0 / math.pi
LONGEST = 50
ROWS = 30
"""Of state: 3 of the price's smoother, 21 of the filters, 6 of the feedback."""

SINES = np.array([0.0, *(math.sin(2.0 * math.pi / n) for n in range(1, LONGEST + 3))])
COSINES = np.array([0.0, *(math.cos(2.0 * math.pi / n) for n in range(1, LONGEST + 3))])


@compiled  # type: ignore[untyped-decorator]
def discriminator(  # noqa: PLR0915 -- its whole state stays in registers
    smooths: int,
    inphases: int,
    quads: int,
    periods: int,
    slows: int,
    price: int,
    first: int,
    warm_up: int,
    state: int,
    t: int,
    bars: int,
) -> None:
    """From bar `warm_up` of the price on; zeros before it."""
    zero = splat(0.0)
    s = state
    plain, weighted, leaving = get(s), get(s + 64), get(s + 128)
    s1, s2, s3, s4, s5, s6 = (
        get(s + 192),
        get(s + 256),
        get(s + 320),
        get(s + 384),
        get(s + 448),
        get(s + 512),
    )
    d1, d2, d3, d4, d5, d6, d7, d8, d9 = (
        get(s + 576),
        get(s + 640),
        get(s + 704),
        get(s + 768),
        get(s + 832),
        get(s + 896),
        get(s + 960),
        get(s + 1024),
        get(s + 1088),
    )
    q1, q2, q3, q4, q5, q6 = (
        get(s + 1152),
        get(s + 1216),
        get(s + 1280),
        get(s + 1344),
        get(s + 1408),
        get(s + 1472),
    )
    in2, quad2, re, im = get(s + 1536), get(s + 1600), get(s + 1664), get(s + 1728)
    period, slow = get(s + 1792), get(s + 1856)
    for i in range(bars):
        x = price + i * ROW_BYTES
        age = t + i - first
        if age < 3:
            put(smooths + i * ROW_BYTES, zero)
            put(inphases + i * ROW_BYTES, zero)
            put(quads + i * ROW_BYTES, zero)
            put(periods + i * ROW_BYTES, zero)
            put(slows + i * ROW_BYTES, zero)
            continue
        if age == 3:
            x0, x1, x2 = get(x - 192), get(x - 128), get(x - 64)
            plain = x0 + x1 + x2
            weighted = x0 + x1 * 2.0 + x2 * 3.0
            leaving = zero
        now = get(x)
        plain = plain + now - leaving
        weighted = weighted + now * 4.0
        s0 = weighted * 0.1
        weighted = weighted - plain
        leaving = get(x - 192)
        if age < warm_up:
            put(smooths + i * ROW_BYTES, zero)
            put(inphases + i * ROW_BYTES, zero)
            put(quads + i * ROW_BYTES, zero)
            put(periods + i * ROW_BYTES, zero)
            put(slows + i * ROW_BYTES, zero)
            continue
        scale = 0.075 * period + 0.54
        d0 = ((A * s0 - A * s6) - B * s4 + B * s2) * scale
        q0 = ((A * d0 - A * d6) - B * d4 + B * d2) * scale
        ahead_in = ((A * d3 - A * d9) - B * d7 + B * d5) * scale
        ahead_quad = ((A * q0 - A * q6) - B * q4 + B * q2) * scale
        new_quad2 = 0.2 * (q0 + ahead_in) + 0.8 * quad2
        new_in2 = 0.2 * (d3 - ahead_quad) + 0.8 * in2
        re = 0.2 * (new_in2 * in2 + new_quad2 * quad2) + 0.8 * re
        im = 0.2 * (new_in2 * quad2 - new_quad2 * in2) + 0.8 * im
        in2 = new_in2
        quad2 = new_quad2
        known = (re != 0.0) & (im != 0.0)
        ratio = where(known, im, 1.0) / where(known, re, 1.0)
        found = where(known, 360.0 / (arctan(ratio) * DEGREES), period)
        most, least = 1.5 * period, 0.67 * period
        found = where(found > most, most, found)
        found = where(found < least, least, found)
        found = where(found < 6.0, 6.0, found)
        found = where(found > 50.0, 50.0, found)
        period = 0.2 * found + 0.8 * period
        slow = 0.33 * period + 0.67 * slow
        put(smooths + i * ROW_BYTES, s0)
        put(inphases + i * ROW_BYTES, d3)
        put(quads + i * ROW_BYTES, q0)
        put(periods + i * ROW_BYTES, period)
        put(slows + i * ROW_BYTES, slow)
        s6, s5, s4, s3, s2, s1 = s5, s4, s3, s2, s1, s0
        d9, d8, d7, d6, d5, d4, d3, d2, d1 = d8, d7, d6, d5, d4, d3, d2, d1, d0
        q6, q5, q4, q3, q2, q1 = q5, q4, q3, q2, q1, q0
    put(s, plain)
    put(s + 64, weighted)
    put(s + 128, leaving)
    for k, value in enumerate((s1, s2, s3, s4, s5, s6, d1, d2, d3, d4, d5, d6, d7, d8, d9)):
        put(s + 192 + k * 64, value)
    for k, value in enumerate((q1, q2, q3, q4, q5, q6, in2, quad2, re, im, period, slow)):
        put(s + 1152 + k * 64, value)


@compiled  # type: ignore[untyped-decorator]
def phase(out: int, smooth: int, slow: int, first: int, t: int, bars: int) -> None:
    """Angle of the sum of smooth[t - k] exp(2 pi i k / length), over one cycle.

    Horner's scheme in the square of the root of unity, even and odd bars side by side.
    """
    sines, cosines = SINES.ctypes.data, COSINES.ctypes.data
    zero = splat(0.0)
    for i in range(max(first - t, 0), bars):
        x = smooth + i * ROW_BYTES
        cycle = get(slow + i * ROW_BYTES)
        length = truncated(cycle + 0.5)
        sine, cosine = looked_up(sines, length), looked_up(cosines, length)
        turn, tilt = cosine * cosine - sine * sine, 2.0 * sine * cosine
        even, even_i, odd, odd_i = zero, zero, zero, zero
        pairs = (int(greatest(length)) + 1) // 2
        for j in range(pairs - 1, -1, -1):
            ago = float(2 * j)
            one = where(length > ago, get(x - 2 * j * ROW_BYTES), zero)
            other = where(length > ago + 1.0, get(x - (2 * j + 1) * ROW_BYTES), zero)
            even, even_i = (
                multiply_add(even, turn, one - even_i * tilt),
                multiply_add(even, tilt, even_i * turn),
            )
            odd, odd_i = (
                multiply_add(odd, turn, other - odd_i * tilt),
                multiply_add(odd, tilt, odd_i * turn),
            )
        imaginary = even + (odd * cosine - odd_i * sine)
        real = even_i + (odd * sine + odd_i * cosine)
        known = imaginary != 0.0
        angle = arctan(real / where(known, imaginary, 1.0)) * DEGREES
        edge = where(real < 0.0, -90.0, where(real > 0.0, 90.0, 0.0))
        angle = where(known, angle, edge) + (90.0 + 360.0 / cycle)
        angle = where(imaginary < 0.0, angle + 180.0, angle)
        put(out + i * ROW_BYTES, where(angle > 315.0, angle - 360.0, angle))
