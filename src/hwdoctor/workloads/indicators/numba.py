"""The vocabulary on Numba: compiled recursions and windows, symbols on a pool of threads.

Elementwise arithmetic is NumPy's, on one symbol at a time, whose intermediates stay in the
cache; whatever looks at more than one bar is compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import numba_fused, numba_hilbert, numba_kernels
from hwdoctor.workloads.indicators.averages import DEFAULT, SMA
from hwdoctor.workloads.indicators.catalogue import COLUMNS
from hwdoctor.workloads.indicators.formulas import Request, evaluate
from hwdoctor.workloads.indicators.numpy import NumpyPrimitives
from hwdoctor.workloads.indicators.primitives import Array, Primitives
from hwdoctor.workloads.indicators.shared import Bars


class NumbaPrimitives(NumpyPrimitives):
    """See `Primitives`; every array has one symbol."""

    def _made(self, x: Array, bars: int) -> Array:
        return np.empty((1, bars), x.dtype)

    def windowed_sum(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_sum(x[0], window, out[0])
        return out

    def windowed_weighted_sum(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_weighted_sum(x[0], window, out[0])
        return out

    def windowed_max(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_max(x[0], window, 1.0, out[0])
        return out

    def windowed_min(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_max(x[0], window, -1.0, out[0])
        return out

    def bars_since_max(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.bars_since_max(x[0], window, out[0])
        return out

    def windowed_variance(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_variance(x[0], window, out[0])
        return out

    def windowed_mean_deviation(self, x: Array, window: int) -> tuple[Array, Array]:
        off, distance = (self._made(x, x.shape[-1] - window + 1) for _ in range(2))
        numba_kernels.windowed_mean_deviation(x[0], window, off[0], distance[0])
        return off, distance

    def windowed_count_below(self, x: Array, window: int) -> Array:
        out = self._made(x, x.shape[-1] - window)
        numba_kernels.windowed_count_below(x[0], window, out[0])
        return out

    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.windowed_order_statistic(x[0], window, rank, out[0])
        return out

    def cumulative_sum(self, x: Array) -> Array:
        out = self._made(x, x.shape[-1])
        numba_kernels.cumulative_sum(x[0], out[0])
        return out

    def recurrence(self, x: Array, decay: float) -> Array:
        out = self._made(x, x.shape[-1])
        numba_kernels.recurrence(x[0], decay, out[0])
        return out

    def varying_recurrence(self, decay: Array, x: Array) -> Array:
        out = self._made(x, x.shape[-1])
        numba_kernels.varying_recurrence(decay[0], x[0], out[0])
        return out

    def smooth(self, x: Array, window: int, weight: float) -> Array:
        out = self._made(x, x.shape[-1] - window + 1)
        numba_kernels.smooth(x[0], window, weight, out[0])
        return out

    def _moments(self, x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
        sums = np.empty((3, x.shape[-1] - window + 1), x.dtype)
        numba_kernels.moments(x[0], y[0], window, sums)
        return sums[0:1], sums[1:2], sums[2:3]

    def compiled(self, name: str) -> Callable[..., Any] | None:
        return getattr(self, f"_{name}", None)

    def _parabolic(
        self, high: Array, low: Array, start: float, offset: float, rising: Any, falling: Any
    ) -> tuple[Array, Array]:
        stops, sides = (self._made(high, high.shape[-1] - 1) for _ in range(2))
        sides_of = np.array(rising), np.array(falling)
        numba_kernels.parabolic(high[0], low[0], start, offset, *sides_of, stops[0], sides[0])
        return stops, sides

    def _supertrend_lines(self, middle: Array, reach: Array, close: Array) -> tuple[Array, Array]:
        line, trend = (self._made(close, close.shape[-1]) for _ in range(2))
        numba_kernels.supertrend_lines(middle[0], reach[0], close[0], line[0], trend[0])
        return line, trend

    def _discriminator(self, price: Array, warm_up: int) -> tuple[Array, ...]:
        made = tuple(self._made(price, price.shape[-1] - warm_up) for _ in range(5))
        numba_hilbert.discriminator(price[0], warm_up, *(array[0] for array in made))
        return made

    def _phase(self, found: tuple[Array, ...]) -> Array:
        out = self._made(found[0], found[0].shape[-1])
        turns = numba_hilbert.SINES, numba_hilbert.COSINES
        numba_hilbert.phase(found[0][0], found[4][0], *turns, out[0])
        return out

    def _mama(self, price: Array, fast: float, slow: float) -> tuple[Array, Array]:
        _, inphase, quad, _, _ = self._discriminator(price, 12)
        average, follower = (self._made(price, price.shape[-1] - 32) for _ in range(2))
        parts = price[0], inphase[0], quad[0]
        numba_fused.mama(*parts, fast, slow, average[0], follower[0])
        return average, follower

    def _trend_mode(self, found: tuple[Array, ...], angle: Array, average: Array) -> Array:
        out = self._made(angle, angle.shape[-1])
        numba_fused.trend_mode(found[0][0], found[4][0], angle[0], average[0], out[0])
        return out

    def _cycle_average(self, price: Array, found: tuple[Array, ...]) -> Array:
        out = self._made(price, found[4].shape[-1])
        numba_hilbert.cycle_average(price[0], found[4][0], out[0])
        return out


def evaluate_columns(
    columns: Mapping[str, HostArray], requests: Sequence[Request]
) -> dict[str, dict[str, HostArray]]:
    """See `api.Backend`."""
    first = next(iter(columns.values()))
    results = {
        indicator.name: {output: np.empty(first.shape, first.dtype) for output in indicator.outputs}
        for indicator, _ in requests
    }
    fill(columns, requests, results, threads())
    return results


def fill(
    columns: Mapping[str, HostArray],
    requests: Sequence[Request],
    results: Mapping[str, Mapping[str, HostArray]],
    workers: int,
) -> None:
    """Write the outputs of all symbols into given buffers."""
    symbols = next(iter(columns.values())).shape[0]

    def one(symbol: int) -> None:
        rows = {name: column[symbol : symbol + 1] for name, column in columns.items()}
        bars = Bars(_PRIMITIVES, rows)
        targets = {
            name: [array[symbol] for array in outputs.values()] for name, outputs in results.items()
        }
        left = _fused(bars, requests, targets)
        with np.errstate(all="ignore"):
            for name, outputs in evaluate(bars, left):
                for target, row in zip(targets[name], outputs.values(), strict=True):
                    target[:] = row[0]

    if workers == 1 or symbols == 1:
        for symbol in range(symbols):
            one(symbol)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(symbols)))


def _fused(
    bars: Bars, requests: Sequence[Request], targets: Mapping[str, list[HostArray]]
) -> list[Request]:
    """Do what there are fused kernels for; return the rest."""
    left = []
    bundles: dict[tuple[Any, ...], list[str]] = {}
    for indicator, values in requests:
        name = indicator.name
        count = bars[indicator.inputs[0]].shape[-1]
        lookback = indicator.lookback(values)
        kernel = _alone(name, values)
        bundle = next((b for b in numba_fused.TOGETHER if name in b[1]), None)
        if count <= lookback or (kernel is None and not _bundled(bundle, values, bars)):
            left.append((indicator, values))
            continue
        for target in targets[name]:
            target[:lookback] = np.nan
        if kernel is not None:
            given = (bars[column][0] for column in indicator.inputs)
            own = [value for key, value in values.items() if key != "matype"]
            kernel(*given, *own, *targets[name])
        else:
            bundles.setdefault((bundle, *values.values()), []).append(name)
    for (members_of, *shared), names in bundles.items():
        kernel, members, letters = members_of
        columns = [bars[COLUMNS[letter]][0] for letter in letters]
        spare = np.empty_like(columns[0])
        outputs = [targets[name][0] if name in names else spare for name in members]
        kernel(*columns, *shared, *outputs)
    return left


def _alone(name: str, values: Mapping[str, float]) -> Any:
    """The kernel of an indicator, if it applies: of the averages only the plain one."""
    if name == "MAVP":
        return numba_fused.mavp_plain if values["matype"] in {SMA, DEFAULT} else None
    return numba_fused.ALONE.get(name)


def _bundled(bundle: Any, values: Mapping[str, float], bars: Bars) -> bool:
    """Whether a bundle applies: over two bars or more, and all its columns are there."""
    if bundle is None or values.get("timeperiod", 2) < 2:
        return False
    return all(COLUMNS[letter] in bars for letter in bundle[2])


def threads() -> int:
    """As many as Numba would use."""
    import numba

    return int(numba.get_num_threads())


def to_numpy(array: HostArray) -> HostArray:
    """See `api.Backend`."""
    return array


_PRIMITIVES: Primitives = NumbaPrimitives()
