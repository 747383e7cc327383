"""Windows on MLX that are more than sums: order statistics, places of maxima, counts.

MLX sorts and finds maxima along an axis, so windows could be laid out side by side; that is
`window` times the traffic. Short windows are sorted by a network of minima and maxima instead,
whole series at a time, in which overlapping windows share their sorted halves
(K. Batcher's odd-even merge, 1968; D. Knuth, The Art of Computer Programming 3, 5.3.4).
"""

from collections.abc import Callable
from typing import Any

import mlx.core

from hwdoctor.workloads.indicators.primitives import Array

mx: Any = mlx.core  # its stubs refuse tuples of arrays

PART_BYTES = 32 << 20
"""What windows take when they are laid out, of as many bars at a time."""
NETWORK_UP_TO = 64
COUNTED_AT_ONCE = 255
"""Truth values that a byte can count."""


def order_statistic(x: Array, window: int, rank: int) -> Array:
    """The `rank`-th smallest value of each window, counted from 1."""
    if window > NETWORK_UP_TO:
        return _in_parts(x, window, lambda part: _ranked(part, window, rank))
    return _in_parts(x, window, lambda part: _chosen(part, window, rank))


def bars_since_max(x: Array, window: int) -> Array:
    """How many bars ago the window's maximum was; the latest one where there are several."""

    def ago(part: Array) -> Array:
        # The first of equal maxima is found: backwards that is the latest.
        backwards = _laid_out(part[..., ::-1], window)
        return mx.argmax(backwards, axis=-1)[..., ::-1].astype(x.dtype)

    return _in_parts(x, window, ago)


def count_below(x: Array, window: int) -> Array:
    """How many of the `window` bars before each one are smaller than it."""
    now = x[..., window:]
    bars = now.shape[-1]
    count = mx.zeros(now.shape, dtype=x.dtype)
    for first in range(1, window + 1, COUNTED_AT_ONCE):
        some = mx.zeros(now.shape, dtype=mx.uint8)
        for ago in range(first, min(first + COUNTED_AT_ONCE, window + 1)):
            some = some + (x[..., window - ago : window - ago + bars] < now)
        count = count + some.astype(x.dtype)
    return count


def varying_sum(x: Array, windows: Array, longest: int) -> Array:
    """Sum of the last `windows` bars, zeros before the beginning."""
    bars = windows.shape[-1]
    missing = max(bars + longest - 1 - x.shape[-1], 0)
    known = mx.concatenate((mx.zeros((*x.shape[:-1], missing), dtype=x.dtype), x), axis=-1)
    start = known.shape[-1] - bars
    lengths = small(windows, longest)
    total = mx.zeros(windows.shape, dtype=x.dtype)
    for ago in range(longest):
        total = total + (lengths > ago) * known[..., start - ago : start - ago + bars]
    return total


def small(windows: Array, longest: int) -> Array:
    """Lengths as the narrowest integers that hold them: those compare eight times as fast."""
    return mx.minimum(windows, longest).astype(mx.uint8 if longest <= 255 else mx.int32)


