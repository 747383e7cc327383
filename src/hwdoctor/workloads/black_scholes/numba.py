"""Black-Scholes with Numba: one fused parallel loop into buffers that are kept."""

import math
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray, Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS
from hwdoctor.workloads.black_scholes.inputs import NAMES

STREAMING_FROM_BYTES = 32 << 20
"""Results larger than this leave most last-level caches anyway: they are written past them."""
LINE_BYTES = 64
LEAST_SHARE = 16384
"""Options: ten microseconds of work, as much as it takes to wake a thread. Smaller books are not
shared out at all."""


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """See `numba_loop` for the loop itself."""
    from hwdoctor.workloads.black_scholes import numba_loop

    dtype: np.dtype[Any] = np.dtype(host_dtype(problem.precision))
    buffers = {name: _aligned(problem.items, dtype) for name in OUTPUTS}
    targets = tuple(buffers.values())
    threads = runtime.threads() or 1
    even = max(LEAST_SHARE, math.ceil(problem.items / threads))
    share = math.ceil(even / numba_loop.BLOCK) * numba_loop.BLOCK
    streaming = len(OUTPUTS) * problem.items * dtype.itemsize >= STREAMING_FROM_BYTES

    loop: Any = numba_loop.price_book
    rest: tuple[Any, ...] = (share, streaming)
    if problem.items <= share:
        loop, rest = numba_loop.stored, (0, problem.items)

    def kernel(inputs: Arrays) -> Arrays:
        loop(*(inputs[name] for name in NAMES), *targets, *rest)
        return buffers

    return kernel


def _aligned(items: int, dtype: np.dtype[Any]) -> HostArray:
    """Zeros that begin with a cache line, as streaming stores require."""
    size = items * dtype.itemsize
    memory = np.zeros(size + LINE_BYTES, np.uint8)
    skipped = -memory.ctypes.data % LINE_BYTES
    return memory[skipped : skipped + size].view(dtype)
