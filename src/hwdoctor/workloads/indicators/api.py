"""`compute`: what a trader would call. NumPy in and out, one upload, missing bars handled here.

Missing bars, on every backend alike: a symbol begins with the first bar that has all of an
indicator's inputs, and warm-up counts from there, as in TA-Lib. A bar missing later ends the
indicator for that symbol: from there on there is NaN. TA-Lib has no such rule (some of its
functions recover, some carry the NaN to the end, some count on as if nothing were missing), and a
backend that recovered by chance would differ from the next. NaN and infinite count as missing.

So a backend only ever sees whole columns: holes are filled here, and their outputs blanked.
"""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.model import UsageError
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.indicator import Indicator

BACKENDS = ("numpy", "numba", "jax", "torch", "mlx")
DTYPES = {"float64": np.float64, "float32": np.float32}

Results = dict[str, dict[str, Any]]


class Backend(Protocol):
    """What the module of a backend offers to `compute`."""

    def evaluate_columns(
        self, columns: Mapping[str, HostArray], requests: Sequence[Request]
    ) -> Results:
        """Outputs on the device, from complete columns of one type and shape."""

    def to_numpy(self, array: Any) -> HostArray:
        """One output on the host."""


def compute(
    ohlcv: Mapping[str, Any],
    names: Iterable[str] | None = None,
    *,
    backend: str = "numpy",
    dtype: str = "float64",
    parameters: Mapping[str, Mapping[str, float]] | None = None,
    as_numpy: bool = True,
) -> Results:
    """Indicators of one or many symbols.

    Args:
        ohlcv: columns `open`, `high`, `low`, `close`, `volume` (and `periods` for MAVP, `anchors`
            for AVWAP), each `[symbols, bars]` or `[bars]`; only those that are needed.
        names: of the catalogue; None: all whose columns are there.
        backend: `numpy`, `numba`, `jax`, `torch` or `mlx`.
        dtype: `float64` or `float32`.
        parameters: what differs from the catalogue's defaults, per indicator.
        as_numpy: False leaves the outputs on the device, `[symbols, bars]`.

    Returns:
        `{"BBANDS": {"upperband": array, ...}}`, shaped as the inputs, NaN before the look-back.

    Raises:
        UsageError: an unknown name, a missing or misshapen column, a parameter out of its domain.
    """
    if dtype not in DTYPES:
        raise UsageError(f"dtype: {dtype!r} is none of {', '.join(DTYPES)}")
    columns, flat = _columns(ohlcv, DTYPES[dtype])
    requests = _requests(names, parameters or {}, columns)
    device = _backend(backend)
    if all(np.isfinite(column).all() for column in columns.values()):
        found = device.evaluate_columns(columns, requests)
    elif as_numpy:
        found = _around_gaps(device, columns, requests)
    else:
        raise UsageError("ohlcv: bars are missing (NaN); as_numpy=False needs complete columns")
    if not as_numpy:
        return found
    return {
        name: {
            output: device.to_numpy(array)[0] if flat else device.to_numpy(array)
            for output, array in outputs.items()
        }
        for name, outputs in found.items()
    }


def _backend(name: str) -> Backend:
    if name not in BACKENDS:
        raise UsageError(f"backend: {name!r} is none of {', '.join(BACKENDS)}")
    module = f"hwdoctor.workloads.indicators.{name}"
    try:
        return cast("Backend", importlib.import_module(module))
    except ModuleNotFoundError as error:
        raise UsageError(f"backend: {name} cannot be used here: {error}") from error


