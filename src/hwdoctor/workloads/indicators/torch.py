"""The vocabulary on PyTorch: tensors `[symbols, bars]` on the device, from upload to output.

Neither a compiler nor a kernel of our own is needed: `torch_windows` and `torch_scans` say how
windows and recursions become a few operations on whole tensors. On a CPU a few symbols at a time
go through all formulas, so that series stay in its caches; elsewhere all go at once. Recursions
that are not linear always run over all symbols, for their price is per bar.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import torch_cycle, torch_scans, torch_windows
from hwdoctor.workloads.indicators.averages import MAMA
from hwdoctor.workloads.indicators.formulas import Request, series_of
from hwdoctor.workloads.indicators.primitives import Array, Primitives, Step
from hwdoctor.workloads.indicators.shared import Bars

Outputs = dict[str, dict[str, Array]]
Program = Callable[[Mapping[str, Array]], Outputs]

CACHED_BYTES = 1 << 20
"""A series of the symbols that go go through the formulas together is not larger, on a CPU."""
STOPS = frozenset({"SAR", "SAREXT", "SUPERTREND"})
"""Hardly anything but a recursion that is not linear: computed for all symbols at once."""
CYCLES = {"HT_DCPERIOD": 12, "HT_PHASOR": 12, "MAMA": 12}
CYCLES |= dict.fromkeys(("HT_DCPHASE", "HT_SINE", "HT_TRENDLINE", "HT_TRENDMODE"), 37)
"""Who asks for the discriminator of the close, and with which warm-up."""


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
        if name == "discriminator":
            return self._discriminator
        return torch_cycle.phase if name == "phase" else None

    def _discriminator(self, price: Array, warm_up: int) -> tuple[Array, ...]:
        known = self._cycles.get(warm_up) if price is self._close else None
        return known or torch_cycle.discriminators(price, (warm_up,))[warm_up]


def program(
    requests: Sequence[Request], shape: tuple[int, int], dtype: str, device: str
) -> Program:
    """What computes the requests from columns of a shape that are on the device.

    Its outputs are allocated here, once: each call overwrites those of the call before.
    """
    outputs = {
        entry.name: {
            output: torch.full(shape, torch.nan, dtype=getattr(torch, dtype), device=device)
            for output in entry.outputs
        }
        for entry, _ in requests
    }
    whole = [request for request in requests if _at_once(request)]
    others = [request for request in requests if not _at_once(request)]
    warm_ups = sorted(
        {
            CYCLES[entry.name]
            for entry, values in others
            if entry.name in CYCLES and shape[1] > entry.lookback(values)
        }
    )

    def run(columns: Mapping[str, Array]) -> Outputs:
        cycles: dict[int, tuple[Array, ...]] = {}

        def measure_cycles() -> None:
            cycles.update(torch_cycle.discriminators(columns["close"], warm_ups))

        def fill_whole() -> None:
            _fill(outputs, slice(None), Bars(TorchPrimitives(), columns), whole)

        def fill_rows(rows: slice) -> None:
            part = {name: column[rows] for name, column in columns.items()}
            known = {n: tuple(x[rows] for x in found) for n, found in cycles.items()}
            _fill(outputs, rows, Bars(TorchPrimitives(part.get("close"), known), part), others)

        _all_of([*([measure_cycles] if warm_ups else []), fill_whole], device)
        _all_of([partial(fill_rows, rows) for rows in _groups(shape, dtype, device)], device)
        return outputs

    return run


def _all_of(tasks: Sequence[Callable[[], None]], device: str) -> None:
    """On a CPU as many at a time as PyTorch has threads, each of them with one.

    Operations on series that fit a core's cache are too short to be shared out one by one.
    """
    threads = torch.get_num_threads() if torch.device(device).type == "cpu" else 1
    if threads == 1 or len(tasks) == 1:
        for task in tasks:
            _untracked(task)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            list(pool.map(_untracked, tasks))
    finally:
        torch.set_num_threads(threads)


def _untracked(task: Callable[[], None]) -> None:
    with torch.inference_mode():
        task()


def _at_once(request: Request) -> bool:
    """Whether it is a recursion that is not linear, or goes over an average (MAMA) that is."""
    entry, values = request
    adaptive = any(name.endswith("matype") and kind == MAMA for name, kind in values.items())
    return entry.name in STOPS or adaptive


def _groups(shape: tuple[int, int], dtype: str, device: str) -> list[slice]:
    """The symbols that go through the formulas together."""
    symbols, bars = shape
    together = symbols
    if torch.device(device).type == "cpu":
        cached = CACHED_BYTES // (bars * np.dtype(dtype).itemsize)
        together = max(1, min(cached, -(-symbols // torch.get_num_threads())))
    return [slice(first, first + together) for first in range(0, symbols, together)]


def _fill(outputs: Outputs, rows: slice, bars: Bars, requests: Sequence[Request]) -> None:
    """From the look-back on; the warm-up was, and stays, NaN."""
    for entry, values in requests:
        for output, series in zip(entry.outputs, series_of(bars, entry, values), strict=True):
            target = outputs[entry.name][output][rows]
            target[:, target.shape[-1] - series.shape[-1] :].copy_(series)


def unsupported(device: str, bars: int) -> dict[str, str]:  # noqa: ARG001 -- the same everywhere
    """Indicators that this backend would have to bring to the host, and why: there are none."""
    return {}


def evaluate_columns(
    columns: Mapping[str, HostArray], requests: Sequence[Request], device: str = "cpu"
) -> Outputs:
    """See `api.Backend`."""
    uploaded = {name: torch.tensor(column, device=device) for name, column in columns.items()}
    first = next(iter(columns.values()))
    run = program(requests, (first.shape[0], first.shape[1]), str(first.dtype), device)
    return run(uploaded)


def to_numpy(array: Array) -> HostArray:
    """See `api.Backend`."""
    host: HostArray = array.cpu().numpy()
    return host
