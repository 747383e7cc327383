"""Windows on JAX: sums, weighted sums, extrema, moments and ranks without blocks or scans.

XLA reads a window's bars in one fused loop, so what is quickest is to add some bars directly, and
for longer windows such partial sums. Every sum is a tree over the window's own bars: rounding
does not grow with the length of the series, in float32 either.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from hwdoctor.workloads.indicators.primitives import Array, Primitives

RADIX = 16
"""Bars, or partial sums, that are added in one loop."""
UNROLLED = 64
"""Windows of moments and counts up to here are one loop; longer ones are taken RADIX at a time."""
RANKED_BYTES = 128 << 10
"""Sorted windows that are moved on at the same time fit a core's cache."""
RANKED_WINDOWS = 4
"""They are filled anew at the earliest after so many times their own length."""


def rounded(x: Array) -> Array:
    """The same series, each value rounded before it is used further.

    XLA computes a series again wherever it is read, and lets the processor add a product before
    it is rounded: the difference of two equal products is then what rounding would have cut off,
    not zero. A zero that the compiler cannot know is what such a product is added to here.
    """
    return x + x[..., :1] * 0.0


class WindowedPrimitives(Primitives):
    """The windows of `Primitives`."""

    def windowed_sum(self, x: Array, window: int) -> Array:
        bars = x.shape[-1] - window + 1
        total, part, length, start = None, x, 1, 0
        while window:
            window, digit = divmod(window, RADIX)
            for _ in range(digit):
                taken = part[..., start : start + bars]
                total = taken if total is None else total + taken
                start += length
            if window:
                part = self._summed_strided(part, length)
                length *= RADIX
        return total

    def _summed_strided(self, x: Array, stride: int) -> Array:
        bars = x.shape[-1] - (RADIX - 1) * stride
        total = x[..., :bars]
        for place in range(1, RADIX):
            total = total + x[..., place * stride : place * stride + bars]
        return total

    def windowed_weighted_sum(self, x: Array, window: int) -> Array:
        bars = x.shape[-1] - window + 1
        blocks, rest = divmod(window, RADIX)
        total = self.zeros(x, bars)
        for weight in range(1, rest + 1):
            total = total + weight * x[..., weight - 1 : weight - 1 + bars]
        if not blocks:
            return total
        plain = self._summed_strided(x, 1)
        inner = x.shape[-1] - RADIX + 1
        weighted = x[..., :inner]
        for weight in range(2, RADIX + 1):
            weighted = weighted + weight * x[..., weight - 1 : weight - 1 + inner]

        def add(block: Any, total: Array) -> Array:
            start = rest + RADIX * block
            return total + (
                _taken(weighted, start, bars)
                + jnp.asarray(start, x.dtype) * _taken(plain, start, bars)
            )

        return self._folded(blocks, add, total)

    def windowed_max(self, x: Array, window: int) -> Array:
        reach = 1
        while 2 * reach <= window:
            x = jnp.maximum(x[..., reach:], x[..., : x.shape[-1] - reach])
            reach *= 2
        left = window - reach
        return jnp.maximum(x[..., left:], x[..., : x.shape[-1] - left]) if left else x

    def windowed_min(self, x: Array, window: int) -> Array:
        return -self.windowed_max(-x, window)

    def bars_since_max(self, x: Array, window: int) -> Array:
        ago = jnp.zeros_like(x)
        reach = 1
        while reach < window:
            step = min(reach, window - reach)
            older, newer = x[..., : x.shape[-1] - step], x[..., step:]
            later = newer >= older
            bars = newer.shape[-1]
            ago = jnp.where(later, ago[..., step:], ago[..., :bars] + step)
            x = jnp.maximum(newer, older)
            reach += step
        return ago

    def windowed_mean_deviation(self, x: Array, window: int) -> tuple[Array, Array]:
        x = rounded(x)
        bars = x.shape[-1] - window + 1
        now = self.last(x, bars)

        def add(start: Any, total: Array) -> Array:
            return total + (_taken(x, start, bars) - now)

        mean = self._folded(window - 1, add, self.zeros(x, bars)) / window

        def distance(start: Any, total: Array) -> Array:
            return total + jnp.abs((_taken(x, start, bars) - now) - mean)

        away = self._folded(window - 1, distance, jnp.abs(mean))
        return -mean, away / window

    def windowed_count_below(self, x: Array, window: int) -> Array:
        now = self.since(x, window)
        bars = now.shape[-1]

        def add(start: Any, count: Array) -> Array:
            return count + (_taken(x, start, bars) < now).astype(x.dtype)

        return self._folded(window, add, self.zeros(x, bars))

    def varying_windowed_sum(self, x: Array, windows: Array, longest: int) -> Array:
        bars = windows.shape[-1]
        missing = max(bars + longest - 1 - x.shape[-1], 0)
        known = self.join(self.zeros(x, missing), x) if missing else x
        begin = known.shape[-1] - bars

        def add(ago: Any, total: Array) -> Array:
            return total + jnp.where(windows > ago, _taken(known, begin - ago, bars), 0.0)

        return self._folded(longest, add, self.zeros(x, bars), unrolled=RADIX)

    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        """The sorted window is moved on bar by bar, in many stretches of the series at once."""
        symbols, bars = x.shape[0], x.shape[-1] - window + 1
        at_once = max(1, RANKED_BYTES // (x.dtype.itemsize * window * symbols))
        length = max(RANKED_WINDOWS * window, -(-bars // at_once))
        stretches = -(-bars // length)
        padded = self.join(x, self.zeros(x, stretches * length - bars))

        def stretched(start: int) -> Array:
            """Bar by bar of all stretches, from a bar of the series on."""
            whole = padded[:, start : start + stretches * length]
            return whole.reshape((symbols * stretches, length)).T

        begun = stretched(0)
        none = jnp.full_like(begun[0], jnp.inf)

        def fill(ordered: Array, new: Array) -> tuple[Array, None]:
            return _exchanged(ordered, none, new), None

        def move(ordered: Array, bar: tuple[Array, Array]) -> tuple[Array, Array]:
            ordered = _exchanged(ordered, *bar)
            return ordered, ordered[rank]

        empty = jnp.full((window + 2, *none.shape), jnp.inf, x.dtype).at[0].set(-jnp.inf)
        ordered = lax.scan(fill, empty, begun[: window - 1])[0]
        leaving = jnp.concatenate((none[None], begun[:-1]))
        found = lax.scan(move, ordered, (leaving, stretched(window - 1)))[1]
        return found.T.reshape((symbols, stretches * length))[:, :bars]

    def _moments(self, x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
        x, y = (rounded(x), rounded(y)) if y is not x else (rounded(x),) * 2
        bars = x.shape[-1] - window + 1
        last_x, last_y = self.last(x, bars), self.last(y, bars)

        def add(start: Any, totals: tuple[Array, ...]) -> tuple[Array, ...]:
            from_x = _taken(x, start, bars) - last_x
            from_y = _taken(y, start, bars) - last_y if y is not x else from_x
            return (totals[0] + from_x, totals[1] + from_y, totals[2] + from_x * from_y)

        empty = self.zeros(x, bars)
        found = self._folded(window - 1, add, (empty, empty, empty))
        return found[0], found[1], found[2]

    def _folded(
        self,
        count: int,
        add: Callable[[Any, Any], Any],
        total: Any,
        unrolled: int = UNROLLED,
    ) -> Any:
        """`total` after `add(0, total)`, `add(1, ...)`, ...; in one loop up to so many."""
        whole = count // RADIX if count > unrolled else 0

        def some(block: Any, total: Any) -> Any:
            for place in range(RADIX):
                total = add(block * RADIX + place, total)
            return total

        if whole:
            total = lax.fori_loop(0, whole, some, total)
        for place in range(whole * RADIX, count):
            total = add(place, total)
        return total


def _taken(x: Array, start: Any, bars: int) -> Array:
    """So many bars from one on, known when compiling or not."""
    if isinstance(start, int):
        return x[..., start : start + bars]
    return lax.dynamic_slice_in_dim(x, start, bars, axis=-1)


def _exchanged(ordered: Array, left: Array, new: Array) -> Array:
    """Ascending rows, the first and the last infinite, with one value exchanged for a new one."""
    before, here, after = ordered[:-2], ordered[1:-1], ordered[2:]
    below, above = jnp.where(before < left, before, here), jnp.where(here < left, here, after)
    moved = jnp.minimum(jnp.maximum(new, below), above)
    return lax.dynamic_update_slice_in_dim(ordered, moved, 1, axis=0)
