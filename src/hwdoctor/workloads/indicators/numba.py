"""The indicators on Numba: the engine in `numba_lanes`, eight symbols at a time on each thread.

Outputs are written into buffers that the caller gives, or that are made here.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.indicators.formulas import Request
from hwdoctor.workloads.indicators.numba_lanes.machine import run
from hwdoctor.workloads.indicators.numba_lanes.program import Program, program
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, WIDTH

Results = dict[str, dict[str, HostArray]]
DOUBLES, SINGLES, STREAMED_DOUBLES = 0, 1, 2


class Plan:
    """Programs for some indicators over so many bars, to be run any number of times."""

    def __init__(
        self, requests: Sequence[Request], shape: tuple[int, int], dtype: Any, workers: int
    ) -> None:
        """`workers` threads; where symbols are fewer, they share the indicators instead."""
        self.requests, self.shape, self.dtype = list(requests), shape, np.dtype(dtype)
        self.workers = workers
        blocks = -(-shape[0] // WIDTH)
        parts = min(max(workers // max(blocks, 1), 1), max(len(self.requests), 1))
        self.programs = [
            program(self.requests[part::parts], shape[1], self.dtype.name) for part in range(parts)
        ]

    def buffers(self) -> Results:
        """Arrays for all outputs, whose rows begin at a cache line where their length allows."""
        return {
            entry.name: {output: self._aligned() for output in entry.outputs}
            for entry, _ in self.requests
        }

    def fill(self, columns: Mapping[str, HostArray], results: Results) -> None:
        """Write the outputs of all symbols."""
        columns = {name: np.ascontiguousarray(column) for name, column in columns.items()}
        jobs = [(part, begin) for begin in range(0, self.shape[0], WIDTH) for part in self.programs]

        def one(job: tuple[Program, int]) -> None:
            self._block(*job, columns, results)

        if self.workers == 1 or len(jobs) == 1:
            for job in jobs:
                one(job)
            return
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(one, jobs))

    def _block(
        self, part: Program, begin: int, columns: Mapping[str, HostArray], results: Results
    ) -> None:
        symbols = range(begin, min(begin + WIDTH, self.shape[0]))
        outputs = [results[name][output] for name, output in part.outputs]
        sources = _addresses([columns[name] for name in part.columns], symbols, repeated=True)
        targets = _addresses(outputs, symbols, repeated=False)
        rows = part.buffer()
        kind = SINGLES if self.dtype == np.float32 else DOUBLES
        if kind == DOUBLES and not (targets % ROW_BYTES).any():
            kind = STREAMED_DOUBLES
        code, reals = part.code.ctypes.data, part.reals.ctypes.data
        places = rows.ctypes.data, sources.ctypes.data, targets.ctypes.data
        run(code, reals, len(part.code), *places, kind, part.bars, part.span)

    def _aligned(self) -> HostArray:
        items = self.shape[0] * self.shape[1]
        spare = ROW_BYTES // self.dtype.itemsize
        raw = np.empty(items + spare, self.dtype)
        begin = -raw.ctypes.data % ROW_BYTES // self.dtype.itemsize
        return raw[begin : begin + items].reshape(self.shape)


def _addresses(arrays: Sequence[HostArray], symbols: range, *, repeated: bool) -> Any:
    """`[arrays, 8]`: where each symbol's row begins.

    Without eight symbols the first one is read again, and what comes of it goes nowhere (0).
    """
    found = np.empty((len(arrays), WIDTH), np.int64)
    for place, array in enumerate(arrays):
        for lane in range(WIDTH):
            symbol = symbols.start + lane
            if symbol < symbols.stop:
                found[place, lane] = array.ctypes.data + symbol * array.strides[0]
            else:
                found[place, lane] = found[place, 0] if repeated else 0
    return found


def evaluate_columns(columns: Mapping[str, HostArray], requests: Sequence[Request]) -> Results:
    """See `api.Backend`."""
    if not requests:
        return {}
    first = next(iter(columns.values()))
    plan = Plan(requests, first.shape, first.dtype, threads())
    results = plan.buffers()
    if first.size:
        plan.fill(columns, results)
    return results


def threads() -> int:
    """As many as Numba would use."""
    import numba

    return int(numba.get_num_threads())


def to_numpy(array: HostArray) -> HostArray:
    """See `api.Backend`."""
    return array
