"""The vocabulary on NumPy: whole arrays at a time, a Python loop over bars only for scans.

A scan runs over all symbols at once, so its price is per bar and not per symbol. NumPy has
nothing better for a recursion that is not linear, and the figures say so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators.formulas import Request, evaluate
from hwdoctor.workloads.indicators.primitives import Array, Primitives, Step
from hwdoctor.workloads.indicators.shared import Bars

SORTED_BYTES = 32 << 20
"""Windows are copied to be sorted; this much at a time."""


class NumpyPrimitives(Primitives):
    """See `Primitives`."""

    xp = np

    def zeros(self, like: Array, bars: int) -> Array:
        return np.zeros((*like.shape[:-1], bars), like.dtype)

    def cumulative(self, x: Array) -> Array:
        return np.cumsum(x, axis=-1)

    def cumulative_max(self, x: Array) -> Array:
        return np.maximum.accumulate(x, axis=-1)

    def flip(self, x: Array) -> Array:
        return x[..., ::-1]

    def table(self, rows: list[list[float]], like: Array) -> Array:
        return np.asarray(rows, like.dtype)

    def integers(self, x: Array) -> Array:
        return x.astype(np.int64)

    def numbers(self, condition: Array, like: Array) -> Array:
        return condition.astype(like.dtype)

    def scan(self, step: Step, state: tuple[Array, ...], series: tuple[Array, ...]) -> Any:
        rows = [np.ascontiguousarray(x.T) for x in series]
        found = []
        for bar in zip(*rows, strict=True):
            state, outputs = step(state, bar)
            found.append(outputs)
        like = series[0]
        return tuple(
            np.stack(column, axis=-1).astype(like.dtype, copy=False)
            for column in zip(*found, strict=True)
        )

    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        windows = sliding_window_view(x, window, axis=-1)
        bars = windows.shape[-2]
        chosen = np.empty((*x.shape[:-1], bars), x.dtype)
        share = max(1, SORTED_BYTES // (x.itemsize * window * max(1, x.shape[0])))
        for start in range(0, bars, share):
            part = np.partition(windows[..., start : start + share, :], rank - 1, axis=-1)
            chosen[..., start : start + share] = part[..., rank - 1]
        return chosen

    def bars_since_max(self, x: Array, window: int) -> Array:
        windows = sliding_window_view(x, window, axis=-1)[..., ::-1]
        return windows.argmax(axis=-1).astype(x.dtype)

    def cumulative_sum(self, x: Array) -> Array:
        return super().cumulative_sum(x) if x.dtype == np.float32 else np.cumsum(x, axis=-1)


def evaluate_columns(
    columns: Mapping[str, HostArray], requests: Sequence[Request]
) -> dict[str, dict[str, HostArray]]:
    """See `api.Backend`."""
    bars = Bars(NumpyPrimitives(), columns)
    with np.errstate(all="ignore"):  # what is divided by zero is replaced afterwards
        return dict(evaluate(bars, requests))


def to_numpy(array: HostArray) -> HostArray:
    """See `api.Backend`."""
    return array
