"""TA-Lib as the oracle of the indicators, real series, and when two answers agree."""

import csv
import gzip
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.indicator import Indicator
from hwdoctor.workloads.indicators.units import size

Columns = dict[str, HostArray]

SHARE, SHARE_OF_UNIT = 1e-9, 1e-12
TALIBS = tuple(name for name in CATALOGUE if name != "AVWAP")
"""All that TA-Lib has."""

REAL = {
    "sp500": ("arch", "data/sp500/sp500.csv.gz"),
    "nasdaq": ("arch", "data/nasdaq/nasdaq.csv.gz"),
    "goog": ("backtesting", "test/GOOG.csv"),
    "eurusd": ("backtesting", "test/EURUSD.csv"),
    "btcusd": ("backtesting", "test/BTCUSD.csv"),
}


def real(name: str) -> Columns:
    """A series that a PyPI package ships, read without importing it."""
    package, path = REAL[name]
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    file = Path(found.submodule_search_locations[0]) / path
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as text:
        rows = list(csv.DictReader(text))
    columns = {
        column.lower(): np.array([float(row[column]) for row in rows])
        for column in ("Open", "High", "Low", "Close", "Volume")
    }
    return columns | {"periods": 2.0 + np.arange(len(rows)) % 37}


def walk(bars: int, seed: int, *, tick: float = 0.0, idle: float = 0.0) -> Columns:
    """A geometric random walk; prices in ticks and a share of bars without volume, if asked."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, bars)))
    opened = close * np.exp(rng.normal(0.0, 0.01, bars))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.01, bars)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.01, bars)))
    volume = rng.integers(1_000, 1_000_000, bars).astype(np.float64)
    volume[rng.random(bars) < idle] = 0.0
    prices = {"open": opened, "high": high, "low": low, "close": close}
    if tick:
        prices = {name: np.round(price / tick) * tick for name, price in prices.items()}
    return prices | {"volume": volume, "periods": rng.integers(1, 40, bars).astype(np.float64)}


ROUNDING_OVER_ZERO = {"VWMA"}
"""Without any volume in the window it is 0 / 0. TA-Lib divides what its running sum of price times
volume has left of older bars: NaN on some series, an infinity of either sign on others."""


def by_talib(
    entry: Indicator, columns: Mapping[str, HostArray], values: Mapping[str, float]
) -> dict[str, HostArray]:
    """TA-Lib's outputs as numbers."""
    import talib

    given = [np.ascontiguousarray(columns[name]) for name in entry.inputs]
    found = getattr(talib, entry.name)(*given, **values)
    found = found if isinstance(found, tuple) else (found,)
    return {
        output: np.asarray(array, np.float64)
        for output, array in zip(entry.outputs, found, strict=True)
    }


def disagreement(
    entry: Indicator,
    values: Mapping[str, float],
    ours: Mapping[str, Any],
    columns: Mapping[str, HostArray],
    theirs: Mapping[str, HostArray] | None = None,
) -> str | None:
    """What differs, in words; None: they agree, warm-up alike."""
    theirs = by_talib(entry, columns, values) if theirs is None else theirs
    lookback = entry.lookback(values)
    unit = size(entry, columns)
    for output, expected in theirs.items():
        found = ours[output]
        if not np.isnan(found[:lookback]).all():
            return f"{output}: a value before the look-back {lookback}"
        found, wanted = found[lookback:], expected[lookback:]
        if not np.array_equal(np.isfinite(found), np.isfinite(wanted)):
            return f"{output}: finite elsewhere"
        infinities = found[np.isinf(found)], wanted[np.isinf(wanted)]
        if entry.name not in ROUNDING_OVER_ZERO and not np.array_equal(*infinities):
            return f"{output}: other infinities"
        error = np.abs(found - np.where(np.isfinite(found), wanted, 0.0))
        error[~np.isfinite(found)] = 0.0
        excess = np.nan_to_num(error - SHARE * np.abs(wanted) - SHARE_OF_UNIT * unit)
        if (excess > 0.0).any():
            bar = int(np.argmax(excess))
            return f"{output}: bar {lookback + bar}: {found[bar]!r}, TA-Lib {wanted[bar]!r}"
    return None
