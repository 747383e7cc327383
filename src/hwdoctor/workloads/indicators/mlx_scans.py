"""Recursions on MLX: bars are worked on in blocks side by side, not one after the other.

A linear recursion is solved per block, and what passes from block to block is a shorter
recursion of the same kind. One that is not linear but forgets is started in every block at once
from a guess, then again from where the block before it ended, until nothing changes any more:
that is the sequential result, found in a few passes (parallel in time, without a coarse solver;
Lions, Maday and Turinici, 2001). After as many passes as there are blocks it is exact in any
case, but one walk over the bars is cheaper than that, so few passes are tried.

The only thing read back is whether two passes agree.
"""

import math
from typing import Any

import mlx.core

from hwdoctor.workloads.indicators.primitives import Array, Step

mx: Any = mlx.core  # its stubs refuse tuples of arrays

LIMIT_BITS = {mx.float64: 60.0, mx.float32: 30.0}
"""How many powers of two the weights within a block may span."""
STEEP = 0.3
"""Decays up to here die out within so few bars that these are added one by one."""
COLUMNS = 32
"""Bars of a block of a recursion whose decay varies."""
AGREEMENT = {mx.float64: (1e-13, 1e-16), mx.float32: (1e-5, 1e-8)}
"""Shares of the value, and of the largest of its kind, by which two passes may differ: the
roundings of a recursion do not die out altogether."""
PASSES = 4
"""Tried before one walk over all bars."""
AHEAD = 4
"""Bars of which the operations are collected before they are handed to the device."""


def recurrence(x: Array, decay: float) -> Array:
    """Recursion y = decay * y before + x, with y = x at the first bar.

    Within a block it is a cumulative sum of the bars over decay**j, times decay**j: each term's
    rounding fades with the term, as it does bar by bar.
    """
    bars = x.shape[-1]
    if decay < STEEP or bars < 3:
        return _doubled(x, decay)
    span = bars * -math.log2(decay) if decay < 1.0 else 0.0
    blocks = max(1, math.ceil(span / LIMIT_BITS[x.dtype]))
    width = -(-bars // blocks)
    powers = [decay**j for j in range(width + 1)]
    parts = _split(x, width)
    rising = mx.array([1.0 / power for power in powers[:-1]], dtype=x.dtype)
    falling = mx.array(powers[:-1], dtype=x.dtype)
    alone = mx.cumsum(parts * rising, axis=-1) * falling
    if parts.shape[-2] > 1:
        ends = _doubled(alone[..., :-1, -1], powers[width])
        carried = mx.concatenate((mx.zeros_like(ends[..., :1]), ends), axis=-1)
        alone = alone + carried[..., None] * mx.array(powers[1:], dtype=x.dtype)
    return _joined(alone)[..., :bars]


def _doubled(x: Array, decay: float) -> Array:
    """The same with partial sums over 2, 4, 8, ... bars, until the decay's power vanishes."""
    reach, weight, bars = 1, decay, x.shape[-1]
    while reach < bars and weight != 0.0:
        x = mx.concatenate((x[..., :reach], x[..., reach:] + weight * x[..., :-reach]), axis=-1)
        reach, weight = 2 * reach, weight * weight
    return x


def varying_recurrence(decay: Array, x: Array) -> Array:
    """The same with a decay of its own for every bar; decays are multiplied, never divided by."""
    bars = x.shape[-1]
    if bars == 1:
        return x
    width = min(COLUMNS, math.isqrt(bars) + 1)
    decays, values = (mx.contiguous(mx.moveaxis(_split(a, width), -1, 0)) for a in (decay, x))
    reach, total = decays[0], values[0]
    reaches, totals = [reach], [total]
    for column in range(1, width):
        reach, total = reach * decays[column], total * decays[column] + values[column]
        reaches.append(reach)
        totals.append(total)
    alone = mx.stack(totals, axis=-1)
    if alone.shape[-2] > 1:
        ends = varying_recurrence(reach[..., :-1], total[..., :-1])
        carried = mx.concatenate((mx.zeros_like(ends[..., :1]), ends), axis=-1)
        alone = alone + mx.stack(reaches, axis=-1) * carried[..., None]
    return _joined(alone)[..., :bars]


def _split(x: Array, width: int) -> Array:
    """`[symbols, blocks, width]`, filled up with zeros."""
    bars = x.shape[-1]
    blocks = -(-bars // width)
    missing = blocks * width - bars
    if missing:
        empty = mx.zeros((*x.shape[:-1], missing), dtype=x.dtype)
        x = mx.concatenate((x, empty), axis=-1)
    return x.reshape((*x.shape[:-1], blocks, width))


def _joined(blocks: Array) -> Array:
    """The inverse of `_split`, with what it had filled up."""
    return blocks.reshape((*blocks.shape[:-2], blocks.shape[-2] * blocks.shape[-1]))


def scan(step: Step, state: tuple[Array, ...], series: tuple[Array, ...], width: int) -> Any:
    """Run a recursion over blocks of `width` bars at once; see above."""
    bars = series[0].shape[-1]
    blocks = -(-bars // width)
    rows = [_by_bar(x, width) for x in series]
    if mx.default_device() == mx.Device(mx.gpu):
        step = mx.compile(step)  # on a CPU that would take a C++ compiler, and seconds
    starts = tuple(mx.broadcast_to(value, (blocks, *value.shape)) for value in state)
    for _ in range(PASSES):
        ends, outputs = _walk(step, starts, rows)
        if blocks == 1:
            return tuple(_as_series(column, bars) for column in zip(*outputs, strict=True))
        moved = tuple(
            mx.concatenate((first[None], end[:-1]), axis=0)
            for first, end in zip(state, ends, strict=True)
        )
        if _agree(starts, moved):
            return tuple(_as_series(column, bars) for column in zip(*outputs, strict=True))
        starts = moved
    return scan(step, state, series, bars)


def _by_bar(x: Array, width: int) -> list[Array]:
    """Each bar of the blocks, `[blocks, symbols]`."""
    bars = mx.contiguous(mx.transpose(_split(x, width), (2, 1, 0)))
    mx.eval(bars)
    return [bars[column] for column in range(width)]


def _as_series(column: tuple[Array, ...], bars: int) -> Array:
    return _joined(mx.transpose(mx.stack(column, axis=0), (2, 1, 0)))[..., :bars]


def _walk(step: Step, state: tuple[Array, ...], rows: list[list[Array]]) -> tuple[Any, Any]:
    found = []
    for place, bar in enumerate(zip(*rows, strict=True)):
        state, outputs = step(state, bar)
        found.append(outputs)
        if place % AHEAD == 0:
            mx.async_eval(*state, *outputs)
    return state, found


def _agree(one: tuple[Array, ...], other: tuple[Array, ...]) -> bool:
    near = [mx.all(_near(a, b)) for a, b in zip(one, other, strict=True)]
    return bool(mx.all(mx.stack(near)))


def _near(one: Array, other: Array) -> Array:
    of_value, of_largest = AGREEMENT[one.dtype]
    size = mx.abs(other)
    allowed = of_value * size + of_largest * mx.max(size, axis=0)
    return mx.abs(one - other) <= allowed
