"""The bars of some symbols, and what several indicators need of them: the dependency plan.

Every method here is one intermediate; it is computed when first asked for and kept as long as
the `Bars` object lives, which is one call of `compute`. `SHARED` in the catalogue says which
indicator asks for which.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hwdoctor.workloads.indicators.primitives import Array, Primitives

Series = tuple[Array, ...]
Kept = TypeVar("Kept")


class Bars:
    """Columns of `[symbols, bars]` on a backend, without NaN, and their intermediates."""

    def __init__(self, primitives: Primitives, columns: Mapping[str, Array]) -> None:
        self.p = primitives
        self._columns = columns
        self._kept: dict[tuple[Any, ...], Any] = {}

    def __getitem__(self, column: str) -> Array:
        return self._columns[column]

    def __contains__(self, column: str) -> bool:
        return column in self._columns

    @property
    def open(self) -> Array:
        """First price of each bar."""
        return self._columns["open"]

    @property
    def high(self) -> Array:
        """Highest price of each bar."""
        return self._columns["high"]

    @property
    def low(self) -> Array:
        """Lowest price of each bar."""
        return self._columns["low"]

    @property
    def close(self) -> Array:
        """Last price of each bar."""
        return self._columns["close"]

    @property
    def volume(self) -> Array:
        """What was traded in each bar."""
        return self._columns["volume"]

    def _once(self, key: tuple[Any, ...], make: Callable[[], Kept]) -> Kept:
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

    def kept(self) -> frozenset[str]:
        """Names of the intermediates that were asked for so far."""
        return frozenset(key[0] for key in self._kept)

    def median_price(self) -> Array:
        """(high + low) / 2."""
        return self._once(("median_price",), lambda: (self.high + self.low) / 2.0)

    def typical_price(self) -> Array:
        """(high + low + close) / 3."""
        return self._once(("typical_price",), lambda: (self.high + self.low + self.close) / 3.0)

    def high_low_range(self) -> Array:
        """From low to high."""
        return self._once(("high_low_range",), lambda: self.high - self.low)

    def true_range(self) -> Array:
        """Wilder's true range, from the second bar on."""

        def make() -> Array:
            p = self.p
            before = p.shift(self.close, 1)
            high, low = p.since(self.high, 1), p.since(self.low, 1)
            beyond = p.xp.maximum(p.xp.abs(before - high), p.xp.abs(before - low))
            return p.xp.maximum(high - low, beyond)

        return self._once(("true_range",), make)

    def atr(self, n: int) -> Array:
        """Wilder's average of the true range."""
        return self._once(("atr", n), lambda: self.p.wilder(self.true_range(), n))

    def ema(self, column: str, n: int) -> Array:
        """Exponential average of a column, of `typical_price` or of `high_low_range`."""

        def make() -> Array:
            derived = column in {"typical_price", "high_low_range"}
            return self.p.ema(getattr(self, column)() if derived else self[column], n)

        return self._once(("ema", column, n), make)

    def highest(self, n: int) -> Array:
        """Highest high of n bars."""
        return self._once(("highest", n), lambda: self.p.windowed_max(self.high, n))

    def lowest(self, n: int) -> Array:
        """Lowest low of n bars."""
        return self._once(("lowest", n), lambda: self.p.windowed_min(self.low, n))

    def since_extremes(self, n: int) -> Series:
        """How many bars ago the lowest low and the highest high of n bars were."""

        def make() -> Series:
            return self.p.bars_since_max(-self.low, n), self.p.bars_since_max(self.high, n)

        return self._once(("since_extremes", n), make)

    def gains_and_losses(self, n: int) -> Series:
        """Wilder's averages of the close's rises and of its falls."""

        def make() -> Series:
            up, down = rises_and_falls(self.p, self.close)
            return self.p.wilder(up, n), self.p.wilder(down, n)

        return self._once(("gains_and_losses", n), make)

    def directional_movement(self) -> Series:
        """Wilder's +DM1 and -DM1: the larger part of the range outside of yesterday's."""

        def make() -> Series:
            p = self.p
            up, down = p.change(self.high), -p.change(self.low)
            plus = p.xp.where((up > down) & (up > 0.0), up, 0.0)
            minus = p.xp.where((down > up) & (down > 0.0), down, 0.0)
            return plus, minus

        return self._once(("directional_movement",), make)

    def directional_sums(self, n: int) -> Series:
        """+DM, -DM and true range, summed as Wilder does, from bar n - 1 on."""

        def make() -> Series:
            plus, minus = self.directional_movement()
            return tuple(wilder_sum(self.p, x, n) for x in (plus, minus, self.true_range()))

        return self._once(("directional_sums", n), make)

    def directional_index(self, n: int) -> Series:
        """DX as a number, and whether there is one, from bar n on."""

        def make() -> Series:
            p = self.p
            plus, minus, moved = (p.since(x, 1) for x in self.directional_sums(n))
            plus, minus = (100.0 * p.ratio(x, moved) for x in (plus, minus))
            total = plus + minus
            valid = total >= 1e-14
            return 100.0 * p.ratio(p.xp.abs(minus - plus), p.xp.where(valid, total, 0.0)), valid

        return self._once(("directional_index", n), make)

    def money_flow_volume(self) -> Array:
        """Chaikin's money flow multiplier times volume; 0 where the bar has no range."""

        def make() -> Array:
            spread = self.high_low_range()
            place = (self.close - self.low) - (self.high - self.close)
            return self.p.ratio(place, self.p.xp.maximum(spread, 0.0)) * self.volume

        return self._once(("money_flow_volume",), make)

    def accumulation(self) -> Array:
        """Chaikin's accumulation and distribution line."""
        return self._once(
            ("accumulation",), lambda: self.p.cumulative_sum(self.money_flow_volume())
        )

    def hilbert(self, warm_up: int) -> Series:
        """Ehlers' homodyne discriminator; see `hilbert`."""
        from hwdoctor.workloads.indicators import hilbert

        return self._once(
            ("hilbert", warm_up), lambda: hilbert.discriminator(self.p, self.close, warm_up)
        )

    def dominant_phase(self) -> Array:
        """Phase of the dominant cycle in degrees; see `hilbert`."""
        from hwdoctor.workloads.indicators import hilbert

        return self._once(("dominant_phase",), lambda: hilbert.phase(self.p, self.hilbert(37)))

    def cycle_average(self) -> Array:
        """Plain average of the close over the dominant cycle; see `hilbert`."""
        from hwdoctor.workloads.indicators import hilbert

        return self._once(
            ("cycle_average",), lambda: hilbert.cycle_average(self.p, self.close, self.hilbert(37))
        )


def rises_and_falls(p: Primitives, x: Array) -> Series:
    """The change of each bar as two series that are never negative."""
    change = p.change(x)
    return p.xp.maximum(change, 0.0), p.xp.maximum(-change, 0.0)


def wilder_sum(p: Primitives, x: Array, n: int) -> Array:
    """Recursion y = y - y / n + x, seeded by the sum of the first n - 1 values."""
    if n == 1:
        return p.join(p.zeros(x, 1), x)
    return p.seeded(x, n - 1, 1.0 - 1.0 / n, 1.0, 1.0)
