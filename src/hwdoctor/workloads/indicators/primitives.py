"""The vocabulary in which the formulas are written, with what every array library can share.

A *series* is an array `[symbols, bars]` that ends with the last bar; one that starts later is
shorter. So a warm-up is a length, never a NaN in an intermediate, and two series are combined by
their last bars (`align`). Lengths depend on parameters only, never on data: a formula can be
traced and compiled.

Sums over windows are made of two partial sums inside blocks as long as the window, never of a
running sum from which old bars are taken away: that loses up to 5 % over a million float32 bars.
Where a difference to the mean is wanted, deviations are taken from the window's last value: it
belongs to the window, so the cancellation is bounded by the window's length, and a flat window
gives an exact zero.

A backend implements the abstract methods, and may replace any other by something faster.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

Array = Any
Step = Callable[[tuple[Array, ...], tuple[Array, ...]], tuple[tuple[Array, ...], tuple[Array, ...]]]
"""`step(state, bar) -> (state, outputs)`, everything of shape `[symbols]`."""

DIRECT_BELOW = 8
"""Windows up to here are summed bar by bar."""
RECURRENCE_BLOCK = 32


class Primitives(ABC):
    """What a formula may use. `xp` has NumPy's elementwise functions under NumPy's names."""

    xp: Any

    @abstractmethod
    def zeros(self, like: Array, bars: int) -> Array:
        """`[symbols, bars]` zeros of the type and place of another series."""

    @abstractmethod
    def cumulative(self, x: Array) -> Array:
        """Plain cumulative sum along the last axis, of any number of axes."""

    @abstractmethod
    def cumulative_max(self, x: Array) -> Array:
        """Cumulative maximum along the last axis."""

    @abstractmethod
    def flip(self, x: Array) -> Array:
        """The last axis backwards."""

    @abstractmethod
    def table(self, rows: list[list[float]], like: Array) -> Array:
        """A constant matrix of the type and place of a series."""

    @abstractmethod
    def integers(self, x: Array) -> Array:
        """Truncated to integers, to index with."""

    @abstractmethod
    def numbers(self, condition: Array, like: Array) -> Array:
        """Integers or truth values as numbers of a series' type."""

    @abstractmethod
    def scan(self, step: Step, state: tuple[Array, ...], series: tuple[Array, ...]) -> Any:
        """Run a recursion over the bars; returns its outputs as series."""

    @abstractmethod
    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        """The `rank`-th smallest value of each window, counted from 1."""

    @abstractmethod
    def bars_since_max(self, x: Array, window: int) -> Array:
        """How many bars ago the window's maximum was; the latest one where there are several."""

    def compiled(self, name: str) -> Callable[..., Any] | None:  # noqa: ARG002 -- none here
        """A whole recursion in the backend's own form, in place of a scan; None: there is none.

        `parabolic`, `supertrend_lines`, `discriminator`, `smoothed_price`, `phase` and
        `cycle_average` ask; arguments and result are those of the functions of these names.
        """
        return None

    # Shifting and aligning

    def align(self, *series: Array) -> tuple[Array, ...]:
        """The last bars that all of them have."""
        bars = min(x.shape[-1] for x in series)
        return tuple(x[..., x.shape[-1] - bars :] for x in series)

    def last(self, x: Array, bars: int) -> Array:
        """The last `bars` bars."""
        return x[..., x.shape[-1] - bars :]

    def since(self, x: Array, bars: int) -> Array:
        """Without the first `bars` bars."""
        return x[..., bars:]

    def shift(self, x: Array, bars: int) -> Array:
        """What the series was `bars` ago."""
        return x[..., : x.shape[-1] - bars]

    def head(self, x: Array, bar: int = 0) -> Array:
        """One bar of the first ones, as a series of its own, to `join` another one to."""
        return x[..., bar : bar + 1]

    def head_sum(self, x: Array, bars: int) -> Array:
        """Sum of the first bars, as a series of one bar."""
        return x[..., :bars].sum(axis=-1)[..., None]

    def change(self, x: Array, bars: int = 1) -> Array:
        """Now less `bars` ago."""
        return self.since(x, bars) - self.shift(x, bars)

    def ratio(self, a: Array, b: Array, otherwise: Array | float = 0.0) -> Array:
        """Quotient of a and b, and `otherwise` where b is zero."""
        zero = b == 0.0
        return self.xp.where(zero, otherwise, a / self.xp.where(zero, 1.0, b))

    def negligible(self, like: Array) -> float:
        """Share of two numbers below which their difference counts as rounding.

        TA-Lib's 1e-14. In float32 eight units of rounding, more than a mean of three prices is
        off by; TA-Lib's 45 units would be as much as a tick there.
        """
        return 1e-14 if str(like.dtype).endswith("64") else 1e-6

    def join(self, first: Array, rest: Array) -> Array:
        """Two series, one after the other."""
        return self.xp.concatenate((first, rest), axis=-1)

    # Windows

    def windowed_sum(self, x: Array, window: int) -> Array:
        """Sum of the last `window` bars."""
        if window <= DIRECT_BELOW:
            return self._summed_directly(x, window)
        bars = x.shape[-1] - window + 1
        blocks = self._blocks(x, window, spare=True)
        tails = self._tails(blocks)
        heads = self._before(self.cumulative(blocks))
        return self._flat(tails)[..., :bars] + self._flat(heads)[..., window : window + bars]

    def windowed_mean(self, x: Array, window: int) -> Array:
        """Mean of the last `window` bars."""
        return self.windowed_sum(x, window) / window

    def windowed_weighted_sum(self, x: Array, window: int) -> Array:
        """Sum of the last `window` bars, weighted 1, 2, ... `window`."""
        bars = x.shape[-1] - window + 1
        if window <= DIRECT_BELOW:
            total = x[..., :bars]
            for weight in range(2, window + 1):
                total = total + weight * x[..., weight - 1 : weight - 1 + bars]
            return total
        blocks = self._blocks(x, window, spare=True)
        weights = self.table([[float(j) for j in range(1, window + 1)]], x)[0]
        # A window that begins at offset o of a block takes that block's bars from o on with
        # weights 1, 2, ..., and the next block's first o bars with window - o + 1, ...
        own = self._tails(self._tails(blocks))
        rest = (window - weights + 1.0) * self._before(self.cumulative(blocks))
        rest = rest + self._before(self.cumulative(blocks * weights))
        return self._flat(own)[..., :bars] + self._flat(rest)[..., window : window + bars]

    def varying_windowed_sum(self, x: Array, windows: Array, longest: int) -> Array:
        """Sum of the last `windows` bars, a whole number of its own for every bar of `windows`.

        What lies before the beginning counts as zero.
        """
        bars = windows.shape[-1]
        missing = max(bars + longest - 1 - x.shape[-1], 0)
        known = self.join(self.zeros(x, missing), x) if missing else x
        total = self.zeros(x, bars)
        for ago in range(longest):
            then = self.last(self.shift(known, ago), bars)
            total = total + self.xp.where(windows > ago, then, 0.0)
        return total

    def windowed_max(self, x: Array, window: int) -> Array:
        """Largest of the last `window` bars."""
        if window == 1:
            return x
        bars = x.shape[-1] - window + 1
        blocks = self._blocks(x, window)
        heads = self._flat(self.cumulative_max(blocks))
        tails = self._flat(self.flip(self.cumulative_max(self.flip(blocks))))
        return self.xp.maximum(tails[..., :bars], heads[..., window - 1 : window - 1 + bars])

    def windowed_min(self, x: Array, window: int) -> Array:
        """Smallest of the last `window` bars."""
        return -self.windowed_max(-x, window)

    def windowed_variance(self, x: Array, window: int) -> Array:
        """Population variance of the last `window` bars."""
        first, second = self._moments(x, x, window)[1:]
        mean = first / window
        return self.xp.maximum(second / window - mean * mean, 0.0)

    def windowed_covariance(self, x: Array, y: Array, window: int) -> Array:
        """Population covariance of the last `window` bars."""
        first, second, product = self._moments(x, y, window)
        return product / window - (first / window) * (second / window)

    def windowed_mean_deviation(self, x: Array, window: int) -> tuple[Array, Array]:
        """The last value less the window's mean, and the mean distance from that mean."""
        deviations = self._from_last(x, window)
        mean = sum(deviations) / window
        distance = sum(self.xp.abs(deviation - mean) for deviation in deviations) / window
        return -mean, distance

    def windowed_regression(self, x: Array, window: int) -> tuple[Array, Array]:
        """Slope per bar, and value at the first bar, of the line fitted to the window."""
        half = 0.5 * (window - 1)
        spread = window * (window * window - 1.0) / 12.0
        total = self.windowed_sum(x, window)
        weighted = self.windowed_weighted_sum(x, window)
        slope = (weighted - (half + 1.0) * total) / spread
        return slope, total / window - half * slope

    def windowed_count_below(self, x: Array, window: int) -> Array:
        """How many of the `window` bars before this one are smaller than it."""
        now = self.since(x, window)
        bars = now.shape[-1]
        count = self.zeros(x, bars)
        for ago in range(1, window + 1):
            then = x[..., window - ago : window - ago + bars]
            count = count + self.numbers(then < now, x)
        return count

    # Recursions

    def cumulative_sum(self, x: Array) -> Array:
        """Sum of all bars so far, in two levels: rounding grows with the root of the length."""
        bars = x.shape[-1]
        width = math.isqrt(bars) + 1
        blocks = self._blocks(x, width)
        within = self.cumulative(blocks)
        before = self._before(self.cumulative(within[..., -1]))
        return self._flat(within + before[..., None])[..., :bars]

    def recurrence(self, x: Array, decay: float) -> Array:
        """Recursion y = decay * y before + x, with y = x at the first bar.

        Blocks are solved by a triangular matrix of powers, and what passes from block to block
        is a shorter recurrence of the same kind.
        """
        bars = x.shape[-1]
        width = min(bars, RECURRENCE_BLOCK)
        powers = [decay**j for j in range(width + 1)]
        triangle = self.table(
            [[powers[j - i] if j >= i else 0.0 for j in range(width)] for i in range(width)], x
        )
        if bars <= RECURRENCE_BLOCK:
            return x @ triangle
        alone = self._blocks(x, width) @ triangle
        ends = self.recurrence(alone[..., -1], powers[width])
        carried = self.join(self.zeros(x, 1), ends[..., :-1])
        reach = self.table([powers[1:]], x)[0]
        return self._flat(alone + carried[..., None] * reach)[..., :bars]

    def varying_recurrence(self, decay: Array, x: Array) -> Array:
        """The same with a decay of its own for every bar."""

        def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
            value = bar[0] * state[0] + bar[1]
            return (value,), (value,)

        return self.scan(step, (self.zeros(x, 1)[..., 0],), (decay, x))[0]

    def carry_last(self, x: Array, valid: Array) -> Array:
        """The series where it is valid, elsewhere the last valid value (0 before the first)."""
        skipped = self.numbers(~valid, x)
        return self.varying_recurrence(skipped, self.xp.where(valid, x, 0.0))

    def smooth(self, x: Array, window: int, weight: float) -> Array:
        """Recursion y += weight * (x - y), seeded by the mean of the first `window`."""
        if window == 1 and weight == 1.0:
            return x
        return self.seeded(x, window, 1.0 - weight, weight, 1.0 / window)

    def seeded(self, x: Array, window: int, decay: float, gain: float, scale: float) -> Array:
        """Recursion y = decay y + gain x, which begins as `scale` times the sum of a window."""
        rest = gain * self.since(x, window)
        return self.recurrence(self.join(scale * self.head_sum(x, window), rest), decay)

    def ema(self, x: Array, window: int) -> Array:
        """Exponential average: weight 2 / (window + 1)."""
        return self.smooth(x, window, 2.0 / (window + 1.0))

    def wilder(self, x: Array, window: int) -> Array:
        """Wilder's average: weight 1 / window."""
        return self.smooth(x, window, 1.0 / window)

    # Blocks

    def _blocks(self, x: Array, width: int, *, spare: bool = False) -> Array:
        """`[symbols, blocks, width]`, filled up with zeros, and with one more block if spare."""
        bars = x.shape[-1]
        missing = -bars % width + (width if spare else 0)
        padded = self.join(x, self.zeros(x, missing)) if missing else x
        return padded.reshape((*x.shape[:-1], (bars + missing) // width, width))

    def _flat(self, blocks: Array) -> Array:
        return blocks.reshape((*blocks.shape[:-2], blocks.shape[-2] * blocks.shape[-1]))

    def _tails(self, blocks: Array) -> Array:
        """Sums from each place to the end of its block."""
        return self.flip(self.cumulative(self.flip(blocks)))

    def _before(self, cumulated: Array) -> Array:
        """What had been cumulated before each place."""
        return self.join(self.xp.zeros_like(cumulated[..., :1]), cumulated[..., :-1])

    def _summed_directly(self, x: Array, window: int) -> Array:
        bars = x.shape[-1] - window + 1
        total = x[..., :bars]
        for start in range(1, window):
            total = total + x[..., start : start + bars]
        return total

    def _from_last(self, x: Array, window: int) -> list[Array]:
        """Each of the window's values less its last one."""
        bars = x.shape[-1] - window + 1
        now = self.last(x, bars)
        return [x[..., start : start + bars] - now for start in range(window)]

    def _moments(self, x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
        """Sums of x, y and x y over the window, both less their last values."""
        bars = x.shape[-1] - window + 1
        last_x, last_y = self.last(x, bars), self.last(y, bars)
        total_x = total_y = product = self.zeros(x, bars)
        for start in range(window - 1):
            from_x = x[..., start : start + bars] - last_x
            from_y = y[..., start : start + bars] - last_y if y is not x else from_x
            total_x, total_y = total_x + from_x, total_y + from_y
            product = product + from_x * from_y
        return total_x, total_y, product
