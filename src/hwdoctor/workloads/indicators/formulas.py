"""From a name of the catalogue to outputs of full length: warm-up padded with NaN."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hwdoctor.workloads.indicators.indicator import Indicator, Values
from hwdoctor.workloads.indicators.primitives import Array
from hwdoctor.workloads.indicators.shared import Bars

Request = tuple[Indicator, Values]
"""What is asked for: an indicator and the values of all its parameters."""
Outputs = dict[str, Array]


MODULES = {"momentum": ("momentum", "oscillators")}
"""Where the formulas of a group are, if not in the one module of its name."""


def formula(indicator: Indicator) -> Callable[..., Any]:
    """The function that computes it: `rsi` for RSI."""
    name = indicator.name.lower()
    modules = (
        importlib.import_module(f"hwdoctor.workloads.indicators.{module}")
        for module in MODULES.get(indicator.group, (indicator.group,))
    )
    found: Callable[..., Any] = next(
        getattr(module, name) for module in modules if hasattr(module, name)
    )
    return found


def series_of(bars: Bars, indicator: Indicator, values: Values) -> tuple[Array, ...]:
    """Its outputs from its look-back on; of no bars where the series is too short."""
    first = bars[indicator.inputs[0]]
    if first.shape[-1] <= indicator.lookback(values):
        return (bars.p.zeros(first, 0),) * len(indicator.outputs)
    result = formula(indicator)(bars, **values)
    return result if isinstance(result, tuple) else (result,)


def evaluate(bars: Bars, requests: Sequence[Request]) -> Iterator[tuple[str, Outputs]]:
    """Outputs of each request, `[symbols, bars]`; series that are too short give NaN only."""
    for indicator, values in requests:
        count = bars[indicator.inputs[0]].shape[-1]
        found = series_of(bars, indicator, values)
        yield (
            indicator.name,
            {
                output: _padded(bars, series, count, indicator.lookback(values))
                for output, series in zip(indicator.outputs, found, strict=True)
            },
        )


def _padded(bars: Bars, series: Array, count: int, lookback: int) -> Array:
    """The catalogue's look-back decides: a formula of another length is a mistake."""
    length = max(count - lookback, 0)
    if series.shape[-1] != length:
        raise AssertionError(f"{series.shape[-1]} bars where the catalogue says {length}")
    warm_up = bars.p.zeros(series, count - length) + float("nan")
    return bars.p.join(warm_up, series)
