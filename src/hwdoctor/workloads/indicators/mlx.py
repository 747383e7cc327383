"""The vocabulary on MLX: whole arrays on the device, nothing brought back in between.

float64 is computed on MLX's CPU device wherever it runs, for no GPU of it has that type; other
types on the default device. Two of MLX's habits are kept out here: a Python number beside
nothing but numbers would become float32, and its float64 sine is good for seven digits only.
"""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import mlx.core
import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import mlx_hilbert, mlx_scans, mlx_windows
from hwdoctor.workloads.indicators.formulas import Request, evaluate
from hwdoctor.workloads.indicators.hilbert import measured, smoothed_price
from hwdoctor.workloads.indicators.mlx_hilbert import EARLY, LATE, both_discriminators
from hwdoctor.workloads.indicators.primitives import Array, Primitives, Step
from hwdoctor.workloads.indicators.shared import Bars
from hwdoctor.workloads.indicators.stops import parabolic

mx: Any = mlx.core  # its stubs refuse tuples of arrays

BLOCK = 512
"""Bars of a block of a recursion that is not linear: longer than most of them remember."""
BOTH_FROM = 63
"""Up to so many bars nothing but the early discriminator is asked for."""


def _sin(x: Array) -> Array:
    """The sine; in float64 by the tangent of half the angle, which is right to the last bits."""
    if x.dtype != mx.float64:
        return mx.sin(x)
    t = mx.tan(0.5 * x)
    return 2.0 * t / (1.0 + t * t)


def _where(condition: Array, then: Any, otherwise: Any, dtype: Any) -> Array:
    if not isinstance(then, mx.array) and not isinstance(otherwise, mx.array):
        then = mx.array(then, dtype=dtype)
    return mx.where(condition, then, otherwise)