def moments(x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
    """Sums of x, y and x y over the window, both less their values at one bar of the window.

    That is the last bar of the block in which the window begins, the block being as long as the
    window: what the window has of this block and of the next one are partial sums from there, to
    either side. So the work does not depend on the window.
    """
    bars = x.shape[-1] - window + 1
    before_x, after_x = _from_ends(x, window)
    before_y, after_y = (before_x, after_x) if y is x else _from_ends(y, window)

    def total(before: Array, after: Array) -> Array:
        tails = mx.cumsum(before, axis=-1, reverse=True).reshape((x.shape[0], -1))
        heads = mx.cumsum(after, axis=-1, inclusive=False).reshape((x.shape[0], -1))
        return tails[:, :bars] + heads[:, window : window + bars]

    total_x = total(before_x, after_x)
    total_y = total_x if y is x else total(before_y, after_y)
    return total_x, total_y, total(before_x * before_y, after_x * after_y)


def _from_ends(x: Array, window: int) -> tuple[Array, Array]:
    """Blocks less their own last bar, and less that of the block before them."""
    symbols, bars = x.shape
    blocks = -(-bars // window) + 1
    empty = mx.zeros((symbols, blocks * window - bars), dtype=x.dtype)
    parts = mx.concatenate((x, empty), axis=-1).reshape((symbols, blocks, window))
    ends = parts[..., -1:]
    return parts - ends, parts - mx.concatenate((ends[:, :1], ends[:, :-1]), axis=1)


def mean_deviation(x: Array, window: int) -> tuple[Array, Array]:
    """The last value less the window's mean, and the mean distance from that mean."""
    bars = x.shape[-1] - window + 1
    deviation = mx.zeros((x.shape[0], bars), dtype=x.dtype)
    for start in range(window - 1):
        deviation = deviation + (x[:, start : start + bars] - x[:, window - 1 :])
    deviation = deviation / window
    mean = x[:, window - 1 :] + deviation
    distance = mx.zeros(mean.shape, dtype=x.dtype)
    for start in range(window):
        distance = distance + mx.abs(x[:, start : start + bars] - mean)
    return -deviation, distance / window


def _in_parts(x: Array, window: int, of_part: Callable[[Array], Array]) -> Array:
    bars = x.shape[-1] - window + 1
    share = max(1, PART_BYTES // (x.itemsize * window * max(1, x.shape[0])))
    parts = [
        of_part(x[..., start : min(start + share, bars) + window - 1])
        for start in range(0, bars, share)
    ]
    return mx.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]


def _laid_out(x: Array, window: int) -> Array:
    """`[symbols, windows, window]`, a view of a copy."""
    symbols, bars = x.shape
    return mx.as_strided(mx.contiguous(x), (symbols, bars - window + 1, window), (bars, 1, 1))


def _ranked(x: Array, window: int, rank: int) -> Array:
    return mx.sort(_laid_out(x, window), axis=-1)[..., rank - 1]


def _chosen(x: Array, window: int, rank: int) -> Array:
    """The smallest of all pairs of ranks in two sorted halves that make up the wanted one."""
    if window == 1:
        return x
    bars = x.shape[-1] - window + 1
    known: dict[int, list[Array]] = {1: [x]}
    late, early = _halves(known, window, bars)
    pairs = [
        [half[i - 1] for half, i in ((late, one), (early, rank - one)) if i]
        for one in range(max(0, rank - len(early)), min(rank, len(late)) + 1)
    ]
    candidates = [mx.maximum(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    least = candidates[0]
    for candidate in candidates[1:]:
        least = mx.minimum(least, candidate)
    return least


def _halves(known: dict[int, list[Array]], window: int, bars: int) -> tuple[list[Array], ...]:
    """The window's later and earlier half, each sorted."""
    later = window // 2
    late = [x[..., x.shape[-1] - bars :] for x in _ordered(known, later)]
    early = [x[..., :bars] for x in _ordered(known, window - later)]
    return late, early


def _ordered(known: dict[int, list[Array]], window: int) -> list[Array]:
    """All values of each window in order: one series per rank."""
    if window not in known:
        bars = known[1][0].shape[-1] - window + 1
        known[window] = _merged(*_halves(known, window, bars))
    return known[window]


def _merged(a: list[Array], b: list[Array]) -> list[Array]:
    if not a or not b:
        return a or b
    if len(a) == len(b) == 1:
        return [mx.minimum(a[0], b[0]), mx.maximum(a[0], b[0])]
    odd, even = _merged(a[0::2], b[0::2]), _merged(a[1::2], b[1::2])
    merged = [odd[0]]
    for low, high in zip(even, odd[1:], strict=False):
        merged += [mx.minimum(low, high), mx.maximum(low, high)]
    paired = min(len(even), len(odd) - 1)
    return merged + even[paired:] + odd[1 + paired :]
