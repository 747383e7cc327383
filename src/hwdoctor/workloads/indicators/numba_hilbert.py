"""Ehlers' discriminator as one compiled loop; the formulas are in `hilbert`."""

import math

import numpy as np

from hwdoctor.workloads.indicators.numba_kernels import DEGREES, Row, compiled

A, B = 0.0962, 0.5769
LONGEST = 50


def _turns() -> tuple[Row, Row]:
    """Sines and cosines of `ago` bars in a cycle of `n`, by n and ago."""
    sines, cosines = np.zeros((LONGEST + 2, LONGEST + 2)), np.zeros((LONGEST + 2, LONGEST + 2))
    for n in range(1, LONGEST + 2):
        for ago in range(n):
            sines[n, ago] = math.sin(2.0 * math.pi * ago / n)
            cosines[n, ago] = math.cos(2.0 * math.pi * ago / n)
    return sines, cosines


SINES, COSINES = _turns()


@compiled  # type: ignore[untyped-decorator]
def discriminator(
    price: Row, warm_up: int, smooths: Row, inphases: Row, quads: Row, periods: Row, slows: Row
) -> None:
    """Everything before `warm_up` counts as zero, but in the price's smoother."""
    bars = price.size - warm_up
    plain = price[0] + price[1] + price[2]
    weighted = price[0] + price[1] * 2.0 + price[2] * 3.0
    leaving = 0.0
    for i in range(3, price.size):
        plain = plain + price[i] - leaving
        weighted = weighted + price[i] * 4.0
        if i >= warm_up:
            smooths[i - warm_up] = weighted * 0.1
        weighted = weighted - plain
        leaving = price[i - 3]
    s1 = s2 = s3 = s4 = s5 = s6 = 0.0
    d1 = d2 = d3 = d4 = d5 = d6 = d7 = d8 = d9 = 0.0
    q1 = q2 = q3 = q4 = q5 = q6 = 0.0
    in2 = quad2 = re = im = period = slow = 0.0
    for i in range(bars):
        s0 = smooths[i]
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
        found = period
        if re != 0.0 and im != 0.0:
            found = 360.0 / (math.atan(im / re) * DEGREES)
        found = max(min(found, 1.5 * period), 0.67 * period)
        found = min(max(found, 6.0), 50.0)
        period = 0.2 * found + 0.8 * period
        slow = 0.33 * period + 0.67 * slow
        inphases[i] = d3
        quads[i] = q0
        periods[i] = period
        slows[i] = slow
        s6, s5, s4, s3, s2, s1 = s5, s4, s3, s2, s1, s0
        d9, d8, d7, d6, d5, d4, d3, d2, d1 = d8, d7, d6, d5, d4, d3, d2, d1, d0
        q6, q5, q4, q3, q2, q1 = q5, q4, q3, q2, q1, q0


@compiled  # type: ignore[untyped-decorator]
def phase(smooth: Row, slow: Row, sines: Row, cosines: Row, out: Row) -> None:
    """See `hilbert.phase`."""
    for i in range(out.size):
        length = int(slow[i] + 0.5)
        real = 0.0
        imaginary = 0.0
        for ago in range(min(length, i + 1)):
            value = smooth[i - ago]
            real += sines[length, ago] * value
            imaginary += cosines[length, ago] * value
        if imaginary != 0.0:
            angle = math.atan(real / imaginary) * DEGREES
        else:
            angle = -90.0 if real < 0.0 else (90.0 if real > 0.0 else 0.0)
        angle += 90.0 + 360.0 / slow[i]
        if imaginary < 0.0:
            angle += 180.0
        out[i] = angle - 360.0 if angle > 315.0 else angle


@compiled  # type: ignore[untyped-decorator]
def cycle_average(price: Row, slow: Row, out: Row) -> None:
    """See `hilbert.cycle_average`."""
    start = price.size - out.size
    for i in range(out.size):
        length = int(slow[i] + 0.5)
        total = 0.0
        for ago in range(length):
            total += price[start + i - ago]
        out[i] = total / length if length > 0 else 0.0
