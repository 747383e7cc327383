"""Windows by doubling: from windows of 1, 2, 4, ... bars any length is put together.

A window of 30 bars takes seven additions of whole series instead of 29, each sum is a pairwise
one, and nothing is ever taken away again: as exact in float32 as it can be, and a flat window
gives exact zeros.
"""

from collections.abc import Callable
from typing import Any

import torch

from hwdoctor.workloads.indicators.primitives import Array

Parts = tuple[Array, ...]
Merge = Callable[[Parts, Parts, int, int], Parts]
"""`merge(older, newer, bars of older, bars of newer)`: two neighbouring windows as one."""

NETWORK_UP_TO = 128
"""Longer windows are sorted one by one."""
SORTED_ELEMENTS = 1 << 22
BYTE = 255


def doubled(base: Parts, window: int, merge: Merge) -> Parts:
    """What is known of windows of one bar, merged to windows of any length."""
    found: Parts | None = None
    size, power, width = 0, base, 1
    while True:
        if window & width:
            found = power if found is None else _merged(power, found, width, size, merge)
            size += width
        if size == window and found is not None:
            return found
        power, width = _merged(power, power, width, width, merge), 2 * width


def _merged(older: Parts, newer: Parts, before: int, after: int, merge: Merge) -> Parts:
    bars = older[0].shape[-1] - after
    old = tuple(x[..., :bars] for x in older)
    new = tuple(x[..., x.shape[-1] - bars :] for x in newer)
    return merge(old, new, before, after)


def _add(old: Parts, new: Parts, before: int, after: int) -> Parts:  # noqa: ARG001 -- sums need no lengths
    return (old[0] + new[0],)


def _add_weighted(old: Parts, new: Parts, before: int, after: int) -> Parts:  # noqa: ARG001 -- only the older's length shifts weights
    return old[0] + new[0], torch.add(old[1] + new[1], new[0], alpha=before)


def _add_moments(old: Parts, new: Parts, before: int, after: int) -> Parts:
    """Two windows' last values, means less these, and sums of products of deviations from means.

    Chan, Golub and LeVeque, 1979; means are kept as distances from a value of the window, so that
    a price level is never rounded.
    """
    count = before + after
    last, steps = new[:-1:2], []
    means = []
    for place in range(0, len(new) - 1, 2):
        step = (new[place] - old[place]).add_(new[place + 1] - old[place + 1])
        means.append(torch.add(new[place + 1], step, alpha=-before / count))
        steps.append(step)
    total = (old[-1] + new[-1]).addcmul_(steps[0], steps[-1], value=before * after / count)
    return (*(x for pair in zip(last, means, strict=True) for x in pair), total)


def _add_mean(old: Parts, new: Parts, before: int, after: int) -> Parts:
    """Two windows' last values, and means less these."""
    step = (new[0] - old[0]).add_(new[1] - old[1])
    return new[0], torch.add(new[1], step, alpha=-before / (before + after))


def _later_maximum(old: Parts, new: Parts, before: int, after: int) -> Parts:  # noqa: ARG001 -- places are absolute
    return torch.maximum(old[0], new[0]), torch.where(new[0] >= old[0], new[1], old[1])


def windowed_sum(x: Array, window: int) -> Array:
    """Sum of each window."""
    return doubled((x,), window, _add)[0]


def weighted_sum(x: Array, window: int) -> Parts:
    """Sum of each window, and with weights 1, 2, ... `window`."""
    return doubled((x, x), window, _add_weighted)


def variance(x: Array, window: int) -> Array:
    """Population variance of each window."""
    zero = torch.zeros_like(x)
    return doubled((x, zero, zero), window, _add_moments)[-1] / window


def covariance(x: Array, y: Array, window: int) -> Array:
    """Population covariance of each window."""
    zero = torch.zeros_like(x)
    return doubled((x, zero, y, zero, zero), window, _add_moments)[-1] / window


def extreme(x: Array, window: int, pick: Callable[[Array, Array], Array]) -> Array:
    """Largest or smallest of each window: here windows may overlap."""
    width = 1
    while 2 * width <= window:
        x, width = pick(x[..., : x.shape[-1] - width], x[..., width:]), 2 * width
    rest = window - width
    return pick(x[..., : x.shape[-1] - rest], x[..., rest:]) if rest else x


def bars_since_max(x: Array, window: int) -> Array:
    """How many bars ago the maximum was, the latest of several."""
    bars = torch.arange(x.shape[-1], dtype=torch.int32, device=x.device)
    places = doubled((x, bars.expand(x.shape)), window, _later_maximum)[1]
    return (bars[window - 1 :] - places).to(x.dtype)