class MlxPrimitives(Primitives):
    """See `Primitives`; `dtype` is that of all series. One object serves one evaluation."""

    def __init__(self, dtype: Any, *, plain: bool = False) -> None:
        self._plain = plain
        self._kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self.xp = SimpleNamespace(
            abs=mx.abs,
            arctan=mx.arctan,
            concatenate=mx.concatenate,
            maximum=mx.maximum,
            minimum=mx.minimum,
            sin=_sin,
            sqrt=mx.sqrt,
            where=lambda condition, then, otherwise: _where(condition, then, otherwise, dtype),
            zeros_like=mx.zeros_like,
        )

    def zeros(self, like: Array, bars: int) -> Array:
        return mx.zeros((*like.shape[:-1], bars), dtype=like.dtype)

    def cumulative(self, x: Array) -> Array:
        return mx.cumsum(x, axis=-1)

    def cumulative_max(self, x: Array) -> Array:
        return mx.cummax(x, axis=-1)

    def flip(self, x: Array) -> Array:
        return x[..., ::-1]

    def table(self, rows: list[list[float]], like: Array) -> Array:
        return mx.array(rows, dtype=like.dtype)

    def integers(self, x: Array) -> Array:
        return x.astype(mx.int32)

    def numbers(self, condition: Array, like: Array) -> Array:
        return condition.astype(like.dtype)

    def scan(self, step: Step, state: tuple[Array, ...], series: tuple[Array, ...]) -> Any:
        return mlx_scans.scan(step, state, series, min(BLOCK, series[0].shape[-1]))

    def recurrence(self, x: Array, decay: float) -> Array:
        return mlx_scans.recurrence(x, decay)

    def varying_recurrence(self, decay: Array, x: Array) -> Array:
        return mlx_scans.varying_recurrence(decay, x)

    def cumulative_sum(self, x: Array) -> Array:
        return super().cumulative_sum(x) if x.dtype == mx.float32 else mx.cumsum(x, axis=-1)

    def windowed_max(self, x: Array, window: int) -> Array:
        if window == 1:
            return x
        bars = x.shape[-1] - window + 1
        blocks = self._blocks(x, window)
        heads = self._flat(mx.cummax(blocks, axis=-1))
        tails = self._flat(mx.cummax(blocks, axis=-1, reverse=True))
        return mx.maximum(tails[..., :bars], heads[..., window - 1 : window - 1 + bars])

    def varying_windowed_sum(self, x: Array, windows: Array, longest: int) -> Array:
        return mlx_windows.varying_sum(x, windows, longest)

    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        return mlx_windows.order_statistic(x, window, rank)

    def bars_since_max(self, x: Array, window: int) -> Array:
        return mlx_windows.bars_since_max(x, window)

    def windowed_count_below(self, x: Array, window: int) -> Array:
        return mlx_windows.count_below(x, window)

    def compiled(self, name: str) -> Callable[..., Any] | None:
        if self._plain:
            return None
        own: dict[str, Callable[..., Any]] = {
            "discriminator": self._discriminator,
            "parabolic": self._parabolic,
            "phase": mlx_hilbert.phase,
            "smoothed_price": mlx_hilbert.smoothed_price,
        }
        return own.get(name)

    def _discriminator(self, price: Array, warm_up: int) -> tuple[Array, ...]:
        """Whoever needs one of them often needs the other, and two cost little more than one."""

        def make() -> dict[int, tuple[Array, ...]]:
            early = smoothed_price(self, price, EARLY)
            if price.shape[-1] <= BOTH_FROM:
                return {EARLY: measured(self, early)}
            late = smoothed_price(self, price, LATE)
            return dict(zip((EARLY, LATE), both_discriminators(self, early, late), strict=True))

        both: dict[int, tuple[Array, ...]] = self._once(("discriminator", id(price)), price, make)
        return both[warm_up]

    def _parabolic(self, high: Array, low: Array, *settings: Any) -> tuple[Array, Array]:
        """SAR and SAREXT are the same walk as long as their settings are."""
        plain = MlxPrimitives(high.dtype, plain=True)
        stops: tuple[Array, Array] = self._once(
            ("parabolic", id(high), id(low), settings),
            (high, low),
            lambda: parabolic(plain, high, low, *settings),
        )
        return stops

    def _once(self, key: tuple[Any, ...], of: Any, make: Callable[[], Any]) -> Any:
        """Arrays are known by their identity, so they are kept as long as what was made of them."""
        if key not in self._kept:
            self._kept[key] = (of, make())
        return self._kept[key][1]

    def windowed_mean_deviation(self, x: Array, window: int) -> tuple[Array, Array]:
        return mlx_windows.mean_deviation(x, window)

    def _moments(self, x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
        return mlx_windows.moments(x, y, window)

    def _tails(self, blocks: Array) -> Array:
        return mx.cumsum(blocks, axis=-1, reverse=True)


def evaluate_columns(
    columns: Mapping[str, HostArray], requests: Sequence[Request]
) -> dict[str, dict[str, Array]]:
    """See `api.Backend`."""
    dtype = getattr(mx, next(iter(columns.values())).dtype.name)
    device = mx.cpu if dtype == mx.float64 else mx.default_device()
    with mx.stream(device):
        placed = {name: mx.array(column, dtype=dtype) for name, column in columns.items()}
        return _evaluated(placed, requests, dtype)


def program(
    requests: Sequence[Request],
    shape: tuple[int, int],  # noqa: ARG001 -- other backends compile for one shape
    dtype: str,
    device: str,
) -> Callable[[Mapping[str, Array]], dict[str, dict[str, Array]]]:
    """What computes the requests from columns on the device, evaluated when it returns."""
    kind = getattr(mx, dtype)

    def run(columns: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
        with mx.stream(getattr(mx, device)):
            return _evaluated(columns, requests, kind)

    return run


def unsupported(device: str, bars: int) -> dict[str, str]:  # noqa: ARG001 -- nothing depends on it
    """Indicators that cannot be computed on the device, and why: none, of any length."""
    return {}


def _evaluated(
    columns: Mapping[str, Array], requests: Sequence[Request], dtype: Any
) -> dict[str, dict[str, Array]]:
    """One indicator is handed over after the other, so that only shared intermediates stay."""
    found = {}
    for name, outputs in evaluate(Bars(MlxPrimitives(dtype), columns), requests):
        mx.async_eval(*outputs.values())
        found[name] = outputs
    mx.eval([list(outputs.values()) for outputs in found.values()])
    return found


def to_numpy(array: Array) -> HostArray:
    """See `api.Backend`."""
    return np.array(array)
