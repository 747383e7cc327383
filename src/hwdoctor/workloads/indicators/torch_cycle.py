"""Ehlers' cycle on PyTorch: the same formulas as in `hilbert`, in as few operations as they need.

Operations keep TA-Lib's order where a flat price would turn rounding into a period.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from hwdoctor.workloads.indicators.hilbert import DEGREES, LONGEST, A, B
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.torch_scans import scan

Found = tuple[Array, ...]
"""Smoothed price, in-phase and quadrature parts, period and smoothed period."""


def discriminators(price: Array, warm_ups: Sequence[int]) -> dict[int, Found]:
    """`hilbert.discriminator` for several warm-ups, side by side: a scan's price is per bar."""
    smooths = [smoothed_price(price, warm_up) for warm_up in warm_ups]
    symbols, longest = price.shape[0], max(smooth.shape[-1] for smooth in smooths)
    padded = [torch.nn.functional.pad(x, (0, longest - x.shape[-1])) for x in smooths]
    found = [series.split(symbols) for series in _measured(torch.cat(padded))]
    return {
        warm_up: (smooth, *(series[place][:, : smooth.shape[-1]] for series in found))
        for place, (warm_up, smooth) in enumerate(zip(warm_ups, smooths, strict=True))
    }


def _measured(smooth: Array) -> Found:
    """See `hilbert.measured`.

    The first filter has no feedback but its scale. Of the other signals the products with both
    coefficients are remembered, so that each is formed once.
    """
    zero = torch.zeros_like(smooth[:, 0])
    one = torch.ones_like(zero)

    def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
        trend, trend_a, trend_b = state[0:3], state[3:12], state[12:19]
        quad_a, quad_b = state[19:25], state[25:29]
        in2, quad2, re, im, period, slow = state[29:35]
        scale = 0.075 * period + 0.54
        now = bar[0] * scale
        now_a, now_b = A * now, B * now
        quad = (((now_a - trend_a[5]) - trend_b[3]) + trend_b[1]) * scale
        inphase = trend[2]
        ahead_in = (((trend_a[2] - trend_a[8]) - trend_b[6]) + trend_b[4]) * scale
        q_a, q_b = A * quad, B * quad
        ahead_quad = (((q_a - quad_a[5]) - quad_b[3]) + quad_b[1]) * scale
        new_quad2 = 0.2 * (quad + ahead_in) + 0.8 * quad2
        new_in2 = 0.2 * (inphase - ahead_quad) + 0.8 * in2
        re = 0.2 * (new_in2 * in2 + new_quad2 * quad2) + 0.8 * re
        im = 0.2 * (new_in2 * quad2 - new_quad2 * in2) + 0.8 * im
        # As an angle of (x, 1), which is several times as quick here as an arctangent of x.
        found = 360.0 / (torch.atan2(im / re, one) * DEGREES)
        found = torch.where(torch.logical_and(re, im), found, period)
        found = torch.clamp(found, 0.67 * period, 1.5 * period).clamp(6.0, 50.0)
        period = 0.2 * found + 0.8 * period
        slow = 0.33 * period + 0.67 * slow
        memory = (now, *trend[:2], now_a, *trend_a[:8], now_b, *trend_b[:6])
        memory = (*memory, q_a, *quad_a[:5], q_b, *quad_b[:3])
        after = (new_in2, new_quad2, re, im, period, slow)
        return (*memory, *after), (inphase, quad, period, slow)

    return scan(step, (zero,) * 35, (_first_filter(smooth),))


def _first_filter(smooth: Array) -> Array:
    """The Hilbert transform of the smoothed price, without its scale."""
    ago = torch.nn.functional.pad(smooth, (6, 0)).unfold(-1, smooth.shape[-1], 1).unbind(-2)
    return ((A * smooth - A * ago[0]) - B * ago[2]) + B * ago[4]


def smoothed_price(price: Array, warm_up: int) -> Array:
    """See `hilbert.smoothed_price`; TA-Lib's running sums where they are summed up in order.

    A cumulative sum over what comes and what goes, by turns, does so on a CPU.
    """
    if price.device.type != "cpu" or price.dtype != torch.float64:
        now, last, before, oldest = (price[:, 3 - ago : price.shape[-1] - ago] for ago in range(4))
        weighted = ((4.0 * now + 3.0 * last) + 2.0 * before) + oldest
        return (weighted * 0.1)[:, warm_up - 3 :]
    x0, x1, x2 = (price[:, bar : bar + 1] for bar in range(3))
    coming = price[:, 3:]
    leaving = torch.nn.functional.pad(price[:, : price.shape[-1] - 4], (1, 0))
    plain = _running(x0 + x1 + x2, coming, -leaving)[:, 2::2]
    weighted = _running(x0 + x1 * 2.0 + x2 * 3.0, coming * 4.0, -plain)[:, 1::2]
    return (weighted * 0.1)[:, warm_up - 3 :]


def _running(first: Array, one: Array, other: Array) -> Array:
    """Running sum of a first value and of two series by turns."""
    return torch.cat((first, torch.stack((one, other), -1).flatten(1)), -1).cumsum(-1)


def phase(found: Found) -> Array:
    """See `hilbert.phase`.

    Sine and cosine sums over one cycle by Goertzel's recursion, from the oldest bar to the last:
    every bar has its own cycle and is a recursion of its own. Over a whole cycle a constant sums
    up to nothing, so that the last price is taken away first: less is lost to rounding.
    """
    smooth, slow = found[0], found[4]
    length = (slow + 0.5).floor()
    turn = (2.0 * math.pi) / length.clamp(min=1.0)
    cosine = torch.cos(turn)
    twice = 2.0 * cosine
    padded = torch.nn.functional.pad(smooth, (LONGEST - 1, 0))
    bars = smooth.shape[-1]
    last, before, part, share = (torch.zeros_like(smooth) for _ in range(4))
    for ago in reversed(range(LONGEST)):
        start = LONGEST - 1 - ago
        torch.sub(length, ago, out=share).clamp_(0.0, 1.0)  # 1 within the cycle
        torch.sub(padded[..., start : start + bars], smooth, out=part).mul_(share)
        before.neg_().add_(part).addcmul_(twice, last)
        last, before = before, last
    real, imaginary = torch.sin(turn) * before, torch.addcmul(last, cosine, before, value=-1)
    known = imaginary != 0.0
    angle = torch.atan2(real / torch.where(known, imaginary, 1.0), torch.ones_like(real)) * DEGREES
    # A price of zero only: a quarter turn to the side that the real part shows.
    angle = torch.where(known, angle, 90.0 * torch.sign(real)) + 90.0 + 360.0 / slow
    angle = torch.where(imaginary < 0.0, angle + 180.0, angle)
    return torch.where(angle > 315.0, angle - 360.0, angle)
