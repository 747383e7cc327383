"""The float64 reference of the workload: the NumPy formulas, which the tests hold against TA-Lib.

A scan on NumPy costs the same for one symbol as for thirty, and all else costs by the symbol. So
symbols that repeat are computed once, and what a caller looks up is spread over all symbols
then: every bar of every symbol is judged, and no more than one output lies in memory twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.base import HostArrays
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.indicator import Indicator
from hwdoctor.workloads.indicators.units import size

UNIT_SHARE = 1e-3
"""Of the unit, in the scale of float64: a limit of 1e-9 allows 1e-12 of the unit besides."""


class Lookup(Mapping[str, HostArray]):
    """Arrays that are made when they are asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], HostArray]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> HostArray:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def outputs_and_scales(names: tuple[str, ...], columns: HostArrays) -> HostArrays:
    """Every output `X_output`, and its scales `unit_X` and `value_and_unit_X_output`."""
    distinct, place = distinct_symbols(columns)
    makers: dict[str, Callable[[], HostArray]] = {}
    for name, outputs in evaluated(names, distinct).items():
        unit = units(CATALOGUE[name], distinct)
        makers[f"unit_{name}"] = partial(_spread, unit, place)
        for output, array in outputs.items():
            makers[f"{name}_{output}"] = partial(_spread, array, place)
            makers[f"value_and_unit_{name}_{output}"] = partial(_scale, array, unit, place)
    return Lookup(makers)


def evaluated(names: Sequence[str], columns: HostArrays) -> dict[str, dict[str, HostArray]]:
    """Outputs of indicators with their defaults by the NumPy formulas."""
    from hwdoctor.workloads.indicators.numpy import evaluate_columns

    return evaluate_columns(
        columns, [(CATALOGUE[name], CATALOGUE[name].defaults) for name in names]
    )


def units(entry: Indicator, columns: HostArrays) -> HostArray:
    """`[symbols, 1]`: what an error of each symbol is measured against."""
    symbols = len(columns[entry.inputs[0]])
    rows = ({name: columns[name][row] for name in entry.inputs} for row in range(symbols))
    return np.array([[size(entry, row)] for row in rows])


def distinct_symbols(columns: HostArrays) -> tuple[dict[str, HostArray], HostArray]:
    """The columns with each symbol once, and for every symbol which of them it is."""
    seen: dict[bytes, int] = {}
    symbols = len(next(iter(columns.values())))
    keys = (b"".join(columns[name][row].tobytes() for name in columns) for row in range(symbols))
    place = [seen.setdefault(key, len(seen)) for key in keys]
    firsts = [place.index(number) for number in range(len(seen))]
    return {name: column[firsts] for name, column in columns.items()}, np.array(place)


def _spread(array: HostArray, place: HostArray) -> HostArray:
    return np.asarray(array[place])


def _scale(array: HostArray, unit: HostArray, place: HostArray) -> HostArray:
    return np.asarray((np.abs(array) + UNIT_SHARE * unit)[place])
