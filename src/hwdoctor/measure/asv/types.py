"""Suite-local ASV benchmark types: they read a cell's outcome, measuring it first if need be."""

import math
import re
import sys
from typing import Any

from asv_runner.benchmarks import benchmark_types
from asv_runner.benchmarks._base import Benchmark

from hwdoctor.backends import known
from hwdoctor.measure import engine, run, store
from hwdoctor.measure.asv.metrics import METRICS, Missing, value_of
from hwdoctor.measure.asv.suite import Suite
from hwdoctor.measure.cell import Cell
from hwdoctor.workloads import find


class CellMetric(Benchmark):  # type: ignore[misc]  # asv_runner ships no types
    """One metric of one cell."""

    name_regex = re.compile("^(" + "|".join(METRICS) + ")$")

    def __init__(self, name: str, func: Any, attr_sources: list[Any]) -> None:
        """Take type and unit from the metric's name."""
        super().__init__(name, func, attr_sources)
        self._metric = name.rsplit(".", 1)[-1]
        self._suite = next(s for s in attr_sources if isinstance(s, Suite))
        self.type = METRICS[self._metric].type
        self.unit = METRICS[self._metric].unit
        self.rounds = 1  # processes are ours to start, not ASV's

    def run(self, configuration: str, precision: str, size: str) -> Any:
        """The value that ASV writes; NaN for a skipped cell.

        Raises:
            RuntimeError: the cell failed, hung, crashed or was wrong (null in ASV's file).
        """
        current = run.current()
        if current is None:
            raise RuntimeError(
                f"{run.VARIABLE} is not set: this suite needs the environment plug-in that "
                "asv.conf.json names, or `hwdoctor bench`"
            )
        cell = self._cell(configuration, precision, size)
        outcomes = store.outcomes_of(current, cell)
        if not outcomes:
            if size != current.size:
                return self._skip(f"size {size} was not asked for (HWDOCTOR_SIZE={current.size})")
            outcomes = [engine.measure(cell, current)]
            store.append(current, outcomes[0])
        try:
            return value_of(self._metric, outcomes)
        except Missing as missing:
            if missing.failed:
                raise RuntimeError(str(missing)) from None
            return self._skip(str(missing))

    def _cell(self, configuration: str, precision: str, size: str) -> Cell:
        return Cell(
            source=self._suite.source,
            workload=find(self._suite.source).name,
            task=self._suite.task,
            configuration=known(configuration),
            precision=precision,  # type: ignore[arg-type]  # one of the suite's own parameters
            size=size,
        )

    @staticmethod
    def _skip(reason: str) -> float:
        print(f"asv: skipped: {reason}", file=sys.stderr)  # noqa: T201 -- ASV's own convention
        return math.nan


def install() -> None:
    """Put our type before ASV's own, once per process; discovery takes the first match."""
    if CellMetric not in benchmark_types:
        benchmark_types.insert(0, CellMetric)
