"""The vocabulary on PyTorch: nothing is compiled, and no series leaves the device.

`torch_windows` and `torch_scans` say how windows and recursions become a few operations on whole
tensors.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import torch

from hwdoctor.workloads.indicators import torch_cycle, torch_scans, torch_windows
from hwdoctor.workloads.indicators.primitives import Array, Primitives, Step
from hwdoctor.workloads.indicators.stops import parabolic


def _maximum(a: Any, b: Any) -> Array:
    if not isinstance(b, torch.Tensor):
        return torch.clamp(a, min=b)
    return torch.maximum(a, b) if isinstance(a, torch.Tensor) else torch.clamp(b, min=a)


def _minimum(a: Any, b: Any) -> Array:
    if not isinstance(b, torch.Tensor):
        return torch.clamp(a, max=b)
    return torch.minimum(a, b) if isinstance(a, torch.Tensor) else torch.clamp(b, max=a)


XP = SimpleNamespace(
    abs=torch.abs,
    # Several times as quick on a CPU as torch.atan, and as exact.
    arctan=lambda x: torch.atan2(x, x.new_ones(())),
    concatenate=torch.cat,
    maximum=_maximum,
    minimum=_minimum,
    sin=torch.sin,
    sqrt=torch.sqrt,
    where=torch.where,
    zeros_like=torch.zeros_like,
)
"""NumPy's elementwise functions under NumPy's names."""


class TorchPrimitives(Primitives):
    """See `Primitives`; `cycles` holds what was computed of `close` before, by warm-up."""

    xp = XP

    def __init__(
        self, close: Array | None = None, cycles: Mapping[int, tuple[Array, ...]] | None = None
    ) -> None:
        self._close = close
        self._cycles = cycles or {}
        self._stops: dict[Any, tuple[Array, ...]] = {}

    def zeros(self, like: Array, bars: int) -> Array:
        return like.new_zeros((*like.shape[:-1], bars))

    def cumulative(self, x: Array) -> Array:
        return x.cumsum(-1)

    def cumulative_max(self, x: Array) -> Array:
        return x.cummax(-1).values

    def flip(self, x: Array) -> Array:
        return x.flip(-1)

    def table(self, rows: list[list[float]], like: Array) -> Array:
        return torch.tensor(rows, dtype=like.dtype, device=like.device)

    def integers(self, x: Array) -> Array:
        return x.to(torch.int64)

    def numbers(self, condition: Array, like: Array) -> Array:
        return condition.to(like.dtype)

    def join(self, first: Array, rest: Array) -> Array:
        return torch.cat((first, rest), -1)

    def ratio(self, a: Array, b: Array, otherwise: Array | float = 0.0) -> Array:
        return torch.where(b == 0.0, otherwise, a / b)

    def scan(self, step: Step, state: tuple[Array, ...], series: tuple[Array, ...]) -> Any:
        return torch_scans.scan(step, state, series)

    def recurrence(self, x: Array, decay: float) -> Array:
        return torch_scans.recurrence(x, decay)

    def varying_recurrence(self, decay: Array, x: Array) -> Array:
        return torch_scans.varying_recurrence(decay, x)

    def cumulative_sum(self, x: Array) -> Array:
        # On a CPU PyTorch adds float32 up in float64.
        exact = x.device.type == "cpu" or x.dtype == torch.float64
        return x.cumsum(-1) if exact else super().cumulative_sum(x)

    def windowed_sum(self, x: Array, window: int) -> Array:
        return torch_windows.windowed_sum(x, window)

    def windowed_weighted_sum(self, x: Array, window: int) -> Array:
        return torch_windows.weighted_sum(x, window)[1]

    def windowed_max(self, x: Array, window: int) -> Array:
        return torch_windows.extreme(x, window, torch.maximum)

    def windowed_min(self, x: Array, window: int) -> Array:
        return torch_windows.extreme(x, window, torch.minimum)

    def windowed_variance(self, x: Array, window: int) -> Array:
        return torch_windows.variance(x, window)

    def windowed_covariance(self, x: Array, y: Array, window: int) -> Array:
        return torch_windows.covariance(x, y, window)

    def windowed_mean_deviation(self, x: Array, window: int) -> tuple[Array, Array]:
        return torch_windows.mean_deviation(x, window)

    def windowed_regression(self, x: Array, window: int) -> tuple[Array, Array]:
        half = 0.5 * (window - 1)
        total, weighted = torch_windows.weighted_sum(x, window)
        slope = (weighted - (half + 1.0) * total) / (window * (window * window - 1.0) / 12.0)
        return slope, total / window - half * slope

    def windowed_count_below(self, x: Array, window: int) -> Array:
        return torch_windows.count_below(x, window)

    def varying_windowed_sum(self, x: Array, windows: Array, longest: int) -> Array:
        return torch_windows.varying_sum(x, windows, longest)

    def windowed_order_statistic(self, x: Array, window: int, rank: int) -> Array:
        return torch_windows.order_statistic(x, window, rank)

    def bars_since_max(self, x: Array, window: int) -> Array:
        return torch_windows.bars_since_max(x, window)

    def compiled(self, name: str) -> Callable[..., Any] | None:
        own: dict[str, Callable[..., Any]] = {
            "discriminator": self._discriminator,
            "parabolic": self._parabolic,
            "phase": torch_cycle.phase,
        }
        return own.get(name)

    def _discriminator(self, price: Array, warm_up: int) -> tuple[Array, ...]:
        known = self._cycles.get(warm_up) if price is self._close else None
        return known or torch_cycle.discriminators(price, (warm_up,))[warm_up]

    def _parabolic(self, high: Array, low: Array, *settings: Any) -> tuple[Array, ...]:
        """SAR and SAREXT are the same walk as long as their settings are."""
        key = (id(high), id(low), settings)
        if key not in self._stops:  # the series are kept too, so that their identities stay theirs
            self._stops[key] = (high, low, *parabolic(_Plain(), high, low, *settings))
        return self._stops[key][2:]


class _Plain(TorchPrimitives):
    """With the formulas' own recursions."""

    def compiled(self, name: str) -> Callable[..., Any] | None:  # noqa: ARG002 -- none
        return None
