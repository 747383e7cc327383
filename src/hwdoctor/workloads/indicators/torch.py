"""The indicators on PyTorch: tensors `[symbols, bars]` on the device, from upload to output.

On a CPU a few symbols at a time go through all formulas, so that series stay in its caches;
elsewhere all go at once. Recursions that are not linear always run over all symbols, for their
price is per bar. Neither a compiler nor a kernel of our own is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators import torch_cycle
from hwdoctor.workloads.indicators.averages import MAMA
from hwdoctor.workloads.indicators.formulas import Request, series_of
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars
from hwdoctor.workloads.indicators.torch_primitives import TorchPrimitives

Outputs = dict[str, dict[str, Array]]
Program = Callable[[Mapping[str, Array]], Outputs]

CACHED_BYTES = 1 << 20
"""A series of the symbols that go go through the formulas together is not larger, on a CPU."""
STOPS = frozenset({"SAR", "SAREXT", "SUPERTREND"})
"""Hardly anything but a recursion that is not linear: computed for all symbols at once."""
CYCLES = {"HT_DCPERIOD": 12, "HT_PHASOR": 12, "MAMA": 12}
CYCLES |= dict.fromkeys(("HT_DCPHASE", "HT_SINE", "HT_TRENDLINE", "HT_TRENDMODE"), 37)
"""Who asks for the discriminator of the close, and with which warm-up."""


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
