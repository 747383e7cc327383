"""Ehlers' cycle on MLX: what would be a walk over the bars, or too many of them."""

import math
from collections.abc import Callable
from typing import Any

import mlx.core

from hwdoctor.workloads.indicators.hilbert import DEGREES, LONGEST, measured
from hwdoctor.workloads.indicators.primitives import Array, Primitives

mx: Any = mlx.core  # its stubs refuse tuples of arrays

EARLY, LATE = 12, 37
"""The two warm-ups in use."""


def smoothed_price(price: Array, warm_up: int) -> Array:
    """See `hilbert.smoothed_price`: its running sums, rounding for rounding, as cumulative sums.

    A sum that one bar enters and another leaves is every second one of a cumulative sum of both.
    """
    first = price[..., 0:1] + price[..., 1:2] + price[..., 2:3]
    weighted = price[..., 0:1] + price[..., 1:2] * 2.0 + price[..., 2:3] * 3.0
    entering = price[..., 3:]
    leaving = mx.concatenate((0.0 * first, price[..., : price.shape[-1] - 4]), axis=-1)
    plain = _alternately(first, entering, -leaving)[..., 2::2]
    sums = _alternately(weighted, entering * 4.0, -plain)[..., 1::2]
    return sums[..., warm_up - 3 :] * 0.1


def _alternately(start: Array, one: Array, other: Array) -> Array:
    pairs = mx.stack((one, other), axis=-1).reshape((*one.shape[:-1], 2 * one.shape[-1]))
    return mx.cumsum(mx.concatenate((start, pairs), axis=-1), axis=-1)


def both_discriminators(
    p: Primitives, early: Array, late: Array
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Of the price smoothed from an early and from a late bar on, side by side in one scan."""
    symbols, bars = early.shape
    missing = bars - late.shape[-1]
    padded = mx.concatenate((late, early[..., bars - missing :]), axis=-1)
    found = measured(p, mx.concatenate((early, padded), axis=0))
    return tuple(x[:symbols] for x in found), tuple(x[symbols:, : bars - missing] for x in found)


def phase(found: tuple[Array, ...]) -> Array:
    """See `hilbert.phase`: the same sums in the same order, with tables in which 0 ends a cycle."""
    smooth, slow = found[0], found[4]
    length = (slow + 0.5).astype(mx.int32)
    bars = smooth.shape[-1]
    empty = mx.zeros((*smooth.shape[:-1], LONGEST - 1), dtype=smooth.dtype)
    padded = mx.concatenate((empty, smooth), axis=-1)
    sines, cosines = _turns(math.sin, smooth.dtype), _turns(math.cos, smooth.dtype)
    real = imaginary = mx.zeros(smooth.shape, dtype=smooth.dtype)
    for ago in range(LONGEST):
        then = padded[..., LONGEST - 1 - ago : LONGEST - 1 - ago + bars]
        # Indexing, `sines[ago][length]`, takes ten times as long.
        sine, cosine = (
            mx.take_along_axis(wave[ago : ago + 1], length, axis=-1) for wave in (sines, cosines)
        )
        real, imaginary = real + sine * then, imaginary + cosine * then
    return _angle(real, imaginary, slow)


def _turns(wave: Callable[[float], float], dtype: Any) -> Array:
    """`[bars ago, length]`: one turn of a sine or cosine in `length` bars."""
    lengths = range(LONGEST + 1)
    rows = [
        [wave(2.0 * math.pi * ago / n) if ago < n else 0.0 for n in lengths]
        for ago in range(LONGEST)
    ]
    return mx.array(rows, dtype=dtype)


def _angle(real: Array, imaginary: Array, slow: Array) -> Array:
    """In degrees, from -45 to 315; a quarter turn where there is nothing to divide by."""
    known = imaginary != 0.0
    angle = mx.arctan(real / mx.where(known, imaginary, 1.0)) * DEGREES
    edge = mx.sign(real) * 90.0
    angle = mx.where(known, angle, edge) + 90.0 + 360.0 / slow
    angle = mx.where(imaginary < 0.0, angle + 180.0, angle)
    return mx.where(angle > 315.0, angle - 360.0, angle)
