"""Black-Scholes with Numba: one fused parallel loop into buffers that are kept."""

from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray, Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS
from hwdoctor.workloads.black_scholes.implied import QUOTED
from hwdoctor.workloads.black_scholes.inputs import NAMES

STREAMING_FROM_BYTES = 32 << 20
"""Results larger than this leave most last-level caches anyway: they are written past them."""
LINE_BYTES = 64


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """See `numba_loop` for the loop itself."""
    from hwdoctor.workloads.black_scholes import numba_loop

    dtype: np.dtype[Any] = np.dtype(host_dtype(problem.precision))
    buffers = {name: _aligned(problem.items, dtype) for name in OUTPUTS}
    targets = tuple(buffers.values())
    streaming = len(OUTPUTS) * problem.items * dtype.itemsize >= STREAMING_FROM_BYTES
    threads = runtime.threads() or 1
    counter = np.zeros(1, np.int64)

    def in_parallel(inputs: Arrays) -> Arrays:
        counter[0] = 0
        shared(*(inputs[name] for name in NAMES), *targets, counter, threads, streaming)
        return buffers

    def alone(inputs: Arrays) -> Arrays:
        single(*(inputs[name] for name in NAMES), *targets, 0, problem.items)
        return buffers

    shared: Any = numba_loop.price_book
    single: Any = numba_loop.stored
    # One share is too little to wake another thread for.
    return in_parallel if problem.items > numba_loop.SHARE else alone


def implied_volatility(problem: Problem, runtime: Runtime) -> Kernel:
    """See `numba_implied`. Computing takes so long that stores need no care."""
    from hwdoctor.workloads.black_scholes import numba_implied

    volatility = np.zeros(problem.items, host_dtype(problem.precision))
    threads = runtime.threads() or 1
    counter = np.zeros(1, np.int64)

    def in_parallel(inputs: Arrays) -> Arrays:
        counter[0] = 0
        shared(*(inputs[name] for name in QUOTED), volatility, counter, threads)
        return {"volatility": volatility}

    def alone(inputs: Arrays) -> Arrays:
        single(*(inputs[name] for name in QUOTED), volatility, 0, problem.items)
        return {"volatility": volatility}

    shared: Any = numba_implied.solve_book
    single: Any = numba_implied.solved
    return in_parallel if problem.items > numba_implied.SHARE else alone


def _aligned(items: int, dtype: np.dtype[Any]) -> HostArray:
    """Zeros that begin with a cache line, as streaming stores require."""
    size = items * dtype.itemsize
    memory = np.zeros(size + LINE_BYTES, np.uint8)
    skipped = -memory.ctypes.data % LINE_BYTES
    return memory[skipped : skipped + size].view(dtype)