def mean_deviation(x: Array, window: int) -> tuple[Array, Array]:
    """The last value less the mean, and the mean distance from the mean."""
    now, above = doubled((x, torch.zeros_like(x)), window, _add_mean)
    bars = now.shape[-1]
    total, part = torch.zeros_like(now), torch.empty_like(now)
    for start in range(window):
        torch.sub(x[..., start : start + bars], now, out=part)
        total += part.sub_(above).abs_()
    return -above, total / window


def count_below(x: Array, window: int) -> Array:
    """How many of the `window` bars before are smaller; counted in bytes, which is quick."""
    now = x[..., window:]
    bars = now.shape[-1]
    total = torch.zeros_like(now)
    count = torch.zeros(now.shape, dtype=torch.uint8, device=x.device)
    less = torch.empty(now.shape, dtype=torch.bool, device=x.device)
    for start in range(window):
        torch.lt(x[..., start : start + bars], now, out=less)
        count += less.view(torch.uint8)
        if (start + 1) % BYTE == 0 or start + 1 == window:
            total += count
            count.zero_()
    return total


def varying_sum(x: Array, windows: Array, longest: int) -> Array:
    """Sum of so many bars as each bar of `windows` says, with zeros before the beginning.

    A length is a sum of powers of two; each takes its window where the one before it ended.
    """
    bars = windows.shape[-1]
    missing = max(bars + longest - 1 - x.shape[-1], 0)
    power = torch.nn.functional.pad(x, (missing, 0))
    last = power.shape[-1]
    place = torch.arange(last - bars, last, device=x.device).expand(windows.shape)
    total = torch.zeros_like(x[..., :1]).expand(windows.shape)
    for bit in range(longest.bit_length()):
        width = 1 << bit
        taken = (windows & width) != 0
        # Where the bit is not set the place may lie before the beginning; it is not used then.
        found = power.gather(-1, (place - (width - 1)).clamp(min=0))
        total = total + torch.where(taken, found, 0.0)
        place = place - (windows & width)
        if 2 * width <= longest:
            power = power[..., : power.shape[-1] - width] + power[..., width:]
    return total


def order_statistic(x: Array, window: int, rank: int) -> Array:
    """The `rank`-th smallest of each window."""
    if window == 1:
        return x
    if window > NETWORK_UP_TO:
        return _sorted_one_by_one(x, window, rank)
    after = window // 2
    sorts: dict[int, list[Array]] = {1: [x]}
    newer, older = _sorted(sorts, after), _sorted(sorts, window - after)
    bars = x.shape[-1] - window + 1
    newer = [s[..., s.shape[-1] - bars :] for s in newer]
    older = [s[..., :bars] for s in older]
    # With i from the older and the rest from the newer half, the largest of both; the least wins.
    best: Any = None
    for i in range(max(0, rank - len(newer)), min(rank, len(older)) + 1):
        if i == 0:
            largest = newer[rank - 1]
        elif i == rank:
            largest = older[rank - 1]
        else:
            largest = torch.maximum(older[i - 1], newer[rank - i - 1])
        best = largest if best is None else torch.minimum(best, largest)
    return best


def _sorted(sorts: dict[int, list[Array]], window: int) -> list[Array]:
    """Each window's values in order, as so many series."""
    if window not in sorts:
        before = 1 << (window - 1).bit_length() - 1
        after = window - before
        older, newer = _sorted(sorts, before), _sorted(sorts, after)
        bars = older[0].shape[-1] - after
        sorts[window] = _merge_sorted(
            [s[..., :bars] for s in older], [s[..., s.shape[-1] - bars :] for s in newer]
        )
    return sorts[window]


def _merge_sorted(a: list[Array], b: list[Array]) -> list[Array]:
    """Batcher's odd-even merge: Knuth, The Art of Computer Programming, 5.3.4."""
    if not a or not b:
        return a or b
    if len(a) == len(b) == 1:
        return [torch.minimum(a[0], b[0]), torch.maximum(a[0], b[0])]
    even, odd = _merge_sorted(a[::2], b[::2]), _merge_sorted(a[1::2], b[1::2])
    merged = [even[0]]
    for low, high in zip(odd, even[1:], strict=False):
        merged += [torch.minimum(low, high), torch.maximum(low, high)]
    return merged + odd[len(even) - 1 :] + even[len(odd) + 1 :]


def _sorted_one_by_one(x: Array, window: int, rank: int) -> Array:
    windows = x.unfold(-1, window, 1)
    share = max(1, SORTED_ELEMENTS // (window * max(1, x.shape[0])))
    parts = [part.kthvalue(rank, dim=-1).values for part in windows.split(share, dim=-2)]
    return torch.cat(parts, dim=-1)