def _columns(ohlcv: Mapping[str, Any], dtype: Any) -> tuple[dict[str, HostArray], bool]:
    known = {column for entry in CATALOGUE.values() for column in entry.inputs}
    columns = {}
    for name, values in ohlcv.items():
        if name not in known:
            raise UsageError(f"ohlcv: {name!r} is none of {', '.join(sorted(known))}")
        columns[name] = np.asarray(values, dtype)
    shapes = {column.shape for column in columns.values()}
    if len(shapes) != 1:
        raise UsageError(f"ohlcv: columns of one shape are needed, not {sorted(shapes)}")
    (shape,) = shapes
    if len(shape) not in {1, 2}:
        raise UsageError(f"ohlcv: [bars] or [symbols, bars] is needed, not {len(shape)} axes")
    flat = len(shape) == 1
    return {name: column[None] if flat else column for name, column in columns.items()}, flat


def _requests(
    names: Iterable[str] | None,
    parameters: Mapping[str, Mapping[str, float]],
    columns: Mapping[str, HostArray],
) -> list[Request]:
    wanted = (
        list(dict.fromkeys(names))
        if names is not None
        else [name for name, entry in CATALOGUE.items() if set(entry.inputs) <= set(columns)]
    )
    for name in [*wanted, *parameters]:
        if name not in CATALOGUE:
            raise UsageError(f"indicators: there is no {name!r}")
    for name in wanted:
        missing = [column for column in CATALOGUE[name].inputs if column not in columns]
        if missing:
            raise UsageError(f"ohlcv: {name} needs {', '.join(missing)}")
    return [
        (CATALOGUE[name], _values(CATALOGUE[name], parameters.get(name, {}))) for name in wanted
    ]


def _values(entry: Indicator, given: Mapping[str, float]) -> dict[str, float]:
    values = entry.defaults
    domains = {parameter.name: parameter for parameter in entry.parameters}
    for name, value in given.items():
        where = f"parameters: {entry.name} {name}"
        if name not in domains:
            raise UsageError(f"{where}: it has {', '.join(domains) or 'no parameters'}")
        domain = domains[name]
        if isinstance(domain.default, int) and value != int(value):
            raise UsageError(f"{where}: {value} is no whole number")
        if not domain.least <= value <= domain.most:
            raise UsageError(f"{where}: {value} is not within {domain.least} to {domain.most}")
        values[name] = type(domain.default)(value)
    if values.get("minperiod", 0) > values.get("maxperiod", 0):
        raise UsageError(f"parameters: {entry.name}: minperiod is above maxperiod")
    return values


def _around_gaps(
    device: Backend, columns: Mapping[str, HostArray], requests: Sequence[Request]
) -> Results:
    """Evaluate symbols that begin together together, on filled columns; blank what follows gaps."""
    results: Results = {}
    by_inputs: dict[tuple[str, ...], list[Request]] = {}
    for request in requests:
        by_inputs.setdefault(request[0].inputs, []).append(request)
    for inputs, group in by_inputs.items():
        complete = np.logical_and.reduce([np.isfinite(columns[name]) for name in inputs])
        begins = np.where(complete.any(axis=1), complete.argmax(axis=1), complete.shape[1])
        for begin in np.unique(begins):
            rows = np.flatnonzero(begins == begin)
            part = {name: _filled(columns[name][rows, begin:]) for name in inputs}
            ended = np.logical_or.accumulate(~complete[rows, begin:], axis=1)
            for name, outputs in device.evaluate_columns(part, group).items():
                for output, array in outputs.items():
                    whole = results.setdefault(name, {}).setdefault(
                        output, np.full(complete.shape, np.nan, columns[inputs[0]].dtype)
                    )
                    whole[rows, begin:] = np.where(ended, np.nan, device.to_numpy(array))
    return {request[0].name: results[request[0].name] for request in requests}


def _filled(column: HostArray) -> HostArray:
    """Each missing bar takes the last one before it, so that nothing but numbers is computed."""
    bars = np.where(np.isfinite(column), np.arange(column.shape[1]), 0)
    latest = np.maximum.accumulate(bars, axis=1)
    filled: HostArray = np.nan_to_num(np.take_along_axis(column, latest, axis=1))
    return filled
